"""What settled ratings yield: the rated responses, and the pairs that the campaign's rule prefers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from workbench.contracts.records import (
    AttributeRating,
    Given,
    Preference,
    Prompt,
    RatedResponse,
    Record,
    Response,
)

if TYPE_CHECKING:
    from task_templates.multi_attribute_rating.consensus import Rated
    from task_templates.multi_attribute_rating.options import RatingOptions
    from task_templates.multi_attribute_rating.template import Item, Judgment
    from workbench.contracts.task_template import Settlement

_ROUNDING = 1e-9


def unrecorded(_item: Item, value: Rated) -> str:
    """Say why there is no pair, since ratings that are settled always make rated responses."""
    return "one_response" if len(value["ratings"]) == 1 else "no_preference"


def score_of(ratings: Mapping[str, float | None], options: RatingOptions) -> float | None:
    """Return the sum of the ratings by the rule's weights; None if one of them is not settled."""
    total = 0.0
    for attribute, weight in options.weights.items():
        rating = ratings.get(attribute)
        if rating is None:
            return None
        total += weight * rating
    return total


def records(
    options: RatingOptions, item: Item, settlement: Settlement, given: Sequence[Given]
) -> Sequence[Record]:
    """Yield the prompt, the responses as they are and as they are rated, and the preferences."""
    if settlement.value is None:
        return ()
    value: Rated = settlement.value
    judgments: list[Judgment] = [one.value for one in given]
    prompt = item.messages
    responses = [
        Response(prompt=prompt, response_index=index, response=one.text, model=one.model)
        for index, one in enumerate(item.responses)
    ]
    rated = [
        RatedResponse(
            prompt=prompt,
            response_index=index,
            response=one.text,
            model=one.model,
            ratings=list(_ratings(index, value["ratings"][index], judgments)),
            score=score_of(value["ratings"][index], options),
        )
        for index, one in enumerate(item.responses)
    ]
    return (
        Prompt(prompt=prompt),
        *responses,
        *(one for one in rated if one.ratings),
        *_preferences(options, rated, judgments),
    )


def _ratings(
    index: int, settled: Mapping[str, float | None], judgments: Sequence[Judgment]
) -> Iterator[AttributeRating]:
    for attribute, value in settled.items():
        if value is not None:
            labels = [judgment.ratings[index][attribute] for judgment in judgments]
            yield AttributeRating(attribute=attribute, value=value, labels=labels)


def _preferences(
    options: RatingOptions, rated: Sequence[RatedResponse], judgments: Sequence[Judgment]
) -> Iterator[Preference]:
    """Prefer the higher score where the difference is as large as the rule asks."""
    for first, second in combinations(rated, 2):
        if first.score is None or second.score is None:
            continue
        difference = abs(first.score - second.score)
        if difference < max(options.min_difference, 2 * _ROUNDING) - _ROUNDING:
            continue
        chosen, rejected = (first, second) if first.score > second.score else (second, first)
        yield Preference(
            prompt=first.prompt,
            chosen=chosen.response,
            rejected=rejected.response,
            margin=difference,
            chosen_model=chosen.model,
            rejected_model=rejected.model,
            chosen_score=chosen.score,
            rejected_score=rejected.score,
            soft_label=_share_preferring(chosen, rejected, judgments, options),
        )


def _share_preferring(
    chosen: RatedResponse,
    rejected: RatedResponse,
    judgments: Sequence[Judgment],
    options: RatingOptions,
) -> float | None:
    """Return the share of the annotators who by the same rule rated the chosen response higher."""
    if not judgments:
        return None
    preferring = 0
    for judgment in judgments:
        above = score_of(judgment.ratings[chosen.response_index], options)
        below = score_of(judgment.ratings[rejected.response_index], options)
        preferring += above is not None and below is not None and above > below + _ROUNDING
    return preferring / len(judgments)
