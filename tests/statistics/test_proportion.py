"""Shares and position bias."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from workbench.statistics import Reason, position_bias, proportion


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_is_wilsons(counted: tuple[int, int]) -> None:
    successes, n = counted
    share = proportion(successes, n)
    assert share.value == successes / n
    assert share.interval == pytest.approx(
        proportion_confint(successes, n, method="wilson"), abs=1e-9
    )
    assert share.interval is not None
    assert 0 <= share.interval[0] <= share.value <= share.interval[1] <= 1


def test_nothing_observed_is_no_share() -> None:
    share = proportion(0, 0)
    assert (share.value, share.reason, share.interval) == (None, Reason.NO_OBSERVATIONS, None)
    nothing = position_bias(np.empty(0, dtype=np.bool_), np.empty(0, dtype=np.int64))
    assert (nothing.value, nothing.reason) == (None, Reason.NO_OBSERVATIONS)


def test_refuses_a_share_above_one() -> None:
    with pytest.raises(ValueError, match="not a share"):
        proportion(3, 2)
    with pytest.raises(ValueError, match="2 judgments but 1 annotators"):
        position_bias(np.array([True, False]), np.array([0]))


def test_annotators_who_lean_alike_count_as_few_observations() -> None:
    annotators = np.repeat(np.arange(10), 100)
    leaning = position_bias(annotators < 5, annotators)
    mixed = position_bias(np.arange(1000) % 2 == 0, annotators)
    assert leaning.value == mixed.value == 0.5
    assert leaning.interval is not None
    assert mixed.interval is not None
    # Nine effective observations (ten means with one parameter fitted) against a thousand.
    assert leaning.interval[1] - leaning.interval[0] == pytest.approx(0.602, abs=0.001)
    assert mixed.interval[1] - mixed.interval[0] == pytest.approx(0.0715, abs=0.001)


def test_one_annotator_gives_a_share_and_no_interval() -> None:
    share = position_bias(np.array([True, True, False]), np.zeros(3, dtype=np.int64))
    assert share.value == pytest.approx(2 / 3)
    assert (share.interval, share.interval_reason) == (None, Reason.TOO_FEW_ANNOTATORS)


def test_one_sided_winners_are_as_many_observations_as_annotators() -> None:
    share = position_bias(np.ones(300, dtype=np.bool_), np.arange(300) % 6)
    assert share.value == 1.0
    assert share.interval is not None
    assert share.interval[0] < 0.6
    assert share.interval[1] == 1.0


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=60),
    st.integers(0, 10),
)
def test_names_of_annotators_and_order_do_not_matter(
    given_rows: list[tuple[bool, int]], seed: int
) -> None:
    won = np.array([row[0] for row in given_rows])
    annotators = np.array([row[1] for row in given_rows])
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(won))
    names = generator.permutation(100)
    one = position_bias(won, annotators)
    other = position_bias(won[order], names[annotators][order])
    assert other.value == one.value
    assert other.interval == pytest.approx(one.interval)
    assert one.interval is None or one.interval[0] <= one.value <= one.interval[1]


def test_covers_the_true_share_where_annotators_differ() -> None:
    generator = np.random.default_rng(3)
    covered = 0
    for _ in range(400):
        leanings = generator.beta(6, 4, size=12)
        annotators = np.repeat(np.arange(12), 40)
        won = generator.random(480) < leanings[annotators]
        interval = position_bias(won, annotators).interval
        assert interval is not None
        covered += interval[0] <= 0.6 <= interval[1]
    assert covered / 400 >= 0.92
