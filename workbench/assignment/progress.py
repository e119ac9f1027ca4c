"""How far an expert is in a campaign."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, func, literal_column, select, tuple_
from sqlalchemy.orm import Session

from workbench.assignment.lease import LEASED
from workbench.assignment.tiers import IS_OPEN, has_judged_source, is_handled
from workbench.models import Assignment, Campaign, CampaignStatus, Cursor, Item, Judgment

COUNTED = 1_000
"""What is left is counted up to here; the exact number of a long queue is worth no scan."""


@dataclass(frozen=True, slots=True)
class ExpertProgress:
    """Tasks that an expert has judged, and those left for them, theirs in hand among them.

    `remaining` stops at `COUNTED`, and then `has_more` says that there are more.
    """

    done: int
    remaining: int
    has_more: bool


def measure_progress(session: Session, *, campaign_id: int, expert_id: int) -> ExpertProgress:
    """Count an expert's own work in a campaign; nothing is left in one that is not open."""
    done = session.scalar(
        select(func.count())
        .select_from(Judgment)
        .where(
            Judgment.annotator_id == expert_id,
            Judgment.campaign_id == campaign_id,
            Judgment.supersedes_id.is_(None),
        )
    )
    campaign = session.get_one(Campaign, campaign_id)
    remaining = 0
    if campaign.status is CampaignStatus.OPEN:
        remaining = _count_remaining(session, campaign, expert_id)
    return ExpertProgress(
        done=done or 0, remaining=min(remaining, COUNTED), has_more=remaining > COUNTED
    )


def count_live_leases(session: Session) -> int:
    """Count the tasks in experts' hands, of every organization."""
    return session.scalar(select(func.count()).select_from(Assignment).where(LEASED)) or 0


def _count_remaining(session: Session, campaign: Campaign, expert_id: int) -> int:
    cursor = session.get(Cursor, (campaign.id, expert_id))
    place = (-1, 0) if cursor is None else (cursor.shuffle_key, cursor.item_id)
    requeued_seq = 0 if cursor is None else cursor.requeued_seq
    key = tuple_(Item.shuffle_key, Item.id)
    available = (
        select(Item.id)
        .where(Item.campaign_id == campaign.id, IS_OPEN, ~is_handled())
        .params(expert_id=expert_id, round=campaign.round)
        .limit(COUNTED + 1)
    )
    if campaign.is_for_others:
        available = available.where(~has_judged_source())
    ahead = available.where(key > tuple_(*place)).with_hint(
        Item, "INDEXED BY ix_item_open", "sqlite"
    )
    behind = available.where(
        literal_column("item.requeued_seq IS NOT NULL"),
        Item.requeued_seq > requeued_seq,
        key <= tuple_(*place),
    ).with_hint(Item, "INDEXED BY ix_item_requeued", "sqlite")
    in_hand = select(Assignment.id).where(
        LEASED, Assignment.expert_id == expert_id, Assignment.campaign_id == campaign.id
    )
    return sum(_count(session, rows) for rows in (ahead, behind, in_hand))


def _count(session: Session, rows: Select[int]) -> int:
    return session.scalar(select(func.count()).select_from(rows.subquery())) or 0
