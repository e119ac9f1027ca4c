"""Tags that yield several answers: Choices with choice="multiple", Taxonomy, Labels."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from workbench.contracts.faults import shown
from workbench.contracts.fields import refusal
from workbench.contracts.folder_templates.kinds import (
    UNSETTLED,
    AnswerKind,
    Settled,
    Unreadable,
    Value,
    View,
    only,
    texts,
)
from workbench.contracts.label_config import Choice
from workbench.contracts.task_template import Category, ConsensusMethod, Vote

NO, YES = "no", "yes"
_PATH = " / "
_SHOWN_CHARACTER = re.compile(r"\r\n|.", re.DOTALL)
# Where `plain_html` puts the text: the editor finds a span by its way from the text's element.
_IN_PAGE = "/div[1]/pre[1]/text()[1]"


class NamedSet(AnswerKind):
    """A set of names; agreement is on each name: chosen or not."""

    unit = "item × choice"
    categories = (NO, YES)

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def chosen(self, answer: Any) -> Iterable[str]:
        return tuple(answer)

    def as_answer(self, names: Sequence[str]) -> Any:
        return list(names)

    def values(self, answer: Any) -> Mapping[str, Category]:
        chosen = set(self.chosen(answer))
        return {name: YES if name in chosen else NO for name in self.names}

    def settle(
        self, votes: Mapping[str, Vote], answers: Sequence[Any], _method: ConsensusMethod
    ) -> Settled:
        """Settle on the names that most chose; the confidence is that of the least certain name."""
        if not votes or not answers:
            return UNSETTLED
        chosen = [name for name in self.names if name in votes and votes[name].value == YES]
        sure = [vote.confidence for vote in votes.values() if vote.confidence is not None]
        return self.as_answer(chosen), min(sure, default=None)

    def is_empty(self, answer: Any) -> bool:
        return not answer

    def words(self, answer: Any) -> str:
        return ", ".join(str(name) for name in self.chosen(answer)) or "none"


class ManyChoices(NamedSet):
    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__([choice.stored for choice in choices])
        self.expected = f"some of {', '.join(self.names)}, each once"
        self.annotation = Annotated[tuple[str, ...], BeforeValidator(self._checked)]
        self._words = {choice.stored: choice.value for choice in choices}

    def read(self, values: Sequence[Value], _view: View) -> tuple[str, ...]:
        chosen = texts(values, "choices")
        problem = self._problem(chosen)
        if problem is not None:
            raise Unreadable(problem)
        return self._sorted(chosen)

    def write(self, answer: Sequence[str], _view: View) -> list[dict[str, Any]]:
        return [{"choices": list(answer)}]

    def words(self, answer: Any) -> str:
        return ", ".join(self._words.get(name, name) for name in answer) or "none"

    def _sorted(self, chosen: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in self.names if name in chosen)

    def _problem(self, chosen: Any) -> str | None:
        if not isinstance(chosen, list | tuple):
            return f"is {shown(chosen)}"
        strange = [name for name in chosen if name not in self.names]
        if strange:
            return f"holds {shown(strange[0])}"
        return None if len(set(chosen)) == len(chosen) else "holds a choice twice"

    def _checked(self, chosen: Any) -> Any:
        problem = self._problem(chosen)
        if problem is not None:
            raise refusal(problem=problem, expected=self.expected)
        return self._sorted(chosen)


class Taxonomy(NamedSet):
    """Paths from the root of a tree of choices."""

    def __init__(self, paths: Sequence[tuple[str, ...]]) -> None:
        self._paths = {path: _PATH.join(path) for path in paths}
        super().__init__(list(self._paths.values()))
        listed = "; ".join(self.names[:6]) + ("; …" if len(self.names) > 6 else "")
        self.expected = f"some of the paths {listed}, each once"
        self.annotation = Annotated[tuple[tuple[str, ...], ...], BeforeValidator(self._checked)]

    def read(self, values: Sequence[Value], _view: View) -> tuple[tuple[str, ...], ...]:
        chosen = only(values, "taxonomy")
        problem = self._problem(chosen)
        if problem is not None:
            raise Unreadable(problem)
        return self._sorted(chosen)

    def write(self, answer: Sequence[Sequence[str]], _view: View) -> list[dict[str, Any]]:
        return [{"taxonomy": [list(path) for path in answer]}]

    def chosen(self, answer: Any) -> Iterable[str]:
        return [_PATH.join(path) for path in answer]

    def as_answer(self, names: Sequence[str]) -> Any:
        return [list(path) for path, name in self._paths.items() if name in names]

    def _sorted(self, chosen: Any) -> tuple[tuple[str, ...], ...]:
        wanted = {tuple(path) for path in chosen}
        return tuple(path for path in self._paths if path in wanted)

    def _problem(self, chosen: Any) -> str | None:
        if not isinstance(chosen, list | tuple):
            return f"is {shown(chosen)}"
        for path in chosen:
            is_path = isinstance(path, list | tuple) and all(isinstance(step, str) for step in path)
            if not is_path or tuple(path) not in self._paths:
                return f"holds {shown(path)}"
        is_distinct = len({tuple(path) for path in chosen}) == len(chosen)
        return None if is_distinct else "holds a path twice"

    def _checked(self, chosen: Any) -> Any:
        problem = self._problem(chosen)
        if problem is not None:
            raise refusal(problem=problem, expected=self.expected)
        return self._sorted(chosen)


class Span(BaseModel):
    """A marked part of a text, in characters from `start` up to but not including `end`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: int
    end: int
    label: str


