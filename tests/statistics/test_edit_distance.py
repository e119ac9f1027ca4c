"""How far texts lie apart, against Levenshtein's recurrence written out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.statistics import edit_distance, mean_pairwise_distance, medoid

texts = st.text("ab אé\u0301🙂", max_size=8)


def distance_by_recurrence(first: str, second: str) -> int:
    row = list(range(len(second) + 1))
    for place, character in enumerate(first, start=1):
        above = row
        row = [place]
        for other, counterpart in enumerate(second, start=1):
            replaced = above[other - 1] + (character != counterpart)
            row.append(min(above[other] + 1, row[-1] + 1, replaced))
    return row[-1]


@given(texts, texts)
def test_the_distance_is_levenshteins_by_the_longer_text(first: str, second: str) -> None:
    longer = max(len(first), len(second), 1)
    expected = distance_by_recurrence(first, second) / longer
    assert edit_distance(first, second) == pytest.approx(expected)


@given(texts, texts)
def test_the_distance_is_symmetric_and_0_for_equal_texts_alone(first: str, second: str) -> None:
    distance = edit_distance(first, second)
    assert 0 <= distance <= 1
    assert distance == edit_distance(second, first)
    assert (distance == 0) == (first == second)


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ("kitten", "sitting", 3 / 7),
        ("", "", 0),
        ("", "abc", 1),
        ("abc", "xyz", 1),
        ("1" * 20_000, "1" * 19_990, 10 / 20_000),
    ],
)
def test_distances_worked_by_hand(first: str, second: str, distance: float) -> None:
    assert edit_distance(first, second) == pytest.approx(distance)


def test_the_mean_is_over_all_pairs() -> None:
    assert mean_pairwise_distance(["ab", "ab", "ax"]) == pytest.approx((0 + 0.5 + 0.5) / 3)
    assert mean_pairwise_distance(["ab", "ab"]) == 0


@pytest.mark.parametrize("few", [[], ["alone"]])
def test_fewer_than_two_texts_have_no_distance(few: list[str]) -> None:
    assert mean_pairwise_distance(few) is None


def test_the_medoid_is_nearest_to_all_others_and_the_first_of_equals() -> None:
    assert medoid(["unlike", "aaab", "aaaa", "aaac"]) == 1
    assert medoid(["one", "two"]) == 0
    assert medoid(["alone"]) == 0
    with pytest.raises(ValueError, match="empty"):
        medoid([])


@given(st.lists(texts, min_size=1, max_size=5))
def test_no_text_is_nearer_to_the_others_than_the_medoid(given_texts: list[str]) -> None:
    def total(text: str) -> float:
        return sum(edit_distance(text, other) for other in given_texts)

    chosen = given_texts[medoid(given_texts)]
    assert all(total(chosen) <= total(text) + 1e-9 for text in given_texts)
