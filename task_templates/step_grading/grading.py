"""What an item and a judgment of a graded solution are, and which judgment fits which item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypedDict

from pydantic import AfterValidator, BeforeValidator, Field

from workbench.contracts.faults import shown
from workbench.contracts.fields import ShownText, StoredText, WrittenText, refusal
from workbench.contracts.task_template import ItemModel, JudgmentModel, Options
from workbench.errors import BadRow, JudgmentInvalid

GOOD, NEUTRAL, BAD, UNSURE = 1, 0, -1, "unsure"
SOLUTION, FOUND_ERROR, BAD_PROBLEM, GIVE_UP = "solution", "found_error", "bad_problem", "give_up"
VERDICTS = (SOLUTION, FOUND_ERROR, BAD_PROBLEM, GIVE_UP)
NO_ERROR = "none"


def _none_if_blank(text: str | None) -> str | None:
    return text if text and text.strip() else None


class Item(ItemModel):
    """A problem, a solution cut into steps, and the reference answer where there is one."""

    problem: ShownText
    steps: Annotated[tuple[ShownText, ...], Field(min_length=1)]
    reference_answer: Annotated[StoredText | None, AfterValidator(_none_if_blank)] = None
    model: StoredText | None = None


def _whole_rating(rating: Any) -> Any:
    if rating == UNSURE or (type(rating) is int and rating in {GOOD, NEUTRAL, BAD}):
        return rating
    raise refusal(problem=f"is {shown(rating)}", expected='1, 0, -1 or "unsure"')


def _written_only(notes: dict[str, str]) -> dict[str, str]:
    return {index: note for index, note in notes.items() if note}


Rating = Annotated[Literal[1, 0, -1, "unsure"], BeforeValidator(_whole_rating)]


StepNotes = Annotated[dict[StoredText, WrittenText], AfterValidator(_written_only)]
"""What was written about steps, by their index."""


class Judgment(JudgmentModel):
    """The grades from the first step on, a verdict, and what was written about the steps.

    An alternative is the better step in place of a bad one.
    """

    ratings: tuple[Rating, ...]
    verdict: Literal["solution", "found_error", "bad_problem", "give_up"]
    critiques: StepNotes = {}  # noqa: RUF012
    alternatives: StepNotes = {}  # noqa: RUF012
    comment: WrittenText = ""

    @property
    def first_bad(self) -> int | None:
        return find_first_bad(self.ratings)


class StepOptions(Options):
    stop_at_first_error: bool = Field(
        default=False,
        description="Grade up to the first bad step only; what comes after it is left out.",
    )
    show_reference: bool = Field(
        default=True, description="Show the reference answer to the experts."
    )
    require_critique: bool = Field(
        default=False, description="Refuse a judgment with a bad step that has no critique."
    )
    ask_for_alternative: bool = Field(
        default=False, description="Ask for the better step where a step is bad."
    )


class Grading(TypedDict):
    """A settled value: a rating per step, null where nobody graded it or the vote is tied."""

    ratings: list[int | None]
    first_error: int | None
    verdict: str


def find_first_bad(ratings: Sequence[int | str | None]) -> int | None:
    return next((index for index, rating in enumerate(ratings) if rating == BAD), None)


def check(judgment: Judgment, item: Item, options: StepOptions) -> None:
    rows = [
        *_check_extent(judgment, len(item.steps), options),
        *_check_verdict(judgment),
        *_check_critiques(judgment, options),
        *_check_alternatives(judgment, options),
    ]
    if rows:
        message = f"the judgment does not fit its item: {rows[0].field} {rows[0].problem}"
        raise JudgmentInvalid(message, rows=rows)


def _check_extent(judgment: Judgment, n_steps: int, options: StepOptions) -> Sequence[BadRow]:
    """Check how far the ratings go.

    They cover every step, unless they end with the first bad one or the expert gave up or found
    the problem flawed.
    """
    n_ratings, first_bad = len(judgment.ratings), judgment.first_bad
    if n_ratings > n_steps:
        problem = f"are {n_ratings} for {n_steps} steps"
        return [BadRow(field="ratings", problem=problem, expected=f"at most {n_steps}")]
    if options.stop_at_first_error and first_bad is not None and n_ratings > first_bad + 1:
        problem = f"go on after the first -1, which is at index {first_bad}"
        expected = f"{first_bad + 1} ratings: this campaign stops at the first -1"
        return [BadRow(field="ratings", problem=problem, expected=expected)]
    ends_at_error = judgment.verdict == FOUND_ERROR and first_bad == n_ratings - 1
    may_be_short = ends_at_error or judgment.verdict in {BAD_PROBLEM, GIVE_UP}
    if n_ratings < n_steps and not may_be_short:
        problem = f"cover {n_ratings} of {n_steps} steps"
        expected = "a rating for each step, up to the first -1 at least"
        return [BadRow(field="ratings", problem=problem, expected=expected)]
    return []


def _check_verdict(judgment: Judgment) -> Sequence[BadRow]:
    first_bad = judgment.first_bad
    if judgment.verdict == SOLUTION and first_bad is not None:
        problem = f"is solution, but the step at index {first_bad} is rated -1"
        return [BadRow(field="verdict", problem=problem, expected="found_error, or no -1")]
    if judgment.verdict == FOUND_ERROR and first_bad is None:
        problem = "is found_error, but no step is rated -1"
        return [BadRow(field="verdict", problem=problem, expected="a step rated -1")]
    return []


def _check_critiques(judgment: Judgment, options: StepOptions) -> Sequence[BadRow]:
    graded = {str(index): rating for index, rating in enumerate(judgment.ratings)}
    expected = "the 0-based index of a graded step"
    if graded:
        expected += f", 0 to {len(graded) - 1}"
    rows = [
        BadRow(field=f"critiques.{index}", problem="is not on a graded step", expected=expected)
        for index in judgment.critiques
        if index not in graded
    ]
    if options.require_critique:
        rows += [
            BadRow(
                field=f"critiques.{index}",
                problem="is missing",
                expected="a critique for each step rated -1",
            )
            for index, rating in graded.items()
            if rating == BAD and index not in judgment.critiques
        ]
    return rows


def _check_alternatives(judgment: Judgment, options: StepOptions) -> Sequence[BadRow]:
    if judgment.alternatives and not options.ask_for_alternative:
        expected = "none: this campaign does not ask for them (ask_for_alternative)"
        return [BadRow(field="alternatives", problem="are given", expected=expected)]
    bad = {str(index) for index, rating in enumerate(judgment.ratings) if rating == BAD}
    return [
        BadRow(
            field=f"alternatives.{index}",
            problem="is not for a bad step",
            expected="the 0-based index of a step rated -1",
        )
        for index in judgment.alternatives
        if index not in bad
    ]
