"""The mean over items of a number each has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from workbench.statistics import Reason, mean_over_items

numbers = st.lists(st.floats(-10, 10, allow_nan=False), min_size=5, max_size=30)


@given(numbers)
def test_the_interval_lies_within_the_numbers(given_numbers: list[float]) -> None:
    measured = mean_over_items(np.array(given_numbers), bootstrap=50)
    assert measured.value == pytest.approx(np.mean(given_numbers), abs=1e-9)
    assert measured.n == len(given_numbers)
    low, high = measured.interval
    assert min(given_numbers) - 1e-9 <= low <= high <= max(given_numbers) + 1e-9


@given(numbers, st.randoms(use_true_random=False))
def test_the_order_of_items_is_not_seen(given_numbers: list[float], random) -> None:
    shuffled = list(given_numbers)
    random.shuffle(shuffled)
    assert mean_over_items(np.array(shuffled), bootstrap=50) == mean_over_items(
        np.array(given_numbers), bootstrap=50
    )


@pytest.mark.parametrize("n_values", [3, 400])
def test_the_interval_is_scipys(n_values: int) -> None:
    generator = np.random.default_rng(3)
    drawn = generator.integers(n_values, size=300) / n_values
    theirs = bootstrap((drawn,), np.mean, method="percentile", rng=1).confidence_interval
    ours = mean_over_items(drawn, bootstrap=5000).interval
    assert ours == pytest.approx(tuple(theirs), abs=0.005)


def test_few_items_have_no_interval_and_none_no_mean() -> None:
    few = mean_over_items(np.array([0.5, 1.0, 0.0, 0.5]))
    assert (few.value, few.interval, few.interval_reason) == (0.5, None, Reason.TOO_FEW_UNITS)
    nothing = mean_over_items(np.empty(0))
    assert (nothing.value, nothing.reason, nothing.n) == (None, Reason.NO_OBSERVATIONS, 0)
    unasked = mean_over_items(np.arange(9.0), bootstrap=0)
    assert unasked.interval_reason is Reason.NOT_REQUESTED
