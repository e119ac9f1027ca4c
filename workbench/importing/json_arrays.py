"""A file that is one JSON array, read an entry at a time; the lines of its rows are their numbers."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.contracts.faults import shown
from workbench.errors import BadRow
from workbench.importing.readers import MAX_ROW_BYTES, Rows, reject_file
from workbench.importing.rows import Row

_CHUNK = 1 << 16
_BETWEEN = " \t\r\n"


def read_json_array(path: Path) -> Rows:
    """Read a file's entries in order; one that is no object comes with its fault.

    Raises:
        ImportRejected: There is no such file, or it is not one array.
    """
    try:
        with path.open("rb") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig") as text:
            for number, entry in enumerate(_entries(path, text), start=1):
                yield _row_of(number, entry), raw.tell()
    except UnicodeDecodeError as error:
        raise reject_file(path, "is not UTF-8", "UTF-8 text") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise reject_file(path, f"cannot be read: {reason}", "a readable file") from error


def _row_of(number: int, entry: Any) -> Row:
    if isinstance(entry, dict):
        return Row(number, entry, fields=entry)
    fault = BadRow(
        line=number, field="row", problem=f"is {shown(entry)}", expected="one JSON object"
    )
    return Row(number, entry, fault=fault)


def _entries(path: Path, text: io.TextIOBase) -> Iterator[Any]:
    window = _Window(text)
    if window.next_sign() != "[":
        raise reject_file(path, "is not a JSON array", "one array of objects")
    window.skip(1)
    sign, number = window.next_sign(), 1
    while sign != "]":
        yield window.decode(path, number)
        sign, number = window.next_sign(), number + 1
        if sign not in {",", "]"}:
            problem = "breaks off" if not sign else f"has {sign!r} after an entry"
            raise reject_file(path, problem, "a comma, or ] at the end", number - 1)
        if sign == ",":
            window.skip(1)


class _Window:
    """The part of a text that is being read."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text, self._buffer, self._place = text, "", 0
        self._decoder = json.JSONDecoder()

    def skip(self, count: int) -> None:
        self._place += count

    def next_sign(self) -> str:
        """Return the next character that is not space, without taking it; "" at the end."""
        while True:
            while self._place < len(self._buffer) and self._buffer[self._place] in _BETWEEN:
                self._place += 1
            if self._place < len(self._buffer):
                return self._buffer[self._place]
            if not self._fill(_CHUNK):
                return ""

    def decode(self, path: Path, number: int) -> Any:
        """Take the next entry."""
        self.next_sign()
        while True:
            try:
                entry, self._place = self._decoder.raw_decode(self._buffer, self._place)
            except json.JSONDecodeError as error:
                size = len(self._buffer) - self._place
                if size > MAX_ROW_BYTES:
                    problem = f"has an entry longer than {MAX_ROW_BYTES // 1024**2} MiB"
                    raise reject_file(path, problem, "shorter ones", number) from error
                # Twice as much each time, since the entry is read again from its beginning.
                if not self._fill(max(size, _CHUNK)):
                    raise reject_file(path, f"is not JSON: {error}", "JSON", number) from error
            else:
                return entry

    def _fill(self, size: int) -> bool:
        more = self._text.read(size)
        self._buffer, self._place = self._buffer[self._place :] + more, 0
        return bool(more)
