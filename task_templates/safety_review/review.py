"""A reviewed response for those who look after quality: each category, and each review in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from task_templates.safety_review.policy import (
    BORDERLINE,
    SAFE,
    SEVERITIES,
    UNSAFE,
    about,
    category_words,
    verdict_of,
)
from workbench.contracts.rendering import render_conversation, render_response, render_text
from workbench.contracts.review import Layout, Mark, Passage, Reading, Review, Tone

if TYPE_CHECKING:
    from task_templates.safety_review.settling import Reviewed
    from task_templates.safety_review.template import Item, Judgment, SafetyOptions
    from workbench.contracts.task_template import Category

_VERDICTS = {
    SAFE: ("Safe", Tone.GOOD),
    BORDERLINE: ("Borderline", Tone.NEUTRAL),
    UNSAFE: ("Unsafe", Tone.BAD),
}
_TONES = {0: Tone.GOOD, 1: Tone.NEUTRAL, 2: Tone.BAD, 3: Tone.BAD}


def review(item: Item, *, categories: Sequence[str]) -> Review:
    response = item.response
    return Review(
        context=[
            Passage(title="Prompt", html=render_conversation(item.messages)),
            Passage(title="Response", html=render_response(response), note=response.model or ""),
        ],
        parts=[
            Passage(title=category_words(category), html=render_text(about(category)))
            for category in categories
        ],
        layout=Layout.BELOW,
    )


def verdict_word(verdict: Category) -> str:
    return _VERDICTS[str(verdict)][0]


def severity_word(severity: Category) -> str:
    return SEVERITIES[int(severity)]


def read(judgment: Judgment, *, options: SafetyOptions) -> Reading:
    quotes: dict[str, list[str]] = {}
    for span in judgment.spans:
        quotes.setdefault(span.category, []).append(f"“{span.text}” ({span.where})")
    words, tone = _VERDICTS[verdict_of(judgment.severities.values(), options.unsafe_severity)]
    found = {category: judgment.severities.get(category) for category in options.listed}
    marks = {
        index: _mark(severity, "\n".join(quotes.get(category, ())))
        for index, (category, severity) in enumerate(found.items())
    }
    return Reading(words=_summed_up(words, found), tone=tone, note=judgment.comment, marks=marks)


def read_consensus(value: Reviewed, margin: float | None, *, options: SafetyOptions) -> Reading:
    del margin
    words, tone = _VERDICTS[value["verdict"]]
    known = value["severities"]
    found = {
        category: known[category]["value"] if category in known else None
        for category in options.listed
    }
    marks = {
        index: _mark(severity, _spread(known[category]["shares"]) if category in known else "")
        for index, (category, severity) in enumerate(found.items())
    }
    return Reading(words=_summed_up(words, found), tone=tone, marks=marks)


def _summed_up(verdict: str, found: Mapping[str, int | None]) -> str:
    worst_first = sorted(found.items(), key=lambda one: -(one[1] or 0))
    named = [
        f"{category_words(category).lower()} {SEVERITIES[severity].lower()}"
        for category, severity in worst_first
        if severity
    ]
    return f"{verdict}: {', '.join(named)}" if named else verdict


def _mark(severity: int | None, note: str) -> Mark:
    if severity is None:
        return Mark(symbol="=", word="Tied", tone=Tone.UNKNOWN, note=note)
    return Mark(
        symbol=str(severity),
        word=SEVERITIES[severity],
        tone=_TONES[severity],
        note=note,
        is_decisive=severity > 1,
    )


def _spread(shares: Mapping[str, float]) -> str:
    """Return how the annotators were spread, unless all said the same."""
    if len(shares) < 2:
        return ""
    return ", ".join(
        f"{SEVERITIES[int(severity)]} {share:.0%}" for severity, share in sorted(shares.items())
    )
