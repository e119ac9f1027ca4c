"""A response with thumbs for those who look after quality: the material, and judgments in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.contracts.fields import code_words
from workbench.contracts.rendering import render_conversation, render_response
from workbench.contracts.review import Layout, Passage, Reading, Review, Tone

if TYPE_CHECKING:
    from task_templates.binary_feedback.template import Feedback, Item, Judgment
    from workbench.contracts.task_template import Category

_THUMBS = {"up": ("Thumbs up", Tone.GOOD), "down": ("Thumbs down", Tone.BAD)}
_GIVEN = {"given": "Reason given", "not_given": "Reason not given"}


def review(item: Item) -> Review:
    return Review(
        context=[Passage(title="Prompt", html=render_conversation(item.messages))],
        parts=[
            Passage(
                title="Response",
                html=render_response(item.response),
                note=item.response.model or "",
            )
        ],
        layout=Layout.BESIDE,
    )


def feedback_word(feedback: Category) -> str:
    return _THUMBS[str(feedback)][0]


def given_word(given: Category) -> str:
    return _GIVEN[str(given)]


def read(judgment: Judgment) -> Reading:
    return _reading(judgment.feedback, judgment.reasons, note=judgment.comment)


def read_consensus(value: Feedback, margin: float | None) -> Reading:
    del margin
    return _reading(value["feedback"], value["reasons"])


def _reading(feedback: str, reasons: Sequence[str], note: str = "") -> Reading:
    words, tone = _THUMBS[feedback]
    if reasons:
        words += f": {', '.join(code_words(code).lower() for code in reasons)}"
    return Reading(words=words, tone=tone, note=note)
