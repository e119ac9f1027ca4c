"""The pictures and sentences that pages make of an agreement report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.agreement.measure import (
    Agreement,
    AnnotatorMatrix,
    MeasuredCoefficient,
    MeasuredField,
    MeasuredStatistic,
    PositionBias,
)
from workbench.contracts.task_template import AnyTemplate, ConsensusMethod, Level, Statistic
from workbench.statistics import Reason
from workbench.web.charts import (
    Amount,
    BarChart,
    Estimate,
    IntervalChart,
    Matrix,
    PairValue,
    bar_chart,
    interval_chart,
    matrix,
)

LEAST_SHARED = 20
"""Units behind a coefficient that is shown unasked: under it the figure says more than it knows."""

ALPHA_TARGETS: Mapping[str, float] = {Level.ORDINAL: 0.45}
PERCENT_TARGET = 0.70
PERCENT_ALARM = 0.60

_REASONS: Mapping[str, str] = {
    Reason.NO_OBSERVATIONS: "nobody has judged this yet",
    Reason.NO_PAIRABLE_UNITS: "nothing has been judged twice yet",
    Reason.NO_VARIATION: "everybody always gave the same answer",
    Reason.TOO_FEW_UNITS: "too few items for an interval",
    Reason.TOO_FEW_ANNOTATORS: "too few annotators for an interval",
    Reason.TOO_FEW_REPLICATES: "too few items for an interval",
    Reason.NOT_REQUESTED: "not measured",
}
_LEVELS: Mapping[str, str] = {
    Level.NOMINAL: "Answers are the same or not (nominal level).",
    Level.ORDINAL: (
        "Answers are in order: neighboring ones disagree less than distant ones (ordinal level)."
    ),
    Level.INTERVAL: "Answers are numbers, and their distances count (interval level).",
}

STATISTIC_TITLES: Mapping[str, str] = {
    Statistic.QUADRATIC_KAPPA: "κ, quadratic weights",
    Statistic.GWET_AC1: "Gwet's AC1",
}
_STATISTIC_NOTES: Mapping[str, str] = {
    Statistic.QUADRATIC_KAPPA: (
        "Cohen's κ with quadratic weights, pooled over all pairs of annotators (Conger 1980): a "
        "disagreement counts by the square of the places between the answers, and chance is what "
        "each annotator's own habits give."
    ),
    Statistic.GWET_AC1: (
        "AC1 (Gwet 2008) asks what chance would give differently, so that it does not collapse "
        "where nearly everybody gives the same answer."
    ),
}

METHOD_TITLES: Mapping[str, str] = {
    ConsensusMethod.MAJORITY: "Majority",
    ConsensusMethod.MEAN: "Mean",
    ConsensusMethod.DAWID_SKENE: "Dawid-Skene",
}
_LEFT_OUT: Mapping[str, str] = {
    "no_judgments": "Not judged",
    "below_min_judgments": "Too few judgments",
    "below_min_confidence": "Confidence too low",
    "tied": "Votes tied",
    "conflict": "Answers in conflict",
    "tie": "Ties dropped",
    "contaminated_exact": "Prompt to keep out",
    "contaminated_near": "Nearly a prompt to keep out",
}

MatrixValue = Literal["percent", "kappa"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """Agreement in one line: the first field of the task type."""

    field_title: str
    figure: str
    span: str
    note: str
    is_short: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldNote:
    """What a field's coefficient means, in sentences."""

    title: str
    sentences: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    title: str
    chart: BarChart
    rows: Sequence[tuple[str, int]]


def headline_of(agreement: Agreement) -> Headline | None:
    if not agreement.measures:
        return None
    measure = agreement.measures[0]
    if measure.alpha is None or measure.n_units < LEAST_SHARED:
        return Headline(
            field_title=measure.title,
            figure="–",
            span="",
            note=_why_no_figure(measure),
            is_short=False,
        )
    chart = alpha_chart([measure], show_all=True)
    is_alarming = (
        measure.level == Level.NOMINAL and (measure.percent_agreement or 0.0) < PERCENT_ALARM
    )
    return Headline(
        field_title=measure.title,
        figure=chart.rows[0].figure,
        span=chart.rows[0].span,
        note=_n_units(measure),
        is_short=is_alarming,
    )


def _why_no_figure(measure: MeasuredField) -> str:
    if measure.alpha is None:
        return reason_in_words(measure.reason)
    return f"only {measure.n_units} of {LEAST_SHARED} judged twice"


def reason_in_words(reason: str | None) -> str:
    return "undefined" if reason is None else _REASONS.get(reason, reason)


def _is_hidden(measure: MeasuredField, *, show_all: bool) -> bool:
    return not show_all and measure.alpha is not None and measure.n_units < LEAST_SHARED


def has_hidden(agreement: Agreement) -> bool:
    return any(_is_hidden(measure, show_all=False) for measure in agreement.measures) or any(
        0 < one.n_items < LEAST_SHARED for one in agreement.coefficients
    )


