"""Judgments collected elsewhere: people's and models', by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, cast

from pydantic_core import from_json
from sqlalchemy import Table, Text, bindparam, insert, select, update
from sqlalchemy.orm import Session

from workbench import jobs
from workbench.clock import Clock
from workbench.contracts.faults import shown
from workbench.database.session import Database
from workbench.database.types import from_micros, to_micros
from workbench.errors import BadRow, JudgmentInvalid
from workbench.identifiers import Prefix, new_public_id
from workbench.importing.judgment_rows import (
    GivenJudgment,
    as_presentation,
    parse_judgment,
    unpack_judgment,
)
from workbench.importing.pipeline import Target, find_target, lock_campaign, run_import
from workbench.importing.report import Counts, ImportReport, Progress
from workbench.importing.rows import Row
from workbench.importing.staging import Staged, Staging
from workbench.models import Annotator, AnnotatorKind, Item, Judgment, JudgmentOrigin
from workbench.people.annotators import ensure_annotator

_JUDGED_DELAY = timedelta(seconds=5)


def import_judgments(
    database: Database,
    *,
    campaign_id: int,
    path: Path,
    actor: str,
    clock: Clock,
    skip_bad_rows: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Import judgments; the same row again is a no-op, a changed one supersedes.

    Raises:
        ImportRejected: The file has bad rows, each listed; nothing was imported.
        CampaignClosed: The campaign is closed.
    """
    target = find_target(database, campaign_id)
    return run_import(
        database,
        JudgmentImporter(target),
        target,
        path=path,
        actor=actor,
        clock=clock,
        skip_bad_rows=skip_bad_rows,
        progress=progress,
    )


@dataclass(frozen=True)
class _Stored:
    """A judgment that is there, or is about to be."""

    id: int
    value: Any
    presentation: tuple[int, ...] | None
    created_at: int
    seconds: float | None
    took_slot: bool
    is_surplus: bool


@dataclass
class _Place:
    """An item that judgments are for."""

    id: int
    open_slots: int
    taken: int = 0


@dataclass
class _Lookup:
    """What a batch is about."""

    places: dict[str, _Place]
    annotators: dict[str, int]
    chains: dict[tuple[int, int], list[_Stored]] = field(default_factory=dict)


