"""What every page of one campaign shows around its own matter, and under which names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from workbench.campaigns.pinning import template_of
from workbench.models import AnnotatorKind, Campaign, CampaignStatus, Role
from workbench.people.actors import Actor

_LEADS = frozenset({Role.QA_LEAD, Role.ADMIN})
_ENGINEERS = frozenset({Role.ENGINEER, Role.ADMIN})

STATUS_BADGES: Mapping[CampaignStatus, str] = {
    CampaignStatus.OPEN: "good",
    CampaignStatus.PAUSED: "warn",
    CampaignStatus.CLOSED: "plain",
}


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    route: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFrame:
    """The head of a campaign's pages and what the reader may do there."""

    public_id: str
    name: str
    status: CampaignStatus
    status_badge: str
    is_simulated: bool
    template_title: str
    overlap: int
    guideline_version: int
    tabs: tuple[Tab, ...]
    may_lead: bool
    may_release: bool


_TABS = (
    ("Overview", "campaign_page"),
    ("Agreement", "agreement_page"),
    ("Items", "items_page"),
    ("Guidelines", "guidelines_page"),
    ("Import", "import_page"),
    ("Releases", "campaign_releases_page"),
)


def frame_of(campaign: Campaign, actor: Actor, *, route: str) -> CampaignFrame:
    """Return the frame of a campaign's page; `route` is the tab that it belongs to."""
    return CampaignFrame(
        public_id=campaign.public_id,
        name=campaign.name,
        status=campaign.status,
        status_badge=STATUS_BADGES[campaign.status],
        is_simulated=campaign.is_simulated,
        template_title=template_of(campaign).title,
        overlap=campaign.overlap,
        guideline_version=campaign.guideline_version,
        tabs=tuple(Tab(label, name, name == route) for label, name in _TABS),
        may_lead=actor.role in _LEADS,
        may_release=actor.role in _ENGINEERS,
    )


@dataclass(frozen=True, slots=True)
class Naming:
    """Who is named how: engineers know experts by pseudonyms that hold within one campaign."""

    campaign: str
    is_open: bool

    def __call__(self, annotator: str, name: str, kind: str = AnnotatorKind.PERSON) -> str:
        if self.is_open or kind == AnnotatorKind.MODEL:
            return name
        digest = hashlib.sha256(f"{self.campaign} {annotator}".encode()).hexdigest()
        return f"Expert {digest[:5]}"


def naming_of(campaign: Campaign, actor: Actor) -> Naming:
    return Naming(campaign.public_id, is_open=actor.role in _LEADS)
