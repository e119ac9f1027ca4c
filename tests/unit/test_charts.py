"""The geometry of charts: places in percent, titles that hold the figures."""

from __future__ import annotations

import pytest

from workbench.web.charts import (
    Amount,
    Estimate,
    PairValue,
    bar_chart,
    column_chart,
    flow_chart,
    interval_chart,
    matrix,
)


def _estimate(value: float | None, interval: tuple[float, float] | None = None) -> Estimate:
    return Estimate(label="Direction", value=value, interval=interval, note="n = 30 items")


def test_an_estimate_stands_at_its_share_of_the_scale() -> None:
    chart = interval_chart("Agreement", [_estimate(0.5, (0.25, 0.75))])
    (row,) = chart.rows
    assert (row.at, row.low, row.width) == (50.0, 25.0, 50.0)
    assert row.title == "Direction: 0.50, 0.25 to 0.75, n = 30 items"
    assert [tick.label for tick in chart.ticks] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]


def test_the_scale_reaches_below_zero_only_where_an_estimate_does() -> None:
    chart = interval_chart("Agreement", [_estimate(0.1, (-0.3, 0.4))])
    (row,) = chart.rows
    assert row.low is not None
    assert row.low > 0
    assert chart.ticks[0].label.startswith("−")
    assert row.title.startswith("Direction: 0.10, −0.30 to 0.40")


@pytest.mark.parametrize("worst", [-1.0, -0.999, -5.0])
def test_no_place_is_outside_the_plot(worst: float) -> None:
    (row,) = interval_chart("Agreement", [_estimate(worst, (worst, 1.5))]).rows
    assert row.low is not None
    assert 0 <= row.low <= row.low + row.width <= 100


def test_what_is_undefined_or_hidden_is_not_drawn() -> None:
    hidden = Estimate(label="A", value=0.9, interval=(0.8, 1.0), note="n = 3", is_hidden=True)
    undefined = Estimate(label="B", value=None, interval=None, note="no variation", target=0.45)
    rows = interval_chart("Agreement", [hidden, undefined]).rows
    assert [(row.at, row.low, row.target, row.figure) for row in rows] == [
        (None, None, None, "hidden"),
        (None, None, None, "undefined"),
    ]
    assert "0.9" not in rows[0].title


@pytest.mark.parametrize(
    ("value", "grade"), [(0.7, "good"), (0.69, "short"), (0.6, "short"), (0.59, "alarm")]
)
def test_an_estimate_is_graded_by_its_target_and_its_alarm(value: float, grade: str) -> None:
    estimate = Estimate(
        label="A", value=value, interval=None, note="", percent=True, target=0.7, alarm=0.6
    )
    assert interval_chart("Agreement", [estimate]).rows[0].grade == grade


def test_a_flow_loses_from_the_right_and_its_parts_fill_what_came_out() -> None:
    chart = flow_chart(
        "Flow",
        [
            Amount(label="In", value=10, kind="in"),
            Amount(label="Tied", value=2, kind="lost"),
            Amount(label="Unsure", value=3, kind="lost"),
            Amount(label="Out", value=5, kind="out"),
            Amount(label="First", value=4, kind="part"),
            Amount(label="Second", value=1, kind="part"),
        ],
    )
    assert [(bar.start, bar.width) for bar in chart.bars] == [
        (0, 100),
        (80, 20),
        (50, 30),
        (0, 50),
        (0, 40),
        (40, 10),
    ]


def test_a_small_amount_is_seen_and_none_at_all_is_not() -> None:
    chart = bar_chart("Bars", [Amount(label=str(n), value=n) for n in (100_000, 1, 0)])
    assert [bar.width > 0 for bar in chart.bars] == [True, True, False]
    assert all(bar.start + bar.width <= 100 for bar in chart.bars)


def test_charts_of_nothing_are_empty() -> None:
    assert bar_chart("Bars", []).bars == []
    assert column_chart("Columns", []).columns == []
    assert interval_chart("Intervals", []).rows == []
    assert matrix("Matrix", [], []).cells == []


def test_columns_stand_side_by_side_up_to_the_tallest() -> None:
    amounts = [Amount(label=name, value=value) for name, value in (("a", 1), ("b", 4), ("c", 0))]
    chart = column_chart("Columns", amounts, height=80)
    assert [(column.y, column.height) for column in chart.columns] == [(60, 20), (0, 80), (80, 0)]
    starts = [column.start for column in chart.columns]
    assert starts == sorted(starts)
    assert (chart.first, chart.last, chart.top) == ("a", "c", "4")


def test_a_matrix_puts_each_pair_in_its_row_and_column() -> None:
    pairs = [
        PairValue(row=0, column=1, value=1.0, text="100", title="a and b"),
        PairValue(row=1, column=0, value=None, text="n 3", title="b and a"),
    ]
    chart = matrix("Matrix", ["a", "b"], pairs)
    first, second = chart.cells
    assert (first.x - second.x, second.y - first.y) == pytest.approx((chart.cell, chart.cell))
    assert (first.shade, first.is_strong, second.shade) == (9, True, None)