class JudgmentImporter:
    action = "judgments_imported"

    def __init__(self, target: Target) -> None:
        self._target = target
        self._kinds: dict[str, AnnotatorKind] = {}

    def parse(self, row: Row) -> Staged:
        return parse_judgment(row, self._target.template.judgment_model)

    def settle_repeats(self, staging: Staging) -> int:
        """Leave them: several judgments of one annotator on one item are a history."""
        del staging
        return 0

    def complete(
        self, database: Database, batch: list[Staged]
    ) -> tuple[list[Staged], list[BadRow]]:
        """Do nothing: a judgment holds all that it says."""
        del database, batch
        return [], []

    def check(self, session: Session, batch: list[Staged]) -> list[BadRow]:
        given = [unpack_judgment(row) for row in batch]
        contents = self._find_contents(session, given)
        kinds = self._find_kinds(session, given)
        faults: list[BadRow] = []
        for one in given:
            known = self._kinds.setdefault(one.annotator, kinds.get(one.annotator, one.kind))
            if known is not one.kind:
                faults.append(
                    BadRow(
                        line=one.row.line,
                        field="annotator_kind",
                        problem=f"is {one.kind}, but {one.annotator!r} is a {known}",
                        expected=f"{known}, or another name",
                    )
                )
            item = contents.get(one.external_id)
            if item is None:
                faults.append(
                    BadRow(
                        line=one.row.line,
                        field="external_id",
                        problem=f"{shown(one.external_id)} is no item of this campaign",
                        expected="the external_id of an imported item",
                    )
                )
            else:
                faults += self._check_against(item, one)
        return faults

    def _find_contents(self, session: Session, given: Sequence[GivenJudgment]) -> dict[str, Any]:
        rows = session.execute(
            select(Item.external_id, Item.content).where(
                Item.campaign_id == self._target.id,
                Item.external_id.in_({one.external_id for one in given}),
            )
        )
        model = self._target.template.item_model
        return {external_id: model.model_validate(content) for external_id, content in rows}

    def _find_kinds(
        self, session: Session, given: Sequence[GivenJudgment]
    ) -> dict[str, AnnotatorKind]:
        unknown = {one.annotator for one in given} - self._kinds.keys()
        rows = session.execute(
            select(Annotator.name, Annotator.kind).where(
                Annotator.organization_id == self._target.organization_id,
                Annotator.name.in_(unknown),
            )
        )
        return dict(rows.all())

    def _check_against(self, item: Any, one: GivenJudgment) -> list[BadRow]:
        faults: list[BadRow] = []
        template = self._target.template
        candidates = template.candidates(item)
        if one.presentation is not None and sorted(one.presentation) != list(range(candidates)):
            order = list(range(candidates))
            expected = f"every index of {order} once" if order else "none: nothing is shuffled here"
            problem = f"is {shown(one.presentation)}"
            faults.append(
                BadRow(line=one.row.line, field="presentation", problem=problem, expected=expected)
            )
        try:
            judgment = template.judgment_model.model_validate(from_json(one.value))
            template.check(judgment, item, self._target.options)
        except JudgmentInvalid as invalid:
            rows = invalid.rows or (
                BadRow(field="", problem=invalid.message, expected="a judgment that fits its item"),
            )
            faults += [
                BadRow(
                    line=one.row.line,
                    field=f"value.{row.field}" if row.field else "value",
                    problem=row.problem,
                    expected=row.expected,
                )
                for row in rows
            ]
        return faults

    def write(
        self, session: Session, batch: list[Staged], *, now: datetime
    ) -> tuple[Counts, list[BadRow]]:
        lock_campaign(session, self._target)
        given = [unpack_judgment(row) for row in batch]
        lookup = self._look_up(session, given, now)
        counts, rows = Counts(), []
        for _, group in groupby(given, key=attrgetter("row.key")):
            history = list(group)
            place = lookup.places[history[0].external_id]
            annotator_id = lookup.annotators[history[0].annotator]
            chain = lookup.chains.get((place.id, annotator_id), [])
            new = history[self._count_known(chain, history) :]
            counts.unchanged += len(history) - len(new)
            for number, one in enumerate(new):
                row = self._row(one, place, annotator_id, chain[-1] if chain else None, now)
                counts.superseded += bool(chain)
                counts.added += not chain
                if number == len(new) - 1:
                    rows.append(row)
                else:
                    chain = [*chain, _insert_one(session, row)]
        if rows:
            session.execute(_INSERT, rows)
            jobs.enqueue(
                session,
                "campaign_judged",
                subject_id=self._target.id,
                now=now,
                delay=_JUDGED_DELAY,
            )
        _take_slots(session, lookup.places.values())
        return counts, []

    def _look_up(self, session: Session, given: Sequence[GivenJudgment], now: datetime) -> _Lookup:
        items = session.execute(
            select(Item.external_id, Item.id, Item.open_slots)
            .where(
                Item.campaign_id == self._target.id,
                Item.external_id.in_({one.external_id for one in given}),
            )
            .order_by(Item.id)
            .with_for_update(key_share=True)
        )
        lookup = _Lookup(
            places={external_id: _Place(item_id, slots) for external_id, item_id, slots in items},
            annotators=self._ensure_annotators(session, given, now),
        )
        wanted = set(lookup.annotators.values())
        stored = session.execute(
            select(Judgment)
            .where(Judgment.item_id.in_([place.id for place in lookup.places.values()]))
            .order_by(Judgment.id)
        ).scalars()
        for judgment in stored:
            if judgment.annotator_id in wanted:
                key = (judgment.item_id, judgment.annotator_id)
                lookup.chains.setdefault(key, []).append(_stored(judgment))
        return lookup

    def _ensure_annotators(
        self, session: Session, given: Sequence[GivenJudgment], now: datetime
    ) -> dict[str, int]:
        kinds = {one.annotator: one.kind for one in given}
        rows = session.execute(
            select(Annotator.name, Annotator.id).where(
                Annotator.organization_id == self._target.organization_id,
                Annotator.name.in_(kinds),
            )
        )
        found = dict(rows.all())
        for name in kinds.keys() - found.keys():
            annotator = ensure_annotator(
                session,
                organization_id=self._target.organization_id,
                name=name,
                kind=kinds[name],
                now=now,
                simulated=self._target.is_simulated,
            )
            found[name] = annotator.id
        return found

    def _count_known(self, chain: Sequence[_Stored], history: Sequence[GivenJudgment]) -> int:
        """Return how many of the first rows are the last judgments that are there already.

        After an import, the rows of one annotator on one item are the end of their chain: so the
        same file changes nothing, and a value that was changed back supersedes once more.
        """
        for known in range(min(len(chain), len(history)), 0, -1):
            pairs = zip(chain[-known:], history[:known], strict=True)
            if all(self._is_same(stored, one) for stored, one in pairs):
                return known
        return 0

    def _is_same(self, stored: _Stored, one: GivenJudgment) -> bool:
        """Compare all that the row says; what it leaves out is as it is."""
        said = (one.presentation, one.created_at, one.seconds)
        there = (stored.presentation, stored.created_at, stored.seconds)
        if any(now not in {None, before} for now, before in zip(said, there, strict=True)):
            return False
        model = self._target.template.judgment_model
        value = model.model_validate(from_json(one.value))
        return bool(model.model_validate(stored.value) == value)

    def _row(
        self,
        one: GivenJudgment,
        place: _Place,
        annotator_id: int,
        previous: _Stored | None,
        now: datetime,
    ) -> dict[str, Any]:
        """Return a judgment's columns; it takes a slot of its item as long as there are any."""
        if previous is not None:
            took_slot, is_surplus = previous.took_slot, previous.is_surplus
        else:
            is_person = one.kind is AnnotatorKind.PERSON
            took_slot = is_person and place.taken < place.open_slots
            is_surplus = is_person and not took_slot
            place.taken += took_slot
        return {
            "public_id": new_public_id(Prefix.JUDGMENT),
            "campaign_id": self._target.id,
            "item_id": place.id,
            "annotator_id": annotator_id,
            "supersedes_id": None if previous is None else previous.id,
            "round": self._target.round,
            "value": one.value,
            "presentation": one.presentation,
            "template_version": self._target.template.version,
            "origin": JudgmentOrigin.IMPORTED,
            "took_slot": took_slot,
            "is_surplus": is_surplus,
            "seconds": one.seconds,
            "created_at": now if one.created_at is None else from_micros(one.created_at),
        }


