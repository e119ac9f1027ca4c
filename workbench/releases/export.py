"""Exporting a release: its records through an exporter, streamed group by group.

A second thread reads and converts while the first writes, and a third proves the hash of what is
read; the queue between them bounds the memory.
"""

from __future__ import annotations

import secrets
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, assert_never

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from workbench.contracts.exporter import AnyExporter, ExportFormat, ExportOptions
from workbench.contracts.faults import explain_faults
from workbench.contracts.registry import exporters
from workbench.contracts.task_template import AnyTemplate
from workbench.errors import BadRequest, OptionInvalid, VerificationFailed
from workbench.releases.files import (
    CODEC,
    CODEC_LEVEL,
    HashedFile,
    JsonLinesTable,
    ParquetTable,
    TableWriter,
    WrittenFile,
    hash_file,
)
from workbench.releases.manifest import (
    MANIFEST,
    merge_export,
    read_export_manifest,
    read_release_manifest,
)
from workbench.releases.snapshot import records_file

_SIMULATED = pa.field("simulated", pa.bool_(), nullable=False)
_GROUPS_AHEAD = 2

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One exported file: what went in, what came out and what was left out, by reason."""

    path: Path
    manifest: Path
    rows_in: int
    rows: int
    left_out: Mapping[str, int]
    bytes: int
    sha256: str

    def as_document(self) -> dict[str, Any]:
        """Return what is told of the file to whoever asked for it."""
        return {
            "file": self.path.name,
            "rows_in": self.rows_in,
            "rows": self.rows,
            "left_out": dict(self.left_out),
            "bytes": self.bytes,
            "sha256": self.sha256,
        }


def list_exporters(template: AnyTemplate) -> list[AnyExporter]:
    """Return the exporters that have something to export of a template's campaigns."""
    return [one for one in exporters().values() if one.record in template.record_kinds]


def read_options(exporter: AnyExporter, given: Mapping[str, Any]) -> ExportOptions:
    """Validate options, which may be text as a command line or a form gives them."""
    try:
        options: ExportOptions = exporter.options.model_validate(dict(given))
    except ValidationError as error:
        rows = explain_faults(error, dict(given), exporter.options)
        known = ", ".join(exporter.options.model_fields)
        message = (
            f"option {rows[0].field} {rows[0].problem}; expected {rows[0].expected}. "
            f"{exporter.key} has the options {known}"
        )
        raise OptionInvalid(message, rows=rows) from None
    return options


def export_release(
    folder: Path,
    *,
    manifest_sha256: str | None,
    exporter: AnyExporter,
    options: ExportOptions,
    format: ExportFormat,  # noqa: A002
    to: Path,
    progress: Progress | None = None,
) -> Exported:
    """Write `to/<exporter>.<format>` and enter it in `to/manifest.json`.

    The same release, exporter, options and format give the same bytes.

    Args:
        folder: The release's folder.
        manifest_sha256: The hash of its manifest as the database keeps it, if it is at hand.
        progress: Told how many rows are read, and of how many.

    Raises:
        VerificationFailed: The release is not what was frozen.
        BadRequest: It has no records of the kind that the exporter eats.
        Conflict: `to` holds a manifest that is not an export's.
    """
    release = read_release_manifest(folder, expected_sha256=manifest_sha256)
    source, expected = _source(release, exporter)
    to.mkdir(parents=True, exist_ok=True)
    name = f"{exporter.key}.{format}"
    rendering = _Rendering(exporter, options, marks_simulated=release["simulated"])
    with _partial(to / name) as partial:
        written = rendering.write(folder / source, expected, format, partial, progress)
    left_out = dict(sorted(rendering.left_out.items()))
    entry = {
        "rows": written.rows,
        "bytes": written.bytes,
        "sha256": written.sha256,
        "release": release["id"],
        "exporter": exporter.key,
        "exporter_version": exporter.version,
        "options": options.model_dump(mode="json"),
        "format": str(format),
        "codec": f"{CODEC} {CODEC_LEVEL}" if format is ExportFormat.PARQUET else None,
        "pyarrow": pa.__version__,
        "rows_in": rendering.rows_in,
        "left_out": left_out,
    }
    with _partial(to / MANIFEST) as partial:
        manifest = merge_export(to, _provenance(release, folder), name, entry)
        partial.write_bytes(manifest)
    return _exported(to, name, entry)


def find_export(
    folder: Path,
    *,
    exporter: AnyExporter,
    format: ExportFormat,  # noqa: A002
) -> Exported | None:
    """Return an export that is in a folder and intact."""
    name = f"{exporter.key}.{format}"
    try:
        entry = read_export_manifest(folder)["files"].get(name)
    except VerificationFailed:
        return None
    path = folder / name
    if entry is None or not path.is_file() or hash_file(path) != entry["sha256"]:
        return None
    return _exported(folder, name, entry)


