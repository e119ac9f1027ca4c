"""Geometry of the charts; `templates/charts.html` draws it as inline SVG.

Places across are percentages of the plot, so that a chart fits every width and its text stays
text. A chart knows where things go and what their titles say; color is the style sheet's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

COLUMN_HEIGHT = 96
N_TICKS = 5
STRONG_SHADE = 6

Grade = Literal["plain", "good", "short", "alarm", "hidden"]
"""How an estimate stands against its target: reached, below it, below the alarm."""

BarKind = Literal["plain", "in", "out", "lost", "part"]
"""`part` is a share of the bar that came out; parts stand one after the other."""


@dataclass(frozen=True, kw_only=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What an interval chart shows in one row.

    Attributes:
        detail: A second line under the label.
        note: What stands beside the figure, such as n; the reason where `value` is None.
        target: What is aimed at, marked in the row; `alarm` is what calls for action.
        is_hidden: True where too little is behind the figure to show it.
    """

    label: str
    value: float | None
    interval: tuple[float, float] | None
    note: str
    detail: str = ""
    percent: bool = False
    target: float | None = None
    alarm: float | None = None
    is_hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class IntervalRow:
    """One estimate; `at` is None where it is undefined or hidden."""

    label: str
    detail: str
    at: float | None
    low: float | None
    width: float
    target: float | None
    figure: str
    span: str
    note: str
    grade: Grade
    title: str


@dataclass(frozen=True, kw_only=True)
class IntervalChart:
    """Estimates with intervals on one scale, one row each (a forest plot)."""

    title: str
    ticks: Sequence[Tick]
    marks: Sequence[Tick]
    rows: Sequence[IntervalRow]


def interval_chart(
    title: str,
    estimates: Sequence[Estimate],
    *,
    start: float = 0.0,
    end: float = 1.0,
    marks: Mapping[str, float] | None = None,
) -> IntervalChart:
    """Lay out estimates from `start`, or below it where an interval reaches there, to `end`."""
    shown = [estimate for estimate in estimates if not estimate.is_hidden]
    lowest = min(
        [start]
        + [estimate.value for estimate in shown if estimate.value is not None]
        + [estimate.interval[0] for estimate in shown if estimate.interval]
    )
    if lowest < start:
        start = max(-1.0, int((lowest - 0.2) * 5) / 5)
    percent = bool(estimates) and all(estimate.percent for estimate in estimates)

    def place(value: float) -> float:
        return round(100 * (min(max(value, start), end) - start) / (end - start), 2)

    values = [start + (end - start) * step / N_TICKS for step in range(N_TICKS + 1)]
    return IntervalChart(
        title=title,
        ticks=[Tick(at=place(value), label=_number(value, percent=percent)) for value in values],
        marks=[Tick(at=place(value), label=name) for name, value in (marks or {}).items()],
        rows=[_interval_row(estimate, place) for estimate in estimates],
    )


def _interval_row(estimate: Estimate, place: Callable[[float], float]) -> IntervalRow:
    figure, span = _figures(estimate)
    is_drawn = estimate.value is not None and not estimate.is_hidden
    interval = estimate.interval if is_drawn else None
    low = place(interval[0]) if interval else None
    parts = [f"{estimate.label}: {figure}", span, estimate.detail, estimate.note]
    return IntervalRow(
        label=estimate.label,
        detail=estimate.detail,
        at=place(estimate.value) if is_drawn and estimate.value is not None else None,
        low=low,
        width=round(place(interval[1]) - place(interval[0]), 2) if interval else 0.0,
        target=place(estimate.target) if is_drawn and estimate.target is not None else None,
        figure=figure,
        span=span,
        note=estimate.note,
        grade=_grade(estimate),
        title=", ".join(part for part in parts if part),
    )


def _figures(estimate: Estimate) -> tuple[str, str]:
    """Return the figure and its interval as text."""
    if estimate.is_hidden:
        return "hidden", ""
    if estimate.value is None:
        return "undefined", ""
    figure = _number(estimate.value, percent=estimate.percent, digits=2)
    if estimate.interval is None:
        return figure, ""
    low, high = (_number(bound, percent=estimate.percent, digits=2) for bound in estimate.interval)
    return figure, f"{low} to {high}"


def _number(value: float, *, percent: bool, digits: int = 1) -> str:
    if percent:
        return f"{value:.0%}"
    # Rounding must not leave a sign on zero.
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def _grade(estimate: Estimate) -> Grade:
    if estimate.is_hidden or estimate.value is None:
        return "hidden"
    if estimate.target is None:
        return "plain"
    if estimate.value >= estimate.target:
        return "good"
    if estimate.alarm is not None and estimate.value < estimate.alarm:
        return "alarm"
    return "short"


