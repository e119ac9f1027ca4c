"""Ratings for those who look after quality: responses in canonical order, ratings in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from task_templates.multi_attribute_rating.records import score_of
from workbench.contracts.fields import code_words
from workbench.contracts.rendering import render_conversation, render_response
from workbench.contracts.review import Layout, Mark, Passage, Reading, Review, Tone

if TYPE_CHECKING:
    from task_templates.multi_attribute_rating.consensus import Rated
    from task_templates.multi_attribute_rating.options import RatingOptions
    from task_templates.multi_attribute_rating.template import Item, Judgment

_UNSETTLED = "–"


def review(item: Item) -> Review:
    return Review(
        context=[Passage(title="Prompt", html=render_conversation(item.messages))],
        parts=[
            Passage(
                title=f"Response {number}",
                html=render_response(response),
                note=response.model or "",
            )
            for number, response in enumerate(item.responses, start=1)
        ],
        layout=Layout.BELOW,
        heading="Responses",
    )


def read(options: RatingOptions, judgment: Judgment) -> Reading:
    return _reading(options, judgment.ratings, judgment.rationale)


def read_consensus(options: RatingOptions, value: Rated, margin: float | None) -> Reading:
    del margin
    return _reading(options, value["ratings"], "")


def _reading(
    options: RatingOptions, ratings: Sequence[Mapping[str, float | None]], note: str
) -> Reading:
    if len(ratings) == 1:
        words = _in_words(ratings[0])
    else:
        scores = [_plain(score_of(given, options)) for given in ratings]
        words = f"{_rule(options)} {' · '.join(scores)}"
    return Reading(
        words=words,
        note=note,
        marks={index: _mark(options, given) for index, given in enumerate(ratings)},
    )


def _mark(options: RatingOptions, given: Mapping[str, float | None]) -> Mark:
    """Mark a response with its score, between the least and the most that the scale allows."""
    score = score_of(given, options)
    words = _in_words(given)
    if score is None:
        return Mark(symbol=_UNSETTLED, word=words, tone=Tone.UNKNOWN, note=words)
    ends = [
        sum(weight * (options.high if (weight > 0) is is_high else options.low)
            for weight in options.weights.values())
        for is_high in (False, True)
    ]  # fmt: skip
    place = (score - ends[0]) / (ends[1] - ends[0])
    tone = Tone.GOOD if place >= 2 / 3 else Tone.BAD if place <= 1 / 3 else Tone.NEUTRAL
    return Mark(symbol=_plain(score)[:3].removesuffix("."), word=words, tone=tone, note=words)


def _in_words(given: Mapping[str, float | None]) -> str:
    return " · ".join(
        f"{code_words(attribute)} {_plain(rating)}" for attribute, rating in given.items()
    )


def _rule(options: RatingOptions) -> str:
    weighed = list(options.weights)
    if len(weighed) == 1 and options.weights[weighed[0]] == 1:
        return code_words(weighed[0])
    return "Mean" if options.prefer_by == "mean" else "Score"


def _plain(number: float | None) -> str:
    """Return a number with at most one decimal, without a zero that says nothing."""
    if number is None:
        return _UNSETTLED
    return f"{number:.1f}".removesuffix(".0").replace("-", "−")
