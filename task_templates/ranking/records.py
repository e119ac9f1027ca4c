"""What a settled ranking yields: the ranking itself, and every pair of it in which one is better."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from workbench.contracts.records import (
    Given,
    GivenRanks,
    Preference,
    Prompt,
    Ranking,
    Record,
    Response,
)

if TYPE_CHECKING:
    from task_templates.ranking.consensus import Order
    from task_templates.ranking.template import Item
    from workbench.contracts.task_template import Settlement


def outcome(value: Order) -> str:
    """Return `tie` where everything has the same rank, `unacceptable` where nothing is acceptable."""
    if all(value["unacceptable"]):
        return "unacceptable"
    return "tie" if len(set(value["ranks"])) == 1 else "ranked"


def records(item: Item, settlement: Settlement, given: Sequence[Given]) -> Sequence[Record]:
    """Yield the prompt, the responses, the ranking, and its pairs without ties."""
    if settlement.value is None:
        return ()
    value: Order = settlement.value
    prompt = item.messages
    return (
        Prompt(prompt=prompt),
        *(
            Response(prompt=prompt, response_index=index, response=one.text, model=one.model)
            for index, one in enumerate(item.responses)
        ),
        Ranking(
            prompt=prompt,
            responses=[one.text for one in item.responses],
            models=[one.model for one in item.responses],
            ranks=value["ranks"],
            unacceptable=value["unacceptable"],
            judgments=[
                GivenRanks(
                    annotator=one.annotator,
                    ranks=one.value.ranks,
                    unacceptable=one.value.unacceptable,
                )
                for one in given
            ],
        ),
        *_preferences(item, value, given),
    )


def _preferences(item: Item, value: Order, given: Sequence[Given]) -> Iterator[Preference]:
    """Yield the pairs of different rank, so that none is among ties or the unacceptable."""
    ranks = value["ranks"]
    for first, second in combinations(range(len(ranks)), 2):
        if ranks[first] == ranks[second]:
            continue
        chosen, rejected = (first, second) if ranks[first] < ranks[second] else (second, first)
        yield Preference(
            prompt=item.messages,
            chosen=item.responses[chosen].text,
            rejected=item.responses[rejected].text,
            margin=_margin(value, chosen, rejected),
            chosen_model=item.responses[chosen].model,
            rejected_model=item.responses[rejected].model,
            soft_label=_share_preferring(chosen, rejected, given),
        )


def _margin(value: Order, chosen: int, rejected: int) -> float | None:
    """By how many ranks one is above the other; by mean places where the mean settled them.

    A response that most find unacceptable comes last even where its mean place is better: such a
    pair has an order and no margin.
    """
    means = value["mean_places"]
    if means is None:
        return float(value["ranks"][rejected] - value["ranks"][chosen])
    difference = means[rejected] - means[chosen]
    return difference if difference > 0 else None


def _share_preferring(chosen: int, rejected: int, given: Sequence[Given]) -> float | None:
    if not given:
        return None
    rankings: list[Sequence[int]] = [one.value.ranks for one in given]
    return sum(ranks[chosen] < ranks[rejected] for ranks in rankings) / len(rankings)
