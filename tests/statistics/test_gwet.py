"""Gwet's AC1."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.statistics.conftest import ReadOracle, ReadRatings
from tests.statistics.reference import percent_by_pairs
from tests.statistics.strategies import ratings, recoded, shuffled, simulated
from workbench.statistics import Ratings, Reason, gwet_ac1, percent_agreement


def ac1_by_the_paper(table: Ratings) -> float | None:
    """Gwet (2014), chapter 2: mean pairwise agreement, mean shares of the categories."""
    judged = defaultdict(list)
    for unit, value in zip(table.units.tolist(), table.values.tolist(), strict=True):
        judged[unit].append(value)
    size = len(table.categories)
    agreement = percent_by_pairs(table)
    if agreement is None or size < 2:
        return None
    pi = [
        np.mean([values.count(k) / len(values) for values in judged.values()]) for k in range(size)
    ]
    chance = sum(p * (1 - p) for p in pi) / (size - 1)
    return float((agreement - chance) / (1 - chance))


@given(ratings())
def test_equals_the_definition(table: Ratings) -> None:
    measured = gwet_ac1(table, bootstrap=0)
    expected = ac1_by_the_paper(table)
    assert measured.value == (None if expected is None else pytest.approx(expected, abs=1e-12))
    assert (measured.value is None) == (measured.reason is not None)


def test_two_annotators_by_hand() -> None:
    # Gwet's own point: of 125 units 118 are agreed on as positive and one as negative. pi of
    # positive is (121 + 121) / 250, chance is 2 pi (1 - pi) = 0.06195.
    table = [("+", "+")] * 118 + [("+", "-")] * 3 + [("-", "+")] * 3 + [("-", "-")]
    units = [unit for unit in range(125) for _ in "ab"]
    values = [value for pair in table for value in pair]
    measured = gwet_ac1(Ratings.from_labels(units, ["a", "b"] * 125, values))
    chance = 2 * 0.968 * 0.032
    assert measured.value == pytest.approx((119 / 125 - chance) / (1 - chance))
    assert measured.observed == pytest.approx(6 / 125)
    assert measured.expected == pytest.approx(1 - chance)
    assert measured.interval is not None
    assert measured.interval[0] < measured.value < measured.interval[1]


def test_who_agree_on_everything_reach_one_even_with_one_answer() -> None:
    table = Ratings.from_labels([1, 1, 2, 2], ["a", "b"] * 2, ["yes"] * 4, categories=["yes", "no"])
    assert gwet_ac1(table).value == 1.0
    only = Ratings.from_labels([1, 1, 2, 2], ["a", "b"] * 2, ["yes"] * 4)
    assert gwet_ac1(only).reason is Reason.NO_VARIATION


def test_is_undefined_where_nothing_is_judged_twice() -> None:
    table = Ratings.from_labels([1, 2], ["a", "b"], [0, 1])
    measured = gwet_ac1(table)
    assert (measured.value, measured.reason) == (None, Reason.NO_PAIRABLE_UNITS)
    assert (measured.interval, measured.n_units) == (None, 0)


@given(ratings(), st.integers(0, 1000))
def test_does_not_see_names_or_order(table: Ratings, seed: int) -> None:
    renamed = recoded(
        table,
        units=shuffled(table.n_units, seed),
        annotators=shuffled(table.n_annotators, seed),
        values=shuffled(len(table.categories), seed),
        rows=shuffled(table.n_judgments, seed),
    )
    before, after = gwet_ac1(table, bootstrap=0).value, gwet_ac1(renamed, bootstrap=0).value
    assert after == (None if before is None else pytest.approx(before, abs=1e-12))


@given(ratings(min_judgments=2))
def test_the_same_items_twice_over_change_the_interval_only(table: Ratings) -> None:
    value = gwet_ac1(table, bootstrap=0).value
    assume(value is not None)
    doubled = Ratings(
        np.concatenate([table.units, table.units + table.n_units]),
        np.tile(table.annotators, 2),
        np.tile(table.values, 2),
        table.n_units * 2,
        table.n_annotators,
        table.categories,
    )
    assert gwet_ac1(doubled, bootstrap=0).value == pytest.approx(value)


def test_units_of_one_item_are_drawn_together() -> None:
    table = simulated(200, 3)
    items = np.arange(200) // 10
    alone, together = gwet_ac1(table), gwet_ac1(table, clusters=items)
    assert alone.value == together.value
    assert alone.interval != together.interval
    assert gwet_ac1(table, clusters=np.arange(200)).interval == pytest.approx(
        alone.interval, abs=0.02
    )
    assert gwet_ac1(table, clusters=np.arange(200) // 50).interval_reason is Reason.TOO_FEW_UNITS


def test_four_units_judged_twice_among_many_are_too_few_for_an_interval() -> None:
    units = [*range(40), 0, 1, 2, 3]
    table = Ratings.from_labels(units, ["a"] * 40 + ["b"] * 4, [k % 2 for k in range(44)])
    measured = gwet_ac1(table)
    assert measured.value is not None
    assert measured.interval_reason is Reason.TOO_FEW_UNITS


@pytest.mark.parametrize("example", ["gwet_raw_4raters", "gwet_raw_5observers"])
def test_gwets_own_tables(read_ratings: ReadRatings, read_oracle: ReadOracle, example: str) -> None:
    table = read_ratings(f"reference_examples/{example}.csv", number=float)
    expected = read_oracle("reference_examples")[example]["computed"]["identity"]["gwet"]
    assert gwet_ac1(table).value == pytest.approx(expected["value"], abs=1e-9)


@pytest.mark.parametrize(
    ("data", "table", "keys"),
    [
        ("pandalm", "annotations.csv", ("handout__pandalm", "agreement")),
        ("llmfao", "annotations.csv.gz", ("handout__llmfao", "agreement")),
        ("xsum_hallucination", "factuality_annotations.csv", ("handout__xsum", "agreement")),
    ],
)
def test_published_judgments(
    read_ratings: ReadRatings,
    read_oracle: ReadOracle,
    data: str,
    table: str,
    keys: tuple[str, str],
) -> None:
    expected = read_oracle(data)[keys[0]][keys[1]]["irrCAC_gwet"]
    judged = read_ratings(f"{data}/{table}")
    measured = gwet_ac1(judged)
    assert measured.value == pytest.approx(expected["value"], abs=1e-9)
    assert measured.expected == pytest.approx(1 - expected["pe"], abs=1e-9)
    assert measured.observed == pytest.approx(1 - percent_agreement(judged).value)
    low, high = expected["ci"]
    assert measured.interval == pytest.approx((low, high), abs=0.15 * (high - low))
