"""What pages and scripts read about campaigns that follow others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.models import Campaign, FollowUp, FollowUpItem, FollowUpOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpView:
    """A follow-up between two campaigns.

    Attributes:
        items: How many of its items come from the source.
        outcomes: Items of the source by what their consensus came to.
    """

    campaign: str
    campaign_name: str
    template: str
    source: str
    source_name: str
    record: str
    consensus: str
    min_judgments: int
    min_confidence: float
    min_margin: float | None
    only_others: bool
    items: int
    outcomes: Mapping[str, int]

    def as_document(self) -> dict[str, Any]:
        return asdict(self)


def find_followed(session: Session, campaign: Campaign) -> FollowUpView | None:
    """Return what a campaign follows."""
    follow_up = session.get(FollowUp, campaign.id)
    return None if follow_up is None else _view(session, follow_up)


def list_follow_ups(session: Session, campaign: Campaign) -> list[FollowUpView]:
    """Return what follows a campaign, the oldest first."""
    found = session.scalars(
        select(FollowUp).where(FollowUp.source_id == campaign.id).order_by(FollowUp.campaign_id)
    )
    return [_view(session, follow_up) for follow_up in found.all()]


def list_follower_ids(session: Session, *, source_id: int) -> list[int]:
    """Return the campaigns that follow one."""
    found = select(FollowUp.campaign_id).where(FollowUp.source_id == source_id)
    return sorted(session.scalars(found))


def _view(session: Session, follow_up: FollowUp) -> FollowUpView:
    campaign = session.get_one(Campaign, follow_up.campaign_id)
    source = session.get_one(Campaign, follow_up.source_id)
    items = session.scalar(
        select(func.count())
        .select_from(FollowUpItem)
        .where(FollowUpItem.campaign_id == campaign.id)
    )
    outcomes = session.execute(
        select(FollowUpOutcome.outcome, func.count())
        .where(FollowUpOutcome.campaign_id == campaign.id)
        .group_by(FollowUpOutcome.outcome)
        .order_by(FollowUpOutcome.outcome)
    )
    return FollowUpView(
        campaign=campaign.public_id,
        campaign_name=campaign.name,
        template=campaign.template_key,
        source=source.public_id,
        source_name=source.name,
        record=follow_up.record_kind,
        consensus=follow_up.method,
        min_judgments=follow_up.min_judgments,
        min_confidence=follow_up.min_confidence,
        min_margin=follow_up.min_margin,
        only_others=campaign.is_for_others,
        items=items or 0,
        outcomes=dict(iter(outcomes)),
    )