def _n_units(measure: MeasuredField) -> str:
    unit = measure.unit.rpartition("× ")[2]
    plural = "" if measure.n_units == 1 else "s"
    return f"n = {measure.n_units:,} {unit}{plural}"


def _note(measure: MeasuredField, value: float | None) -> str:
    return reason_in_words(measure.reason) if value is None else _n_units(measure)


def alpha_chart(measures: Sequence[MeasuredField], *, show_all: bool) -> IntervalChart:
    return interval_chart(
        "Krippendorff's α with its 95 % bootstrap interval",
        [
            Estimate(
                label=measure.title,
                detail=f"α, {measure.level} · unit: {measure.unit}",
                value=measure.alpha,
                interval=measure.interval,
                note=_note(measure, measure.alpha),
                target=ALPHA_TARGETS.get(measure.level),
                is_hidden=_is_hidden(measure, show_all=show_all),
            )
            for measure in measures
        ],
    )


def percent_chart(measures: Sequence[MeasuredField], *, show_all: bool) -> IntervalChart:
    return interval_chart(
        "Percent agreement with its 95 % bootstrap interval",
        [
            Estimate(
                label=measure.title,
                detail="equal pairs",
                value=measure.percent_agreement,
                interval=measure.percent_interval,
                note=_note(measure, measure.percent_agreement),
                percent=True,
                target=PERCENT_TARGET if measure.level == Level.NOMINAL else None,
                alarm=PERCENT_ALARM if measure.level == Level.NOMINAL else None,
                is_hidden=_is_hidden(measure, show_all=show_all),
            )
            for measure in measures
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherStatistics:
    """The coefficients of fields besides α: a picture, a sentence on each kind, and a table."""

    chart: IntervalChart
    notes: Sequence[str]
    rows: Sequence[tuple[str, str, MeasuredStatistic]]


def other_statistics(
    measures: Sequence[MeasuredField], *, show_all: bool
) -> OtherStatistics | None:
    """Draw what fields report besides α and percent agreement; None where none does."""
    pairs = [(measure, one) for measure in measures for one in measure.also]
    if not pairs:
        return None
    kinds = dict.fromkeys(one.statistic for _, one in pairs)
    return OtherStatistics(
        chart=interval_chart(
            "Other coefficients with their 95 % bootstrap intervals",
            [
                Estimate(
                    label=measure.title,
                    detail=statistic_title(one.statistic),
                    value=one.value,
                    interval=one.interval,
                    note=_n_units(measure) if one.reason is None else reason_in_words(one.reason),
                    is_hidden=_is_hidden(measure, show_all=show_all),
                )
                for measure, one in pairs
            ],
        ),
        notes=[_STATISTIC_NOTES[kind] for kind in kinds if kind in _STATISTIC_NOTES],
        rows=[(measure.title, statistic_title(one.statistic), one) for measure, one in pairs],
    )


def statistic_title(statistic: str) -> str:
    return STATISTIC_TITLES.get(statistic, statistic)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFigure:
    """The mean over items of a number that each has, drawn on the scale of that number."""

    title: str
    note: str
    chart: IntervalChart


def item_figures(
    coefficients: Sequence[MeasuredCoefficient], *, show_all: bool
) -> list[ItemFigure]:
    """Draw each coefficient on a scale of its own."""
    return [
        ItemFigure(
            title=one.title,
            note=one.note,
            chart=interval_chart(
                f"{one.title}, mean over items with its 95 % bootstrap interval",
                [
                    Estimate(
                        label=one.title,
                        detail="mean over items",
                        value=one.mean,
                        interval=one.interval,
                        note=_n_items(one),
                        is_hidden=not show_all and 0 < one.n_items < LEAST_SHARED,
                    )
                ],
                start=one.low,
                end=one.high,
            ),
        )
        for one in coefficients
    ]


def _n_items(one: MeasuredCoefficient) -> str:
    if one.mean is None:
        return reason_in_words(one.reason)
    return f"n = {one.n_items:,} item{'' if one.n_items == 1 else 's'}"


def bias_chart(bias: PositionBias) -> IntervalChart:
    return interval_chart(
        "Share of winners that were shown first, with its 95 % interval",
        [
            Estimate(
                label="First-shown winners",
                detail="of judgments with a winner",
                value=bias.share,
                interval=bias.interval,
                note=f"n = {bias.n_judgments:,} judgments",
                percent=True,
            )
        ],
        marks={"50 %: the order makes no difference": 0.5},
    )


def matrix_chart(
    measured: AnnotatorMatrix,
    names: Sequence[str],
    shown: MatrixValue,
    *,
    show_all: bool,
    link: Callable[[str, str], str | None],
) -> Matrix:
    """Draw annotators against each other; `link` leads to the items that two of them judged."""
    values = measured.kappa if shown == "kappa" else measured.percent
    title = "Cohen's κ" if shown == "kappa" else "Share of equal judgments"
    pairs = []
    for row, first in enumerate(measured.annotators):
        for column, second in enumerate(measured.annotators):
            if row == column:
                continue
            value, n = values[row][column], measured.n_shared[row][column]
            is_shown = value is not None and (show_all or n >= LEAST_SHARED)
            pairs.append(
                PairValue(
                    row=row,
                    column=column,
                    value=value if is_shown else None,
                    text=_cell_text(value if is_shown else None, n, shown),
                    title=_cell_title(names[row], names[column], value, n, is_shown=is_shown),
                    href=link(first, second) if n else None,
                )
            )
    return matrix(f"{title}, annotators against each other", names, pairs)


def _cell_text(value: float | None, n: int, shown: MatrixValue) -> str:
    if value is None:
        return f"n {n}" if n else "·"
    if shown == "percent":
        return f"{100 * value:.0f}"
    return f"{value:.2f}".replace("-", "−")


def _cell_title(first: str, second: str, value: float | None, n: int, *, is_shown: bool) -> str:
    who = f"{first} and {second}"
    shared = f"n = {n:,} shared"
    if is_shown and value is not None:
        return f"{who}: {value:.2f}, {shared}"
    if value is not None:
        return f"{who}: hidden, {shared}, fewer than {LEAST_SHARED}"
    return f"{who}: {'undefined' if n else 'nothing in common'}, {shared}"


def annotator_chart(
    measured: AnnotatorMatrix, names: Sequence[str], shown: MatrixValue
) -> BarChart | None:
    """Draw how far each annotator agrees with all the others, pairs weighted by what they share."""
    values = measured.kappa if shown == "kappa" else measured.percent
    amounts = []
    for row, name in enumerate(names):
        pairs = [
            (value, n)
            for value, n, column in zip(
                values[row], measured.n_shared[row], range(len(names)), strict=True
            )
            if column != row and value is not None
        ]
        n_shared = sum(n for _, n in pairs)
        if n_shared < LEAST_SHARED:
            continue
        mean = sum(value * n for value, n in pairs) / n_shared
        figure = f"{mean:.2f}".replace("-", "−") if shown == "kappa" else f"{mean:.0%}"
        amounts.append(Amount(label=name, value=max(mean, 0.0), kind="out", figure=figure))
    if not amounts:
        return None
    amounts.sort(key=lambda amount: -amount.value)
    return bar_chart("Each annotator against all others", amounts, largest=1.0)


def distributions(agreement: Agreement, template: AnyTemplate) -> list[Distribution]:
    """Draw how often each category was given."""
    words = {measure.field: measure.word for measure in template.measures}
    drawn = []
    for measure in agreement.measures:
        word = words.get(measure.field) or str
        rows = _grouped([(word(category), count) for category, count in measure.distribution])
        total = sum(count for _, count in rows) or 1
        chart = bar_chart(
            f"How often each answer was given: {measure.title}",
            [
                Amount(
                    label=label,
                    value=count,
                    kind="out",
                    figure=f"{count:,} · {count / total:.0%}",
                )
                for label, count in rows
            ],
        )
        drawn.append(Distribution(title=measure.title, chart=chart, rows=rows))
    return drawn


_MOST_BARS = 9


def _grouped(rows: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Put what would not fit into one last bar."""
    if len(rows) <= _MOST_BARS:
        return list(rows)
    kept, rest = rows[: _MOST_BARS - 1], rows[_MOST_BARS - 1 :]
    return [*kept, (f"{len(rest)} others", sum(count for _, count in rest))]


def explain(measure: MeasuredField) -> FieldNote:
    """Say what was measured and what was left out."""
    sentences = [_LEVELS[measure.level]]
    if "×" in measure.unit:
        sentences.append(
            f"The unit is {measure.unit}; intervals resample whole items, "
            "since the parts of one depend on each other."
        )
    else:
        sentences.append(f"The unit is the {measure.unit}.")
    sentences.append(
        f"{measure.n_judgments:,} judgments by {measure.n_annotators} annotators on "
        f"{measure.n_units:,} units with at least two."
    )
    for reason, count in measure.n_excluded.items():
        sentences.append(f"{count:,} left out: {reason.replace('_', ' ')}.")
    if measure.n_missing:
        sentences.append(f"{measure.n_missing:,} without a value on this field.")
    if measure.alpha is None:
        sentences.append(f"Undefined: {reason_in_words(measure.reason)}.")
    elif measure.interval is None:
        sentences.append(f"No interval: {reason_in_words(measure.interval_reason)}.")
    return FieldNote(title=measure.title, sentences=sentences)


def outcome_word(template: AnyTemplate, outcome: str) -> str:
    """Return what an outcome is called: by the measure that has it as a category, if one has."""
    for measure in template.measures:
        if measure.word is not None and outcome in (measure.categories or ()):
            return measure.word(outcome)
    return outcome.replace("_", " ").capitalize()


def reason_word(reason: str) -> str:
    """Return why an item has no consensus or is not released, for the label of a bar."""
    return _LEFT_OUT.get(reason, reason.replace("_", " ").capitalize())
