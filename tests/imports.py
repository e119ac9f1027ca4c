"""A campaign to import into, with the files that are imported and what became of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tests.factories import make_campaign, make_organization
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.errors import BadRow, ImportRejected
from workbench.importing.items import import_items
from workbench.importing.judgments import import_judgments
from workbench.importing.report import ImportReport
from workbench.models import Annotator, AuditEvent, Campaign, Item, Job, Judgment


def comparison_row(external_id: str = "p-1", **changes: Any) -> dict[str, Any]:
    row = {
        "external_id": external_id,
        "prompt": f"Question {external_id}?",
        "responses": [{"text": "One.", "model": "m1"}, {"text": "Two.", "model": "m2"}],
        "metadata": {"domain": "law"},
    }
    return {key: value for key, value in {**row, **changes}.items() if value is not ...}


def judgment_row(*names: str, **changes: Any) -> dict[str, Any]:
    external_id, annotator, *_ = *names, *("p-1", "a1")[len(names) :]
    row = {"external_id": external_id, "annotator": annotator, "value": {"strength": -2}}
    return {key: value for key, value in {**row, **changes}.items() if value is not ...}


@dataclass
class Desk:
    database: Database
    clock: FixedClock
    folder: Path
    campaign_id: int

    @classmethod
    def open(
        cls,
        database: Database,
        clock: FixedClock,
        folder: Path,
        template: str = "pairwise_preference",
        *,
        overlap: int = 2,
        options: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> Desk:
        with database.write() as session:
            organization = make_organization(session, clock, name or f"Lab of {template}")
            campaign = make_campaign(
                session, clock, organization, template, overlap=overlap, options=options
            )
            return cls(database, clock, folder, campaign.id)

    def items(self, *rows: object, **options: Any) -> ImportReport:
        return self._import(import_items, self.lines("items.jsonl", rows), **options)

    def judgments(self, *rows: object, **options: Any) -> ImportReport:
        return self._import(import_judgments, self.lines("judgments.jsonl", rows), **options)

    def item_file(self, path: Path, **options: Any) -> ImportReport:
        return self._import(import_items, path, **options)

    def judgment_file(self, path: Path, **options: Any) -> ImportReport:
        return self._import(import_judgments, path, **options)

    def _import(self, use_case: Callable[..., ImportReport], path: Path, **options: Any) -> Any:
        return use_case(
            self.database,
            campaign_id=self.campaign_id,
            path=path,
            actor="cli",
            clock=self.clock,
            **options,
        )

    def lines(self, name: str, rows: Sequence[object]) -> Path:
        """Write rows as JSON lines; bytes are written as they are."""
        path = self.folder / name
        encoded = (row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)
        path.write_bytes(b"".join(row + b"\n" for row in encoded))
        return path

    def stored(self, model: type[Any]) -> list[Any]:
        with self.database.read() as session:
            return list(session.scalars(select(model).order_by(model.id)))

    @property
    def stored_items(self) -> list[Item]:
        return self.stored(Item)

    @property
    def stored_judgments(self) -> list[Judgment]:
        return self.stored(Judgment)

    @property
    def current_judgments(self) -> list[Judgment]:
        rows = self.stored_judgments
        superseded = {row.supersedes_id for row in rows}
        return [row for row in rows if row.id not in superseded]

    @property
    def annotators(self) -> dict[str, Annotator]:
        return {row.name: row for row in self.stored(Annotator)}

    @property
    def jobs(self) -> list[Job]:
        return self.stored(Job)

    def audited(self, action: str) -> list[AuditEvent]:
        return [event for event in self.stored(AuditEvent) if event.action == action]

    @property
    def campaign(self) -> Campaign:
        with self.database.read() as session:
            return session.get_one(Campaign, self.campaign_id)


def faults(error: ImportRejected) -> list[tuple[int | None, str]]:
    """Where the faults are: line and field."""
    return [(row.line, row.field) for row in error.rows]


def fault_at(error: ImportRejected, line: int) -> BadRow:
    """The one fault of a line."""
    (fault,) = [row for row in error.rows if row.line == line]
    return fault
