"""Ranker: an order of candidates, or their places in named tiers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Annotated, Any

from pydantic import BeforeValidator

from workbench.contracts.faults import shown
from workbench.contracts.fields import refusal
from workbench.contracts.folder_templates.declaration import DeclaredLevel
from workbench.contracts.folder_templates.kinds import (
    UNSETTLED,
    AnswerKind,
    Settled,
    Unreadable,
    Value,
    View,
    only,
)
from workbench.contracts.folder_templates.scalars import FIRST, SECOND, codes_of
from workbench.contracts.label_config import Choice
from workbench.contracts.task_template import Category, ConsensusMethod, Vote

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""The ids of candidates in the browser: their place in the order shown and nothing else."""

_UNPLACED = "_"


def _columns(values: Sequence[Value], known: Sequence[str]) -> Mapping[str, list[str]]:
    columns = only(values, "ranker")
    if isinstance(columns, list) and len(known) == 1:
        columns = {known[0]: columns}
    if not isinstance(columns, Mapping) or not set(columns) <= {*known, _UNPLACED}:
        problem = f"has the value {shown(values[0])}"
        raise Unreadable(problem)
    for ids in columns.values():
        if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
            problem = f"has the value {shown(values[0])}"
            raise Unreadable(problem)
    return columns


def _candidates(ids: Sequence[str], view: View) -> list[int]:
    """Return canonical candidates from what the browser calls them."""
    shown_ids = LETTERS[: view.candidates]
    strange = [one for one in ids if one not in shown_ids or len(one) != 1]
    if strange:
        problem = f"holds {shown(strange[0])}, which was not shown"
        raise Unreadable(problem)
    return [view.order[shown_ids.index(one)] for one in ids]


def _all_placed(placed: Sequence[int], view: View) -> None:
    if len(set(placed)) != len(placed):
        problem = "places a candidate twice"
        raise Unreadable(problem)
    if len(placed) < view.candidates:
        problem = f"places {len(placed)} of {view.candidates} candidates"
        raise Unreadable(problem)


class Ranks(AnswerKind):
    """Rank of each candidate, 1 the best; compared pair by pair."""

    unit = "item × pair"
    categories = (FIRST, SECOND)
    expected = "a rank for each candidate from 1, the best, each once"

    def __init__(self, name: str) -> None:
        self._name = name
        self.annotation = Annotated[tuple[int, ...], BeforeValidator(self._checked)]

    def read(self, values: Sequence[Value], view: View) -> tuple[int, ...]:
        columns = _columns(values, [self._name])
        best_first = _candidates(columns.get(self._name, []), view)
        _all_placed(best_first, view)
        return tuple(best_first.index(one) + 1 for one in range(view.candidates))

    def write(self, answer: Sequence[int], view: View) -> list[dict[str, Any]]:
        best_first = sorted(range(len(answer)), key=lambda one: answer[one])
        ids = [LETTERS[list(view.order).index(one)] for one in best_first]
        return [{"ranker": {self._name: ids}}]

    def values(self, answer: Any) -> Mapping[str, Category]:
        return {
            f"{one}-{other}": FIRST if answer[one] < answer[other] else SECOND
            for one, other in combinations(range(len(answer)), 2)
        }

    def settle(
        self, votes: Mapping[str, Vote], answers: Sequence[Any], method: ConsensusMethod
    ) -> Settled:
        """Rank by the mean rank, or by the pairs won in the votes (Copeland); ties share a rank."""
        if not answers or not votes:
            return UNSETTLED
        n = len(answers[0])
        if method is ConsensusMethod.MEAN:
            worth = [-sum(answer[one] for answer in answers) / len(answers) for one in range(n)]
        else:
            worth = [0.0] * n
            for pair, vote in votes.items():
                one, other = (int(place) for place in pair.split("-"))
                won = {FIRST: 1.0, SECOND: 0.0}.get(str(vote.value), 0.5)
                worth[one] += won
                worth[other] += 1 - won
        sure = [vote.confidence for vote in votes.values() if vote.confidence is not None]
        ranks = [1 + sum(other > own for other in worth) for own in worth]
        return ranks, sum(sure) / len(sure) if sure else None

    def problem_with(self, answer: Any, view: View) -> str | None:
        if len(answer) == view.candidates:
            return None
        return f"ranks {len(answer)} of {view.candidates} candidates"

    def words(self, answer: Any) -> str:
        best_first = sorted(range(len(answer)), key=lambda one: answer[one])
        return " > ".join(str(one + 1) for one in best_first)

    def word(self, category: Category) -> str:
        return f"The {category} of the pair is better"

    def _checked(self, ranks: Any) -> Any:
        is_listed = isinstance(ranks, list | tuple) and all(type(rank) is int for rank in ranks)
        if not is_listed or sorted(ranks) != list(range(1, len(ranks) + 1)):
            raise refusal(problem=f"is {shown(ranks)}", expected=self.expected)
        return tuple(ranks)


