"""Weighted κ pooled over pairs of annotators."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.statistics.conftest import ReadOracle, ReadRatings
from tests.statistics.reference import units_of
from tests.statistics.strategies import ratings, recoded, shuffled, simulated
from workbench.statistics import Ratings, Reason, Weighting, cohen_kappa, pooled_kappa

weightings = st.sampled_from(list(Weighting))


def kappa_by_pairs(table: Ratings) -> float | None:
    """Quadratic weights, pair by pair: within units, and between annotators' own shares."""
    within = [
        np.mean([(one - other) ** 2 for one, other in permutations(judged, 2)])
        for judged in units_of(table).values()
        if len(judged) > 1
    ]
    own = [table.values[table.annotators == a] for a in np.unique(table.annotators)]
    between = [np.mean((one[:, np.newaxis] - other) ** 2.0) for one, other in permutations(own, 2)]
    if not within or not np.any(between):
        return None
    return float(1 - np.mean(within) / np.mean(between))


@given(ratings())
def test_equals_the_definition(table: Ratings) -> None:
    measured = pooled_kappa(table, bootstrap=0).value
    expected = kappa_by_pairs(table)
    assert measured == (None if expected is None else pytest.approx(expected, abs=1e-9))


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30), weightings
)
def test_is_cohens_where_two_judged_the_same(
    pairs: list[tuple[int, int]], weighting: Weighting
) -> None:
    first, second = np.array(pairs).T
    units = np.repeat(np.arange(len(pairs)), 2)
    table = Ratings(
        units, np.tile([0, 1], len(pairs)), np.array(pairs).ravel(), len(pairs), 2, (0, 1, 2, 3)
    )
    pooled = pooled_kappa(table, weighting=weighting, bootstrap=0)
    alone = cohen_kappa(first, second, 4, weighting=weighting)
    assert pooled.value == (None if alone.value is None else pytest.approx(alone.value, abs=1e-9))
    assert pooled.reason == alone.reason


@given(ratings(), st.integers(0, 1000))
def test_does_not_see_names_or_order(table: Ratings, seed: int) -> None:
    renamed = recoded(
        table,
        units=shuffled(table.n_units, seed),
        annotators=shuffled(table.n_annotators, seed),
        rows=shuffled(table.n_judgments, seed),
    )
    before = pooled_kappa(table, bootstrap=0).value
    after = pooled_kappa(renamed, bootstrap=0).value
    assert after == (None if before is None else pytest.approx(before, abs=1e-12))


@given(ratings(), weightings)
def test_a_scale_read_backwards_is_the_same_scale(table: Ratings, weighting: Weighting) -> None:
    backwards = recoded(table, values=np.arange(len(table.categories))[::-1])
    before = pooled_kappa(table, weighting=weighting, bootstrap=0).value
    after = pooled_kappa(backwards, weighting=weighting, bootstrap=0).value
    assert after == (None if before is None else pytest.approx(before, abs=1e-12))


def test_full_agreement_is_one_and_one_answer_is_undefined() -> None:
    agreed = Ratings.from_labels([1, 1, 2, 2], ["a", "b"] * 2, [0, 0, 4, 4])
    assert pooled_kappa(agreed).value == 1.0
    constant = Ratings.from_labels([1, 1, 2, 2], ["a", "b"] * 2, [3] * 4, categories=[0, 3])
    assert pooled_kappa(constant).reason is Reason.NO_VARIATION
    single = Ratings.from_labels([1, 2], ["a", "b"], [0, 1])
    assert pooled_kappa(single).reason is Reason.NO_PAIRABLE_UNITS


def test_units_of_one_item_are_drawn_together() -> None:
    table = simulated(200, 3)
    alone = pooled_kappa(table)
    together = pooled_kappa(table, clusters=np.arange(200) // 10)
    assert alone.value == together.value
    assert alone.interval != together.interval
    assert alone.interval is not None
    assert alone.interval[0] < alone.value < alone.interval[1]


def test_the_interval_covers_what_many_units_tell() -> None:
    truth = pooled_kappa(simulated(20_000, 3, seed=1), bootstrap=0).value
    covered = 0
    for seed in range(100):
        low, high = pooled_kappa(simulated(60, 3, seed=100 + seed), bootstrap=200).interval
        covered += low <= truth <= high
    assert covered >= 87


@pytest.mark.parametrize("example", ["gwet_raw_4raters", "gwet_raw_5observers"])
def test_gwets_own_tables(read_ratings: ReadRatings, read_oracle: ReadOracle, example: str) -> None:
    table = read_ratings(f"reference_examples/{example}.csv", number=float)
    expected = read_oracle("reference_examples")[example]["computed"]
    for weighting, key in (
        (Weighting.NOMINAL, "identity"),
        (Weighting.LINEAR, "linear"),
        (Weighting.QUADRATIC, "quadratic"),
    ):
        measured = pooled_kappa(table, weighting=weighting)
        assert measured.value == pytest.approx(expected[key]["conger"]["value"], abs=1e-9)


def test_five_readers_of_the_same_records(
    read_ratings: ReadRatings, read_oracle: ReadOracle
) -> None:
    table = read_ratings("anesthesia_ds1979/annotations.csv", number=int, first_replicate=True)
    expected = read_oracle("anesthesia_ds1979")["handout__anesthesia"]["agreement_first_reading"]
    measured = pooled_kappa(table, weighting=Weighting.NOMINAL)
    assert measured.value == pytest.approx(expected["irrCAC_conger_full_matrix"], abs=1e-9)