def _exported(folder: Path, name: str, entry: Mapping[str, Any]) -> Exported:
    return Exported(
        path=folder / name,
        manifest=folder / MANIFEST,
        rows_in=entry["rows_in"],
        rows=entry["rows"],
        left_out=entry["left_out"],
        bytes=entry["bytes"],
        sha256=entry["sha256"],
    )


def preview_release(
    folder: Path, *, exporter: AnyExporter, options: ExportOptions, rows: int = 3
) -> list[dict[str, Any]]:
    """Return the first rows that an export would have."""
    release = read_release_manifest(folder)
    source, _ = _source(release, exporter)
    rendering = _Rendering(exporter, options, marks_simulated=release["simulated"])
    found: list[dict[str, Any]] = []
    with pq.ParquetFile(folder / source) as file:
        for batch in file.iter_batches(batch_size=max(rows, 64)):
            converted = rendering.convert(pa.Table.from_batches([batch])).table
            found += converted.slice(0, rows - len(found)).to_pylist()
            if len(found) >= rows:
                break
    return found


@dataclass(frozen=True, slots=True)
class _Group:
    table: pa.Table
    rows_in: int
    left_out: Mapping[str, int]


class _Rendering:
    """One exporter at work under one choice of options."""

    def __init__(
        self, exporter: AnyExporter, options: ExportOptions, *, marks_simulated: bool
    ) -> None:
        self._exporter, self._options = exporter, options
        schema = exporter.schema(options)
        # Whoever gets the file without its manifest must still see what nobody really judged.
        self._adds_mark = marks_simulated and _SIMULATED.name not in schema.names
        self._schema = schema.append(_SIMULATED) if self._adds_mark else schema
        self.rows_in = 0
        self.left_out = Counter[str]()

    def convert(self, table: pa.Table) -> _Group:
        batches, left_out = [], Counter[str]()
        for batch in table.combine_chunks().to_batches():
            converted = self._exporter.convert(batch, self._options)
            left_out.update(converted.left_out)
            rendered = converted.batch
            if self._adds_mark:
                marks = batch.column(_SIMULATED.name)
                if converted.kept is not None:
                    marks = marks.filter(converted.kept)
                rendered = pa.RecordBatch.from_arrays(
                    [*rendered.columns, marks], schema=self._schema
                )
            batches.append(rendered)
        return _Group(pa.Table.from_batches(batches, self._schema), len(table), left_out)

    def write(
        self,
        source: Path,
        expected_sha256: str,
        format: ExportFormat,  # noqa: A002
        path: Path,
        progress: Progress | None,
    ) -> WrittenFile:
        sink = HashedFile(path)
        with ThreadPoolExecutor(1) as prover, closing(sink):
            proof = prover.submit(hash_file, source)
            try:
                with closing(_table_writer(format, sink, self._schema)) as writer:
                    self._write_groups(source, writer, progress)
            except (pa.ArrowException, OSError) as error:
                if proof.result() == expected_sha256:
                    raise
                raise VerificationFailed(_changed(source)) from error
            if proof.result() != expected_sha256:
                raise VerificationFailed(_changed(source))
        return sink.written(path.name, writer.rows)

    def _write_groups(self, source: Path, writer: TableWriter, progress: Progress | None) -> None:
        with pq.ParquetFile(source) as file, ThreadPoolExecutor(1) as reader:

            def read(index: int) -> _Group:
                return self.convert(file.read_row_group(index, use_threads=False))

            ahead = deque[Future[_Group]]()
            for index in range(file.num_row_groups + _GROUPS_AHEAD):
                if index < file.num_row_groups:
                    ahead.append(reader.submit(read, index))
                if index < _GROUPS_AHEAD or not ahead:
                    continue
                group = ahead.popleft().result()
                writer.write(group.table)
                self.rows_in += group.rows_in
                self.left_out.update(group.left_out)
                if progress is not None:
                    progress(self.rows_in, file.metadata.num_rows)


def _table_writer(
    format: ExportFormat,  # noqa: A002
    sink: HashedFile,
    schema: pa.Schema,
) -> TableWriter:
    match format:
        case ExportFormat.PARQUET:
            return ParquetTable(sink, schema)
        case ExportFormat.JSONL:
            return JsonLinesTable(sink, schema)
        case _:
            assert_never(format)


def _source(release: Mapping[str, Any], exporter: AnyExporter) -> tuple[str, str]:
    """Return the file of the release that an exporter eats, and its hash."""
    name = records_file(exporter.record)
    entry = release["files"].get(name)
    if entry is None:
        message = (
            f"{exporter.key} exports {exporter.record} records; a release of a "
            f"{release['campaign']['template']['key']} campaign has none"
        )
        raise BadRequest(message)
    return name, entry["sha256"]


def _provenance(release: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return what an export's manifest keeps of its release."""
    kept = {key: value for key, value in release.items() if key not in {"files", "format"}}
    return kept | {"manifest_sha256": hash_file(folder / MANIFEST)}


@contextmanager
def _partial(path: Path) -> Iterator[Path]:
    """Give a name to write to; the file gets its own when all went well."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _changed(source: Path) -> str:
    return f"{source.name} of the release is not what was frozen"
