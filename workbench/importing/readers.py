"""Files of rows, read a row at a time: JSONL (plain or gzipped), CSV and Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from pydantic_core import from_json

from workbench.contracts.faults import shown
from workbench.errors import BadRow, ImportRejected
from workbench.importing.rows import Row, nul_fault
from workbench.importing.tables import find_column_fault, nest

MAX_ROW_BYTES = 16 * 1024 * 1024
_BATCH = 500
_BOM = b"\xef\xbb\xbf"
_OWN_NAMES = "a name of its own for each column"

Position: TypeAlias = Callable[[], int]
Rows: TypeAlias = Iterator[tuple[Row, int]]
"""Rows, each with how many bytes of the file were read when it came."""


def read_rows(path: Path) -> Rows:
    """Read a file's rows in order; a row that cannot be read comes with its fault.

    Raises:
        ImportRejected: There is no such file, its kind is unknown, or it breaks off.
    """
    read = _reader_of(path)
    if path.is_dir():
        raise reject_file(path, "is a directory", "a file")
    if not path.exists():
        raise reject_file(path, "does not exist", "a file")
    try:
        with path.open("rb") as raw:
            yield from read(path, raw)
    except OSError as error:
        reason = error.strerror or str(error)
        raise reject_file(path, f"cannot be read: {reason}", "a readable file") from error


def reject_file(path: Path, problem: str, expected: str, line: int | None = None) -> ImportRejected:
    message = f"{path.name} {problem}; expected {expected}"
    row = BadRow(line=line, field="file", problem=problem, expected=expected)
    return ImportRejected(message, rows=[row])


def _reader_of(path: Path) -> Callable[[Path, BinaryIO], Rows]:
    name = path.name.lower()
    for ending, reader in _READERS.items():
        if name.endswith(ending):
            return reader
    raise reject_file(path, "has an unknown ending", ", ".join(_READERS))


def _read_jsonl(path: Path, raw: BinaryIO) -> Rows:
    del path
    return _read_lines(raw, raw.tell)


def _read_gzipped_jsonl(path: Path, raw: BinaryIO) -> Rows:
    try:
        with gzip.open(raw) as unpacked:
            yield from _read_lines(unpacked, raw.tell)
    except (gzip.BadGzipFile, zlib.error) as error:
        raise reject_file(path, f"is not gzip: {error}", "a gzipped file") from error
    except EOFError as error:
        raise reject_file(path, "breaks off", "a complete gzipped file") from error


def _read_lines(stream: io.IOBase | BinaryIO, position: Position) -> Rows:
    number = 0
    while line := stream.readline(MAX_ROW_BYTES + 1):
        number += 1
        if len(line) > MAX_ROW_BYTES:
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_ROW_BYTES)
            yield _too_long(number), position()
            continue
        line = line.removeprefix(_BOM) if number == 1 else line
        if line.strip():
            yield _parse_line(number, line), position()


def _too_long(number: int) -> Row:
    megabytes = MAX_ROW_BYTES // 1024**2
    return _faulty(number, "", f"is longer than {megabytes} MiB", "a shorter row")


def _parse_line(number: int, line: bytes) -> Row:
    try:
        text = line.decode().strip()
    except UnicodeDecodeError as error:
        source = line.decode(errors="replace").strip()
        return _faulty(number, source, f"is not UTF-8 (byte {error.start + 1})", "UTF-8 text")
    if "\0" in text:
        return Row(number, text, fault=nul_fault(number, "row"))
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        return _faulty(number, text, f"is not JSON: {error}", "one JSON object")
    if not isinstance(value, dict):
        return _faulty(number, value, f"is {shown(value)}", "one JSON object")
    return Row(number, value, fields=value)


def _faulty(number: int, source: Any, problem: str, expected: str, field: str = "row") -> Row:
    fault = BadRow(line=number, field=field, problem=problem, expected=expected)
    return Row(number, source, fault=fault)


def _read_csv(path: Path, raw: BinaryIO) -> Rows:
    csv.field_size_limit(MAX_ROW_BYTES)
    # Bytes that are not UTF-8 come through as surrogates, so that the row can be named.
    encoding, errors = "utf-8-sig", "surrogateescape"
    with io.TextIOWrapper(raw, encoding=encoding, errors=errors, newline="") as text:
        reader = csv.reader(text, strict=True)
        columns: list[str] | None = None
        while True:
            line = reader.line_num + 1
            cells = _next_cells(reader, path, line)
            if cells is None:
                return
            if columns is None:
                columns = cells
                if (problem := find_column_fault(columns)) is not None:
                    raise reject_file(path, problem, _OWN_NAMES, line)
            elif cells:
                yield _parse_cells(line, columns, cells), raw.tell()


def _next_cells(reader: Iterator[list[str]], path: Path, line: int) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        raise reject_file(path, f"is not CSV: {error}", "quoted cells", line) from error


def _parse_cells(line: int, columns: list[str], cells: list[str]) -> Row:
    if len(cells) != len(columns):
        problem = f"has {len(cells)} cells"
        return _faulty(line, cells, problem, f"{len(columns)} cells, one for each column")
    source = dict(zip(columns, cells, strict=True))
    for column, cell in source.items():
        if "\0" in cell:
            return Row(line, source, fault=nul_fault(line, column))
        if any("\udc80" <= character <= "\udcff" for character in cell):
            readable = cell.encode(errors="surrogateescape").decode(errors="replace")
            source[column] = readable
            return _faulty(line, source, "is not UTF-8", "UTF-8 text", column)
    return Row(line, source, fields=nest(source))


def _read_parquet(path: Path, raw: BinaryIO) -> Rows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(raw)
        if (problem := find_column_fault(file.schema_arrow.names)) is not None:
            raise reject_file(path, problem, _OWN_NAMES)
        line = 0
        for batch in file.iter_batches(batch_size=_BATCH):
            for cells in batch.to_pylist(maps_as_pydicts="strict"):
                line += 1
                yield _parse_values(line, cells), raw.tell()
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise reject_file(path, f"is not Parquet: {error}", "a Parquet file") from error


def _parse_values(line: int, cells: dict[str, Any]) -> Row:
    for column, value in cells.items():
        if isinstance(value, bytes | bytearray):
            source = {name: shown(other) for name, other in cells.items()}
            return _faulty(line, source, "is a binary column", "text", column)
    return Row(line, cells, fields=nest(cells))


_READERS: dict[str, Callable[[Path, BinaryIO], Rows]] = {
    ".jsonl": _read_jsonl,
    ".jsonl.gz": _read_gzipped_jsonl,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
