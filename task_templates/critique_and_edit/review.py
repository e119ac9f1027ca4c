"""Edits for those who look after quality: the response, what was found wrong, what was made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.contracts.fields import one_line
from workbench.contracts.rendering import render_conversation, render_response
from workbench.contracts.review import Layout, Passage, Reading, Review, Tone

if TYPE_CHECKING:
    from task_templates.critique_and_edit.template import Item, Judgment, Revision
    from workbench.contracts.task_template import Category

_VERDICTS = {
    "edited": ("Rewritten", Tone.NEUTRAL),
    "no_change": ("No change needed", Tone.GOOD),
    "unusable": ("Cannot be saved", Tone.BAD),
}


def review(item: Item) -> Review:
    parts = [("Response", item.response)]
    if item.rejected is not None:
        parts.append(("Rejected before", item.rejected))
    return Review(
        context=[Passage(title="Prompt", html=render_conversation(item.messages))],
        parts=[
            Passage(title=title, html=render_response(part), note=part.model or "")
            for title, part in parts
        ],
        layout=Layout.BESIDE,
    )


def verdict_word(verdict: Category) -> str:
    return _VERDICTS[str(verdict)][0]


def read(judgment: Judgment) -> Reading:
    words, tone = _VERDICTS[judgment.verdict]
    return Reading(
        words=words,
        tone=tone,
        note="\n\n---\n\n".join(text for text in (judgment.critique, judgment.edited) if text),
    )


def read_consensus(value: Revision, margin: float | None) -> Reading:
    del margin
    words, tone = _VERDICTS[value["verdict"]]
    if value["edited"] is not None:
        words += f": “{one_line(value['edited'])}”"
    return Reading(words=words, tone=tone)