class Spans(NamedSet):
    """Labels on a text; agreement is on each label: used or not.

    Like a judgment, the editor counts characters, whatever they take in UTF-16. It is shown every
    line end as one character; a judgment counts in the text of the item as it is.
    """

    unit = "item × label"
    is_repeated = True
    annotation = tuple[Span, ...]

    def __init__(self, labels: Sequence[Choice]) -> None:
        super().__init__([label.stored for label in labels])
        self.expected = f"spans within the text, labelled {', '.join(self.names)}"

    def chosen(self, answer: Any) -> Iterable[str]:
        return [span.label if isinstance(span, Span) else str(span) for span in answer]

    def read(self, values: Sequence[Value], view: View) -> tuple[Span, ...]:
        spans = {self._span(value, view.text) for value in values}
        return tuple(sorted(spans, key=lambda span: (span.start, span.end, span.label)))

    def write(self, answer: Sequence[Span], view: View) -> list[dict[str, Any]]:
        return [self._written(span, view.text) for span in answer]

    def problem_with(self, answer: Any, view: View) -> str | None:
        for span in answer:
            if span.label not in self.names:
                return f"holds the label {shown(span.label)}"
            if not 0 <= span.start < span.end <= len(view.text):
                return f"holds {span.start} to {span.end}, and the text has {len(view.text)} characters"
        return None

    def words(self, answer: Any) -> str:
        if all(isinstance(span, Span) for span in answer):
            return ", ".join(f"{span.label} {span.start}–{span.end}" for span in answer) or "none"
        return super().words(answer)

    def _written(self, span: Span, text: str) -> dict[str, Any]:
        places = _places(text)
        start, end = bisect_right(places, span.start) - 1, bisect_left(places, span.end)
        return {
            "start": _IN_PAGE,
            "end": _IN_PAGE,
            "startOffset": start,
            "endOffset": end,
            "globalOffsets": {"start": start, "end": end},
            "labels": [span.label],
        }

    def _span(self, value: Any, text: str) -> Span:
        labels = value.get("labels") if isinstance(value, Mapping) else None
        place = _place(value)
        if place is None or not isinstance(labels, list) or len(labels) != 1:
            problem = f"has the value {shown(value)}"
            raise Unreadable(problem)
        if labels[0] not in self.names:
            problem = f"holds the label {shown(labels[0])}"
            raise Unreadable(problem)
        places = [*_places(text), len(text) + 1]
        start, end = (places[min(shown_at, len(places) - 1)] for shown_at in place)
        return Span(start=start, end=end, label=labels[0])


def _place(value: Any) -> tuple[int, int] | None:
    """Return start and end, as a text or an HTML text of the editor gives them."""
    offsets = value.get("globalOffsets", value) if isinstance(value, Mapping) else None
    if not isinstance(offsets, Mapping):
        return None
    start, end = offsets.get("start"), offsets.get("end")
    if type(start) is not int or type(end) is not int or not 0 <= start < end:
        return None
    return start, end


def _places(text: str) -> list[int]:
    """Return where in a text each character begins that is shown of it, and where it ends."""
    return [found.start() for found in _SHOWN_CHARACTER.finditer(text)] + [len(text)]
