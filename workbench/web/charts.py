"""Geometry of the charts; `templates/charts.html` draws it as inline SVG.

Lengths are in SVG user units. A chart knows where things go and what their titles say; colour is
the style sheet's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ROW = 34
LABEL = 190
PLOT = 420
FIGURES = 170


@dataclass(frozen=True, kw_only=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True, kw_only=True)
class IntervalRow:
    """One estimate: `x` is None where it is undefined, and `note` says why."""

    label: str
    y: float
    x: float | None
    low: float | None
    high: float | None
    figure: str
    note: str
    title: str


@dataclass(frozen=True, kw_only=True)
class IntervalChart:
    """Estimates with intervals on one scale, one row each (a forest plot)."""

    title: str
    width: float
    height: float
    axis_y: float
    left: float
    right: float
    ticks: Sequence[Tick]
    marks: Sequence[Tick]
    rows: Sequence[IntervalRow]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What an interval chart shows in one row."""

    label: str
    value: float | None
    interval: tuple[float, float] | None
    note: str
    percent: bool = False


def _figure(estimate: Estimate) -> str:
    if estimate.value is None:
        return "undefined"
    if estimate.percent:
        text = f"{estimate.value:.0%}"
        if estimate.interval:
            text += f"  [{estimate.interval[0]:.0%}, {estimate.interval[1]:.0%}]"
        return text
    text = f"{estimate.value:.2f}"
    if estimate.interval:
        text += f"  [{estimate.interval[0]:.2f}, {estimate.interval[1]:.2f}]"
    return text


def interval_chart(
    title: str,
    estimates: Sequence[Estimate],
    *,
    start: float = 0.0,
    end: float = 1.0,
    marks: Mapping[str, float] | None = None,
) -> IntervalChart:
    """Lay out estimates between `start` and `end`; what lies outside is drawn at the edge."""
    lowest = min([start, *(e.interval[0] for e in estimates if e.interval)])
    start = start if lowest >= start else max(-1.0, round(lowest - 0.05, 1))

    def place(value: float) -> float:
        share = (min(max(value, start), end) - start) / (end - start)
        return round(LABEL + share * PLOT, 1)

    rows = [
        IntervalRow(
            label=estimate.label,
            y=ROW * (index + 0.5),
            x=None if estimate.value is None else place(estimate.value),
            low=place(estimate.interval[0]) if estimate.interval else None,
            high=place(estimate.interval[1]) if estimate.interval else None,
            figure=_figure(estimate),
            note=estimate.note,
            title=f"{estimate.label}: {_figure(estimate)}. {estimate.note}",
        )
        for index, estimate in enumerate(estimates)
    ]
    n_ticks = 5
    values = [start + (end - start) * step / n_ticks for step in range(n_ticks + 1)]
    return IntervalChart(
        title=title,
        width=LABEL + PLOT + FIGURES,
        height=ROW * len(rows) + 28,
        axis_y=ROW * len(rows),
        left=LABEL,
        right=LABEL + PLOT,
        ticks=[Tick(x=place(value), label=f"{value:.1f}") for value in values],
        marks=[Tick(x=place(value), label=name) for name, value in (marks or {}).items()],
        rows=rows,
    )


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One pair: `shade` is 0 (least) to 9 (most), None where too little is shared."""

    x: float
    y: float
    text: str
    shade: int | None
    title: str


@dataclass(frozen=True, kw_only=True)
class Heading:
    x: float
    y: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Matrix:
    title: str
    width: float
    height: float
    cell: float
    columns: Sequence[Heading]
    rows: Sequence[Heading]
    cells: Sequence[Cell]


@dataclass(frozen=True, kw_only=True)
class PairValue:
    """Agreement of two annotators, by their positions; `value` is None under the threshold."""

    row: int
    column: int
    value: float | None
    title: str


def matrix(title: str, names: Sequence[str], pairs: Sequence[PairValue]) -> Matrix:
    """Lay out a square matrix of annotators against each other."""
    size = 56.0
    left, top = 150.0, 26.0
    return Matrix(
        title=title,
        width=left + size * len(names) + 4,
        height=top + size * len(names) + 4,
        cell=size,
        columns=[
            Heading(x=left + size * (i + 0.5), y=top - 8, text=_short(name, 8))
            for i, name in enumerate(names)
        ],
        rows=[
            Heading(x=left - 10, y=top + size * (i + 0.5), text=_short(name, 20))
            for i, name in enumerate(names)
        ],
        cells=[
            Cell(
                x=left + size * pair.column,
                y=top + size * pair.row,
                text="–" if pair.value is None else f"{pair.value:.2f}",
                shade=None if pair.value is None else min(9, max(0, int(pair.value * 10))),
                title=pair.title,
            )
            for pair in pairs
        ],
    )


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


@dataclass(frozen=True, kw_only=True)
class Bar:
    label: str
    y: float
    x: float
    width: float
    figure: str
    kind: str
    title: str


@dataclass(frozen=True, kw_only=True)
class BarChart:
    title: str
    width: float
    height: float
    left: float
    bars: Sequence[Bar]


@dataclass(frozen=True, kw_only=True)
class Amount:
    """One horizontal bar; `kind` is a class of the style sheet: plain, in, out, lost."""

    label: str
    value: float
    kind: str = "plain"
    figure: str | None = None


def bar_chart(title: str, amounts: Sequence[Amount]) -> BarChart:
    """Lay out horizontal bars from a common zero."""
    largest = max((amount.value for amount in amounts), default=0) or 1
    return _bars(title, amounts, [0.0] * len(amounts), largest)


def flow_chart(title: str, amounts: Sequence[Amount]) -> BarChart:
    """Lay out what went in, what was lost at each step, and what came out (a waterfall)."""
    offsets, level = [], 0.0
    for amount in amounts:
        match amount.kind:
            case "lost":
                level -= amount.value
                offsets.append(level)
            case _:
                offsets.append(0.0)
                level = amount.value
    largest = max((amount.value for amount in amounts), default=0) or 1
    return _bars(title, amounts, offsets, largest)


def _bars(
    title: str, amounts: Sequence[Amount], offsets: Sequence[float], largest: float
) -> BarChart:
    bars = []
    for index, (amount, offset) in enumerate(zip(amounts, offsets, strict=True)):
        figure = amount.figure if amount.figure is not None else f"{amount.value:,.0f}"
        bars.append(
            Bar(
                label=amount.label,
                y=ROW * index,
                x=round(LABEL + offset / largest * PLOT, 1),
                width=round(max(amount.value / largest * PLOT, 1.0 if amount.value else 0.0), 1),
                figure=figure,
                kind=amount.kind,
                title=f"{amount.label}: {figure}",
            )
        )
    return BarChart(
        title=title,
        width=LABEL + PLOT + FIGURES,
        height=ROW * len(amounts) + 6,
        left=LABEL,
        bars=bars,
    )
