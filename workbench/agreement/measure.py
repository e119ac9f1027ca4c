"""Agreement of a campaign's annotators on every field of the judgment, and what may bend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, assert_never

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.agreement.coefficients import ItemNumbers
from workbench.agreement.reliability import (
    AnnotatorWork,
    CodedMeasure,
    Reliability,
    load_reliability,
)
from workbench.campaigns.pinning import template_of
from workbench.contracts.task_template import Category, Statistic
from workbench.models import Annotator, Campaign
from workbench.statistics import (
    Interval,
    Level,
    Ratings,
    Weighting,
    gwet_ac1,
    krippendorff_alpha,
    mean_over_items,
    pairwise_agreement,
    percent_agreement,
    pooled_kappa,
    position_bias,
)

# Equal data give equal intervals.
BOOTSTRAP_SEED = 20_260_501
BOOTSTRAP = 1000
# A picture of more annotators than these against each other cannot be read.
MATRIX_ANNOTATORS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredStatistic:
    """One more coefficient of a field; its interval resamples items, as that of alpha does."""

    statistic: str
    value: float | None
    reason: str | None
    interval: Interval | None
    interval_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredField:
    """Agreement on one field.

    `n_units` are the units with at least two judgments and `n_judgments` the judgments in them;
    `n_excluded` says how many judgments the field leaves out and why, `n_missing` how many have no
    value on it. `reason` and `interval_reason` say why `alpha` or its interval is undefined.
    `distribution` holds each category with its count among all judgments, in the measure's order;
    the most frequent first where the item decides which categories there are.
    """

    field: str
    title: str
    level: str
    unit: str
    alpha: float | None
    reason: str | None
    interval: Interval | None
    interval_reason: str | None
    percent_agreement: float | None
    percent_interval: Interval | None
    n_units: int
    n_annotators: int
    n_judgments: int
    n_missing: int
    n_excluded: Mapping[str, int]
    distribution: Sequence[tuple[Category, int]]
    also: Sequence[MeasuredStatistic] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCoefficient:
    """The mean over items of a number that each has, from `low` to `high`.

    `n_items` are the items on which it is defined.
    """

    field: str
    title: str
    note: str
    low: float
    high: float
    mean: float | None
    reason: str | None
    interval: Interval | None
    interval_reason: str | None
    n_items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatorMatrix:
    """Annotators against each other on one field, those with the most judgments first.

    Entries are None on the diagonal and where undefined; `annotators` are public ids.
    """

    field: str
    annotators: Sequence[str]
    n_shared: Sequence[Sequence[int]]
    percent: Sequence[Sequence[float | None]]
    kappa: Sequence[Sequence[float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionBias:
    """The share of winners that were shown first; 0.5 where position does not matter."""

    share: float | None
    interval: Interval | None
    n_judgments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredAnnotator:
    annotator: str
    name: str
    kind: str
    simulated: bool
    n_judgments: int
    median_seconds: float | None
    median_active_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Everything measured of a campaign at once."""

    campaign: str
    measures: Sequence[MeasuredField]
    matrices: Sequence[AnnotatorMatrix]
    position_bias: PositionBias | None
    annotators: Sequence[MeasuredAnnotator]
    n_items: int
    n_judgments: int
    last_judgment_id: int
    include_models: bool
    coefficients: Sequence[MeasuredCoefficient] = ()

    def as_document(self) -> dict[str, Any]:
        """Return what scripts get: the campaign's id and the measures, nobody's name."""
        return {
            "campaign": self.campaign,
            "measures": [asdict(measure) for measure in self.measures],
            "coefficients": [asdict(one) for one in self.coefficients],
        }


def measure_agreement(
    session: Session, *, campaign_id: int, include_models: bool = False
) -> Agreement:
    """Measure a campaign's current judgments; intervals resample items, never parts of one."""
    campaign = session.get_one(Campaign, campaign_id)
    reliability = load_reliability(
        session, campaign, template_of(campaign), include_models=include_models
    )
    return agreement_of(session, campaign, reliability, include_models=include_models)


def agreement_of(
    session: Session, campaign: Campaign, reliability: Reliability, *, include_models: bool
) -> Agreement:
    annotators = _named(session, reliability.work)
    names = [annotator.annotator for annotator in annotators]
    busiest = sorted(
        range(len(annotators)), key=lambda code: (-annotators[code].n_judgments, names[code])
    )[:MATRIX_ANNOTATORS]
    return Agreement(
        campaign=campaign.public_id,
        measures=[_measure_field(coded) for coded in reliability.measures],
        coefficients=[_mean(numbers) for numbers in reliability.coefficients],
        matrices=[_matrix(coded, busiest, names) for coded in reliability.measures],
        position_bias=_position_bias(reliability),
        annotators=sorted(annotators, key=lambda one: (-one.n_judgments, one.name)),
        n_items=reliability.n_items,
        n_judgments=reliability.n_judgments,
        last_judgment_id=reliability.last_judgment_id,
        include_models=include_models,
    )


