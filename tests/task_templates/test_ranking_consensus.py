"""The consensus on a ranking, the pairs that it yields, and how it is read."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ballots import ballot
from tests.task_templates.rankings import (
    ITEM,
    TEMPLATE,
    TEXTS,
    given_by,
    item,
    judgment,
    rankings,
    settle,
)
from workbench.contracts.records import Given, GivenRanks, Preference, Ranking
from workbench.contracts.task_template import ConsensusMethod, Settlement

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
