"""The judgments that lie closest together, against a plain search through all neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.statistics.most_similar import most_similar


def chosen(items: list[list[int]]) -> list[list[int]]:
    lengths = np.array([len(item) for item in items], dtype=np.int64)
    values = np.array([value for item in items for value in item], dtype=np.int64)
    marks = most_similar(values, lengths)
    parts = zip(
        np.split(values, np.cumsum(lengths)[:-1]),
        np.split(marks, np.cumsum(lengths)[:-1]),
        strict=True,
    )
    return [values[marks].tolist() for values, marks in parts]


@pytest.mark.parametrize(
    ("given", "similar"),
    [
        ([-2, -1, -2, 3], [-2, -1, -2]),
        ([3, -3, -2, 2, 3], [3, 2, 3]),
        ([0, 0, 0], [0, 0, 0]),
        ([1, 1, 1, 1], [1, 1, 1]),
        ([-3, 3], [-3, 3]),
        ([2], [2]),
        ([], []),
        # Ranges alike: nearest to the mean of all, then to 0.
        ([-3, -2, -1, 0, 0], [-1, 0, 0]),
        ([-3, -2, -1, 0], [-2, -1, 0]),
        ([3, 2, 1, 0], [2, 1, 0]),
    ],
)
def test_the_three_closest_are_marked(given: list[int], similar: list[int]) -> None:
    assert chosen([given]) == [similar]


STRENGTHS = st.lists(st.integers(-3, 3), max_size=7)


def plainly(item: list[int]) -> list[int]:
    ordered = sorted(item)
    width = min(3, len(item))
    windows = [ordered[start : start + width] for start in range(len(item) - width + 1)]
    if not item:
        return []
    mean = sum(item) / len(item)
    return min(
        windows,
        key=lambda one: (
            one[-1] - one[0],
            round(abs(sum(one) / width - mean), 9),
            abs(sum(one)),
        ),
    )


@given(items=st.lists(STRENGTHS, min_size=1, max_size=6))
def test_each_item_is_chosen_from_as_if_it_were_alone(items: list[list[int]]) -> None:
    assert [sorted(one) for one in chosen(items)] == [plainly(item) for item in items]


@given(item=STRENGTHS)
def test_swapping_the_responses_swaps_the_choice(item: list[int]) -> None:
    (there,), (back,) = chosen([item]), chosen([[-value for value in item]])
    assert abs(sum(there)) == abs(sum(back))
