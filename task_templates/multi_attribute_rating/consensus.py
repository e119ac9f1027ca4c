"""The consensus on ratings: one value for each attribute of each response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, median_high, median_low
from typing import TYPE_CHECKING, TypedDict, assert_never

from workbench.contracts.task_template import Ballot, Category, ConsensusMethod, Settlement, Vote

if TYPE_CHECKING:
    from task_templates.multi_attribute_rating.options import RatingOptions
    from task_templates.multi_attribute_rating.template import Item, Judgment


class Rated(TypedDict):
    """A settled value: by response and attribute, null where the vote is tied."""

    ratings: list[dict[str, float | None]]


def settle(options: RatingOptions, item: Item, ballot: Ballot) -> Settlement:
    """Settle on a value for each attribute of each response.

    By mean it is the mean of the ratings. By majority and Dawid-Skene it is the vote; where that
    is tied, the median, if its two middle ratings are the same or neighbours on the scale, and
    otherwise nothing: between 0 and 4 there is no agreement on 2. An item on which nothing is
    settled is tied. Confidence is the mean, over what is settled, of the share (or posterior) of
    the ratings less than half a point from the value.
    """
    judgments: Sequence[Judgment] = ballot.judgments
    if not judgments:
        return Settlement(value=None, reason="no_judgments")
    value = Rated(ratings=[])
    confidences = []
    for index in range(len(item.responses)):
        settled: dict[str, float | None] = {}
        for attribute in options.names:
            vote = ballot.votes[attribute][str(index)]
            given = [judgment.ratings[index][attribute] for judgment in judgments]
            settled[attribute] = found = _settled(ballot.method, vote, given)
            if found is not None:
                confidences.append(_share_near(found, vote.shares))
        value["ratings"].append(settled)
    if not confidences:
        return Settlement(value=None, reason="tied")
    return Settlement(value=value, confidence=fmean(confidences))


def _settled(method: ConsensusMethod, vote: Vote, given: Sequence[int]) -> float | None:
    match method:
        case ConsensusMethod.MEAN:
            return fmean(given)
        case ConsensusMethod.MAJORITY | ConsensusMethod.DAWID_SKENE:
            if vote.value is not None:
                return float(vote.value)
            low, high = median_low(given), median_high(given)
            return (low + high) / 2 if high - low <= 1 else None
        case _:
            assert_never(method)


def _share_near(value: float, shares: Mapping[Category, float]) -> float:
    return sum(share for rating, share in shares.items() if abs(float(rating) - value) < 0.5)
