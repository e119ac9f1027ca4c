"""A file of a published format: its rows become items and judgments, which are then imported.

Everything is converted and held against the campaign before the first row is written; what the
conversion gives lies in two scratch files meanwhile.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from workbench.clock import Clock
from workbench.contracts.faults import explain_faults
from workbench.contracts.importer import AnyImporter, ImportOptions
from workbench.database.session import Database
from workbench.errors import BadRequest, BadRow, ImportRejected, OptionInvalid
from workbench.importing.converting import RowConverter
from workbench.importing.items import import_items
from workbench.importing.json_arrays import read_json_array
from workbench.importing.judgments import import_judgments
from workbench.importing.pipeline import find_target
from workbench.importing.readers import Rows, read_rows, reject_file
from workbench.importing.report import ImportReport, Progress, no_progress, refuse
from workbench.importing.rows import Cell, Row, RowRejected

_BATCH = 200
_SHOWN = 10_000


@dataclass(frozen=True, kw_only=True)
class DatasetReport:
    """The outcome of one import; None stands for what the file held nothing of.

    `left_behind` names parts of rows that could not be carried over, though their rows were.
    """

    campaign: str
    items: ImportReport | None
    judgments: ImportReport | None
    rejected: int
    rejected_file: Path | None
    faults: Sequence[BadRow]
    left_behind: Sequence[BadRow]

    def as_document(self) -> dict[str, Any]:
        """Return the report as the command line answers it."""
        return {
            "campaign": self.campaign,
            "items": _counted(self.items),
            "judgments": _counted(self.judgments),
            "rejected": self.rejected,
            "rejected_file": None if self.rejected_file is None else str(self.rejected_file),
            "left_behind": [vars(row) for row in self.left_behind],
        }


def _counted(report: ImportReport | None) -> dict[str, int] | None:
    return None if report is None else dict(vars(report.counts))


def read_import_options(importer: AnyImporter, given: Mapping[str, Any]) -> ImportOptions:
    """Validate options, which may be text as a command line gives them.

    Raises:
        OptionInvalid: Naming the option and what there is.
    """
    try:
        options: ImportOptions = importer.options.model_validate(dict(given))
    except ValidationError as error:
        rows = explain_faults(error, dict(given), importer.options)
        known = ", ".join(importer.options.model_fields) or "none"
        message = (
            f"option {rows[0].field} {rows[0].problem}; expected {rows[0].expected}. "
            f"Options of {importer.key}: {known}"
        )
        raise OptionInvalid(message, rows=rows) from None
    return options


def import_dataset(
    database: Database,
    *,
    campaign_id: int,
    path: Path,
    importer: AnyImporter,
    options: ImportOptions,
    actor: str,
    clock: Clock,
    with_judgments: bool = True,
    skip_bad_rows: bool = False,
    progress: Progress | None = None,
) -> DatasetReport:
    """Import a file of a published format; the same file again changes nothing.

    Args:
        with_judgments: Whether the judgments are imported, too, or the items alone.

    Raises:
        ImportRejected: The file has rows that cannot be carried over, each listed; nothing was
            imported.
        BadRequest: The format is for campaigns of another task type.
        CampaignClosed: The campaign is closed.
    """
    target = find_target(database, campaign_id)
    if importer.template not in {None, target.template.key}:
        message = (
            f"{importer.key} is imported into campaigns of the task type {importer.template}; "
            f"this one is of {target.template.key}"
        )
        raise BadRequest(message)
    with tempfile.TemporaryDirectory(prefix="workbench-dataset-") as folder:
        converter = RowConverter(database, target, importer, options)
        scratch = _Scratch(Path(folder), path, with_judgments=with_judgments)
        scratch.fill(converter, progress or no_progress)
        if scratch.rejected and not skip_bad_rows:
            raise refuse(
                path, rejected=len(scratch.rejected), rows=scratch.rows, faults=scratch.faults
            )
        given = {
            "campaign_id": campaign_id,
            "actor": actor,
            "clock": clock,
            "skip_bad_rows": skip_bad_rows,
            "progress": progress,
        }
        items = scratch.hand_over(scratch.items, import_items, database, given)
        scratch.drop_judgments_of_rejected()
        judgments = scratch.hand_over(scratch.judgments, import_judgments, database, given)
        return DatasetReport(
            campaign=target.public_id,
            items=items,
            judgments=judgments,
            rejected=len(scratch.rejected),
            rejected_file=scratch.write_rejected() if scratch.rejected else None,
            faults=scratch.faults,
            left_behind=scratch.left_behind,
        )


@dataclass
class _Part:
    """A scratch file of rows; `sources` are the lines that they come from."""

    path: Path
    sources: array[int] = field(default_factory=lambda: array("q"))


class _Scratch:
    """What the rows of one file say, and what is wrong with them."""

    def __init__(self, folder: Path, path: Path, *, with_judgments: bool) -> None:
        self._path, self._with_judgments = path, with_judgments
        name = path.name if path.name.endswith(".jsonl") else f"{path.name}.jsonl"
        parts = [_Part(folder / kind / name) for kind in ("items", "judgments")]
        for part in parts:
            part.path.parent.mkdir()
        self.items, self.judgments = parts
        self._rejected_rows = folder / "rejected.jsonl"
        self.rows = 0
        self.rejected: set[int] = set()
        self.faults: list[BadRow] = []
        self.left_behind: list[BadRow] = []

    def fill(self, converter: RowConverter, progress: Progress) -> None:
        """Convert all rows of the file."""
        rows = _read(self._path, converter.importer)
        with (
            self.items.path.open("wb") as items,
            self.judgments.path.open("wb") as judgments,
            self._rejected_rows.open("wb") as rejected,
        ):
            size = 0
            while batch := list(islice(rows, _BATCH)):
                size = size or self._path.stat().st_size
                self.rows += len(batch)
                for row, said in converter.convert([row for row, _ in batch]):
                    if isinstance(said, RowRejected):
                        self._reject(row.line, said.faults, row.source, rejected)
                        continue
                    self._keep_behind(said.left_behind)
                    if said.item is not None:
                        _align(self.items, items, row.line)
                        _add(self.items, items, row.line, [said.item])
                    if self._with_judgments:
                        _add(self.judgments, judgments, row.line, said.judgments)
                progress("Converting", batch[-1][1], size)
        if not self.rows:
            raise reject_file(self._path, "has no rows", "at least one row")

    def hand_over(
        self, part: _Part, use_case: Any, database: Database, given: Mapping[str, Any]
    ) -> ImportReport | None:
        """Import one of the scratch files, and tell its faults by the lines they come from."""
        if not part.sources:
            return None
        try:
            report: ImportReport = use_case(database, path=part.path, **given)
        except ImportRejected as rejection:
            rows = [self._at_source(part, row) for row in rejection.rows]
            message = rejection.message.replace(part.path.name, self._path.name)
            raise ImportRejected(message, rows=rows, **rejection.extra) from None
        if report.rejected_file is not None:
            self._take_rejected(part, report.rejected_file)
        return report

    def write_rejected(self) -> Path:
        """Put the rows that were left out beside the file."""
        target = self._path.with_name(f"{self._path.name}.rejected.jsonl")
        try:
            target.write_bytes(self._rejected_rows.read_bytes())
        except OSError as error:
            message = f"the bad rows cannot be written to {target}: {error.strerror}"
            raise ImportRejected(message) from error
        return target

    def drop_judgments_of_rejected(self) -> None:
        """Leave out the judgments of rows whose items were rejected since they were converted."""
        part = self.judgments
        if self.rejected.isdisjoint(part.sources):
            return
        kept, sources = part.path.with_suffix(".kept"), part.sources
        part.sources = array("q")
        with part.path.open("rb") as before, kept.open("wb") as after:
            for line, text in zip(sources, before, strict=True):
                if line not in self.rejected:
                    after.write(text)
                    part.sources.append(line)
        kept.replace(part.path)

    def _take_rejected(self, part: _Part, rejected_file: Path) -> None:
        with rejected_file.open("rb") as given, self._rejected_rows.open("ab") as out:
            for text in given:
                document = from_json(text)
                line = part.sources[document["line"] - 1]
                faults = [BadRow(line=line, **problem) for problem in document["problems"]]
                self._reject(line, faults, document["row"], out)

    def _reject(self, line: int, faults: Sequence[BadRow], source: Any, out: Any) -> None:
        self.rejected.add(line)
        self.faults += faults[: max(0, _SHOWN - len(self.faults))]
        problems = [
            {"field": one.field, "problem": one.problem, "expected": one.expected} for one in faults
        ]
        document = {"line": line, "row": source, "problems": problems}
        out.write(to_json(document, fallback=str) + b"\n")

    def _keep_behind(self, rows: Sequence[BadRow]) -> None:
        self.left_behind += rows[: max(0, _SHOWN - len(self.left_behind))]

    def _at_source(self, part: _Part, row: BadRow) -> BadRow:
        line = row.line if row.line is None else part.sources[row.line - 1]
        return BadRow(line=line, field=row.field, problem=row.problem, expected=row.expected)


def _align(part: _Part, out: Any, line: int) -> None:
    """Leave lines empty, so that the next row has the line that it comes from.

    Faults of items name other lines in their words.
    """
    while len(part.sources) < line - 1:
        out.write(b"\n")
        part.sources.append(len(part.sources) + 1)


def _add(part: _Part, out: Any, line: int, rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        out.write(to_json(row) + b"\n")
        part.sources.append(line)


def _read(path: Path, importer: AnyImporter) -> Rows:
    """Read rows as the format has them, not as the columns of our own tables."""
    if path.name.lower().endswith(".json"):
        yield from read_json_array(path)
        return
    is_csv = path.name.lower().endswith(".csv")
    for row, position in read_rows(path):
        if row.fault is not None or not isinstance(row.source, dict):
            yield row, position
        elif is_csv:
            cells = {name: Cell(cell) for name, cell in row.source.items()}
            fields = {
                name: cell for name, cell in cells.items() if cell or _is_text(name, importer)
            }
            yield Row(row.line, row.source, fields=fields), position
        else:
            yield Row(row.line, row.source, fields=row.source), position


def _is_text(name: str, importer: AnyImporter) -> bool:
    """Say whether an empty cell is an empty text: of a field that a row must have."""
    known = importer.row.model_fields.get(name)
    return known is not None and known.is_required()
