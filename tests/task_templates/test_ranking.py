"""Ranking: which rankings there are, how they are read off the editor, and what is measured."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.task_templates.rankings import (
    DEFAULTS,
    ITEM,
    STRICT,
    TEMPLATE,
    faults,
    item,
    judgment,
    place,
    rankings,
    refusal,
)

# Items


@pytest.mark.parametrize(
    ("count", "advice"),
    [
        (0, "3 to 9 responses"),
        (1, "rate it with multi_attribute_rating"),
        (2, "for two use pairwise_preference"),
        (10, "cut them into several items"),
    ],
)
def test_too_few_and_too_many_responses_are_refused_with_what_to_do(
    count: int, advice: str
) -> None:
    where, problem, expected = refusal(lambda: item([f"r{n}" for n in range(count)]))
    assert (where, problem) == (("responses",), f"has {count}")
    assert "3 to 9 responses" in expected
    assert advice in expected


@pytest.mark.parametrize("count", [3, 9])
def test_three_to_nine_responses_are_taken(count: int) -> None:
    assert len(item([f"r{n}" for n in range(count)]).responses) == count


def test_the_same_text_twice_is_refused_by_its_places() -> None:
    where, problem, expected = refusal(lambda: item(["a", "b", "a"]))
    assert where == ("responses",)
    assert problem == "have the same text at index 0 and 2"
    assert "leave one of the two out" in expected


def test_responses_are_lettered_in_the_order_shown() -> None:
    shown = TEMPLATE.show(ITEM, (2, 0, 3, 1), DEFAULTS)["responses"]
    assert [one["letter"] for one in shown] == ["A", "B", "C", "D"]
    assert all(
        text in one["text"]
        for one, text in zip(shown, ["gamma", "alpha", "delta", "beta"], strict=True)
    )


# Judgments


@pytest.mark.parametrize(
    ("ranks", "unacceptable", "dense"),
    [
        ((1, 2, 3, 4), (), (1, 2, 3, 4)),
        ((1, 2, 2, 4), (), (1, 2, 2, 3)),
        ((4, 4, 4, 4), (), (1, 1, 1, 1)),
        ((2, 4, 4, 3), (1, 2), (1, 3, 3, 2)),
        ((1, 3, 4, 1), (1, 2), (1, 2, 2, 1)),
        ((4, 1, 4, 4), (0, 2, 3), (2, 1, 2, 2)),
        ((1, 2, 3, 4), (0, 1, 2, 3), (1, 1, 1, 1)),
    ],
)
def test_ranks_have_no_gaps_and_the_unacceptable_share_the_last(
    ranks: Any, unacceptable: Any, dense: Any
) -> None:
    assert judgment(*ranks, unacceptable=unacceptable).ranks == dense


def test_responses_are_acceptable_unless_it_is_said() -> None:
    stored = TEMPLATE.judgment_model.model_validate({"ranks": [2, 1, 3]})
    assert stored.unacceptable == (False, False, False)


@pytest.mark.parametrize("rank", [0, -1, 1.0, "1", True, None, [1]])
def test_what_is_no_rank_is_refused_in_words(rank: Any) -> None:
    where, problem, expected = refusal(lambda: judgment(1, rank, 2))
    assert where == ("ranks", 1)
    assert problem.startswith("is ")
    assert expected == "a whole number from 1, the best"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"ranks": [1, 2, 7]}, "hold 7 for 3 responses"),
        (
            {"ranks": [1, 2, 3], "unacceptable": [True]},
            "are 3, and 1 say what is unacceptable",
        ),
        (
            {"ranks": [1, 2, 3], "unacceptable": [True, False, False]},
            "put an unacceptable response before an acceptable one",
        ),
    ],
)
def test_ranks_that_do_not_fit_together_are_refused(value: Any, problem: str) -> None:
    where, found, _ = refusal(lambda: TEMPLATE.judgment_model.model_validate(value))
    assert (where, found) == (("ranks",), problem)


@pytest.mark.parametrize("count", [0, 2, 10])
def test_a_ranking_of_too_few_or_too_many_is_refused(count: int) -> None:
    with pytest.raises(ValidationError):
        judgment(*range(1, count + 1))


def test_a_ranking_has_a_rank_for_each_response() -> None:
    assert faults(lambda: TEMPLATE.check(judgment(1, 2, 3), ITEM, DEFAULTS)) == [
        ("ranks", "are 3 for 4 responses")
    ]


def test_a_campaign_may_take_no_ties_but_the_unacceptable_share_theirs() -> None:
    tied = judgment(1, 2, 2, 3)
    TEMPLATE.check(tied, ITEM, DEFAULTS)
    assert faults(lambda: TEMPLATE.check(tied, ITEM, STRICT)) == [
        ("ranks.2", "is 2, as is that at index 1")
    ]
    TEMPLATE.check(judgment(1, 2, 3, 3, unacceptable=(2, 3)), ITEM, STRICT)


@pytest.mark.parametrize(
    ("options", "rationale", "problem"),
    [
        ({}, "", None),
        ({"require_rationale": True}, "", "is empty"),
        ({"min_rationale_chars": 5}, "four", "has 4 characters"),
        ({"min_rationale_chars": 5}, "", None),
        ({"min_rationale_chars": 4}, "four", None),
    ],
)
def test_a_rationale_is_as_long_as_the_campaign_asks(
    options: dict[str, Any], rationale: str, problem: str | None
) -> None:
    given_one = judgment(1, 2, 3, 4, rationale=rationale)
    asked = TEMPLATE.options_model(**options)
    if problem is None:
        TEMPLATE.check(given_one, ITEM, asked)
    else:
        assert faults(lambda: TEMPLATE.check(given_one, ITEM, asked)) == [("rationale", problem)]


# The editor's results


def test_every_response_is_placed_by_hand() -> None:
    raw = [place("rank_0", "1"), place("rank_2", "2"), place("rank_3", "3")]
    assert faults(lambda: TEMPLATE.decode(raw, ITEM, (0, 1, 2, 3), DEFAULTS)) == [
        ("rank_1", "is not answered")
    ]


def test_a_rank_beyond_the_number_of_responses_is_refused_where_it_was_given() -> None:
    raw = [place(f"rank_{n}", choice) for n, choice in enumerate(["1", "5", "2", "9"])]
    assert faults(lambda: TEMPLATE.decode(raw, ITEM, (3, 2, 1, 0), DEFAULTS)) == [
        ("rank_1", "is 5"),
        ("rank_3", "is 9"),
    ]


def test_a_response_beyond_the_last_is_unknown() -> None:
    raw = [place(f"rank_{n}", "1") for n in range(5)]
    assert faults(lambda: TEMPLATE.decode(raw, ITEM, (), DEFAULTS)) == [
        ("result[4].from_name", 'is "rank_4"')
    ]


def test_places_are_turned_into_canonical_order() -> None:
    raw = [place(f"rank_{n}", choice) for n, choice in enumerate(["2", "unacceptable", "1", "1"])]
    decoded = TEMPLATE.decode(raw, ITEM, (2, 0, 3, 1), DEFAULTS)
    assert decoded.ranks == (3, 1, 2, 1)
    assert decoded.unacceptable == (True, False, False, False)


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 1, 2, 2), (1, 2, 3, 4)])
def test_an_order_of_something_else_is_refused(order: tuple[int, ...]) -> None:
    assert [field for field, _ in faults(lambda: TEMPLATE.show(ITEM, order, DEFAULTS))] == [
        "presentation"
    ]


@given(rankings(), st.permutations(range(4)))
def test_decoding_inverts_encoding_in_any_order(given_one: Any, order: list[int]) -> None:
    encoded = TEMPLATE.encode(given_one, ITEM, order, DEFAULTS)
    assert TEMPLATE.decode(encoded, ITEM, order, DEFAULTS) == given_one


# Measures and coefficients


def values(field: str, given_one: Any) -> dict[str, Any]:
    (measure,) = (measure for measure in TEMPLATE.measures if measure.field == field)
    return dict(measure.values(given_one))


def test_each_pair_is_a_unit() -> None:
    given_one = judgment(2, 1, 2, 3, unacceptable=(3,))
    assert values("preference", given_one) == {
        "0-1": "second",
        "0-2": "tie",
        "0-3": "first",
        "1-2": "first",
        "1-3": "first",
        "2-3": "first",
    }
    assert values("acceptability", given_one) == {
        "0": "acceptable",
        "1": "acceptable",
        "2": "acceptable",
        "3": "unacceptable",
    }


@pytest.mark.parametrize(
    ("given_one", "best"),
    [
        (judgment(2, 1, 3), "1"),
        (judgment(1, 1, 2), "shared"),
        (judgment(1, 1, 1, unacceptable=(0, 1, 2)), "none"),
        (judgment(1, 2, 2, unacceptable=(1, 2)), "0"),
    ],
)
def test_the_best_is_one_response_or_shared_or_none(given_one: Any, best: str) -> None:
    assert values("best", given_one) == {"": best}


def coefficient(field: str, *judgments: Any) -> float | None:
    (found,) = (one for one in TEMPLATE.coefficients if one.field == field)
    return found.of(ITEM, judgments)


def test_the_agreement_of_an_item_is_kendalls() -> None:
    same, reverse = judgment(1, 2, 3, 4), judgment(4, 3, 2, 1)
    assert coefficient("kendall_tau_b", same, same, same) == 1.0
    assert coefficient("kendall_w", same, same, same) == 1.0
    assert coefficient("kendall_tau_b", same, reverse) == -1.0
    assert coefficient("kendall_w", same, reverse) == 0.0
    assert coefficient("kendall_tau_b", same, same, reverse) == pytest.approx(-1 / 3)
    assert coefficient("kendall_w", same, same, reverse) == pytest.approx(1 / 9)


def test_agreement_is_undefined_without_a_second_order() -> None:
    level = judgment(1, 1, 1, 1)
    for field in ("kendall_tau_b", "kendall_w"):
        assert coefficient(field, judgment(1, 2, 3, 4)) is None
        assert coefficient(field, level, level) is None


@pytest.mark.parametrize(
    ("ranks", "order", "won"),
    [
        ((1, 2, 3), (0, 1, 2), True),
        ((1, 2, 3), (2, 1, 0), False),
        ((1, 2, 1), (0, 1, 2), None),
        ((3, 1, 2), (1, 0, 2), True),
    ],
)
def test_the_first_shown_is_compared_with_the_last_shown(
    ranks: Any, order: Any, won: bool | None
) -> None:
    assert TEMPLATE.first_shown_won is not None
    assert TEMPLATE.first_shown_won(judgment(*ranks), order) is won
