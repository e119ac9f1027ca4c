"""The items of a campaign as a QA lead looks through them: found, put in order, walked along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, assert_never

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from workbench.campaigns.pinning import template_of
from workbench.contracts.task_template import AnyTemplate, ConsensusMethod
from workbench.database.paging import Page
from workbench.judging.flag import FLAGGED
from workbench.models import (
    Annotator,
    Assignment,
    AssignmentStatus,
    Campaign,
    Consensus,
    Flag,
    Item,
    Judgment,
)

PAGE_SIZE = 50


class ItemStatus(StrEnum):
    """What a list of items is narrowed to."""

    ALL = "all"
    DISPUTED = "disputed"
    UNSETTLED = "unsettled"
    UNANIMOUS = "unanimous"
    SINGLE = "single"
    UNJUDGED = "unjudged"
    FLAGGED = "flagged"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """Which items are wanted.

    Attributes:
        search: Part of the external id.
        judged_by: Public ids of annotators all of whom judged the item.
    """

    status: ItemStatus = ItemStatus.ALL
    search: str = ""
    judged_by: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedItem:
    """One item with its consensus, where one was inferred; `open_slots` are judgments to come."""

    public_id: str
    external_id: str
    brief: str
    n_judgments: int
    open_slots: int
    is_settled: bool
    value: Any
    reason: str | None
    confidence: float | None
    margin: float | None
    disagreement: float | None
    is_flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """An item's place in the order of disagreement, and the disputed items before and after it."""

    previous: str | None
    following: str | None
    place: int | None
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Setback:
    """An expert left an item without judging it, or said that it is broken."""

    is_flag: bool
    annotator: str
    annotator_name: str
    reason: str
    note: str | None
    at: datetime


