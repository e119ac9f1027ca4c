"""A release's records through an exporter, streamed group by group into one file for each split.

A second thread reads and converts while the first writes, and a third proves the hash of what is
read; the queue between them bounds the memory.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from workbench.contracts.record_schemas import IMAGES
from workbench.errors import VerificationFailed
from workbench.releases.files import HashedFile, WrittenFile, hash_file, table_writer
from workbench.releases.rendering import Rendering
from workbench.releases.splits import GroupReader, group_reader

_SIMULATED = pa.field("simulated", pa.bool_(), nullable=False)
_GROUPS_AHEAD = 2

HAS_IMAGES = "has_images"
SPLIT = "split"
"""The column that exporters find the name of a row's split in."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one split that came of a group of records, and what was left out of them."""

    table: pa.Table
    rows_in: int
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSplit:
    split: str | None
    file: WrittenFile
    rows_in: int
    left_out: Mapping[str, int]


class Conversion:
    """One exporter at work under one choice of options and splits.

    Args:
        folder: The release's.
        source: The name of its file that the exporter eats.
    """

    def __init__(
        self, folder: Path, source: str, wanted: Rendering, *, marks_simulated: bool
    ) -> None:
        self._folder, self._source, self._wanted = folder, folder / source, wanted
        schema = wanted.exporter.schema(wanted.options)
        self._columns = schema.names
        # Whoever gets the file without its manifest must still see what nobody really judged.
        self._adds_mark = marks_simulated and _SIMULATED.name not in schema.names
        self.schema = schema.append(_SIMULATED) if self._adds_mark else schema
        self._groups: GroupReader | None = None

    def parts(self, rows: int) -> Iterator[list[Part]]:
        """Convert the first rows of the release's file, and yield a part for each split."""
        with pq.ParquetFile(self._source) as file:
            left = rows
            for batch in file.iter_batches(batch_size=min(rows, 4096)):
                yield self._convert(pa.Table.from_batches([batch.slice(0, left)]))
                left -= len(batch)
                if left <= 0:
                    return

    def write(
        self, expected_sha256: str, paths: Sequence[Path], progress: Progress | None
    ) -> list[WrittenSplit]:
        """Write a file for each split.

        Raises:
            VerificationFailed: The release's file is not what was frozen.
        """
        with ThreadPoolExecutor(1) as prover:
            proof = prover.submit(hash_file, self._source)
            try:
                written = self._write(paths, progress)
            except (pa.ArrowException, OSError) as error:
                if proof.result() == expected_sha256:
                    raise
                raise VerificationFailed(self._changed) from error
            if proof.result() != expected_sha256:
                raise VerificationFailed(self._changed)
        return written

    @property
    def _changed(self) -> str:
        return f"{self._source.name} of the release is not what was frozen"

    def _write(self, paths: Sequence[Path], progress: Progress | None) -> list[WrittenSplit]:
        rows_in, left_out = [0] * len(paths), [Counter[str]() for _ in paths]
        with ExitStack() as stack:
            sinks = [stack.enter_context(closing(HashedFile(path))) for path in paths]
            with ExitStack() as tables:
                writers = [
                    tables.enter_context(
                        closing(table_writer(self._wanted.format, sink, self.schema))
                    )
                    for sink in sinks
                ]
                for parts, done, total in self._groups_of_parts():
                    for place, part in enumerate(parts):
                        writers[place].write(part.table)
                        rows_in[place] += part.rows_in
                        left_out[place].update(part.left_out)
                    if progress is not None:
                        progress(done, total)
        return [
            WrittenSplit(
                split=split,
                file=sink.written(name, writer.rows),
                rows_in=came,
                left_out=dict(sorted(left.items())),
            )
            for (split, name), sink, writer, came, left in zip(
                self._wanted.files.items(), sinks, writers, rows_in, left_out, strict=True
            )
        ]

    def _groups_of_parts(self) -> Iterator[tuple[list[Part], int, int]]:
        done = 0
        with pq.ParquetFile(self._source) as file, ThreadPoolExecutor(1) as reader:

            def read(index: int) -> list[Part]:
                return self._convert(file.read_row_group(index, use_threads=False))

            ahead = deque[Future[list[Part]]]()
            for index in range(file.num_row_groups + _GROUPS_AHEAD):
                if index < file.num_row_groups:
                    ahead.append(reader.submit(read, index))
                if index < _GROUPS_AHEAD or not ahead:
                    continue
                parts = ahead.popleft().result()
                done += sum(part.rows_in for part in parts)
                yield parts, done, file.metadata.num_rows

    def _convert(self, table: pa.Table) -> list[Part]:
        splits = self._wanted.splits
        if not splits:
            return [self._convert_part(table)]
        if self._groups is None:
            self._groups = group_reader(self._folder, table.schema)
        places = splits.places(self._groups(table))
        parts = []
        for place, name in enumerate(splits.names):
            rows = table.filter(pc.equal(places, place))
            column = pa.repeat(pa.scalar(name, pa.string()), len(rows))
            parts.append(self._convert_part(rows.append_column(SPLIT, column)))
        return parts

    def _convert_part(self, table: pa.Table) -> Part:
        exporter, options = self._wanted.exporter, self._wanted.options
        batches, left_out = [], Counter[str]()
        rows_in = len(table)
        if not exporter.names_images and IMAGES in table.column_names:
            table = _without_images(table)
        if len(table) < rows_in:
            left_out[HAS_IMAGES] = rows_in - len(table)
        for batch in table.combine_chunks().to_batches():
            converted = exporter.convert(batch, options)
            left_out.update(converted.left_out)
            rendered = converted.batch.select(self._columns)
            if self._adds_mark:
                marks = converted.align(batch.column(_SIMULATED.name))
                rendered = pa.RecordBatch.from_arrays(
                    [*rendered.columns, marks], schema=self.schema
                )
            batches.append(rendered)
        return Part(pa.Table.from_batches(batches, self.schema), rows_in, left_out)


def _without_images(table: pa.Table) -> pa.Table:
    """Return the rows of items without images."""
    if table.column(IMAGES).null_count == len(table):
        return table
    counts = pc.fill_null(pc.list_value_length(table.column(IMAGES)), 0)
    return table.filter(pc.equal(counts, 0))
