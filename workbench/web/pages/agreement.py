"""How far a campaign's annotators agree, and what may bend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from workbench.aggregation.queries import ConsensusSummary, summarize_consensus
from workbench.aggregation.refresh import refresh_campaign
from workbench.agreement.measure import Agreement, AnnotatorMatrix, MeasuredField, PositionBias
from workbench.agreement.queries import find_agreement
from workbench.campaigns.campaign import get_campaign
from workbench.campaigns.pinning import template_of
from workbench.campaigns.queries import summarize_campaign
from workbench.contracts.task_template import AnyTemplate, ConsensusMethod
from workbench.jobs import enqueue
from workbench.judging.judgment import CAMPAIGN_JUDGED
from workbench.models import Role
from workbench.web.charts import (
    Amount,
    BarChart,
    ColumnChart,
    IntervalChart,
    Matrix,
    bar_chart,
    column_chart,
)
from workbench.web.edge import Edge, allow
from workbench.web.figures import (
    LEAST_SHARED,
    METHOD_TITLES,
    Distribution,
    FieldNote,
    ItemFigure,
    MatrixValue,
    OtherStatistics,
    alpha_chart,
    annotator_chart,
    bias_chart,
    distributions,
    explain,
    has_hidden,
    item_figures,
    matrix_chart,
    other_statistics,
    outcome_word,
    percent_chart,
    reason_word,
)
from workbench.web.forms import see_other
from workbench.web.frame import CampaignFrame, Naming, frame_of, naming_of
from workbench.web.templating import render

router = APIRouter(prefix="/campaigns", include_in_schema=False)


MEASURED_AT_ONCE = 20_000
"""Judgments that a request measures itself, in a few seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixView:
    """The matrix of the chosen field; `pairs` is the same as text."""

    field: str
    shown: MatrixValue
    chart: Matrix
    others: BarChart | None
    pairs: Sequence[tuple[str, str, int, float | None, float | None]]
    names: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusView:
    title: str
    outcomes: BarChart
    confidence: ColumnChart
    n_judged: int
    n_settled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything that a page shows of one report."""

    agreement: Agreement
    computed_at: datetime
    is_current: bool
    alpha: IntervalChart
    percent: IntervalChart
    others: OtherStatistics | None
    by_item: Sequence[ItemFigure]
    notes: Sequence[FieldNote]
    measures: Sequence[MeasuredField]
    has_hidden: bool
    fields: Sequence[tuple[str, str]]
    matrix: MatrixView | None
    bias: PositionBias | None
    bias_chart: IntervalChart | None
    distributions: Sequence[Distribution]
    consensus: Sequence[ConsensusView]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementContext:
    frame: CampaignFrame
    measured: Measured | None
    show_all: bool
    least_shared: int
    now: datetime


@router.get("/{campaign}/agreement")
def agreement_page(
    request: Request,
    edge: Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER)],
    campaign: str,
    field: Annotated[str, Query(max_length=64)] = "",
    matrix: MatrixValue = "percent",
    show_all: bool = False,  # noqa: FBT001, FBT002 - a query parameter has no position
) -> Response:
    with edge.read() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
        template = template_of(found)
        view = find_agreement(work.session, campaign_id=found.id)
        summaries = (
            [
                summarize_consensus(work.session, campaign_id=found.id, method=method)
                for method in ConsensusMethod
            ]
            if view
            else []
        )
        frame, naming = (
            frame_of(found, work.actor, route="agreement_page"),
            naming_of(found, work.actor),
        )
    measured = None
    if view is not None:
        agreement = view.agreement
        matrices = {one.field: one for one in agreement.matrices}
        chosen = matrices.get(field) or next(iter(matrices.values()), None)
        measured = Measured(
            agreement=agreement,
            computed_at=view.computed_at,
            is_current=view.is_current,
            alpha=alpha_chart(agreement.measures, show_all=show_all),
            percent=percent_chart(agreement.measures, show_all=show_all),
            others=other_statistics(agreement.measures, show_all=show_all),
            by_item=item_figures(agreement.coefficients, show_all=show_all),
            notes=[explain(measure) for measure in agreement.measures],
            measures=agreement.measures,
            has_hidden=has_hidden(agreement),
            fields=[(measure.field, measure.title) for measure in agreement.measures],
            matrix=_matrix(request, frame, agreement, chosen, matrix, naming, show_all=show_all),
            bias=agreement.position_bias,
            bias_chart=bias_chart(agreement.position_bias) if agreement.position_bias else None,
            distributions=distributions(agreement, template),
            consensus=[_consensus(one, template) for one in summaries if one.n_judged],
        )
    context = AgreementContext(
        frame=frame,
        measured=measured,
        show_all=show_all,
        least_shared=LEAST_SHARED,
        now=work.now,
    )
    return render(request, "campaigns/agreement.html", context)


def _matrix(
    request: Request,
    frame: CampaignFrame,
    agreement: Agreement,
    chosen: AnnotatorMatrix | None,
    shown: MatrixValue,
    naming: Naming,
    *,
    show_all: bool,
) -> MatrixView | None:
    if chosen is None or len(chosen.annotators) < 2:
        return None
    known = {
        one.annotator: naming(one.annotator, one.name, one.kind) for one in agreement.annotators
    }
    names = [known[annotator] for annotator in chosen.annotators]

    def link(first: str, second: str) -> str | None:
        if not frame.may_lead:
            return None
        url = request.url_for("items_page", campaign=frame.public_id)
        return str(url.include_query_params(judged_by=f"{first},{second}"))

    return MatrixView(
        field=chosen.field,
        shown=shown,
        chart=matrix_chart(chosen, names, shown, show_all=show_all, link=link),
        others=annotator_chart(chosen, names, shown),
        pairs=[
            (
                names[row],
                names[column],
                chosen.n_shared[row][column],
                chosen.percent[row][column],
                chosen.kappa[row][column],
            )
            for row in range(len(names))
            for column in range(row)
            if chosen.n_shared[row][column]
            and (show_all or chosen.n_shared[row][column] >= LEAST_SHARED)
        ],
        names=names,
    )


def _consensus(summary: ConsensusSummary, template: AnyTemplate) -> ConsensusView:
    title = METHOD_TITLES[summary.method]
    settled = [
        Amount(label=outcome_word(template, outcome), value=count, kind="out")
        for outcome, count in sorted(summary.outcomes.items(), key=lambda one: (-one[1], one[0]))
    ]
    unsettled = [
        Amount(
            label=reason_word(reason),
            value=count,
            kind="lost",
            note="no consensus",
        )
        for reason, count in sorted(summary.unsettled.items(), key=lambda one: (-one[1], one[0]))
    ]
    return ConsensusView(
        title=title,
        outcomes=bar_chart(f"Outcomes by {title}", [*settled, *unsettled]),
        confidence=column_chart(
            f"Items by confidence, {title}",
            [
                Amount(label=f"{tenth * 10} to {tenth * 10 + 10} %", value=count)
                for tenth, count in enumerate(summary.confidence_tenths)
            ],
            height=56,
        ),
        n_judged=summary.n_judged,
        n_settled=sum(summary.outcomes.values()),
    )


@router.post("/{campaign}/measure")
def measure_campaign(
    request: Request, edge: Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER)], campaign: str
) -> Response:
    """Measure at once, in units of work of its own; leave a large campaign to the worker."""
    with edge.write() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
        n_judgments = summarize_campaign(work.session, found).judgments
        is_large = n_judgments > MEASURED_AT_ONCE
        if is_large:
            enqueue(work.session, CAMPAIGN_JUDGED, subject_id=found.id, now=work.now)
    if is_large:
        notice = f"{n_judgments:,} judgments are being measured. Come back in a while."
    else:
        agreement = refresh_campaign(edge.database, campaign_id=found.id, clock=edge.clock)
        notice = f"Measured {agreement.n_judgments:,} judgments on {agreement.n_items:,} items."
    return see_other(request, "agreement_page", campaign=campaign, notice=notice)