@dataclass(frozen=True, kw_only=True)
class PairValue:
    """Agreement of two annotators, by their positions; `value` is None where it is not shown."""

    row: int
    column: int
    value: float | None
    text: str
    title: str
    href: str | None = None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One pair: `shade` is 0 (least) to 9 (most), None where nothing is shown."""

    x: float
    y: float
    text: str
    shade: int | None
    is_strong: bool
    title: str
    href: str | None


@dataclass(frozen=True, kw_only=True)
class Heading:
    x: float
    y: float
    text: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """A square matrix, in SVG units that are pixels: it scrolls rather than shrink."""

    title: str
    width: float
    height: float
    cell: float
    columns: Sequence[Heading]
    rows: Sequence[Heading]
    cells: Sequence[Cell]


def matrix(title: str, names: Sequence[str], pairs: Sequence[PairValue]) -> Matrix:
    """Lay out annotators against each other."""
    size = 46.0 if len(names) <= 12 else 36.0
    longest = max((len(_short(name)) for name in names), default=0)
    left = top = round(longest * 6.6 + 18, 1)
    top = round(min(top, 24 + longest * 5), 1)
    return Matrix(
        title=title,
        # Slanted headings of the last column reach over the edge.
        width=left + size * len(names) + longest * 4.2,
        height=top + size * len(names) + 2,
        cell=size,
        columns=[
            Heading(x=left + size * (i + 0.5), y=top - 8, text=_short(name), title=name)
            for i, name in enumerate(names)
        ],
        rows=[
            Heading(x=left - 10, y=top + size * (i + 0.5), text=_short(name), title=name)
            for i, name in enumerate(names)
        ],
        cells=[_cell(pair, left=left, top=top, size=size) for pair in pairs],
    )


def _cell(pair: PairValue, *, left: float, top: float, size: float) -> Cell:
    shade = None if pair.value is None else min(9, max(0, int(pair.value * 10)))
    return Cell(
        x=left + size * pair.column,
        y=top + size * pair.row,
        text=pair.text,
        shade=shade,
        is_strong=shade is not None and shade >= STRONG_SHADE,
        title=pair.title,
        href=pair.href,
    )


def _short(text: str, length: int = 18) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


@dataclass(frozen=True, kw_only=True)
class Amount:
    """One horizontal bar."""

    label: str
    value: float
    kind: BarKind = "plain"
    figure: str | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Bar:
    label: str
    start: float
    width: float
    figure: str
    note: str
    kind: BarKind
    title: str


@dataclass(frozen=True, kw_only=True)
class BarChart:
    title: str
    bars: Sequence[Bar]


def bar_chart(title: str, amounts: Sequence[Amount], *, largest: float | None = None) -> BarChart:
    """Lay out horizontal bars from a common zero to `largest`, the longest one by default."""
    if largest is None:
        largest = max((amount.value for amount in amounts), default=0) or 1
    return _bars(title, amounts, [0.0] * len(amounts), largest)


def flow_chart(title: str, amounts: Sequence[Amount]) -> BarChart:
    """Lay out what went in, what was lost at each step, and what came out (a waterfall)."""
    offsets, level, shared_out = [], 0.0, 0.0
    for amount in amounts:
        match amount.kind:
            case "lost":
                level -= amount.value
                offsets.append(level)
            case "part":
                offsets.append(shared_out)
                shared_out += amount.value
            case _:
                offsets.append(0.0)
                level = amount.value
    largest = max((amount.value for amount in amounts), default=0) or 1
    return _bars(title, amounts, offsets, largest)


def _bars(
    title: str, amounts: Sequence[Amount], offsets: Sequence[float], largest: float
) -> BarChart:
    bars = []
    for amount, offset in zip(amounts, offsets, strict=True):
        figure = amount.figure if amount.figure is not None else f"{amount.value:,.0f}"
        width = max(100 * amount.value / largest, 0.4) if amount.value else 0.0
        bars.append(
            Bar(
                label=amount.label,
                start=round(min(100 * offset / largest, 100 - width), 2),
                width=round(width, 2),
                figure=figure,
                note=amount.note,
                kind=amount.kind,
                title=", ".join(filter(None, [f"{amount.label}: {figure}", amount.note])),
            )
        )
    return BarChart(title=title, bars=bars)


@dataclass(frozen=True, kw_only=True)
class Column:
    start: float
    width: float
    y: float
    height: float
    title: str


@dataclass(frozen=True, kw_only=True)
class ColumnChart:
    """Amounts in order, one column each; only the ends of the order are labelled."""

    title: str
    height: int
    columns: Sequence[Column]
    first: str
    last: str
    top: str


def column_chart(
    title: str, amounts: Sequence[Amount], *, height: int = COLUMN_HEIGHT
) -> ColumnChart:
    """Lay out columns from left to right."""
    largest = max((amount.value for amount in amounts), default=0) or 1
    step = 100 / max(len(amounts), 1)
    columns = []
    for place, amount in enumerate(amounts):
        tall = max(height * amount.value / largest, 1.5) if amount.value else 0.0
        figure = amount.figure if amount.figure is not None else f"{amount.value:,.0f}"
        columns.append(
            Column(
                start=round(step * (place + 0.1), 3),
                width=round(step * 0.8, 3),
                y=round(height - tall, 2),
                height=round(tall, 2),
                title=f"{amount.label}: {figure}",
            )
        )
    return ColumnChart(
        title=title,
        height=height,
        columns=columns,
        first=amounts[0].label if amounts else "",
        last=amounts[-1].label if amounts else "",
        top=f"{largest:,.0f}",
    )
