"""PRM800K: a problem with a solution in steps, and one labeler's grades of them.

A solution is the completions that were chosen, or that the row ends with; what else was graded in
their place goes with the item, as does what the file says of the question. Rows in which the
solution goes on from a step that the labeler wrote are refused: nobody graded that step.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workbench.contracts.fields import ShownText, StoredText
from workbench.contracts.importer import (
    Imported,
    ImportedJudgment,
    Importer,
    ImportRow,
    JudgedOptions,
    name_by_content,
    not_carried,
)

KEY = "prm800k"

_BAD = -1
_UNSURE = "unsure"
_MILLISECONDS = 1000


class Strict(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class Completion(Strict):
    text: StoredText
    rating: Literal[-1, 0, 1] | None = None
    flagged: bool | None = None


class Human(Strict):
    text: StoredText


class Step(Strict):
    completions: list[Completion] = Field(min_length=1)
    human_completion: Human | StoredText | None = None
    chosen_completion: int | None = Field(default=None, ge=0)


class Question(Strict):
    problem: ShownText
    ground_truth_answer: StoredText | None = None
    pre_generated_steps: list[StoredText] | None = None


class Label(Strict):
    steps: list[Step]
    total_time: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    finish_reason: Literal["found_error", "solution", "bad_problem", "give_up"]


class Row(ImportRow):
    labeler: StoredText
    timestamp: datetime | None = None
    question: Question
    label: Label


def _convert(row: Row, options: JudgedOptions) -> Imported:
    places = [_place_of(step, index, row) for index, step in enumerate(row.label.steps)]
    graded = [step.completions[place] for step, place in zip(row.label.steps, places, strict=True)]
    item: dict[str, Any] = {
        "problem": row.question.problem,
        "steps": _solution(row, [one.text for one in graded]),
        "reference_answer": row.question.ground_truth_answer,
    }
    metadata = _metadata(row, places)
    judgment = ImportedJudgment(
        annotator=row.labeler,
        value={
            "ratings": [_UNSURE if one.rating is None else one.rating for one in graded],
            "verdict": row.label.finish_reason,
            "alternatives": _alternatives(row.label.steps, graded),
        },
        kind=options.annotator_kind,
        created_at=row.timestamp,
        seconds=None if row.label.total_time is None else row.label.total_time / _MILLISECONDS,
    )
    return Imported(
        external_id=name_by_content(KEY, item, metadata),
        item=item,
        metadata=metadata,
        judgments=[judgment],
    )


def _place_of(step: Step, index: int, row: Row) -> int:
    """Return which completion the solution has here."""
    is_last = index == len(row.label.steps) - 1
    field = f"label.steps[{index}]"
    if step.chosen_completion is not None:
        if step.chosen_completion >= len(step.completions):
            expected = f"an index of its {len(step.completions)} completions"
            problem = f"is {step.chosen_completion}"
            raise not_carried(
                field=f"{field}.chosen_completion", problem=problem, expected=expected
            )
        return step.chosen_completion
    if not is_last:
        expected = "a completion that the solution goes on with"
        raise not_carried(
            field=f"{field}.chosen_completion",
            problem="is null before the last step",
            expected=expected,
        )
    bad = (place for place, one in enumerate(step.completions) if one.rating == _BAD)
    return next(bad, 0)


def _solution(row: Row, graded: Sequence[str]) -> Sequence[str]:
    """Return the whole solution where the row holds it, else the steps that were graded."""
    whole = row.question.pre_generated_steps
    return whole if whole is not None and whole[: len(graded)] == list(graded) else graded


def _alternatives(steps: Sequence[Step], graded: Sequence[Completion]) -> dict[str, str]:
    """Return what was written in place of bad steps."""
    found: dict[str, str] = {}
    for index, (step, completion) in enumerate(zip(steps, graded, strict=True)):
        human = step.human_completion
        if human is None:
            continue
        if completion.rating != _BAD:
            field = f"label.steps[{index}].human_completion"
            raise not_carried(
                field=field, problem="is given", expected="null where the step is not rated -1"
            )
        found[str(index)] = human if isinstance(human, str) else human.text
    return found


def _metadata(row: Row, places: Sequence[int]) -> dict[str, Any]:
    """Return what the item and its judgment have no place for."""
    question = {
        name: value for name, value in (row.question.model_extra or {}).items() if value is not None
    }
    steps = row.question.pre_generated_steps
    texts = [step.completions[at].text for step, at in zip(row.label.steps, places, strict=True)]
    if steps is not None and steps[: len(texts)] != texts:
        question["pre_generated_steps"] = steps
    others = [
        {"step": index, **other.model_dump(exclude_none=True)}
        for index, (step, chosen) in enumerate(zip(row.label.steps, places, strict=True))
        for place, other in enumerate(step.completions)
        if place != chosen
    ]
    flagged = [
        index
        for index, (step, chosen) in enumerate(zip(row.label.steps, places, strict=True))
        if step.completions[chosen].flagged
    ]
    asides = {"question": question, "other_completions": others, "flagged_steps": flagged}
    return {**row.rest, **{name: value for name, value in asides.items() if value}}


IMPORTER = Importer(
    key=KEY,
    version="1",
    title="PRM800K",
    summary="one row per labeler's grading of a solution, step by step, as OpenAI published it",
    template="step_grading",
    options=JudgedOptions,
    row=Row,
    convert=_convert,
)
