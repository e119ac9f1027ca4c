"""The files of releases and exports: written in bounded memory, hashed on the way.

What is written depends on the rows alone: one row group for each group that came in, no time and no
path inside, so that the same release renders the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, assert_never

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic_core import from_json, to_json

from workbench.contracts.exporter import ExportFormat

CODEC = "zstd"
CODEC_LEVEL = 1

# A row group is what is held in memory at once; it ends at whichever comes first.
GROUP_ROWS = 16_384
GROUP_BYTES = 32 * 2**20

_CHUNK = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """What the manifest says of a file; `rows` is None where it has none."""

    name: str
    rows: int | None
    bytes: int
    sha256: str

    def as_entry(self) -> dict[str, Any]:
        return {"rows": self.rows, "bytes": self.bytes, "sha256": self.sha256}


class HashedFile:
    """A new binary file that hashes what is written to it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self._sha256 = hashlib.sha256()
        self._size = 0

    def write(self, chunk: bytes) -> int:
        self._sha256.update(chunk)
        self._size += len(chunk)
        return self._file.write(chunk)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    @property
    def closed(self) -> bool:
        return self._file.closed

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def written(self, name: str, rows: int | None) -> WrittenFile:
        return WrittenFile(name=name, rows=rows, bytes=self._size, sha256=self._sha256.hexdigest())


class TableWriter(Protocol):
    """Writes batches of one schema to a file, one group at a time."""

    rows: int

    def write(self, group: pa.Table) -> None: ...
    def close(self) -> None: ...


class ParquetTable:
    def __init__(self, sink: HashedFile, schema: pa.Schema) -> None:
        self.rows = 0
        self._writer = pq.ParquetWriter(
            sink,
            schema,
            compression=CODEC,
            compression_level=CODEC_LEVEL,
            use_dictionary=dictionary_columns(schema),
        )

    def write(self, group: pa.Table) -> None:
        self.rows += len(group)
        if len(group):
            self._writer.write_table(group, row_group_size=len(group))

    def close(self) -> None:
        self._writer.close()


class JsonLinesTable:
    """One JSON object a line; times are ISO 8601."""

    def __init__(self, sink: HashedFile, schema: pa.Schema) -> None:
        self.rows = 0
        self._sink, self._schema = sink, schema

    def write(self, group: pa.Table) -> None:
        self.rows += len(group)
        self._sink.write(b"".join(to_json(row) + b"\n" for row in rows_of(group)))

    def close(self) -> None:
        self._sink.flush()


class JsonArray:
    """One JSON array of objects, an object a line."""

    def __init__(self, sink: HashedFile, schema: pa.Schema) -> None:
        del schema
        self.rows = 0
        self._sink = sink

    def write(self, group: pa.Table) -> None:
        lines = [to_json(row) for row in rows_of(group)]
        if lines:
            self._sink.write((b",\n" if self.rows else b"[\n") + b",\n".join(lines))
        self.rows += len(lines)

    def close(self) -> None:
        self._sink.write(b"\n]\n" if self.rows else b"[]\n")
        self._sink.flush()


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """Return a table's rows, with what the texts of its JSON columns say in place of the texts."""
    rows: list[dict[str, Any]] = table.to_pylist()
    for field in table.schema:
        if isinstance(field.type, pa.JsonType):
            for row in rows:
                row[field.name] = None if row[field.name] is None else from_json(row[field.name])
    return rows


def table_writer(
    format: ExportFormat,  # noqa: A002
    sink: HashedFile,
    schema: pa.Schema,
) -> TableWriter:
    match format:
        case ExportFormat.PARQUET:
            return ParquetTable(sink, schema)
        case ExportFormat.JSONL:
            return JsonLinesTable(sink, schema)
        case ExportFormat.JSON:
            return JsonArray(sink, schema)
        case _:
            assert_never(format)


class GroupedParquet:
    """A Parquet file of a release, filled row by row and written group by group."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._sink = HashedFile(path)
        self._table = ParquetTable(self._sink, schema)
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = self._pending_bytes = 0

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self.add_batch(pa.RecordBatch.from_pylist(list(rows), schema=self._schema))

    def add_batch(self, batch: pa.RecordBatch) -> None:
        self._pending.append(batch)
        self._pending_rows += len(batch)
        self._pending_bytes += batch.nbytes
        if self._pending_rows >= GROUP_ROWS or self._pending_bytes >= GROUP_BYTES:
            self._flush()

    def finish(self) -> WrittenFile:
        self._flush()
        self._table.close()
        self._sink.close()
        return self._sink.written(self._path.name, self._table.rows)

    def abandon(self) -> None:
        """Close a file that came to nothing."""
        self._pending = []
        self._table.close()
        self._sink.close()

    def _flush(self) -> None:
        if self._pending:
            self._table.write(pa.Table.from_batches(self._pending, schema=self._schema))
        self._pending, self._pending_rows, self._pending_bytes = [], 0, 0


def dictionary_columns(schema: pa.Schema) -> list[str]:
    """Return the columns worth a dictionary: short values that repeat, no texts.

    The writer would otherwise collect a megabyte of distinct texts for each column and row group
    only to find that they do not repeat.
    """
    return [path for field in schema for path in _repeating(field.name, field.type)]


_REPEATING = frozenset(
    {
        "role",
        "annotator",
        "annotator_kind",
        "chosen_model",
        "rejected_model",
        "template_version",
        "origin",
        "verdict",
        "outcome",
        "reason",
    }
)


def _repeating(path: str, kind: pa.DataType) -> list[str]:
    if pa.types.is_list(kind):
        return _repeating(f"{path}.list.element", kind.value_type)
    if pa.types.is_struct(kind):
        return [leaf for field in kind for leaf in _repeating(f"{path}.{field.name}", field.type)]
    is_text = pa.types.is_string(kind) or pa.types.is_binary(kind)
    return [path] if not is_text or path.rpartition(".")[2] in _REPEATING else []


def write_bytes(path: Path, content: bytes) -> WrittenFile:
    path.write_bytes(content)
    return WrittenFile(
        name=path.name,
        rows=None,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def hash_file(path: Path) -> str:
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
    return sha256.hexdigest()
