"""Ballots on one item, counted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.contracts.task_template import AnyTemplate, Ballot, ConsensusMethod, Measure, Vote


def votes_on(measure: Measure, judgments: Sequence[Any]) -> dict[str, Vote]:
    given: dict[str, list[Any]] = {}
    for judgment in judgments:
        for unit, value in measure.values(judgment).items():
            given.setdefault(unit, []).append(value)
    votes = {}
    for unit, values in given.items():
        shares = {value: values.count(value) / len(values) for value in values}
        best = max(shares.values())
        winners = [value for value, share in shares.items() if share == best]
        value = winners[0] if len(winners) == 1 else None
        votes[unit] = Vote(value=value, confidence=best, n_votes=len(values), shares=shares)
    return votes


def ballot(template: AnyTemplate, method: ConsensusMethod, judgments: Sequence[Any]) -> Ballot:
    votes = {
        measure.field: votes_on(measure, judgments)
        for measure in template.measures
        if measure.voted
    }
    return Ballot(method=method, judgments=judgments, votes=votes)
