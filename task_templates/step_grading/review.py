"""A graded solution for those who look after quality: its steps, and each grading in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.contracts.rendering import render_text
from workbench.contracts.review import Layout, Mark, Passage, Reading, Review, Tone

if TYPE_CHECKING:
    from task_templates.step_grading.grading import Grading, Item, Judgment
    from workbench.contracts.task_template import Category

_GRADES: dict[Any, tuple[str, str, Tone]] = {
    1: ("+1", "Good", Tone.GOOD),
    0: ("0", "Neutral", Tone.NEUTRAL),
    -1: ("−1", "Bad", Tone.BAD),
    "unsure": ("?", "Unsure", Tone.UNKNOWN),
    None: ("–", "No consensus", Tone.UNKNOWN),
}
_VERDICTS = {
    "solution": ("Solves the problem", Tone.GOOD),
    "found_error": ("Found an error", Tone.BAD),
    "bad_problem": ("The problem is flawed", Tone.UNKNOWN),
    "give_up": ("Gave up", Tone.UNKNOWN),
}


def review(item: Item) -> Review:
    context = [Passage(title="Problem", html=render_text(item.problem))]
    if item.reference_answer is not None:
        context.append(Passage(title="Reference answer", html=render_text(item.reference_answer)))
    return Review(
        context=context,
        parts=[
            Passage(title=f"Step {number}", html=render_text(step))
            for number, step in enumerate(item.steps, start=1)
        ],
        layout=Layout.BELOW,
    )


def rating_word(rating: Category) -> str:
    symbol, word, _ = _GRADES[rating]
    return f"{symbol} {word}"


def first_error_word(step: Category) -> str:
    """Return the step's number, which begins at 1 where people read it."""
    return f"Step {int(step) + 1}" if str(step).isdigit() else "No error"


def verdict_word(verdict: Category) -> str:
    return _VERDICTS[str(verdict)][0]


def read(judgment: Judgment) -> Reading:
    notes = dict(judgment.critiques)
    for index, step in judgment.alternatives.items():
        notes[index] = f"{notes[index]}\n\n" if index in notes else ""
        notes[index] += f"Better: {step}"
    return _reading(judgment.verdict, judgment.ratings, notes, judgment.comment)


def read_consensus(value: Grading, margin: float | None) -> Reading:
    del margin
    return _reading(value["verdict"], value["ratings"], {}, "")


def _reading(verdict: str, ratings: Sequence[Any], notes: dict[str, str], comment: str) -> Reading:
    words, tone = _VERDICTS[verdict]
    first_bad = next((index for index, rating in enumerate(ratings) if rating == -1), None)
    if first_bad is not None and verdict == "found_error":
        words = f"{words}: step {first_bad + 1}"
    marks = {}
    for index, rating in enumerate(ratings):
        symbol, word, grade = _GRADES[rating]
        marks[index] = Mark(
            symbol=symbol,
            word=word,
            tone=grade,
            note=notes.get(str(index), ""),
            is_decisive=index == first_bad,
        )
    return Reading(words=words, tone=tone, note=comment, marks=marks)
