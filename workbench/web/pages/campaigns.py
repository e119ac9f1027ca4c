"""Campaigns: all of them, a new one, one at a glance, and its status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from workbench.aggregation.item_list import ItemFilter, ItemStatus, ListedItem, list_items
from workbench.agreement.queries import AgreementView, find_agreement
from workbench.assignment.lease import release_prefetched
from workbench.campaigns.campaign import create_campaign, get_campaign, set_status
from workbench.campaigns.pinning import template_of
from workbench.campaigns.progress import CampaignProgress, measure_campaign_progress
from workbench.campaigns.queries import CampaignSummary, list_campaigns, summarize_campaign
from workbench.contracts.records import RecordKind
from workbench.contracts.registry import get_template, task_templates
from workbench.contracts.task_template import AnyTemplate, ConsensusMethod
from workbench.database.paging import Page
from workbench.follow_ups.follow import Following, follow_campaign, list_followers, shared_kinds
from workbench.follow_ups.queries import FollowUpView, find_followed, list_follow_ups
from workbench.models import Campaign, CampaignStatus, Role
from workbench.releases.queries import ReleaseView, list_releases
from workbench.web.charts import Amount, ColumnChart, IntervalChart, column_chart
from workbench.web.edge import Edge, Work, allow
from workbench.web.figures import (
    METHOD_TITLES,
    Headline,
    alpha_chart,
    headline_of,
    percent_chart,
    reason_word,
)
from workbench.web.forms import refusals_to, see_other
from workbench.web.frame import STATUS_BADGES, CampaignFrame, Naming, frame_of, naming_of
from workbench.web.option_fields import OptionField, option_fields, read_option_fields
from workbench.web.parameters import PageNumber
from workbench.web.reading import read_consensus
from workbench.web.templating import render

router = APIRouter(prefix="/campaigns", include_in_schema=False)

PAGE_SIZE = 20
_WORST = 5
_RECENT_RELEASES = 3
_FOLLOWABLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignCard:
    """One campaign in the list, with its agreement in one line."""

    summary: CampaignSummary
    template_title: str
    status_badge: str
    wanted: int
    headline: Headline | None
    n_annotators: int | None


@dataclass(frozen=True, slots=True)
class CampaignsContext:
    campaigns: Page[CampaignCard]
    status: str
    statuses: Sequence[tuple[str, str]]


@router.get("")
def campaigns_page(
    request: Request,
    edge: Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER)],
    status: CampaignStatus | None = None,
    page: PageNumber = 1,
) -> Response:
    with edge.read() as work:
        found = list_campaigns(
            work.session,
            organization_id=work.actor.organization_id,
            status=status,
            page=page,
            page_size=PAGE_SIZE,
        )
        cards = []
        for summary in found.rows:
            campaign = get_campaign(
                work.session,
                reference=summary.public_id,
                organization_id=work.actor.organization_id,
            )
            view = find_agreement(work.session, campaign_id=campaign.id)
            cards.append(_card(summary, template_of(campaign).title, view))
    context = CampaignsContext(
        campaigns=Page(tuple(cards), found.number, found.size, found.total),
        status=status or "",
        statuses=[(str(one), str(one).capitalize()) for one in CampaignStatus],
    )
    return render(request, "campaigns/list.html", context)


def _card(
    summary: CampaignSummary, template_title: str, view: AgreementView | None
) -> CampaignCard:
    return CampaignCard(
        summary=summary,
        template_title=template_title,
        status_badge=STATUS_BADGES[summary.status],
        wanted=summary.items * summary.overlap,
        headline=headline_of(view.agreement) if view else None,
        n_annotators=len(view.agreement.annotators) if view else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateChoice:
    key: str
    title: str
    summary: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowForm:
    """What a new campaign follows, and what may be chosen of it."""

    source: str
    name: str
    records: Sequence[tuple[str, str]]
    methods: Sequence[tuple[str, str]]
    min_judgments: int


@dataclass(frozen=True, slots=True)
class NewCampaignContext:
    templates: Sequence[TemplateChoice]
    template: str
    options: Sequence[OptionField]
    guidelines: str
    sources: Sequence[tuple[str, str]]
    follow: FollowForm | None


@router.get("/new")
def new_campaign_page(
    request: Request,
    edge: Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER)],
    template: str = "",
    follows: str = "",
) -> Response:
    with edge.read() as work:
        campaigns = list_campaigns(
            work.session, organization_id=work.actor.organization_id, page_size=_FOLLOWABLE
        )
        source = _find_source(work, follows)
        able = task_templates().values() if source is None else list_followers(source)
        keys = [one.key for one in able]
        chosen = get_template(template or next(iter(keys), next(iter(task_templates()))))
        follow = None if source is None else _follow_form(source, chosen)
    context = NewCampaignContext(
        templates=[
            TemplateChoice(
                key=one.key, title=one.title, summary=one.summary, is_chosen=one is chosen
            )
            for one in able
        ],
        template=chosen.key,
        options=option_fields(chosen.options_model),
        guidelines=chosen.guidelines,
        sources=[(one.public_id, one.name) for one in campaigns.rows],
        follow=follow,
    )
    return render(request, "campaigns/new.html", context)


def _find_source(work: Work, reference: str) -> Campaign | None:
    if not reference:
        return None
    return get_campaign(
        work.session, reference=reference, organization_id=work.actor.organization_id
    )


def _follow_form(source: Campaign, template: AnyTemplate) -> FollowForm:
    return FollowForm(
        source=source.public_id,
        name=source.name,
        records=[
            (str(kind), str(kind).replace("_", " ").capitalize())
            for kind in shared_kinds(source, template)
        ],
        methods=[(str(method), title) for method, title in METHOD_TITLES.items()],
        min_judgments=source.overlap,
    )


class NewCampaign(BaseModel):
    """Options of the template come as further fields, `option.<name>`.

    A campaign that follows another says so; its filters may be left empty.
    """

    model_config = ConfigDict(extra="allow")

    name: str
    template: str
    overlap: int = Field(ge=1, le=1000)
    guidelines: str = ""
    follows: str = ""
    record: RecordKind | None = None
    consensus: ConsensusMethod = ConsensusMethod.MAJORITY
    min_judgments: int | None = Field(default=None, ge=1, le=1000)
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    min_margin: float | None = Field(default=None, ge=0)
    only_others: bool = False

    @property
    def following(self) -> Following:
        return Following(
            record=self.record,
            method=self.consensus,
            min_judgments=self.min_judgments,
            min_confidence=self.min_confidence,
            min_margin=self.min_margin,
            only_others=self.only_others,
        )

    @property
    def options(self) -> Mapping[str, Any]:
        return read_option_fields(self.model_extra or {})


@router.post("")
def add_campaign(
    request: Request,
    edge: Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER)],
    form: Annotated[NewCampaign, Form()],
) -> Response:
    with refusals_to(request, "new_campaign_page"), edge.write() as work:
        given: dict[str, Any] = {
            "name": form.name,
            "template_key": form.template,
            "overlap": form.overlap,
            "options": form.options,
            "guidelines": form.guidelines.replace("\r\n", "\n").strip() or None,
            "now": work.now,
            "actor": work.actor.person_public_id,
        }
        source = _find_source(work, form.follows)
        if source is None:
            campaign = create_campaign(
                work.session, organization_id=work.actor.organization_id, **given
            )
        else:
            campaign = follow_campaign(
                work.session, source=source, following=form.following, **given
            )
    if source is not None:
        return see_other(
            request,
            "campaign_page",
            campaign=campaign.public_id,
            notice=f"“{campaign.name}” is open. Its items come as “{source.name}” settles them.",
        )
    return see_other(
        request,
        "import_page",
        campaign=campaign.public_id,
        notice=f"“{campaign.name}” is open. Import its items next.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertRow:
    name: str
    is_model: bool
    is_simulated: bool
    n_judgments: int
    share: float
    median_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstItem:
    item: ListedItem
    consensus: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignContext:
    frame: CampaignFrame
    summary: CampaignSummary
    progress: CampaignProgress
    days: ColumnChart
    day_rows: Sequence[tuple[str, int]]
    computed_at: datetime | None
    is_current: bool
    alpha: IntervalChart | None
    percent: IntervalChart | None
    experts: Sequence[ExpertRow]
    worst: Sequence[WorstItem]
    n_disputed: int
    releases: Sequence[ReleaseView]
    n_releases: int
    options: Sequence[tuple[str, str]]
    follows: FollowUpView | None
    outcomes: Sequence[tuple[str, int]]
    followed_by: Sequence[FollowUpView]
    now: datetime


@router.get("/{campaign}")
def campaign_page(
    request: Request, edge: Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER)], campaign: str
) -> Response:
    with edge.read() as work:
        session, actor = work.session, work.actor
        found = get_campaign(session, reference=campaign, organization_id=actor.organization_id)
        template = template_of(found)
        summary = summarize_campaign(session, found)
        progress = measure_campaign_progress(session, found, summary)
        view = find_agreement(session, campaign_id=found.id)
        worst = list_items(session, found, ItemFilter(status=ItemStatus.DISPUTED), page_size=_WORST)
        releases = list_releases(
            session,
            organization_id=actor.organization_id,
            campaign_id=found.id,
            page_size=_RECENT_RELEASES,
        )
        frame, naming = frame_of(found, actor, route="campaign_page"), naming_of(found, actor)
        options = [(name, _plain(value)) for name, value in found.options.items()]
        follows, followed_by = find_followed(session, found), list_follow_ups(session, found)
    day_rows = [(f"{day:%d %b %Y}", count) for day, count in progress.by_day]
    measures = view.agreement.measures if view else ()
    context = CampaignContext(
        frame=frame,
        summary=summary,
        progress=progress,
        days=column_chart(
            "Judgments per day",
            [Amount(label=label, value=count) for label, count in day_rows],
            height=72,
        ),
        day_rows=day_rows,
        computed_at=view.computed_at if view else None,
        is_current=view is not None and view.is_current,
        alpha=alpha_chart(measures, show_all=False) if measures else None,
        percent=percent_chart(measures, show_all=False) if measures else None,
        experts=_experts(view, naming),
        worst=[
            WorstItem(
                item=item,
                consensus=read_consensus(
                    template, item.value, reason=item.reason, margin=item.margin
                ).words,
            )
            for item in worst.rows
        ],
        n_disputed=worst.total,
        releases=releases.rows,
        n_releases=releases.total,
        options=options,
        follows=follows,
        outcomes=[] if follows is None else _outcomes(follows),
        followed_by=followed_by,
        now=work.now,
    )
    return render(request, "campaigns/overview.html", context)


_OUTCOME_WORDS = {
    "issued": "issued",
    "kept": "settled otherwise since; kept, as somebody had taken it up",
    "unsuited": "nothing that this task can start from",
    "has_images": "rests on images that its records do not hold",
    "below_min_margin": "below the least margin",
}


def _outcomes(follows: FollowUpView) -> list[tuple[str, int]]:
    return [
        (_OUTCOME_WORDS.get(outcome) or reason_word(outcome), count)
        for outcome, count in follows.outcomes.items()
    ]


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _experts(view: AgreementView | None, naming: Naming) -> list[ExpertRow]:
    if view is None:
        return []
    most = max((one.n_judgments for one in view.agreement.annotators), default=0) or 1
    return [
        ExpertRow(
            name=naming(one.annotator, one.name, one.kind),
            is_model=one.kind == "model",
            is_simulated=one.simulated,
            n_judgments=one.n_judgments,
            share=one.n_judgments / most,
            median_seconds=one.median_active_seconds or one.median_seconds,
        )
        for one in view.agreement.annotators
    ]


class StatusForm(BaseModel):
    status: CampaignStatus


_DONE = {
    CampaignStatus.OPEN: "The campaign is open: experts are given its items.",
    CampaignStatus.PAUSED: "The campaign is paused: nobody is given its items.",
    CampaignStatus.CLOSED: "The campaign is closed.",
}


@router.post("/{campaign}/status")
def change_status(
    request: Request,
    edge: Annotated[Edge, allow(Role.QA_LEAD)],
    campaign: str,
    form: Annotated[StatusForm, Form()],
) -> Response:
    with refusals_to(request, "campaign_page", campaign=campaign), edge.write() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
        set_status(
            work.session, found, form.status, now=work.now, actor=work.actor.person_public_id
        )
        if form.status is not CampaignStatus.OPEN:
            release_prefetched(work.session, campaign_id=found.id, now=work.now)
    return see_other(request, "campaign_page", campaign=campaign, notice=_DONE[form.status])
