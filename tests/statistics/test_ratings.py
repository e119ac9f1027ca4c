"""Coding judgments, and refusing what is not reliability data."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.statistics import Ratings, code_labels


def test_labels_become_codes_in_their_order() -> None:
    table = Ratings.from_labels(
        ["q2", "q1", "q2"], ["bo", "al", "al"], ["tie", "first", "tie"], categories=("first", "tie")
    )
    assert table.units.tolist() == [1, 0, 1]
    assert table.annotators.tolist() == [1, 0, 0]
    assert table.values.tolist() == [1, 0, 1]
    assert (table.n_units, table.n_annotators, table.n_judgments) == (2, 2, 3)
    assert table.categories == ("first", "tie")


def test_categories_present_are_sorted_unless_named() -> None:
    assert Ratings.from_labels([1, 2], [1, 1], [3, -2]).categories == (-2, 3)


def test_numbers_and_words_stay_apart() -> None:
    codes, labels = code_labels([1, "neither", -2], order=(-2, 1, "neither", "1"))
    assert codes.tolist() == [1, 2, 0]
    assert labels == (-2, 1, "neither", "1")


def test_arrays_are_coded_as_sequences_are() -> None:
    from_list, from_array = code_labels([30, 10, 30]), code_labels(np.array([30, 10, 30]))
    assert from_list[0].tolist() == from_array[0].tolist() == [1, 0, 1]
    assert from_list[1] == from_array[1] == (10, 30)


def test_refuses_an_unknown_value() -> None:
    with pytest.raises(ValueError, match="'maybe' is not one of"):
        Ratings.from_labels([1], [1], ["maybe"], categories=("yes", "no"))


@pytest.mark.parametrize(
    ("units", "annotators", "values", "problem"),
    [
        ([0, 2], [0, 0], [0, 0], "units are not all within 0 and 1"),
        ([0, -1], [0, 0], [0, 0], "units are not all within 0 and 1"),
        ([0, 1], [0, 3], [0, 0], "annotators are not all within 0 and 0"),
        ([0, 1], [0, 0], [0, 2], "values are not all within 0 and 1"),
        ([0, 1], [0], [0, 0], "2 units but 1 annotators"),
        ([0, 1], [0, 0], [0.0, 1.0], "array of integers"),
        ([[0, 1]], [0, 0], [0, 0], "one-dimensional"),
    ],
)
def test_refuses_codes_that_do_not_fit(
    units: list[int], annotators: list[int], values: list[int], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Ratings(np.array(units), np.array(annotators), np.array(values), 2, 1, ("a", "b"))


def test_refuses_a_category_named_twice() -> None:
    with pytest.raises(ValueError, match="not distinct"):
        Ratings.from_labels([1], [1], ["a"], categories=("a", "a"))


def test_narrow_integers_are_taken_as_they_are() -> None:
    table = Ratings(
        np.array([0, 1], dtype=np.int32),
        np.array([0, 0], dtype=np.uint8),
        np.array([1, 0], dtype=np.int8),
        2,
        1,
        ("a", "b"),
    )
    assert table.values.dtype == np.int64
