"""A graded rubric for those who look after quality: its criteria, and each grading in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from task_templates.rubric_grading.scoring import (
    MET,
    NOT_APPLICABLE,
    UNMET,
    points_won,
    points_word,
    score,
)
from workbench.contracts.rendering import render_conversation, render_response, render_text
from workbench.contracts.review import Layout, Mark, Passage, Reading, Review, Scale, Tone

if TYPE_CHECKING:
    from task_templates.rubric_grading.template import Graded, Item, Judgment
    from workbench.contracts.task_template import Category

_OUTCOMES = {
    MET: ("✓", "Met"),
    UNMET: ("✗", "Unmet"),
    NOT_APPLICABLE: ("–", "Not applicable"),
    None: ("=", "Tied"),
}


def review(item: Item) -> Review:
    response = item.response
    return Review(
        context=[
            Passage(title="Prompt", html=render_conversation(item.messages)),
            Passage(title="Response", html=render_response(response), note=response.model or ""),
        ],
        parts=[
            Passage(
                title=f"Criterion {number}",
                html=render_text(one.criterion),
                note=points_word(one.points) + (f" · {one.id}" if one.id else ""),
            )
            for number, one in enumerate(item.rubric, start=1)
        ],
        layout=Layout.BELOW,
    )


def outcome_word(outcome: Category) -> str:
    return _OUTCOMES[str(outcome)][1]


def score_word(percent: Category) -> str:
    return f"{percent} %"


def read(judgment: Judgment) -> Reading:
    return _reading(
        judgment.outcomes,
        judgment.points,
        score(judgment.outcomes, judgment.points),
        judgment.evidence,
        judgment.comment,
    )


def read_consensus(value: Graded, margin: float | None) -> Reading:
    del margin
    return _reading(value["outcomes"], value["points"], value["score"], {}, "")


def _reading(
    outcomes: Sequence[str | None],
    points: Sequence[float],
    share: float | None,
    evidence: Mapping[str, str],
    comment: str,
) -> Reading:
    marks = {}
    for index, (outcome, worth) in enumerate(zip(outcomes, points, strict=True)):
        symbol, word = _OUTCOMES[outcome]
        marks[index] = Mark(
            symbol=symbol,
            word=word,
            tone=_tone(outcome, worth),
            note=evidence.get(str(index), ""),
        )
    return Reading(
        words=_words(outcomes, points, share),
        tone=Tone.UNKNOWN if share is None else Tone.NEUTRAL,
        note=comment,
        marks=marks,
        scale=None
        if share is None
        else Scale(place=10 * share, length=11, low="0 %", high="100 %"),
    )


def _words(outcomes: Sequence[str | None], points: Sequence[float], share: float | None) -> str:
    if share is None:
        return "No score: nothing that could be won applies"
    known = [outcome for outcome in outcomes if outcome is not None]
    if len(known) < len(outcomes):
        return f"{share:.0%}"
    won, to_win = points_won(known, points)
    signed = f"{won:g}".replace("-", "−")
    return f"{share:.0%}: {signed} of {to_win:g} points"


def _tone(outcome: str | None, points: float) -> Tone:
    """Return what the outcome does to the response: a penalty that is met is bad news."""
    if outcome not in {MET, UNMET} or points == 0:
        return Tone.UNKNOWN if outcome is None else Tone.NEUTRAL
    return Tone.GOOD if (outcome == MET) == (points > 0) else Tone.BAD
