"""An expert's own judgments, as their pages read them.

Nothing here holds a judgment's canonical value: beside what was shown, it would tell the order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Row, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from workbench.assignment.task import Task, task_of
from workbench.contracts.task_template import ItemModel
from workbench.errors import NotFound
from workbench.models import Campaign, Item, Judgment, JudgmentOrigin

HISTORY_PAGE = 20


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One of an expert's judgments in a list."""

    judgment: str
    item: str
    created_at: datetime
    seconds: float | None
    active_seconds: float | None
    is_revision: bool


@dataclass(frozen=True, slots=True)
class History:
    """A page of an expert's current judgments, newest first; `before` asks for the next one."""

    judgments: tuple[HistoryEntry, ...]
    before: str | None


@dataclass(frozen=True, slots=True)
class OwnJudgment:
    """An expert's own judgment, as it was given, with what is needed to show and to revise it."""

    row: Judgment
    campaign: Campaign
    item: ItemModel
    task: Task
    is_superseded: bool

    @property
    def presentation(self) -> tuple[int, ...]:
        return tuple(self.row.presentation or ())

    @property
    def result(self) -> list[dict[str, Any]]:
        return list(self.row.raw or ())

    def show(self) -> dict[str, Any]:
        return self.task.show(self.item, self.presentation)


_later = aliased(Judgment)
_IS_SUPERSEDED = exists(select(_later.id).where(_later.supersedes_id == Judgment.id))


def _own(annotator_id: int) -> Select[Judgment, Item, Campaign, bool]:
    return (
        select(Judgment, Item, Campaign, _IS_SUPERSEDED)
        .join(Item, Item.id == Judgment.item_id)
        .join(Campaign, Campaign.id == Judgment.campaign_id)
        .where(Judgment.annotator_id == annotator_id, Judgment.origin == JudgmentOrigin.SUBMITTED)
    )


def count_judgments(session: Session) -> int:
    """Count the judgments ever given, of every organization, revisions among them."""
    return session.scalar(select(func.count()).select_from(Judgment)) or 0


def list_own_judgments(
    session: Session,
    *,
    annotator_id: int,
    campaign_id: int,
    before: str | None = None,
    limit: int = HISTORY_PAGE,
) -> History:
    """Return an annotator's current judgments in a campaign, newest first, from `before` on."""
    wanted = (
        _own(annotator_id)
        .where(Judgment.campaign_id == campaign_id, ~_IS_SUPERSEDED)
        .order_by(Judgment.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        start = select(Judgment.id).where(
            Judgment.public_id == before, Judgment.annotator_id == annotator_id
        )
        wanted = wanted.where(Judgment.id < start.scalar_subquery())
    rows = session.execute(wanted).all()
    entries = tuple(_entry(session, row) for row in rows[:limit])
    return History(entries, entries[-1].judgment if len(rows) > limit else None)


def _entry(session: Session, row: Row[Judgment, Item, Campaign, bool]) -> HistoryEntry:
    judgment, item, campaign, _ = row
    task = _task(session, campaign)
    return HistoryEntry(
        judgment=judgment.public_id,
        item=task.template.brief(task.template.item_model.model_validate(item.content)),
        created_at=judgment.created_at,
        seconds=judgment.seconds,
        active_seconds=judgment.active_seconds,
        is_revision=judgment.supersedes_id is not None,
    )


def get_own_judgment(session: Session, *, judgment: str, annotator_id: int) -> OwnJudgment:
    """Return one of the annotator's own judgments.

    Raises:
        NotFound: There is none, or it is another annotator's.
    """
    found = session.execute(_own(annotator_id).where(Judgment.public_id == judgment)).one_or_none()
    if found is None:
        message = "there is no such judgment"
        raise NotFound(message)
    row, item, campaign, is_superseded = found
    task = _task(session, campaign)
    return OwnJudgment(
        row, campaign, task.template.item_model.model_validate(item.content), task, is_superseded
    )


def _task(session: Session, campaign: Campaign) -> Task:
    options = to_json(campaign.options).decode()
    return task_of(session, campaign_id=campaign.id, public_id=campaign.public_id, options=options)
