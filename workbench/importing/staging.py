"""A scratch file for the rows of one import, between reading them all and writing any.

A file with one bad row changes nothing, so every row is judged before the first is written. The
scratch file keeps memory flat while that is done; it is SQLite because the rows are looked up by
key and taken out again in order.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from pydantic_core import from_json, to_json

from workbench.errors import BadRow

_SCHEMA = """
CREATE TABLE staged (
    line INTEGER PRIMARY KEY, key TEXT, body TEXT, extra TEXT, source TEXT, place INTEGER
);
CREATE TABLE rejected (line INTEGER PRIMARY KEY, source TEXT, faults TEXT);
"""
_INDEX = """
CREATE INDEX staged_key ON staged (key, line);
UPDATE staged SET place = first
    FROM (SELECT key AS repeated, min(line) AS first FROM staged GROUP BY key HAVING count(*) > 1)
    WHERE key = repeated;
CREATE INDEX staged_place ON staged (place, line);
"""
_PRAGMAS = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16384;"
_ROWS = 250
_BYTES = 500_000
_SHOWN = 10_000


class Staged(NamedTuple):
    """A row that may be written: what it is about, and its contents as JSON text."""

    line: int
    key: str
    body: str
    extra: str


class Staging:
    """The rows of one import, good and bad."""

    def __init__(self, connection: sqlite3.Connection, *, keep_sources: bool) -> None:
        self._connection = connection
        self._keep_sources = keep_sources

    def add(self, row: Staged, source: Any) -> None:
        text = to_json(source, fallback=str).decode() if self._keep_sources else None
        self._connection.execute(
            "INSERT INTO staged VALUES (?, ?, ?, ?, ?, ?)", (*row, text, row.line)
        )

    def replace(self, row: Staged) -> None:
        """Put other contents in the place of those that the row of this line came with."""
        self._connection.execute("UPDATE staged SET body = ? WHERE line = ?", (row.body, row.line))

    def reject(self, line: int, faults: Sequence[BadRow], source: Any = None) -> None:
        """Take a row out, or keep it out; without `source` it is the one that was added."""
        staged = self._connection.execute("SELECT source FROM staged WHERE line = ?", (line,))
        text = (staged.fetchone() or (None,))[0]
        if text is None and source is not None:
            text = to_json(source, fallback=str).decode()
        wrong = to_json([(row.field, row.problem, row.expected) for row in faults]).decode()
        self._connection.execute("DELETE FROM staged WHERE line = ?", (line,))
        self._connection.execute("INSERT INTO rejected VALUES (?, ?, ?)", (line, text, wrong))

    def index(self) -> None:
        """Once all rows are in, place those of one key together, where the first of them is."""
        self._connection.executescript(_INDEX)

    def drop_repeats(self) -> int:
        """Take out rows that repeat an earlier one word for word; return how many."""
        return self._connection.execute(
            "DELETE FROM staged WHERE place < line AND EXISTS (SELECT 1 FROM staged AS earlier"
            " WHERE earlier.key = staged.key AND earlier.line < staged.line"
            " AND earlier.body = staged.body AND earlier.extra = staged.extra)"
        ).rowcount

    def list_contradictions(self) -> list[tuple[int, int]]:
        """Return (line, earlier line) of rows whose key an earlier row has too."""
        return self._connection.execute(
            "SELECT line, place FROM staged WHERE place < line ORDER BY line"
        ).fetchall()

    def count(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM staged").fetchone()[0])

    def count_rejected(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM rejected").fetchone()[0])

    def batches(self) -> Iterator[list[Staged]]:
        """Yield all rows in the order of the file, those of one key together and in one batch.

        Each batch is a query of its own, so that rows may be rejected meanwhile.
        """
        after = (-1, -1)
        while batch := self._next_batch(after):
            after = batch[-1][0], batch[-1][1].line
            yield [row for _, row in batch]

    def _next_batch(self, after: tuple[int, int]) -> list[tuple[int, Staged]]:
        batch: list[tuple[int, Staged]] = []
        size = 0
        rows = self._connection.execute(
            "SELECT place, line, key, body, extra FROM staged WHERE (place, line) > (?, ?)"
            " ORDER BY place, line",
            after,
        )
        for place, *row in rows:
            is_full = len(batch) >= _ROWS or size >= _BYTES
            if is_full and batch[-1][0] != place:
                break
            batch.append((place, Staged(*row)))
            size += len(row[2])
        rows.close()
        return batch

    def list_faults(self) -> list[BadRow]:
        """Return what is wrong, in the order of the file; a hopeless file's list is cut off."""
        found = self._connection.execute(
            "SELECT line, faults FROM rejected ORDER BY line LIMIT ?", (_SHOWN,)
        )
        return [
            BadRow(line=line, field=field, problem=problem, expected=expected)
            for line, faults in found
            for field, problem, expected in from_json(faults)
        ]

    def write_rejected(self, out: TextIO) -> None:
        """Write each bad row as a line of JSON with its problems."""
        found = self._connection.execute("SELECT line, source, faults FROM rejected ORDER BY line")
        for line, source, faults in found:
            problems = [
                {"field": field, "problem": problem, "expected": expected}
                for field, problem, expected in from_json(faults)
            ]
            row = None if source is None else from_json(source)
            document = {"line": line, "row": row, "problems": problems}
            out.write(to_json(document).decode() + "\n")

    def reject_all(self, faults: Iterable[BadRow]) -> int:
        """Reject the row of each fault; return how many rows that were."""
        by_line: dict[int, list[BadRow]] = {}
        for fault in faults:
            by_line.setdefault(fault.line or 0, []).append(fault)
        for line, wrong in by_line.items():
            self.reject(line, wrong)
        return len(by_line)


@contextmanager
def open_staging(*, keep_sources: bool) -> Iterator[Staging]:
    """Open an empty scratch file that goes away afterwards."""
    with tempfile.TemporaryDirectory(prefix="workbench-import-") as folder:
        connection = sqlite3.connect(Path(folder) / "rows.db", isolation_level=None)
        try:
            connection.executescript(_PRAGMAS + _SCHEMA)
            connection.execute("BEGIN")
            yield Staging(connection, keep_sources=keep_sources)
        finally:
            connection.close()
