"""What pages and scripts read about campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from workbench.models import (
    Assignment,
    AssignmentStatus,
    Campaign,
    CampaignStatus,
    Item,
    Judgment,
    Organization,
)

MAX_PAGE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignSummary:
    """One campaign and how far it is."""

    id: int
    public_id: str
    name: str
    organization_public_id: str
    organization_name: str
    template_key: str
    template_version: str
    options: dict[str, object]
    overlap: int
    status: CampaignStatus
    guideline_version: int
    is_simulated: bool
    created_at: datetime
    items: int
    finished_items: int
    judgments: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignPage:
    campaigns: Sequence[CampaignSummary]
    total: int
    page: int
    page_size: int


def list_campaigns(
    session: Session,
    *,
    organization_id: int | None,
    status: CampaignStatus | None = None,
    page: int = 1,
    page_size: int = 50,
) -> CampaignPage:
    """Return one page, newest first; None as the organization means all of them."""
    page, page_size = max(1, page), min(max(1, page_size), MAX_PAGE)
    wanted = select(Campaign, Organization).join(
        Organization, Organization.id == Campaign.organization_id
    )
    if organization_id is not None:
        wanted = wanted.where(Campaign.organization_id == organization_id)
    if status is not None:
        wanted = wanted.where(Campaign.status == status)
    total = session.scalar(select(func.count()).select_from(wanted.subquery()))
    rows = session.execute(
        wanted.order_by(Campaign.id.desc()).limit(page_size).offset((page - 1) * page_size)
    )
    summaries = [_summary(session, campaign, organization) for campaign, organization in rows]
    return CampaignPage(campaigns=summaries, total=total or 0, page=page, page_size=page_size)


def summarize_campaign(session: Session, campaign: Campaign) -> CampaignSummary:
    organization = session.get_one(Organization, campaign.organization_id)
    return _summary(session, campaign, organization)


def _summary(session: Session, campaign: Campaign, organization: Organization) -> CampaignSummary:
    items, finished = _count_items(session, campaign.id)
    return CampaignSummary(
        id=campaign.id,
        public_id=campaign.public_id,
        name=campaign.name,
        organization_public_id=organization.public_id,
        organization_name=organization.name,
        template_key=campaign.template_key,
        template_version=campaign.template_version,
        options=campaign.options,
        overlap=campaign.overlap,
        status=campaign.status,
        guideline_version=campaign.guideline_version,
        is_simulated=campaign.is_simulated,
        created_at=campaign.created_at,
        items=items,
        finished_items=finished,
        judgments=_count_judgments(session, campaign.id),
    )


def _count_items(session: Session, campaign_id: int) -> tuple[int, int]:
    """Return how many items there are, and how many have all the judgments they want.

    The two large counts are read from indexes alone: all items, and those with an open slot.
    """
    of_campaign = select(func.count()).select_from(Item).where(Item.campaign_id == campaign_id)
    total = _number(session, of_campaign)
    with_open_slots = _number(session, of_campaign.where(Item.open_slots > 0))
    at_work = _number(
        session,
        select(func.count(Item.id.distinct()))
        .join(Assignment, Assignment.item_id == Item.id)
        .where(
            Assignment.campaign_id == campaign_id,
            Assignment.status == AssignmentStatus.LEASED,
            Item.open_slots == 0,
        ),
    )
    return total, total - with_open_slots - at_work


def _count_judgments(session: Session, campaign_id: int) -> int:
    """Count the current judgments: all of them less those that another supersedes."""
    of_campaign = (
        select(func.count()).select_from(Judgment).where(Judgment.campaign_id == campaign_id)
    )
    return _number(session, of_campaign.where(Judgment.supersedes_id.is_(None)))


def _number(session: Session, statement: Select[int]) -> int:
    return session.scalar(statement) or 0
