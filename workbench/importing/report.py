"""What an import did, or why it did nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from workbench.errors import BadRow, ImportRejected

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how far it is, and how far it goes."""


def no_progress(doing: str, done: int, total: int) -> None:
    del doing, done, total


@dataclass(kw_only=True)
class Counts:
    """Rows by what became of them."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    superseded: int = 0

    def __iadd__(self, other: Counts) -> Counts:
        for count in fields(self):
            setattr(self, count.name, getattr(self, count.name) + getattr(other, count.name))
        return self

    @property
    def written(self) -> int:
        return self.added + self.updated + self.superseded


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """The outcome of one import.

    `rejected` counts the rows that were left out, `faults` says what is wrong with them, and
    `rejected_file` holds them.
    """

    campaign: str
    counts: Counts
    rejected: int = 0
    rejected_file: Path | None = None
    faults: Sequence[BadRow] = field(default=())

    def as_document(self) -> dict[str, Any]:
        """Return the report as the command line and the API answer it."""
        return {
            "campaign": self.campaign,
            "added": self.counts.added,
            "updated": self.counts.updated,
            "unchanged": self.counts.unchanged,
            "superseded": self.counts.superseded,
            "rejected": self.rejected,
            "rejected_file": None if self.rejected_file is None else str(self.rejected_file),
        }


def refuse(path: Path, *, rejected: int, rows: int, faults: Sequence[BadRow]) -> ImportRejected:
    """Return the refusal of a file, with every fault."""
    verb = "is" if rejected == 1 else "are"
    message = f"{rejected:,} of {rows:,} rows of {path.name} {verb} bad; nothing was imported"
    return ImportRejected(message, rows=faults, rejected=rejected)
