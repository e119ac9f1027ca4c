"""What the tags ask for: how answers are read, written, compared and settled."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from workbench.contracts.faults import shown
from workbench.contracts.task_template import Category, ConsensusMethod, Vote

Value = Mapping[str, Any]
Settled = tuple[Any, float | None]
"""A settled answer, None where it is open, and its confidence."""

UNSETTLED: Settled = (None, None)


@dataclass(frozen=True, kw_only=True)
class View:
    """What an answer is about.

    Attributes:
        order: Canonical indices of the candidates in the order shown; answers are canonical.
        candidates: How many there are.
        text: The text that the control points at, as the item has it.
    """

    order: Sequence[int] = ()
    candidates: int = 0
    text: str = ""


class Unreadable(ValueError):
    """The value of a result is not what its tag yields."""


class AnswerKind(ABC):
    """One tag's answers.

    Attributes:
        annotation: The pydantic type of an answer.
        expected: What an answer is, for faults.
        unit: What agreement compares, in words (`item`, `item × choice`).
        categories: The values that are compared; () where nothing is.
    """

    annotation: Any
    expected: str
    unit = "item"
    categories: Sequence[Category] = ()
    is_repeated = False
    """Whether one control yields a result for each of its answers, as spans do."""

    @abstractmethod
    def read(self, values: Sequence[Value], view: View) -> Any:
        """Return the answer in the values of a control's results.

        Raises:
            Unreadable: With the problem.
        """

    @abstractmethod
    def write(self, answer: Any, view: View) -> list[dict[str, Any]]:
        """Return the values that `read` reads as this answer."""

    @abstractmethod
    def values(self, answer: Any) -> Mapping[str, Category]:
        """Return what agreement compares, by unit."""

    @abstractmethod
    def settle(
        self, votes: Mapping[str, Vote], answers: Sequence[Any], method: ConsensusMethod
    ) -> Settled:
        """Return the consensus of the answers given."""

    def problem_with(self, answer: Any, view: View) -> str | None:
        """Say why an answer does not fit its item."""
        del answer, view
        return None

    def is_empty(self, answer: Any) -> bool:
        return answer is None or answer in ("", ())

    def words(self, answer: Any) -> str:
        """Return an answer, or a settled one, for a person."""
        return str(answer)

    def word(self, category: Category) -> str:
        return str(category)


def only(values: Sequence[Value], key: str) -> Any:
    """Return what one result holds under its key."""
    value = values[0]
    if not isinstance(value, Mapping) or key not in value:
        problem = f"has the value {shown(value)}"
        raise Unreadable(problem)
    return value[key]


def texts(values: Sequence[Value], key: str) -> list[str]:
    found = only(values, key)
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        problem = f"has the value {shown(values[0])}"
        raise Unreadable(problem)
    return found


def literal(words: Sequence[str]) -> Any:
    """Return the pydantic type of a text that is one of these."""
    kind: Any = Literal
    return kind[tuple(words)]


class Scalar(AnswerKind):
    """An answer that is one value of a scale or of a set of names."""

    def __init__(
        self, codes: Mapping[Any, Category], *, is_ordered: bool, is_interval: bool
    ) -> None:
        self._codes = codes
        self._answers = {code: answer for answer, code in codes.items()}
        self._is_ordered, self._is_interval = is_ordered, is_interval
        self.categories = tuple(codes.values())

    def values(self, answer: Any) -> Mapping[str, Category]:
        return {"": self._codes[answer]}

    def word(self, category: Category) -> str:
        return self.words(self._answers.get(category, category))

    def settle(
        self, votes: Mapping[str, Vote], answers: Sequence[Any], method: ConsensusMethod
    ) -> Settled:
        """Settle by the vote; by the mean at the interval level, or if that is the method."""
        codes = [self._codes[answer] for answer in answers]
        if not codes:
            return UNSETTLED
        if self._is_interval:
            return self._mean(codes, answers)
        if self._is_ordered and method is ConsensusMethod.MEAN:
            return self._nearest(codes)
        vote = votes.get("")
        if vote is None or vote.value is None:
            return None, None if vote is None else vote.confidence
        return self._answers[vote.value], vote.confidence

    def _mean(self, codes: Sequence[Category], answers: Sequence[Any]) -> Settled:
        """Return the mean, and the share of the answers within half a step of it."""
        mean = sum(float(answer) for answer in answers) / len(answers)
        place = sum(float(code) for code in codes) / len(codes)
        step = float(self.categories[1]) - float(self.categories[0])
        near = sum(abs(float(code) - place) <= step / 2 for code in codes)
        return mean, near / len(codes)

    def _nearest(self, codes: Sequence[Category]) -> Settled:
        """Return the place on the scale nearest to the mean; halfway between two is open."""
        places = [self.categories.index(code) for code in codes]
        doubled = 2 * sum(places)
        if doubled % (2 * len(places)) == len(places):
            return None, None
        place = (doubled + len(places)) // (2 * len(places))
        settled = self.categories[place]
        return self._answers[settled], codes.count(settled) / len(codes)
