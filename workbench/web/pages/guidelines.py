"""A campaign's guidelines: read, and continued by a new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import BaseModel

from workbench.campaigns.campaign import get_campaign, revise_guidelines
from workbench.campaigns.pinning import guidelines_of
from workbench.campaigns.queries import GuidelineVersion, list_guideline_versions
from workbench.contracts.rendering import render_prose
from workbench.errors import NotFound
from workbench.models import Role
from workbench.web.edge import Edge, allow
from workbench.web.forms import refusals_to, see_other
from workbench.web.frame import CampaignFrame, frame_of
from workbench.web.templating import render

router = APIRouter(prefix="/campaigns", include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidelinesContext:
    frame: CampaignFrame
    versions: Sequence[GuidelineVersion]
    shown: GuidelineVersion
    is_present: bool
    text: str
    html: str


@router.get("/{campaign}/guidelines")
def guidelines_page(
    request: Request,
    edge: Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER)],
    campaign: str,
    version: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    with edge.read() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
        versions = list_guideline_versions(work.session, campaign_id=found.id)
        wanted = version or found.guideline_version
        shown = next((one for one in versions if one.version == wanted), None)
        if shown is None:
            message = f"these guidelines have no version {wanted}"
            raise NotFound(message)
        text = guidelines_of(work.session, found, version=wanted)
        frame = frame_of(found, work.actor, route="guidelines_page")
    context = GuidelinesContext(
        frame=frame,
        versions=versions,
        shown=shown,
        is_present=wanted == frame.guideline_version,
        text=text,
        html=render_prose(text),
    )
    return render(request, "campaigns/guidelines.html", context)


class GuidelinesForm(BaseModel):
    text: str


@router.post("/{campaign}/guidelines")
def add_guideline_version(
    request: Request,
    edge: Annotated[Edge, allow(Role.QA_LEAD)],
    campaign: str,
    form: Annotated[GuidelinesForm, Form()],
) -> Response:
    with refusals_to(request, "guidelines_page", campaign=campaign), edge.write() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
        added = revise_guidelines(
            work.session,
            found,
            form.text.replace("\r\n", "\n").strip() + "\n",
            now=work.now,
            actor=work.actor.person_public_id,
        )
    notice = f"Version {added.version} holds from now on; earlier judgments keep the one they had."
    return see_other(request, "guidelines_page", campaign=campaign, notice=notice)