def list_items(
    session: Session,
    campaign: Campaign,
    wanted: ItemFilter,
    *,
    method: ConsensusMethod = ConsensusMethod.MAJORITY,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> Page[ListedItem]:
    """Return one page: what was judged comes first, the worst disagreement at the top."""
    template = template_of(campaign)
    settled = and_(Consensus.item_id == Item.id, Consensus.method == method)
    narrowed = _narrowed(select(Item, Consensus), campaign, wanted, settled)
    total = session.scalar(select(func.count()).select_from(narrowed.subquery())) or 0
    rows = session.execute(
        narrowed.order_by(Consensus.disagreement.desc().nulls_last(), Item.id)
        .limit(page_size)
        .offset((page - 1) * page_size)
    ).all()
    ids = [item.id for item, _ in rows]
    counts, flagged = _count_judgments(session, ids), _flagged(session, ids)
    listed = tuple(
        _listed(template, item, consensus, counts.get(item.id, 0), is_flagged=item.id in flagged)
        for item, consensus in rows
    )
    return Page(listed, page, page_size, total)


def _narrowed(
    items: Select[Any, Any], campaign: Campaign, wanted: ItemFilter, settled: ColumnElement[bool]
) -> Select[Any, Any]:
    match wanted.status:
        case ItemStatus.ALL:
            items = items.outerjoin(Consensus, settled)
        case ItemStatus.UNJUDGED:
            items = items.outerjoin(Consensus, settled).where(
                ~exists(select(Judgment.id).where(Judgment.item_id == Item.id))
            )
        case ItemStatus.FLAGGED:
            flagged = select(Flag.item_id).where(Flag.campaign_id == campaign.id)
            items = items.outerjoin(Consensus, settled).where(Item.id.in_(flagged))
        case ItemStatus.DISPUTED:
            items = items.join(Consensus, settled).where(Consensus.disagreement > 0)
        case ItemStatus.UNANIMOUS:
            items = items.join(Consensus, settled).where(Consensus.disagreement == 0)
        case ItemStatus.SINGLE:
            items = items.join(Consensus, settled).where(Consensus.disagreement.is_(None))
        case ItemStatus.UNSETTLED:
            items = items.join(Consensus, settled).where(Consensus.reason.is_not(None))
        case _:
            assert_never(wanted.status)
    items = items.where(Item.campaign_id == campaign.id)
    if wanted.search:
        items = items.where(Item.external_id.icontains(wanted.search, autoescape=True))
    for annotator in wanted.judged_by:
        judged = (
            select(Judgment.item_id)
            .join(Annotator, Annotator.id == Judgment.annotator_id)
            .where(
                Annotator.public_id == annotator,
                Annotator.organization_id == campaign.organization_id,
                Judgment.campaign_id == campaign.id,
            )
        )
        items = items.where(Item.id.in_(judged))
    return items


def _listed(
    template: AnyTemplate,
    item: Item,
    consensus: Consensus | None,
    n_judgments: int,
    *,
    is_flagged: bool,
) -> ListedItem:
    return ListedItem(
        public_id=item.public_id,
        external_id=item.external_id,
        brief=template.brief(template.item_model.model_validate(item.content)),
        n_judgments=n_judgments,
        open_slots=item.open_slots,
        is_settled=consensus is not None and consensus.reason is None,
        value=None if consensus is None else consensus.value,
        reason=None if consensus is None else consensus.reason,
        confidence=None if consensus is None else consensus.confidence,
        margin=None if consensus is None else consensus.margin,
        disagreement=None if consensus is None else consensus.disagreement,
        is_flagged=is_flagged,
    )


def _count_judgments(session: Session, item_ids: Sequence[int]) -> dict[int, int]:
    """Count current judgments: each has one first row that supersedes none."""
    rows = session.execute(
        select(Judgment.item_id, func.count())
        .where(Judgment.item_id.in_(item_ids), Judgment.supersedes_id.is_(None))
        .group_by(Judgment.item_id)
    )
    return dict(iter(rows))


def _flagged(session: Session, item_ids: Sequence[int]) -> frozenset[int]:
    return frozenset(session.scalars(select(Flag.item_id).where(Flag.item_id.in_(item_ids))))


def find_neighbours(session: Session, *, campaign_id: int, item: str) -> Neighbours:
    """Return where an item stands among the disputed ones, the worst first."""
    disputed = (
        Consensus.campaign_id == campaign_id,
        Consensus.method == ConsensusMethod.MAJORITY,
        Consensus.disagreement > 0,
    )
    # The index of the disagreements answers all of these; items are looked up one by one.
    worst_first = (
        select(Consensus.item_id)
        .where(*disputed)
        .order_by(Consensus.disagreement.desc(), Consensus.item_id)
        .limit(1)
    )
    counted = select(func.count()).select_from(Consensus).where(*disputed)
    total = session.scalar(counted) or 0
    own = session.execute(
        select(Consensus.disagreement, Consensus.item_id)
        .join(Item, Item.id == Consensus.item_id)
        .where(*disputed, Item.campaign_id == campaign_id, Item.public_id == item)
    ).one_or_none()
    if own is None:
        following = _public_id(session, session.scalar(worst_first))
        return Neighbours(previous=None, following=following, place=None, total=total)
    disagreement, item_id = own
    equal = Consensus.disagreement == disagreement
    worse = or_(Consensus.disagreement > disagreement, and_(equal, Consensus.item_id < item_id))
    better = or_(Consensus.disagreement < disagreement, and_(equal, Consensus.item_id > item_id))
    before = (
        select(Consensus.item_id)
        .where(*disputed, worse)
        .order_by(Consensus.disagreement, Consensus.item_id.desc())
        .limit(1)
    )
    return Neighbours(
        previous=_public_id(session, session.scalar(before)),
        following=_public_id(session, session.scalar(worst_first.where(better))),
        place=(session.scalar(counted.where(worse)) or 0) + 1,
        total=total,
    )


def _public_id(session: Session, item_id: int | None) -> str | None:
    return session.scalar(select(Item.public_id).where(Item.id == item_id)) if item_id else None


def list_setbacks(session: Session, *, campaign_id: int, item: str) -> Sequence[Setback]:
    """Return the flags and skips of an item, the oldest first; a flag's own skip is left out."""
    item_id = select(Item.id).filter_by(campaign_id=campaign_id, public_id=item).scalar_subquery()
    flags = session.execute(
        select(Flag, Annotator)
        .join(Annotator, Annotator.id == Flag.annotator_id)
        .where(Flag.item_id == item_id)
    ).all()
    skips = session.execute(
        select(Assignment, Annotator)
        .join(Annotator, Annotator.id == Assignment.expert_id)
        .where(
            Assignment.item_id == item_id,
            Assignment.status == AssignmentStatus.SKIPPED,
            Assignment.skip_reason != FLAGGED,
        )
    ).all()
    setbacks = [
        Setback(
            is_flag=True,
            annotator=annotator.public_id,
            annotator_name=annotator.name,
            reason=flag.reason,
            note=flag.note,
            at=flag.created_at,
        )
        for flag, annotator in flags
    ] + [
        Setback(
            is_flag=False,
            annotator=annotator.public_id,
            annotator_name=annotator.name,
            reason=skip.skip_reason or "",
            note=skip.skip_note,
            at=skip.ended_at or skip.leased_at,
        )
        for skip, annotator in skips
    ]
    return sorted(setbacks, key=lambda setback: setback.at)


def list_annotator_names(
    session: Session, *, organization_id: int, annotators: Sequence[str]
) -> list[str]:
    """Return the names behind public ids, in their order; unknown ones are left out."""
    rows = session.execute(
        select(Annotator.public_id, Annotator.name).where(
            Annotator.organization_id == organization_id, Annotator.public_id.in_(annotators)
        )
    )
    names: dict[str, str] = dict(iter(rows))
    return [names[annotator] for annotator in annotators if annotator in names]
