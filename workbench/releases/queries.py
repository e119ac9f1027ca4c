"""What pages, scripts and commands read about releases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from workbench.campaigns.campaign import get_campaign
from workbench.database.paging import PAGE_SIZE, Page, read_page
from workbench.errors import NotFound
from workbench.models import Campaign, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """A release as its manifest tells; `manifest_sha256` is what proves the manifest."""

    public_id: str
    name: str
    campaign_public_id: str
    campaign_name: str
    organization_id: int
    created_by: str
    created_at: datetime
    manifest: Mapping[str, Any]
    manifest_sha256: str

    @property
    def rows(self) -> Mapping[str, int]:
        """Training rows by kind of record."""
        prefix = "records_"
        return {
            step["step"].removeprefix(prefix): step["rows"]
            for step in self.manifest["steps"]
            if step["step"].startswith(prefix)
        }

    def as_document(self) -> dict[str, Any]:
        """Return what scripts get."""
        return {
            "id": self.public_id,
            "name": self.name,
            "campaign": self.campaign_public_id,
            "campaign_name": self.campaign_name,
            "created_at": self.created_at.isoformat(),
            "simulated": self.manifest["simulated"],
            "consensus": self.manifest["consensus"]["method"],
            "filters": self.manifest["filters"],
            "rows": dict(self.rows),
            "manifest_sha256": self.manifest_sha256,
        }


def get_release(
    session: Session, *, reference: str, organization_id: int | None = None
) -> ReleaseView:
    """Return the release that a public id, or `CAMPAIGN/name`, means.

    Raises:
        NotFound: There is none, or none in the organization.
        AmbiguousName: Several organizations have a campaign of that name.
    """
    wanted = _views().where(Release.public_id == reference)
    if organization_id is not None:
        wanted = wanted.where(Campaign.organization_id == organization_id)
    row = session.execute(wanted).one_or_none()
    if row is None and "/" in reference:
        of, _, name = reference.rpartition("/")
        campaign = get_campaign(session, reference=of, organization_id=organization_id)
        named = _views().where(Release.campaign_id == campaign.id, Release.name == name)
        row = session.execute(named).one_or_none()
    if row is None:
        message = f"there is no release {reference!r}; name it by its id or as CAMPAIGN/name"
        raise NotFound(message)
    return _view(row[0], row[1])


def list_releases(
    session: Session,
    *,
    organization_id: int | None,
    campaign_id: int | None = None,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> Page[ReleaseView]:
    """Return one page, newest first; None as the organization means all of them."""
    wanted = _views().order_by(Release.id.desc())
    if organization_id is not None:
        wanted = wanted.where(Campaign.organization_id == organization_id)
    if campaign_id is not None:
        wanted = wanted.where(Release.campaign_id == campaign_id)
    return read_page(session, wanted, _view, number=page, size=page_size)


def list_releases_beside(session: Session, view: ReleaseView) -> list[ReleaseView]:
    """Return the last of the campaign's other releases, newest first."""
    rows = session.execute(
        _views()
        .where(Campaign.public_id == view.campaign_public_id, Release.public_id != view.public_id)
        .order_by(Release.id.desc())
        .limit(PAGE_SIZE)
    )
    return [_view(release, campaign) for release, campaign in rows]


def _views() -> Select[Release, Campaign]:
    return select(Release, Campaign).join(Campaign, Campaign.id == Release.campaign_id)


def _view(release: Release, campaign: Campaign) -> ReleaseView:
    return ReleaseView(
        public_id=release.public_id,
        name=release.name,
        campaign_public_id=campaign.public_id,
        campaign_name=campaign.name,
        organization_id=campaign.organization_id,
        created_by=release.created_by,
        created_at=release.created_at,
        manifest=release.manifest,
        manifest_sha256=release.manifest_sha256,
    )
