"""Tags that yield one value: Choices, Rating, Number, Pairwise and TextArea."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator

from workbench.contracts.faults import shown
from workbench.contracts.fields import WrittenText, refusal
from workbench.contracts.folder_templates.declaration import ControlField, DeclaredLevel
from workbench.contracts.folder_templates.kinds import (
    UNSETTLED,
    AnswerKind,
    Scalar,
    Settled,
    Unreadable,
    Value,
    View,
    literal,
    only,
    texts,
)
from workbench.contracts.label_config import Choice
from workbench.contracts.task_template import Category, ConsensusMethod, Vote

FIRST, SECOND = "first", "second"
_SWAPPED = (1, 0)
MOST_STEPS = 1_000


def _levels(level: DeclaredLevel) -> dict[str, bool]:
    return {
        "is_ordered": level is DeclaredLevel.ORDINAL,
        "is_interval": level is DeclaredLevel.INTERVAL,
    }


def codes_of(stored: Sequence[str], level: DeclaredLevel) -> dict[str, Category]:
    """Return the categories of choices from low to high: their numbers, or else their places."""
    if level not in {DeclaredLevel.ORDINAL, DeclaredLevel.INTERVAL}:
        return {choice: choice for choice in stored}
    numbers = [int(choice) for choice in stored if choice.lstrip("-").isdecimal()]
    if len(numbers) < len(stored) or sorted(set(numbers)) != numbers:
        numbers = list(range(len(stored)))
    return dict(zip(stored, numbers, strict=True))


class OneChoice(Scalar):
    def __init__(self, choices: Sequence[Choice], declared: ControlField) -> None:
        stored = [choice.stored for choice in choices]
        ordered = declared.order or stored
        super().__init__(codes_of(ordered, declared.level), **_levels(declared.level))
        self.annotation = literal(stored)
        self.expected = f"one of {', '.join(stored)}"
        self._words = {choice.stored: choice.value for choice in choices}
        self._swaps = dict(declared.swaps) | {right: left for left, right in declared.swaps}

    def read(self, values: Sequence[Value], view: View) -> str:
        chosen = texts(values, "choices")
        if len(chosen) != 1:
            problem = f"has {len(chosen)} choices"
            raise Unreadable(problem)
        if chosen[0] not in self._words:
            problem = f"is {shown(chosen[0])}"
            raise Unreadable(problem)
        return self._turned(chosen[0], view)

    def write(self, answer: str, view: View) -> list[dict[str, Any]]:
        return [{"choices": [self._turned(answer, view)]}]

    def words(self, answer: Any) -> str:
        return self._words.get(answer, _number(answer))

    def _turned(self, choice: str, view: View) -> str:
        return self._swaps.get(choice, choice) if view.order == _SWAPPED else choice


class Rating(Scalar):
    def __init__(self, highest: int, declared: ControlField) -> None:
        super().__init__({n: n for n in range(1, highest + 1)}, **_levels(declared.level))
        self.expected = f"a whole number from 1 to {highest}"
        self._highest = highest
        self.annotation = Annotated[int, BeforeValidator(self._checked)]

    def read(self, values: Sequence[Value], _view: View) -> int:
        rating = only(values, "rating")
        if not self._is_rating(rating):
            problem = f"is {shown(rating)}"
            raise Unreadable(problem)
        return int(rating)

    def write(self, answer: int, _view: View) -> list[dict[str, Any]]:
        return [{"rating": answer}]

    def words(self, answer: Any) -> str:
        return f"{_number(answer)} of {self._highest}"

    def _is_rating(self, rating: Any) -> bool:
        return type(rating) is int and 1 <= rating <= self._highest

    def _checked(self, rating: Any) -> Any:
        if not self._is_rating(rating):
            raise refusal(problem=f"is {shown(rating)}", expected=self.expected)
        return rating


class Grid:
    """The numbers from low to high by a step, and what agreement calls them.

    Whole numbers are their own categories. Others are counted in steps, which changes nothing:
    interval alpha is invariant under an affine recoding.
    """

    def __init__(self, low: float, high: float, step: float) -> None:
        n = math.floor((high - low) / step + 1e-9)
        self.numbers = [_tidy(low + place * step) for place in range(n + 1)]
        is_whole = all(type(number) is int for number in self.numbers)
        self.codes: dict[Any, Category] = {
            number: int(number) if is_whole else place for place, number in enumerate(self.numbers)
        }


class Number(Scalar):
    def __init__(
        self, low: float | None, high: float | None, step: float | None, declared: ControlField
    ) -> None:
        self._low, self._high = low, high
        is_measured = declared.level is not DeclaredLevel.TEXT
        self._grid = Grid(low or 0, high or 0, step or 1) if is_measured else None
        super().__init__(self._grid.codes if self._grid else {}, **_levels(declared.level))
        self.expected = "a number"
        if low is not None:
            self.expected += f" of at least {low:g}"
        if high is not None:
            self.expected += f" {'and' if low is not None else 'of'} at most {high:g}"
        if self._grid:
            self.expected += f" in steps of {step or 1:g}"
        self.annotation = Annotated[int | float, BeforeValidator(self._checked)]

    def read(self, values: Sequence[Value], _view: View) -> int | float:
        number = only(values, "number")
        if not self._fits(number):
            problem = f"is {shown(number)}"
            raise Unreadable(problem)
        return _tidy(number)

    def write(self, answer: float, _view: View) -> list[dict[str, Any]]:
        return [{"number": answer}]

    def values(self, answer: Any) -> Mapping[str, Category]:
        return super().values(answer) if self._grid else {}

    def words(self, answer: Any) -> str:
        return _number(answer)

    def _fits(self, number: Any) -> bool:
        if type(number) not in {int, float} or not math.isfinite(number):
            return False
        if self._grid is not None:
            return _tidy(number) in self._grid.codes
        is_low = self._low is not None and number < self._low
        return not is_low and (self._high is None or number <= self._high)

    def _checked(self, number: Any) -> Any:
        if not self._fits(number):
            raise refusal(problem=f"is {shown(number)}", expected=self.expected)
        return _tidy(number)


class Pair(Scalar):
    """Pairwise: which of two texts, by their place in canonical order."""

    annotation = literal([FIRST, SECOND])
    expected = '"left" or "right" (in a judgment "first" or "second")'

    def __init__(self) -> None:
        super().__init__({FIRST: FIRST, SECOND: SECOND}, is_ordered=False, is_interval=False)

    def read(self, values: Sequence[Value], view: View) -> str:
        selected = only(values, "selected")
        if selected not in ("left", "right"):
            problem = f"is {shown(selected)}"
            raise Unreadable(problem)
        return (FIRST, SECOND)[(view.order or (0, 1))[selected == "right"]]

    def write(self, answer: str, view: View) -> list[dict[str, Any]]:
        place = (view.order or (0, 1)).index((FIRST, SECOND).index(answer))
        return [{"selected": ("left", "right")[place]}]

    def words(self, answer: Any) -> str:
        return f"{str(answer).capitalize()} is better"


class Written(AnswerKind):
    annotation = WrittenText
    expected = "text"

    def read(self, values: Sequence[Value], _view: View) -> str:
        return "\n".join(texts(values, "text"))

    def write(self, answer: str, _view: View) -> list[dict[str, Any]]:
        return [{"text": [answer]}]

    def values(self, _answer: Any) -> Mapping[str, Category]:
        return {}

    def settle(
        self, _votes: Mapping[str, Vote], _answers: Sequence[Any], _method: ConsensusMethod
    ) -> Settled:
        return UNSETTLED


def _tidy(number: float) -> int | float:
    rounded = round(number, 9)
    return int(rounded) if rounded == int(rounded) else rounded


def _number(answer: Any) -> str:
    return f"{answer:.2f}".rstrip("0").rstrip(".") if isinstance(answer, float) else str(answer)
