"""Releases: the organization's, and a campaign's with what the next one would hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError

from workbench.agreement.queries import find_agreement
from workbench.campaigns.campaign import get_campaign
from workbench.campaigns.pinning import template_of
from workbench.contracts.task_template import AnyTemplate, ConsensusMethod
from workbench.database.paging import Page
from workbench.models import Role
from workbench.releases.card import explain_method
from workbench.releases.freeze import freeze_release
from workbench.releases.preview import FilterPreview, preview_filters
from workbench.releases.queries import ReleaseView, list_releases
from workbench.releases.snapshot import Filters
from workbench.web.charts import Amount, BarChart, flow_chart
from workbench.web.edge import Edge, allow
from workbench.web.figures import METHOD_TITLES, outcome_word, reason_word
from workbench.web.forms import refusals_to, see_other
from workbench.web.frame import CampaignFrame, frame_of
from workbench.web.parameters import PageNumber
from workbench.web.templating import render
from workbench.web.uploads import SentForm, receive_form

router = APIRouter(include_in_schema=False)

Readers = Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER)]

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class ReleasesContext:
    releases: Page[ReleaseView]


@router.get("/releases")
def releases_page(request: Request, edge: Readers, page: PageNumber = 1) -> Response:
    with edge.read() as work:
        found = list_releases(
            work.session,
            organization_id=work.actor.organization_id,
            page=page,
            page_size=PAGE_SIZE,
        )
    return render(request, "releases/list.html", ReleasesContext(found))


class FreezeForm(BaseModel):
    """What a release is made of; the same fields ask for its preview."""

    name: str = Field(default="", max_length=200)
    consensus: ConsensusMethod = ConsensusMethod.MAJORITY
    min_judgments: int = Field(default=1, ge=1, le=1000)
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    drop_ties: bool = False

    @property
    def filters(self) -> Filters:
        return Filters(
            min_judgments=self.min_judgments,
            min_confidence=self.min_confidence,
            drop_ties=self.drop_ties,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignReleasesContext:
    frame: CampaignFrame
    releases: Page[ReleaseView]
    form: FreezeForm
    methods: Sequence[tuple[str, str]]
    explanation: str
    preview: FilterPreview
    chart: BarChart
    computed_at: datetime | None
    is_current: bool


@router.get("/campaigns/{campaign}/releases")
def campaign_releases_page(
    request: Request,
    edge: Readers,
    campaign: str,
    form: Annotated[FreezeForm, Query()],
    page: PageNumber = 1,
) -> Response:
    with edge.read() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
        template = template_of(found)
        frame = frame_of(found, work.actor, route="campaign_releases_page")
        releases = list_releases(
            work.session,
            organization_id=found.organization_id,
            campaign_id=found.id,
            page=page,
            page_size=PAGE_SIZE,
        )
        preview = preview_filters(work.session, found, method=form.consensus, filters=form.filters)
        view = find_agreement(work.session, campaign_id=found.id)
    context = CampaignReleasesContext(
        frame=frame,
        releases=releases,
        form=form,
        methods=[(str(method), title) for method, title in METHOD_TITLES.items()],
        explanation=explain_method(form.consensus),
        preview=preview,
        chart=_preview_chart(preview, template),
        computed_at=view.computed_at if view else None,
        is_current=view is not None and view.is_current,
    )
    return render(request, "releases/campaign.html", context)


def _preview_chart(preview: FilterPreview, template: AnyTemplate) -> BarChart:
    return flow_chart(
        "Items in, left out by reason, and kept",
        [
            Amount(label="Items in the campaign", value=preview.items, kind="in"),
            *(
                Amount(label=reason_word(reason), value=count, kind="lost", figure=f"−{count:,}")
                for reason, count in preview.left_out
            ),
            Amount(label="Kept", value=preview.n_kept, kind="out"),
            *(
                Amount(label=outcome_word(template, outcome), value=count, kind="part")
                for outcome, count in preview.kept.items()
            ),
        ],
    )


@router.post("/campaigns/{campaign}/releases")
def freeze_campaign(
    request: Request,
    edge: Annotated[Edge, allow(Role.ENGINEER)],
    campaign: str,
    sent: Annotated[SentForm, Depends(receive_form)],
) -> Response:
    """Freeze in units of work of its own."""
    try:
        form = FreezeForm.model_validate(sent.fields)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
    with edge.read() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
    with refusals_to(request, "campaign_releases_page", campaign=campaign):
        frozen = freeze_release(
            edge.database,
            edge.settings,
            campaign_id=found.id,
            actor=work.actor.person_public_id,
            clock=edge.clock,
            name=form.name.strip() or None,
            consensus=form.consensus,
            filters=form.filters,
            exclude=sent.file,
        )
    notice = f"{frozen.name} is frozen. Nothing changes it any more."
    return see_other(request, "release_page", release=frozen.id, notice=notice)
