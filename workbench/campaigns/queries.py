"""What pages and scripts read about campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from workbench.database.paging import Page, read_page
from workbench.models import (
    Assignment,
    Campaign,
    CampaignStatus,
    Guideline,
    Item,
    Judgment,
    Organization,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignSummary:
    """One campaign and how far it is."""

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

    def as_document(self) -> dict[str, Any]:
        """Return the campaign as the command line and the API describe it."""
        return {
            "id": self.public_id,
            "name": self.name,
            "organization": {"id": self.organization_public_id, "name": self.organization_name},
            "template": self.template_key,
            "template_version": self.template_version,
            "options": self.options,
            "overlap": self.overlap,
            "status": self.status,
            "guideline_version": self.guideline_version,
            "simulated": self.is_simulated,
            "created_at": self.created_at,
            "progress": {
                "items": self.items,
                "finished_items": self.finished_items,
                "judgments": self.judgments,
            },
        }


def list_campaigns(
    session: Session,
    *,
    organization_id: int | None,
    status: CampaignStatus | None = None,
    page: int = 1,
    page_size: int = 50,
) -> Page[CampaignSummary]:
    """Return one page, newest first; None as the organization means all of them."""
    wanted = (
        select(Campaign, Organization)
        .join(Organization, Organization.id == Campaign.organization_id)
        .order_by(Campaign.id.desc())
    )
    if organization_id is not None:
        wanted = wanted.where(Campaign.organization_id == organization_id)
    if status is not None:
        wanted = wanted.where(Campaign.status == status)
    return read_page(session, wanted, partial(_summary, session), number=page, size=page_size)


def summarize_campaign(session: Session, campaign: Campaign) -> CampaignSummary:
    organization = session.get_one(Organization, campaign.organization_id)
    return _summary(session, campaign, organization)


@dataclass(frozen=True, kw_only=True, slots=True)
class GuidelineVersion:
    """When a version of the guidelines came; judgments name the version they were given under."""

    version: int
    created_at: datetime


def list_guideline_versions(session: Session, *, campaign_id: int) -> list[GuidelineVersion]:
    """Return a campaign's versions, newest first."""
    rows = session.execute(
        select(Guideline.version, Guideline.created_at)
        .where(Guideline.campaign_id == campaign_id)
        .order_by(Guideline.version.desc())
    )
    return [GuidelineVersion(version=version, created_at=at) for version, at in rows]


def _summary(session: Session, campaign: Campaign, organization: Organization) -> CampaignSummary:
    items, finished = _count_items(session, campaign.id)
    return CampaignSummary(
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

    An item whose last slot is held by somebody at work is not finished.
    """
    of_campaign = select(func.count()).select_from(Item).where(Item.campaign_id == campaign_id)
    total = _number(session, of_campaign)
    # Conditions of partial indexes are written out, not bound: only then do the indexes serve.
    still_open = _number(session, of_campaign.where(text("item.open_slots > 0")))
    at_work = _number(
        session,
        select(func.count(Item.id.distinct()))
        .join(Assignment, Assignment.item_id == Item.id)
        .where(
            Assignment.campaign_id == campaign_id,
            text("assignment.status = 'leased'"),
            Item.open_slots == 0,
        ),
    )
    return total, total - still_open - at_work


def _count_judgments(session: Session, campaign_id: int) -> int:
    """Count current judgments; as each has one first row that supersedes none, count those."""
    of_campaign = select(func.count()).select_from(Judgment)
    return _number(
        session,
        of_campaign.where(Judgment.campaign_id == campaign_id, Judgment.supersedes_id.is_(None)),
    )


def _number(session: Session, statement: Select[int]) -> int:
    return session.scalar(statement) or 0
