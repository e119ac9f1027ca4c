"""Campaigns and what is brought into them, for scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from workbench.campaigns.campaign import get_campaign
from workbench.campaigns.queries import list_campaigns, summarize_campaign
from workbench.importing.images import ImageRules
from workbench.importing.items import import_items
from workbench.importing.judgments import import_judgments
from workbench.importing.report import ImportReport
from workbench.models import CampaignStatus, Role
from workbench.people.tokens import Scope
from workbench.web.edge import Edge, allow
from workbench.web.parameters import PageNumber
from workbench.web.uploads import Upload, receive_upload

router = APIRouter(prefix="/api/v1/campaigns", tags=["campaigns"])

Readers = Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER, scope=Scope.CAMPAIGNS_READ)]
Importers = Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER, scope=Scope.ITEMS_WRITE)]
Uploaded = Annotated[Upload, Depends(receive_upload)]
SkipBadRows = Annotated[
    bool, Query(description="Import the good rows of a file that has bad ones too.")
]


class OrganizationShown(BaseModel):
    id: str
    name: str


class ProgressShown(BaseModel):
    items: int
    finished_items: int
    judgments: int


class CampaignShown(BaseModel):
    id: str
    name: str
    organization: OrganizationShown
    template: str
    template_version: str
    options: dict[str, Any]
    overlap: int
    status: CampaignStatus
    guideline_version: int
    simulated: bool
    created_at: datetime
    progress: ProgressShown


class CampaignList(BaseModel):
    campaigns: list[CampaignShown]
    page: int
    pages: int
    total: int


class BadRowShown(BaseModel):
    line: int | None
    field: str
    problem: str
    expected: str


class Imported(BaseModel):
    campaign: str
    added: int
    updated: int
    unchanged: int
    superseded: int
    rejected: int
    faults: list[BadRowShown] = Field(description="What is wrong with the rows left out.")


@router.get("", operation_id="list_campaigns")
def list_own_campaigns(edge: Readers, page: PageNumber = 1) -> CampaignList:
    """List the organization's campaigns, newest first."""
    with edge.read() as work:
        found = list_campaigns(
            work.session,
            organization_id=work.actor.organization_id,
            page=page,
        )
    return CampaignList(
        campaigns=[CampaignShown.model_validate(one.as_document()) for one in found.rows],
        page=page,
        pages=found.pages,
        total=found.total,
    )


@router.get("/{campaign}", operation_id="get_campaign")
def get_known_campaign(edge: Readers, campaign: str) -> CampaignShown:
    """Return a campaign by its id or its name."""
    with edge.read() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
        summary = summarize_campaign(work.session, found)
    return CampaignShown.model_validate(summary.as_document())


@router.post("/{campaign}/items", operation_id="import_items")
def import_item_file(
    edge: Importers, campaign: str, upload: Uploaded, *, skip_bad_rows: SkipBadRows = False
) -> Imported:
    """Import a file of items: a form's `file`, or a raw body named by `?filename=`."""
    use_case = partial(import_items, images=ImageRules.of(edge.settings))
    return _import(edge, campaign, upload, use_case, skip_bad_rows=skip_bad_rows)


@router.post("/{campaign}/judgments", operation_id="import_judgments")
def import_judgment_file(
    edge: Importers, campaign: str, upload: Uploaded, *, skip_bad_rows: SkipBadRows = False
) -> Imported:
    """Import a file of judgments that were collected elsewhere."""
    return _import(edge, campaign, upload, import_judgments, skip_bad_rows=skip_bad_rows)


def _import(
    edge: Edge,
    campaign: str,
    upload: Upload,
    run: Callable[..., ImportReport],
    *,
    skip_bad_rows: bool,
) -> Imported:
    with edge.read() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
    report = run(
        edge.database,
        campaign_id=found.id,
        path=upload.path,
        actor=work.actor.person_public_id,
        clock=edge.clock,
        skip_bad_rows=skip_bad_rows,
    )
    document = report.as_document()
    faults = [vars(fault) for fault in report.faults]
    return Imported.model_validate({**document, "faults": faults})
