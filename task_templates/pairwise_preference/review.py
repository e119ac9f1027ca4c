"""A comparison for those who look after quality: responses in canonical order, judgments in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workbench.contracts.fields import code_words
from workbench.contracts.rendering import render_conversation, render_response
from workbench.contracts.review import Layout, Passage, Reading, Review, Scale, Tone

if TYPE_CHECKING:
    from task_templates.pairwise_preference.template import Item, Judgment
    from workbench.contracts.task_template import Category

_STRONGEST = 3
_PARTS = ("First", "Second")
_HOW_MUCH = {1: "slightly better", 2: "better", 3: "much better"}
_OUTCOMES = {
    "first": "First is better",
    "second": "Second is better",
    "tie": "About the same",
    "neither": "Neither is acceptable",
}


def review(item: Item) -> Review:
    return Review(
        context=[Passage(title="Prompt", html=render_conversation(item.messages))],
        parts=[
            Passage(title=title, html=render_response(response), note=response.model or "")
            for title, response in zip(_PARTS, item.responses, strict=True)
        ],
        layout=Layout.BESIDE,
    )


def strength_word(strength: Category) -> str:
    """Return the words by which an expert chose this strength, said of canonical order."""
    if not isinstance(strength, int):
        return _OUTCOMES[strength]
    if strength == 0:
        return _OUTCOMES["tie"]
    side = "First" if strength < 0 else "Second"
    return f"{side} is {_HOW_MUCH[abs(strength)]}"


def direction_word(direction: Category) -> str:
    return _OUTCOMES[str(direction)]


def read(judgment: Judgment) -> Reading:
    strength = judgment.strength
    return Reading(
        words=strength_word(strength),
        tone=Tone.BAD if isinstance(strength, str) else Tone.NEUTRAL,
        note="\n\n".join(filter(None, [judgment.rationale, *_marks(judgment)])),
        scale=_scale(strength) if isinstance(strength, int) else None,
    )


def _marks(judgment: Judgment) -> Iterator[str]:
    for title, flags, claims in zip(_PARTS, judgment.flags, judgment.wrong_claims, strict=True):
        if flags:
            yield f"{title}: {', '.join(code_words(code).lower() for code in flags)}"
        if claims:
            yield f"{title}, wrong: {'; '.join(f'“{claim.text}”' for claim in claims)}"


def read_consensus(value: Any, margin: float | None) -> Reading:
    """Read a direction; its margin gives the place on the scale."""
    side = {"first": -1, "second": 1, "tie": 0}.get(value)
    has_place = side is not None and (margin is not None or side == 0)
    return Reading(
        words=_OUTCOMES[value],
        tone=Tone.BAD if side is None else Tone.NEUTRAL,
        scale=_scale(side * (margin or 0)) if has_place and side is not None else None,
    )


def _scale(strength: float) -> Scale:
    return Scale(place=strength + _STRONGEST, length=2 * _STRONGEST + 1, low="First", high="Second")