def _stored(judgment: Judgment) -> _Stored:
    return _Stored(
        id=judgment.id,
        value=judgment.value,
        presentation=as_presentation(judgment.presentation),
        created_at=to_micros(judgment.created_at),
        seconds=judgment.seconds,
        took_slot=judgment.took_slot,
        is_surplus=judgment.is_surplus,
    )


def _insert_one(session: Session, row: dict[str, Any]) -> _Stored:
    """Insert a judgment that the next one of the file supersedes at once."""
    session.execute(_INSERT, [row])
    return _stored(session.scalars(select(Judgment).filter_by(public_id=row["public_id"])).one())


def _take_slots(session: Session, places: Iterable[_Place]) -> None:
    taken = [
        {"of_item": place.id, "open_slots": place.open_slots - place.taken}
        for place in places
        if place.taken
    ]
    if taken:
        session.execute(_TAKE_SLOTS, taken)


_TABLE = cast("Table", Judgment.__table__)
_LEFT_NULL = {"id", "assignment_id", "raw", "guideline_version", "active_seconds"}
# The value is JSON text already: bound as text it is stored as it is.
_INSERT = insert(_TABLE).values(
    {
        column.name: bindparam(column.name, type_=Text() if column.name == "value" else None)
        for column in _TABLE.columns
        if column.name not in _LEFT_NULL
    }
)
_ITEMS = cast("Table", Item.__table__)
_TAKE_SLOTS = (
    update(_ITEMS)
    .where(_ITEMS.c.id == bindparam("of_item"))
    .values(open_slots=bindparam("open_slots"))
)
