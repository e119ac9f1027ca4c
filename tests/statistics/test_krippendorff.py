"""Krippendorff's α: definition, laws, undefined cases and the bootstrap."""

from __future__ import annotations

from dataclasses import replace

import evalica
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.statistics.frames import observers_by_units
from tests.statistics.reference import alpha_by_coincidences
from tests.statistics.strategies import ratings, recoded, shuffled, simulated
from workbench.statistics import Level, Ratings, Reason, krippendorff_alpha

levels = st.sampled_from(list(Level))
seeds = st.integers(0, 2**32 - 1)


def value_of(given_ratings: Ratings, level: Level) -> float | None:
    return krippendorff_alpha(given_ratings, level, bootstrap=0).value


def agreeing_or_both_undefined(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == pytest.approx(other, abs=1e-9)


@given(ratings(max_units=12), levels)
def test_equals_the_definition_by_coincidence_matrix(table: Ratings, level: Level) -> None:
    assert agreeing_or_both_undefined(value_of(table, level), alpha_by_coincidences(table, level))


@given(ratings(min_judgments=4, max_units=12), levels)
def test_equals_evalica(table: Ratings, level: Level) -> None:
    ours = value_of(table, level)
    assume(ours is not None)
    theirs = evalica.alpha(observers_by_units(table), distance=level.value)
    assert ours == pytest.approx(theirs.alpha, abs=1e-9)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=10), st.integers(2, 5), levels)
def test_is_one_for_perfect_agreement(truth: list[int], overlap: int, level: Level) -> None:
    assume(len(set(truth)) > 1)
    table = Ratings(
        np.repeat(np.arange(len(truth)), overlap),
        np.tile(np.arange(overlap), len(truth)),
        np.repeat(truth, overlap),
        len(truth),
        overlap,
        (1, 2, 3, 4),
    )
    assert value_of(table, level) == pytest.approx(1.0, abs=1e-12)


@given(ratings(min_judgments=2), levels, seeds)
def test_knows_no_names_and_no_order(table: Ratings, level: Level, seed: int) -> None:
    renamed = recoded(
        table,
        units=shuffled(table.n_units, seed),
        annotators=shuffled(table.n_annotators, seed),
        rows=shuffled(table.n_judgments, seed),
    )
    one, other = (krippendorff_alpha(t, level, bootstrap=100) for t in (table, renamed))
    assert agreeing_or_both_undefined(one.value, other.value)
    assert one.interval == pytest.approx(other.interval)
    assert one.n_annotators == other.n_annotators


@given(ratings(min_judgments=2), seeds)
def test_nominal_survives_relabelling(table: Ratings, seed: int) -> None:
    relabelled = recoded(table, values=shuffled(len(table.categories), seed))
    assert agreeing_or_both_undefined(
        value_of(table, Level.NOMINAL), value_of(relabelled, Level.NOMINAL)
    )


@given(ratings(min_judgments=2), st.lists(st.floats(-1e3, 1e3), min_size=4, unique=True))
def test_ordinal_survives_monotone_recoding(table: Ratings, numbers: list[float]) -> None:
    increasing = tuple(sorted(numbers))[: len(table.categories)]
    assert agreeing_or_both_undefined(
        value_of(table, Level.ORDINAL),
        value_of(replace(table, categories=increasing), Level.ORDINAL),
    )


@given(ratings(min_judgments=2))
def test_ordinal_survives_unused_categories_and_reversal(table: Ratings) -> None:
    spread = replace(
        table, values=table.values * 2 + 1, categories=tuple(range(2 * len(table.categories) + 2))
    )
    reversed_ = recoded(table, values=np.arange(len(table.categories))[::-1])
    ours = value_of(table, Level.ORDINAL)
    assert agreeing_or_both_undefined(ours, value_of(spread, Level.ORDINAL))
    assert agreeing_or_both_undefined(ours, value_of(reversed_, Level.ORDINAL))


@given(ratings(min_judgments=2), st.floats(0.01, 100), st.floats(-100, 100))
def test_interval_survives_affine_recoding(table: Ratings, scale: float, shift: float) -> None:
    moved = replace(table, categories=tuple(scale * c + shift for c in table.categories))
    assert agreeing_or_both_undefined(
        value_of(table, Level.INTERVAL), value_of(moved, Level.INTERVAL)
    )


@given(ratings(min_judgments=2), st.floats(0.01, 100))
def test_ratio_survives_a_change_of_unit(table: Ratings, scale: float) -> None:
    scaled = replace(table, categories=tuple(scale * c for c in table.categories))
    assert agreeing_or_both_undefined(value_of(table, Level.RATIO), value_of(scaled, Level.RATIO))


