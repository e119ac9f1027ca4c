"""The consensus on a ranking: by mean places, or by Copeland's score from the votes on pairs.

Copeland, A. H. (1951). A reasonable social welfare function. University of Michigan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import TYPE_CHECKING, TypedDict, assert_never

from task_templates.ranking.measures import FIRST, SECOND, UNACCEPTABLE, order_of, pair_key
from workbench.contracts.task_template import Ballot, ConsensusMethod, Settlement, Vote

if TYPE_CHECKING:
    from task_templates.ranking.template import Item, Judgment


class Order(TypedDict):
    """A settled value, in canonical order; `mean_places` is there where the mean settled it."""

    ranks: list[int]
    unacceptable: list[bool]
    mean_places: list[float] | None


def dense(ranks: Sequence[float], unacceptable: Sequence[bool]) -> tuple[int, ...]:
    """Return ranks from 1 without gaps, equal where they were equal; the unacceptable share the last."""
    paired = list(zip(ranks, unacceptable, strict=True))
    known = sorted({rank for rank, is_unacceptable in paired if not is_unacceptable})
    place = {rank: number for number, rank in enumerate(known, start=1)}
    return tuple(
        len(known) + 1 if is_unacceptable else place[rank] for rank, is_unacceptable in paired
    )


def settle(item: Item, ballot: Ballot) -> Settlement:
    """Settle on an order.

    By mean, responses are ordered by their mean place, where those that tie share the mean of
    their places (a Borda count); equal means are ties. By majority and Dawid-Skene each pair is a
    vote: a response scores 1 for a pair it wins and ½ for one that is tied or undecided
    (Copeland), and equal scores are ties. Votes that fit no such order, because they run in a
    circle, are a conflict; if no pair is decided, the item is tied. A response is unacceptable
    where the vote says so, and then comes last. Confidence is the mean, over pairs, of the share
    (or posterior) of the order that was settled.
    """
    judgments: Sequence[Judgment] = ballot.judgments
    if not judgments:
        return Settlement(value=None, reason="no_judgments")
    n_responses = len(item.responses)
    votes = ballot.votes["preference"]
    acceptability = ballot.votes["acceptability"]
    unacceptable = [acceptability[str(k)].value == UNACCEPTABLE for k in range(n_responses)]
    match ballot.method:
        case ConsensusMethod.MEAN:
            doubled = [sum(places) for places in zip(*map(_doubled_places, judgments), strict=True)]
            means = [total / (2 * len(judgments)) for total in doubled]
            value = _order(dense(doubled, unacceptable), unacceptable, means)
        case ConsensusMethod.MAJORITY | ConsensusMethod.DAWID_SKENE:
            if all(vote.value is None for vote in votes.values()):
                return Settlement(value=None, reason="tied")
            lost = [-score for score in _copeland(votes, n_responses)]
            value = _order(dense(lost, unacceptable), unacceptable, None)
        case _:
            assert_never(ballot.method)
    confidence = _confidence(value, votes)
    if ballot.method is not ConsensusMethod.MEAN and _contradicts(value, votes):
        return Settlement(value=None, reason="conflict", confidence=confidence)
    return Settlement(value=value, confidence=confidence)


def _order(
    ranks: Sequence[int], unacceptable: list[bool], mean_places: list[float] | None
) -> Order:
    return Order(ranks=list(ranks), unacceptable=unacceptable, mean_places=mean_places)


def _doubled_places(judgment: Judgment) -> list[int]:
    """Twice the place of each response, which is the mean of those it shares; so they stay whole."""
    ranks = judgment.ranks
    return [
        2 * sum(other < rank for other in ranks) + sum(other == rank for other in ranks) + 1
        for rank in ranks
    ]


def _copeland(votes: Mapping[str, Vote], n_responses: int) -> list[float]:
    scores = [0.0] * n_responses
    for first, second in combinations(range(n_responses), 2):
        winner = votes[pair_key(first, second)].value
        scores[first] += {FIRST: 1.0, SECOND: 0.0}.get(str(winner), 0.5)
        scores[second] += {FIRST: 0.0, SECOND: 1.0}.get(str(winner), 0.5)
    return scores


def _contradicts(value: Order, votes: Mapping[str, Vote]) -> bool:
    """Whether the order turns round or levels a pair that the vote decided."""
    ranks, unacceptable = value["ranks"], value["unacceptable"]
    for first, second in combinations(range(len(ranks)), 2):
        decided = votes[pair_key(first, second)].value
        if decided not in {FIRST, SECOND} or (unacceptable[first] and unacceptable[second]):
            continue
        if order_of(ranks[first], ranks[second]) != decided:
            return True
    return False


def _confidence(value: Order, votes: Mapping[str, Vote]) -> float:
    ranks = value["ranks"]
    return fmean(
        votes[pair_key(first, second)].shares.get(order_of(ranks[first], ranks[second]), 0.0)
        for first, second in combinations(range(len(ranks)), 2)
    )
