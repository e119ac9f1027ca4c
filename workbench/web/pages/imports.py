"""Uploads of items and of judgments collected elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic_core import to_json

from workbench.campaigns.campaign import get_campaign
from workbench.campaigns.pinning import template_of
from workbench.contracts.task_template import AnyTemplate
from workbench.errors import BadRequest, CampaignClosed, ImportRejected
from workbench.importing.images import ImageRules
from workbench.importing.items import import_items
from workbench.importing.judgments import import_judgments
from workbench.importing.report import ImportReport
from workbench.models import Role
from workbench.web.edge import Edge, allow
from workbench.web.forms import see_other
from workbench.web.frame import CampaignFrame, frame_of
from workbench.web.import_outcomes import ImportOutcome, find_outcome, keep_outcome, outcome_of
from workbench.web.templating import render
from workbench.web.uploads import Upload, receive_upload

router = APIRouter(prefix="/campaigns", include_in_schema=False)

What = Literal["items", "judgments"]
Leads = Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportContext:
    frame: CampaignFrame
    outcome: ImportOutcome | None
    item_row: str
    judgment_row: str


@router.get("/{campaign}/import")
def import_page(
    request: Request,
    edge: Leads,
    campaign: str,
    outcome: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    with edge.read() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
        template = template_of(found)
        frame = frame_of(found, work.actor, route="import_page")
    item_row, judgment_row = _example_rows(template)
    context = ImportContext(
        frame=frame,
        outcome=find_outcome(edge.settings, outcome, campaign=frame.public_id) if outcome else None,
        item_row=item_row,
        judgment_row=judgment_row,
    )
    return render(request, "campaigns/import.html", context)


def _example_rows(template: AnyTemplate) -> tuple[str, str]:
    """Return a row of each kind, from the first of the template's own examples."""
    if not template.examples:
        return "", ""
    example = template.examples[0]
    item: dict[str, Any] = {"external_id": "item-1", **example.item, "metadata": {}}
    judgment: dict[str, Any] = {
        "external_id": "item-1",
        "annotator": "a7",
        "value": example.judgment,
        "created_at": "2026-05-01T10:00:00Z",
        "seconds": 41.5,
    }
    return to_json(item).decode(), to_json(judgment).decode()


@router.post("/{campaign}/import/items")
def upload_items(
    request: Request,
    edge: Leads,
    campaign: str,
    upload: Annotated[Upload, Depends(receive_upload)],
) -> Response:
    use_case = partial(import_items, images=ImageRules.of(edge.settings))
    return _import(request, edge, campaign, upload, "items", use_case)


@router.post("/{campaign}/import/judgments")
def upload_judgments(
    request: Request,
    edge: Leads,
    campaign: str,
    upload: Annotated[Upload, Depends(receive_upload)],
) -> Response:
    return _import(request, edge, campaign, upload, "judgments", import_judgments)


def _import(
    request: Request,
    edge: Edge,
    campaign: str,
    upload: Upload,
    what: What,
    run: Callable[..., ImportReport],
) -> Response:
    """Import a file in units of work of its own, and show what became of it."""
    with edge.read() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
    result: ImportReport | ImportRejected | BadRequest | CampaignClosed
    try:
        result = run(
            edge.database,
            campaign_id=found.id,
            path=upload.path,
            actor=work.actor.person_public_id,
            clock=edge.clock,
            skip_bad_rows=upload.fields.get("skip_bad_rows") == "true",
        )
    except (ImportRejected, BadRequest, CampaignClosed) as refusal:
        result = refusal
    outcome = outcome_of(found.public_id, what, upload.filename, result)
    name = keep_outcome(edge.settings, outcome)
    return see_other(request, "import_page", campaign=found.public_id, query={"outcome": name})