def _measure_field(coded: CodedMeasure) -> MeasuredField:
    measure = coded.measure
    clusters = coded.dependent_clusters
    alpha = krippendorff_alpha(
        coded.ratings,
        Level(measure.level),
        clusters=clusters,
        bootstrap=BOOTSTRAP,
        seed=BOOTSTRAP_SEED,
    )
    percent = percent_agreement(
        coded.ratings, clusters=clusters, bootstrap=BOOTSTRAP, seed=BOOTSTRAP_SEED
    )
    return MeasuredField(
        field=measure.field,
        title=measure.title,
        level=str(measure.level),
        unit=measure.unit,
        alpha=alpha.value,
        reason=alpha.reason,
        interval=alpha.interval,
        interval_reason=alpha.interval_reason,
        percent_agreement=percent.value,
        percent_interval=percent.interval,
        n_units=alpha.n_units,
        n_annotators=alpha.n_annotators,
        n_judgments=alpha.n_pairable,
        n_missing=coded.n_missing,
        n_excluded=coded.n_excluded,
        distribution=_distribution(coded),
        also=[_measure_also(coded, statistic) for statistic in measure.also],
    )


def _measure_also(coded: CodedMeasure, statistic: Statistic) -> MeasuredStatistic:
    ratings, clusters = coded.ratings, coded.dependent_clusters
    match statistic:
        case Statistic.QUADRATIC_KAPPA:
            measured = pooled_kappa(
                ratings,
                weighting=Weighting.QUADRATIC,
                clusters=clusters,
                bootstrap=BOOTSTRAP,
                seed=BOOTSTRAP_SEED,
            )
        case Statistic.GWET_AC1:
            measured = gwet_ac1(
                ratings, clusters=clusters, bootstrap=BOOTSTRAP, seed=BOOTSTRAP_SEED
            )
        case _:
            assert_never(statistic)
    return MeasuredStatistic(
        statistic=str(statistic),
        value=measured.value,
        reason=measured.reason,
        interval=measured.interval,
        interval_reason=measured.interval_reason,
    )


def _mean(known: ItemNumbers) -> MeasuredCoefficient:
    coefficient = known.coefficient
    mean = mean_over_items(known.numbers, bootstrap=BOOTSTRAP, seed=BOOTSTRAP_SEED)
    return MeasuredCoefficient(
        field=coefficient.field,
        title=coefficient.title,
        note=coefficient.note,
        low=coefficient.low,
        high=coefficient.high,
        mean=mean.value,
        reason=mean.reason,
        interval=mean.interval,
        interval_reason=mean.interval_reason,
        n_items=mean.n,
    )


def _distribution(coded: CodedMeasure) -> list[tuple[Category, int]]:
    categories: Sequence[Any] = coded.ratings.categories
    counts = np.bincount(coded.ratings.values, minlength=len(categories)).tolist()
    distribution = list(zip(categories, counts, strict=True))
    if coded.measure.categories is None:
        distribution.sort(key=lambda one: -one[1])
    return distribution


def _matrix(coded: CodedMeasure, busiest: Sequence[int], names: Sequence[str]) -> AnnotatorMatrix:
    ratings = coded.ratings
    place = np.full(ratings.n_annotators, -1, dtype=np.int64)
    place[busiest] = np.arange(len(busiest))
    kept = place[ratings.annotators] >= 0
    among = Ratings(
        ratings.units[kept],
        place[ratings.annotators[kept]],
        ratings.values[kept],
        ratings.n_units,
        len(busiest),
        ratings.categories,
    )
    pairwise = pairwise_agreement(among)
    return AnnotatorMatrix(
        field=coded.measure.field,
        annotators=[names[code] for code in busiest],
        n_shared=pairwise.n_shared.tolist(),
        percent=pairwise.percent.tolist(),
        kappa=pairwise.kappa.tolist(),
    )


def _position_bias(reliability: Reliability) -> PositionBias | None:
    if len(reliability.first_shown_won) == 0:
        return None
    bias = position_bias(reliability.first_shown_won, reliability.first_shown_annotators)
    return PositionBias(share=bias.value, interval=bias.interval, n_judgments=bias.n)


def _named(session: Session, work: Sequence[AnnotatorWork]) -> list[MeasuredAnnotator]:
    by_id: dict[int, Annotator] = {}
    ids = [one.annotator_id for one in work]
    for start in range(0, len(ids), 500):
        found = select(Annotator).where(Annotator.id.in_(ids[start : start + 500]))
        by_id |= {annotator.id: annotator for annotator in session.scalars(found)}
    return [
        MeasuredAnnotator(
            annotator=by_id[one.annotator_id].public_id,
            name=by_id[one.annotator_id].name,
            kind=str(by_id[one.annotator_id].kind),
            simulated=by_id[one.annotator_id].is_simulated,
            n_judgments=one.n_judgments,
            median_seconds=one.median_seconds,
            median_active_seconds=one.median_active_seconds,
        )
        for one in work
    ]
