"""Majority and mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.statistics.reference import units_of
from tests.statistics.strategies import ratings
from workbench.statistics import Ratings, first_place, majority, mean


def test_most_votes_win_and_a_tie_has_no_winner() -> None:
    table = Ratings(
        np.array([0, 0, 0, 1, 1, 2]),
        np.array([0, 1, 2, 0, 1, 2]),
        np.array([1, 1, 0, 0, 2, 2]),
        4,
        3,
        ("first", "second", "tie"),
    )
    consensus = majority(table)
    assert consensus.winners.tolist() == [1, -1, 2, -1]
    assert consensus.confidence.tolist() == [pytest.approx(2 / 3), 0.5, 1.0, None]
    assert consensus.n_judgments.tolist() == [3, 2, 1, 0]


@given(ratings())
def test_majority_counts_votes(table: Ratings) -> None:
    consensus = majority(table)
    judged = units_of(table)
    for unit in range(table.n_units):
        votes = sorted((judged[unit].count(value), value) for value in set(judged[unit]))
        tied = not votes or (len(votes) > 1 and votes[-1][0] == votes[-2][0])
        assert consensus.winners[unit] == (-1 if tied else votes[-1][1])
        assert consensus.n_judgments[unit] == len(judged[unit])
        expected = votes[-1][0] / len(judged[unit]) if votes else None
        assert consensus.confidence.tolist()[unit] == pytest.approx(expected)


@given(ratings())
def test_mean_is_the_mean_of_the_numbers(table: Ratings) -> None:
    means = mean(table)
    judged = units_of(table)
    expected = [
        float(np.mean([table.categories[value] for value in judged[unit]]))
        if judged[unit]
        else None
        for unit in range(table.n_units)
    ]
    assert means.values.tolist() == [e if e is None else pytest.approx(e) for e in expected]


def test_mean_needs_numbers() -> None:
    with pytest.raises(ValueError, match="not numbers"):
        mean(Ratings.from_labels([1], [1], ["first"]))


@given(st.floats(-1e-13, 1e-13))
def test_rounding_does_not_break_a_tie(noise: float) -> None:
    shares = np.array([[0.5 + noise, 0.5 - noise], [0.5001, 0.4999]])
    assert first_place(shares, np.array([2, 2])).winners.tolist() == [-1, 0]
