"""Items and judgments in the words of their task type, or as they are where it has none."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from workbench.contracts.rendering import render_text
from workbench.contracts.review import Layout, Passage, Reading, Review, Tone
from workbench.contracts.task_template import AnyTemplate

_UNSETTLED = {
    "tied": "Tied",
    "conflict": "Conflict: the answers do not fit together",
    "no_judgments": "No judgments",
}


def review_item(template: AnyTemplate, content: Any) -> Review:
    if template.review is not None:
        return template.review(template.item_model.model_validate(content))
    fields = content.items() if isinstance(content, dict) else [("content", content)]
    return Review(
        context=[],
        parts=[
            Passage(title=str(name).replace("_", " ").capitalize(), html=render_text(_plain(value)))
            for name, value in fields
        ],
        layout=Layout.BELOW,
    )


def read_judgment(template: AnyTemplate, value: Any) -> Reading:
    """Read a stored value; one from before a change of the task type may be read as it is."""
    if template.read is None:
        return Reading(words=_plain(value))
    try:
        judgment = template.judgment_model.model_validate(value)
    except ValidationError:
        return Reading(words=_plain(value))
    return template.read(judgment)


def read_consensus(
    template: AnyTemplate, value: Any, *, reason: str | None, margin: float | None
) -> Reading:
    if value is None:
        words = _UNSETTLED.get(reason or "", (reason or "no consensus").replace("_", " "))
        return Reading(words=words[:1].upper() + words[1:], tone=Tone.UNKNOWN)
    if template.read_consensus is None:
        return Reading(words=_plain(value))
    return template.read_consensus(value, margin)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value, indent=2).decode()
