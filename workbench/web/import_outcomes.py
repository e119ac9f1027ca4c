"""What became of the files that were uploaded: kept for the page that the browser is sent to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from workbench.errors import BadRow, WorkbenchError
from workbench.identifiers import new_secret
from workbench.importing.report import ImportReport
from workbench.settings import Settings

MOST_FAULTS = 500
"""Faults that one outcome keeps; whoever mends so many runs the import again anyway."""

MOST_OUTCOMES = 200

_NAME = re.compile(r"[A-Za-z0-9_-]{16,64}\Z")


@dataclass(frozen=True, kw_only=True)
class ImportOutcome:
    """One upload.

    Attributes:
        what: `items` or `judgments`.
        refusal: Why nothing was imported; None where something was.
        counts: Rows by what became of them.
        n_faults: All faults, of which `faults` are the first.
    """

    campaign: str
    what: str
    filename: str
    refusal: str | None
    counts: Mapping[str, int]
    faults: Sequence[BadRow]
    n_faults: int


_OUTCOME: TypeAdapter[ImportOutcome] = TypeAdapter(ImportOutcome)


def outcome_of(
    campaign: str, what: str, filename: str, result: ImportReport | WorkbenchError
) -> ImportOutcome:
    if isinstance(result, WorkbenchError):
        refusal, counts, faults = result.message, {}, result.rows
    else:
        refusal, faults = None, tuple(result.faults)
        counts = {**asdict(result.counts), "rejected": result.rejected}
    return ImportOutcome(
        campaign=campaign,
        what=what,
        filename=filename,
        refusal=refusal,
        counts=counts,
        faults=faults[:MOST_FAULTS],
        n_faults=len(faults),
    )


def keep_outcome(settings: Settings, outcome: ImportOutcome) -> str:
    """Store an outcome and return its name; the oldest ones make room."""
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    name = new_secret()
    (folder / f"{name}.json").write_bytes(to_json(asdict(outcome)))
    kept = sorted(folder.glob("*.json"), key=_age)
    for path in kept[MOST_OUTCOMES:]:
        path.unlink(missing_ok=True)
    return name


def find_outcome(settings: Settings, name: str, *, campaign: str) -> ImportOutcome | None:
    """Return the outcome of an upload to this campaign; None when it is gone."""
    if not _NAME.match(name):
        return None
    try:
        content = (_folder(settings) / f"{name}.json").read_bytes()
        outcome = _OUTCOME.validate_json(content)
    except (OSError, ValidationError):
        return None
    return outcome if outcome.campaign == campaign else None


def _folder(settings: Settings) -> Path:
    return settings.data_dir / "import_outcomes"


def _age(path: Path) -> Any:
    try:
        return -path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