class Tiers(AnswerKind):
    """The bucket of each candidate; the order within a bucket says nothing."""

    unit = "item × candidate"

    def __init__(self, name: str, buckets: Sequence[Choice], level: DeclaredLevel) -> None:
        self._name = name
        self._buckets = [bucket.value for bucket in buckets]
        # The first bucket is the best one, and a higher category is the better one.
        self._codes = codes_of(self._buckets[::-1], level)
        self._answers = {code: bucket for bucket, code in self._codes.items()}
        self.categories = tuple(self._codes.values())
        self.expected = f"one of {', '.join(self._buckets)} for each candidate"
        self.annotation = Annotated[tuple[str, ...], BeforeValidator(self._checked)]

    def read(self, values: Sequence[Value], view: View) -> tuple[str, ...]:
        columns = _columns(values, self._buckets)
        placed = {
            one: bucket
            for bucket in self._buckets
            for one in _candidates(columns.get(bucket, []), view)
        }
        _all_placed(
            [one for bucket in self._buckets for one in _candidates(columns.get(bucket, []), view)],
            view,
        )
        return tuple(placed[one] for one in range(view.candidates))

    def write(self, answer: Sequence[str], view: View) -> list[dict[str, Any]]:
        columns: dict[str, list[str]] = {bucket: [] for bucket in self._buckets}
        for place, one in enumerate(view.order):
            columns[answer[one]].append(LETTERS[place])
        return [{"ranker": columns}]

    def values(self, answer: Any) -> Mapping[str, Category]:
        return {str(one): self._codes[bucket] for one, bucket in enumerate(answer)}

    def settle(
        self, votes: Mapping[str, Vote], answers: Sequence[Any], _method: ConsensusMethod
    ) -> Settled:
        """Settle on each candidate's bucket by vote; one that is open leaves all open."""
        if not answers:
            return UNSETTLED
        voted = [votes.get(str(one)) for one in range(len(answers[0]))]
        if any(vote is None or vote.value is None for vote in voted):
            return UNSETTLED
        sure = [
            vote.confidence for vote in voted if vote is not None and vote.confidence is not None
        ]
        tiers = [self._answers[vote.value] for vote in voted if vote and vote.value is not None]
        return tiers, min(sure, default=None)

    def problem_with(self, answer: Any, view: View) -> str | None:
        if len(answer) == view.candidates:
            return None
        return f"places {len(answer)} of {view.candidates} candidates"

    def ranks(self, tiers: Sequence[str]) -> list[int]:
        """Return ranks from 1, the best, in which a tier's candidates tie."""
        places = [self._buckets.index(tier) for tier in tiers]
        return [1 + sum(other < own for other in places) for own in places]

    def words(self, answer: Any) -> str:
        return ", ".join(f"{one}: {bucket}" for one, bucket in enumerate(answer, start=1))

    def word(self, category: Category) -> str:
        return self._answers.get(category, str(category))

    def _checked(self, tiers: Any) -> Any:
        is_listed = isinstance(tiers, list | tuple)
        strange = [tier for tier in tiers if tier not in self._buckets] if is_listed else []
        if not is_listed or strange:
            raise refusal(problem=f"is {shown(tiers)}", expected=self.expected)
        return tuple(tiers)