@given(ratings(min_judgments=2), levels, st.lists(st.integers(0, 0), max_size=3))
def test_units_with_one_judgment_change_nothing(
    table: Ratings, level: Level, lone: list[int]
) -> None:
    n_lone = len(lone)
    extended = replace(
        table,
        units=np.concatenate([table.units, table.n_units + np.arange(n_lone)]),
        annotators=np.concatenate([table.annotators, np.full(n_lone, table.n_annotators)]),
        values=np.concatenate([table.values, np.array(lone, dtype=np.int64)]),
        n_units=table.n_units + n_lone,
        n_annotators=table.n_annotators + 1,
    )
    assert krippendorff_alpha(extended, level, bootstrap=50) == krippendorff_alpha(
        table, level, bootstrap=50
    )


@given(ratings(), levels)
def test_never_returns_nan(table: Ratings, level: Level) -> None:
    alpha = krippendorff_alpha(table, level, bootstrap=20)
    assert (alpha.value is None) == (alpha.reason is not None)
    assert (alpha.interval is None) == (alpha.interval_reason is not None)
    numbers = [alpha.value, alpha.observed, alpha.expected, *(alpha.interval or ())]
    assert all(np.isfinite(number) for number in numbers if number is not None)


def test_is_undefined_without_a_unit_of_two_judgments() -> None:
    alone = Ratings.from_labels(["a", "b"], ["x", "y"], [1, 2])
    alpha = krippendorff_alpha(alone, Level.NOMINAL)
    assert (alpha.value, alpha.reason) == (None, Reason.NO_PAIRABLE_UNITS)
    assert (alpha.n_units, alpha.n_pairable, alpha.n_annotators) == (0, 0, 0)


def test_is_undefined_without_any_judgment() -> None:
    nothing = Ratings.from_labels([], [], [], categories=("first", "second"))
    assert krippendorff_alpha(nothing, Level.NOMINAL).reason is Reason.NO_PAIRABLE_UNITS


@pytest.mark.parametrize("level", list(Level))
def test_is_undefined_where_only_one_category_is_used(level: Level) -> None:
    same = Ratings.from_labels([1, 1, 2, 2], [1, 2, 1, 2], [3, 3, 3, 3], categories=(1, 2, 3))
    alpha = krippendorff_alpha(same, level)
    assert (alpha.value, alpha.reason) == (None, "no_variation")
    assert alpha.n_pairable == 4


def test_counts_what_is_pairable() -> None:
    table = Ratings.from_labels(
        ["u1", "u1", "u2", "u2", "u2", "u3"], ["a", "b", "a", "b", "c", "d"], [1, 2, 1, 1, 1, 2]
    )
    alpha = krippendorff_alpha(table, Level.NOMINAL)
    assert (alpha.n_units, alpha.n_pairable, alpha.n_annotators) == (2, 5, 3)
    assert alpha.observed == pytest.approx(2 / 5)
    assert alpha.expected == pytest.approx(2 * 4 * 1 / (5 * 4))


def test_refuses_categories_that_do_not_suit_the_level() -> None:
    words = Ratings.from_labels([1, 1, 2, 2], [1, 2, 1, 2], ["no", "no", "yes", "no"])
    with pytest.raises(ValueError, match="not numbers"):
        krippendorff_alpha(words, Level.INTERVAL)
    with pytest.raises(ValueError, match="not negative"):
        krippendorff_alpha(replace(words, categories=(-1, 1)), Level.RATIO)
    with pytest.raises(ValueError, match="do not increase"):
        krippendorff_alpha(replace(words, categories=(2, 1)), Level.INTERVAL)


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize(
    ("n_categories", "overlap"),
    [(3, 4), (30, 4), (300, 15)],
    ids=["counts as digits", "values as digits", "each unit its own pattern"],
)
def test_every_way_of_packing_patterns_gives_the_definition(
    level: Level, n_categories: int, overlap: int
) -> None:
    table = simulated(60, overlap, n_categories=n_categories)
    alpha = krippendorff_alpha(table, level, bootstrap=200)
    assert alpha.value == pytest.approx(alpha_by_coincidences(table, level), abs=1e-9)
    assert alpha.interval is not None
    assert alpha.interval[0] < alpha.value < alpha.interval[1]


def test_one_unit_with_many_judgments_among_small_ones() -> None:
    small = simulated(200, 2, n_categories=3)
    crowded = replace(
        small,
        units=np.concatenate([small.units, np.zeros(150, dtype=np.int64)]),
        annotators=np.concatenate([small.annotators, np.arange(150) % 2]),
        values=np.concatenate([small.values, np.arange(150) % 3]),
    )
    assert value_of(crowded, Level.ORDINAL) == pytest.approx(
        alpha_by_coincidences(crowded, Level.ORDINAL), abs=1e-9
    )
