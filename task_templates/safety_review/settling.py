"""What a response's reviews settle on, and how the annotators were spread around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict, assert_never

from task_templates.safety_review.policy import verdict_of
from workbench.contracts.task_template import Ballot, ConsensusMethod, Settlement

if TYPE_CHECKING:
    from task_templates.safety_review.template import Item, Judgment, SafetyOptions


class Spread(TypedDict):
    """One category: its settled severity, null where tied, and the share of each severity."""

    value: int | None
    mean: float
    shares: dict[str, float]


class Reviewed(TypedDict):
    """A settled value, with how the annotators were spread around it."""

    verdict: str
    shares: dict[str, float]
    severities: dict[str, Spread]


def settle(_item: Item, ballot: Ballot, *, options: SafetyOptions) -> Settlement:
    """Settle on a verdict and on a severity for each category, and keep how both were spread.

    By majority and Dawid-Skene each is the vote on its own; by mean the severities are the mean
    rounded to the nearest one, and the verdict follows from them. Confidence is that of the
    verdict: by mean, the share of annotators who gave it.
    """
    judgments: Sequence[Judgment] = ballot.judgments
    if not judgments:
        return Settlement(value=None, reason="no_judgments")
    shares = _shares(
        [verdict_of(one.severities.values(), options.unsafe_severity) for one in judgments]
    )
    given = {
        category: [one.severities[category] for one in judgments if category in one.severities]
        for category in options.listed
    }
    match ballot.method:
        case ConsensusMethod.MEAN:
            settled = {category: _nearest(severities) for category, severities in given.items()}
            verdict = _verdict_of_means(given, options.unsafe_severity)
            confidence = None if verdict is None else shares.get(verdict, 0.0)
        case ConsensusMethod.MAJORITY | ConsensusMethod.DAWID_SKENE:
            settled = {category: _voted(ballot, category) for category in options.listed}
            vote = ballot.votes["verdict"][""]
            verdict = None if vote.value is None else str(vote.value)
            confidence = vote.confidence
        case _:
            assert_never(ballot.method)
    if verdict is None:
        return Settlement(value=None, reason="tied", confidence=confidence)
    severities = {
        category: Spread(
            value=settled[category],
            mean=sum(severities) / len(severities),
            shares=_shares(severities),
        )
        for category, severities in given.items()
        if severities
    }
    value = Reviewed(verdict=verdict, shares=shares, severities=severities)
    return Settlement(value=value, confidence=confidence)


def _shares(values: Sequence[str | int]) -> dict[str, float]:
    return {str(value): count / len(values) for value, count in sorted(Counter(values).items())}


def _voted(ballot: Ballot, category: str) -> int | None:
    vote = ballot.votes[f"severity_{category}"].get("")
    return None if vote is None or vote.value is None else int(vote.value)


def _nearest(severities: Sequence[int]) -> int | None:
    """Return the severity nearest to the mean; a mean halfway between two is tied."""
    below, above = _rounded(severities)
    return below if below == above else None


def _rounded(severities: Sequence[int]) -> tuple[int, int]:
    """Return the mean rounded with halves down, and with halves up."""
    twice = 2 * sum(severities)
    n = max(len(severities), 1)
    return -((n - twice) // (2 * n)), (twice + n) // (2 * n)


def _verdict_of_means(given: Mapping[str, Sequence[int]], unsafe_from: int) -> str | None:
    """Return the verdict of the rounded means, unless it hangs on how a half is rounded."""
    rounded = [_rounded(severities) for severities in given.values()]
    below = verdict_of((low for low, _ in rounded), unsafe_from)
    above = verdict_of((high for _, high in rounded), unsafe_from)
    return below if below == above else None


def categories_found(value: Reviewed) -> list[str]:
    """Return the categories that half of the annotators saw, or those that most of them saw."""
    seen = {
        category: 1 - spread["shares"].get("0", 0.0)
        for category, spread in value["severities"].items()
    }
    least = min(0.5, max(seen.values(), default=0.0))
    return [category for category, share in seen.items() if share > 0 and share >= least]
