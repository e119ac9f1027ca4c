"""What an expert is offered."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.assignment.progress import measure_progress
from workbench.campaigns.pinning import template_of
from workbench.database.paging import Page, read_page
from workbench.models import Campaign, CampaignStatus

CAMPAIGNS_PAGE = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferedCampaign:
    """One campaign as an expert sees it, with their own progress."""

    public_id: str
    name: str
    template_title: str
    status: CampaignStatus
    is_simulated: bool
    done: int
    remaining: int
    has_more: bool


def list_offered_campaigns(
    session: Session, *, organization_id: int, expert_id: int, number: int = 1
) -> Page[OfferedCampaign]:
    """Return a page of the campaigns that are not closed, newest first."""
    wanted = (
        select(Campaign)
        .where(
            Campaign.organization_id == organization_id,
            Campaign.status != CampaignStatus.CLOSED,
        )
        .order_by(Campaign.id.desc())
    )

    def offer(campaign: Campaign) -> OfferedCampaign:
        progress = measure_progress(session, campaign_id=campaign.id, expert_id=expert_id)
        return OfferedCampaign(
            public_id=campaign.public_id,
            name=campaign.name,
            template_title=template_of(campaign).title,
            status=campaign.status,
            is_simulated=campaign.is_simulated,
            done=progress.done,
            remaining=progress.remaining,
            has_more=progress.has_more,
        )

    return read_page(session, wanted, offer, number=number, size=CAMPAIGNS_PAGE)
