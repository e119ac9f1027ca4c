"""Entropy of an item's judgments."""

from __future__ import annotations

from collections import Counter
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy

from workbench.statistics.spread import entropy

labels = st.lists(st.sampled_from("abcde"), min_size=1, max_size=30)


@given(labels)
def test_entropy_equals_scipy_in_bits(values: list[str]) -> None:
    assert entropy(values) == pytest.approx(scipy_entropy([*Counter(values).values()], base=2))


@given(labels)
def test_entropy_lies_between_one_value_and_even_shares(values: list[str]) -> None:
    given_entropy = entropy(values)
    assert given_entropy is not None
    assert -1e-12 <= given_entropy <= log2(len(set(values))) + 1e-12
    assert (given_entropy == 0) == (len(set(values)) == 1)


@given(labels)
def test_entropy_does_not_see_what_values_are_called_or_their_order(values: list[str]) -> None:
    assert entropy([(value, 1) for value in reversed(values)]) == pytest.approx(entropy(values))


def test_entropy_of_hand_worked_shares() -> None:
    assert entropy("ab") == 1
    assert entropy("aabc") == pytest.approx(1.5)
    assert entropy([True, True, True]) == 0


def test_entropy_of_nothing_is_undefined() -> None:
    assert entropy([]) is None
