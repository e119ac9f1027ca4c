"""Ranking: which rankings there are, what their consensus is, and the pairs it yields."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.ballots import ballot
from workbench.contracts.records import Given, GivenRanks, Preference, Ranking
from workbench.contracts.registry import get_template
from workbench.contracts.task_template import ConsensusMethod, Settlement
from workbench.errors import JudgmentInvalid

TEMPLATE = get_template("ranking")
TEXTS = ["alpha", "beta", "gamma", "delta"]
DEFAULTS = TEMPLATE.options_model()
STRICT = TEMPLATE.options_model(allow_ties=False)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def item(texts: list[str]) -> Any:
    responses = [{"text": text, "model": f"model-{text}"} for text in texts]
    return TEMPLATE.item_model.model_validate({"prompt": "Which?", "responses": responses})


ITEM = item(TEXTS)


def judgment(*ranks: Any, unacceptable: Any = (), rationale: str = "") -> Any:
    """`unacceptable` holds the indices of those that are."""
    flags = [index in unacceptable for index in range(len(ranks))]
    return TEMPLATE.judgment_model.model_validate(
        {"ranks": list(ranks), "unacceptable": flags, "rationale": rationale}
    )


def refusal(make: Any) -> tuple[Any, str, str]:
    with pytest.raises(ValidationError) as refused:
        make()
    (error,) = refused.value.errors()
    return error["loc"], error["msg"], error["ctx"]["expected"]


def faults(check: Any) -> list[tuple[str, str]]:
    with pytest.raises(JudgmentInvalid) as refused:
        check()
    return [(row.field, row.problem) for row in refused.value.rows]


def place(name: str, choice: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "x", "type": "choices", "value": {"choices": [choice]}}


def settle(method: str, *judgments: Any) -> Settlement:
    n_responses = len(judgments[0].ranks)
    ranked = item(TEXTS[:n_responses])
    return TEMPLATE.settle(ranked, ballot(TEMPLATE, ConsensusMethod(method), judgments))


def given_by(*judgments: Any) -> list[Given]:
    return [
        Given(annotator=f"a{number}", value=one, created_at=NOON, seconds=None)
        for number, one in enumerate(judgments)
    ]


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


@st.composite
def rankings(draw: st.DrawFn) -> Any:
    ranks = draw(st.lists(st.integers(1, 4), min_size=4, max_size=4))
    limit = draw(st.integers(1, 5))
    flags = [index for index, rank in enumerate(ranks) if rank >= limit]
    return judgment(*ranks, unacceptable=flags, rationale=draw(st.sampled_from(["", "Why."])))


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


# Consensus


@pytest.mark.parametrize("method", ConsensusMethod)
@given(given_one=rankings(), n=st.integers(1, 4))
@settings(max_examples=25)
def test_those_who_agree_settle_on_what_they_say(method: str, given_one: Any, n: int) -> None:
    settled = settle(method, *[given_one] * n)
    assert settled.value["ranks"] == list(given_one.ranks)
    assert settled.value["unacceptable"] == list(given_one.unacceptable)
    assert settled.confidence == 1.0


def test_the_mean_orders_by_mean_places_in_which_ties_share_theirs() -> None:
    settled = settle("mean", judgment(1, 1, 2, 3), judgment(1, 2, 4, 3), judgment(2, 1, 4, 3))
    assert settled.value["mean_places"] == pytest.approx([4.5 / 3, 4.5 / 3, 11 / 3, 10 / 3])
    assert settled.value["ranks"] == [1, 1, 3, 2]


def test_equal_means_are_ties_however_they_come_about() -> None:
    settled = settle("mean", judgment(1, 2, 3), judgment(3, 2, 1))
    assert settled.value["ranks"] == [1, 1, 1]
    assert settled.confidence == 0.0


def test_what_most_find_unacceptable_comes_last_by_the_mean_too() -> None:
    refused = judgment(3, 1, 2, unacceptable=(0,))
    settled = settle("mean", refused, refused, judgment(1, 2, 3))
    assert settled.value["unacceptable"] == [True, False, False]
    assert settled.value["ranks"] == [3, 1, 2]


def test_one_of_two_is_not_most() -> None:
    settled = settle("mean", judgment(1, 2, 3, unacceptable=(2,)), judgment(1, 2, 3))
    assert settled.value["unacceptable"] == [False, False, False]


def test_the_majority_of_pairs_orders_by_copelands_score() -> None:
    settled = settle("majority", judgment(1, 2, 3), judgment(1, 3, 2), judgment(2, 1, 3))
    assert settled.value == {
        "ranks": [1, 2, 3],
        "unacceptable": [False, False, False],
        "mean_places": None,
    }
    assert settled.confidence == pytest.approx((2 / 3 + 1 + 2 / 3) / 3)


def test_an_undecided_pair_counts_half_for_each() -> None:
    settled = settle("majority", judgment(1, 2, 3), judgment(2, 1, 3))
    assert settled.value["ranks"] == [1, 1, 2]


@pytest.mark.parametrize("method", ["majority", "dawid_skene"])
def test_votes_that_run_in_a_circle_are_a_conflict(method: str) -> None:
    circle = [judgment(1, 2, 3), judgment(3, 1, 2), judgment(2, 3, 1)]
    settled = settle(method, *circle)
    assert (settled.value, settled.reason) == (None, "conflict")
    assert settle("mean", *circle).value["ranks"] == [1, 1, 1]


@pytest.mark.parametrize("method", ["majority", "dawid_skene"])
def test_votes_that_decide_no_pair_are_tied(method: str) -> None:
    settled = settle(method, judgment(1, 2, 3), judgment(3, 2, 1))
    assert (settled.value, settled.reason) == (None, "tied")


@pytest.mark.parametrize("method", ConsensusMethod)
def test_a_consensus_that_all_are_level_is_settled(method: str) -> None:
    settled = settle(method, judgment(1, 1, 1), judgment(1, 1, 1))
    assert settled.value["ranks"] == [1, 1, 1]
    assert TEMPLATE.outcome is not None
    assert TEMPLATE.outcome(settled.value) == "tie"


@given(st.lists(rankings(), min_size=1, max_size=5))
def test_a_settled_majority_never_turns_a_decided_pair_round(judgments: list[Any]) -> None:
    counted = ballot(TEMPLATE, ConsensusMethod.MAJORITY, judgments)
    value = TEMPLATE.settle(ITEM, counted).value
    if value is None:
        return
    for first, second in combinations(range(4), 2):
        if value["unacceptable"][first] and value["unacceptable"][second]:
            continue
        decided = counted.votes["preference"][f"{first}-{second}"].value
        ranks = value["ranks"][first], value["ranks"][second]
        if decided == "first":
            assert ranks[0] < ranks[1]
        if decided == "second":
            assert ranks[0] > ranks[1]


# Records


def pairs(settled: Settlement, given: list[Given], ranked: Any = ITEM) -> list[Preference]:
    found = TEMPLATE.records(ranked, settled, given)
    return [record for record in found if isinstance(record, Preference)]


def test_a_ranking_yields_all_pairs_that_are_not_ties() -> None:
    given_one = judgment(1, 2, 2, 3, unacceptable=(3,))
    found = pairs(settle("majority", given_one), given_by(given_one))
    assert [(pair.chosen, pair.rejected, pair.margin) for pair in found] == [
        ("alpha", "beta", 1.0),
        ("alpha", "gamma", 1.0),
        ("alpha", "delta", 2.0),
        ("beta", "delta", 1.0),
        ("gamma", "delta", 1.0),
    ]
    assert found[0].chosen_model == "model-alpha"
    assert found[0].rejected_model == "model-beta"


def test_no_pair_is_made_of_two_unacceptable_responses() -> None:
    given_one = judgment(1, 2, 2, 2, unacceptable=(1, 2, 3))
    found = pairs(settle("majority", given_one), given_by(given_one))
    assert [(pair.chosen, pair.rejected) for pair in found] == [
        ("alpha", "beta"),
        ("alpha", "gamma"),
        ("alpha", "delta"),
    ]


def test_a_pair_carries_the_share_that_preferred_its_chosen_response() -> None:
    judgments = [judgment(1, 2, 3), judgment(2, 1, 3), judgment(1, 1, 2)]
    ranked = item(TEXTS[:3])
    found = pairs(settle("mean", *judgments), given_by(*judgments), ranked)
    assert [(pair.chosen, pair.rejected, pair.margin, pair.soft_label) for pair in found] == [
        ("alpha", "gamma", 1.5, 1.0),
        ("beta", "gamma", 1.5, 1.0),
    ]
    judgments.append(judgment(1, 2, 3))
    first = pairs(settle("mean", *judgments), given_by(*judgments), ranked)[0]
    assert (first.chosen, first.rejected) == ("alpha", "beta")
    assert first.margin == pytest.approx(0.25)
    assert first.soft_label == 0.5


def test_the_ranking_itself_is_kept_with_who_ranked_how() -> None:
    judgments = [judgment(2, 1, 3), judgment(2, 1, 3, unacceptable=(2,))]
    ranked = item(TEXTS[:3])
    settled = settle("majority", *judgments)
    (record,) = (
        record
        for record in TEMPLATE.records(ranked, settled, given_by(*judgments))
        if isinstance(record, Ranking)
    )
    assert record == Ranking(
        prompt=[{"role": "user", "content": "Which?"}],
        responses=["alpha", "beta", "gamma"],
        models=["model-alpha", "model-beta", "model-gamma"],
        ranks=[2, 1, 3],
        unacceptable=[False, False, False],
        judgments=[
            GivenRanks(annotator="a0", ranks=(2, 1, 3), unacceptable=(False, False, False)),
            GivenRanks(annotator="a1", ranks=(2, 1, 3), unacceptable=(False, False, True)),
        ],
    )


@pytest.mark.parametrize(
    ("given_one", "outcome", "n_pairs"),
    [
        (judgment(1, 2, 3), "ranked", 3),
        (judgment(1, 1, 1), "tie", 0),
        (judgment(1, 1, 1, unacceptable=(0, 1, 2)), "unacceptable", 0),
        (judgment(1, 2, 2, unacceptable=(1, 2)), "ranked", 2),
    ],
)
def test_a_settled_ranking_has_one_word(given_one: Any, outcome: str, n_pairs: int) -> None:
    settled = settle("majority", given_one)
    assert TEMPLATE.outcome is not None
    assert TEMPLATE.outcome(settled.value) == outcome
    assert len(pairs(settled, [], item(TEXTS[:3]))) == n_pairs


# In words


@pytest.mark.parametrize(
    ("given_one", "words"),
    [
        (judgment(2, 1, 2, 3, unacceptable=(3,)), "2 > 1 = 3, unacceptable: 4"),
        (judgment(3, 2, 1), "3 > 2 > 1"),
        (judgment(1, 1, 1, unacceptable=(0, 1, 2)), "None is acceptable"),
    ],
)
def test_a_ranking_is_read_by_the_numbers_of_its_responses(given_one: Any, words: str) -> None:
    assert TEMPLATE.read is not None
    reading = TEMPLATE.read(given_one)
    assert reading.words == words
    assert len(reading.marks) == len(given_one.ranks)
