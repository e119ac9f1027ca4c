"""The questions of a folder: each control with what the author declared of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from workbench.contracts.folder_templates.declaration import (
    ControlField,
    Declaration,
    DeclaredLevel,
)
from workbench.contracts.folder_templates.kinds import AnswerKind, Settled, View
from workbench.contracts.folder_templates.orders import Ranks, Tiers
from workbench.contracts.folder_templates.scalars import Number, OneChoice, Pair, Rating, Written
from workbench.contracts.folder_templates.sets import ManyChoices, NamedSet, Spans, Taxonomy
from workbench.contracts.label_config import Control, LabelConfig
from workbench.contracts.task_template import Category, ConsensusMethod, Level, Measure, Vote

TAGS = (
    "Choices",
    "Labels",
    "Number",
    "Pairwise",
    "Ranker",
    "Rating",
    "Taxonomy",
    "TextArea",
)
"""The controls that a folder may use."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What has to be chosen elsewhere for a control to be seen."""

    control: str
    choices: frozenset[str]
    is_selected: bool


@dataclass(frozen=True, kw_only=True)
class Question:
    """One field of the judgment.

    Attributes:
        controls: The control that answers it, or one for each shuffled text in the order shown.
        data_field: The field of the item that the first control points at.
        conditions: When each control is seen.
    """

    field: str
    title: str
    declared: ControlField
    controls: Sequence[Control]
    kind: AnswerKind
    is_required: bool
    data_field: str | None
    conditions: Mapping[str, Sequence[Condition]]

    @property
    def is_for_each(self) -> bool:
        """Whether it is asked of each shuffled text."""
        return self.declared.of is not None

    @property
    def is_measured(self) -> bool:
        return self.declared.level is not DeclaredLevel.TEXT and bool(self.kind.categories)

    @property
    def is_voted(self) -> bool:
        return self.is_measured and self.declared.voted

    @property
    def annotation(self) -> Any:
        one: Any = self.kind.annotation | None
        several: Any = tuple
        return several[one, ...] | None if self.is_for_each else one

    def place_of(self, control: Control, view: View) -> int:
        """Return the canonical candidate that a control of this question was shown with."""
        return view.order[self.controls.index(control)]

    def answers(self, answer: Any) -> Sequence[Any]:
        """Return the single answers: one, or one for each candidate in canonical order."""
        if not self.is_for_each:
            return (answer,)
        return answer or ()

    def measure(self) -> Measure:
        level = Level(self.declared.level)
        return Measure(
            field=self.field,
            title=self.title,
            level=level,
            unit=f"{self.kind.unit} × candidate" if self.is_for_each else self.kind.unit,
            categories=self.kind.categories,
            values=self._values,
            voted=self.declared.voted and level is not Level.INTERVAL,
            word=self.kind.word,
            leaves_out=self._left_out,
        )

    def settle(
        self, votes: Mapping[str, Vote], judgments: Sequence[Any], method: ConsensusMethod
    ) -> Settled:
        """Settle the answers of an item's judgments."""
        given = [getattr(judgment, self.field) for judgment in judgments]
        if not self.is_for_each:
            known = [self._read(answer) for answer in given]
            present = [answer for answer in known if answer is not None]
            return self.kind.settle(votes, present, method) if present else (None, None)
        settled = [
            self._settle_one(place, votes, given, method) for place in range(len(self.controls))
        ]
        values = [value for value, _ in settled]
        if all(value is None for value in values):
            return None, None
        return values, min((sure for _, sure in settled if sure is not None), default=None)

    def _settle_one(
        self,
        place: int,
        votes: Mapping[str, Vote],
        given: Sequence[Any],
        method: ConsensusMethod,
    ) -> Settled:
        prefix = f"{place}/"
        of_this = {
            unit.removeprefix(prefix).removeprefix("/"): vote
            for unit, vote in votes.items()
            if f"{unit}/".startswith(prefix)
        }
        one = {("" if unit == str(place) else unit): vote for unit, vote in of_this.items()}
        answers = [answer[place] for answer in given if answer and answer[place] is not None]
        return self.kind.settle(one, answers, method) if answers else (None, None)

    def _read(self, answer: Any) -> Any:
        """Take a set that was asked for and left empty for the answer that it is."""
        is_asked = not any(self.conditions.values())
        return () if answer is None and is_asked and isinstance(self.kind, NamedSet) else answer

    def _values(self, judgment: Any) -> Mapping[str, Category]:
        answer = getattr(judgment, self.field)
        if not self.is_for_each:
            answer = self._read(answer)
            return {} if answer is None else self.kind.values(answer)
        return {
            f"{place}/{unit}" if unit else str(place): value
            for place, one in enumerate(answer or ())
            if one is not None
            for unit, value in self.kind.values(one).items()
        }

    def _left_out(self, judgment: Any) -> str | None:
        return None if self._values(judgment) else "unanswered"

    def words(self, answer: Any) -> str:
        if answer is None:
            return "–"
        if not self.is_for_each:
            return self.kind.words(answer)
        return ", ".join("–" if one is None else self.kind.words(one) for one in answer)


def build_questions(
    declaration: Declaration, config: LabelConfig, root: etree._Element
) -> list[Question]:
    """Return the questions in the order of the configuration.

    The declaration and the configuration have to fit together (`checking`).
    """
    elements = {element.get("name"): element for element in root.iter(etree.Element)}
    shown_by = objects_by_name(root)
    questions: dict[str, Question] = {}
    for control in config.controls.values():
        name = declaration.field_of(control.name)
        if name in questions:
            continue
        together = _in_shown_order(declaration, config, name)
        declared = declaration.controls[together[0].name]
        questions[name] = Question(
            field=name,
            title=declared.title or name.replace("_", " ").capitalize(),
            declared=declared,
            controls=together,
            kind=_kind(control, elements[control.name], declared),
            is_required=is_required(control, declared),
            data_field=shown_by.get(control.to_name[0]),
            conditions={
                one.name: tuple(conditions_of(elements[one.name], config)) for one in together
            },
        )
    return list(questions.values())


def is_required(control: Control, declared: ControlField) -> bool:
    """Say whether an answer is wanted: as declared, else as the tag says where it can."""
    if declared.required is not None:
        return declared.required
    return control.is_required or control.tag in {"Pairwise", "Ranker"}


def _in_shown_order(declaration: Declaration, config: LabelConfig, name: str) -> list[Control]:
    together = [
        control
        for control in config.controls.values()
        if declaration.field_of(control.name) == name
    ]
    places = {slot: place for place, slot in enumerate(declaration.shuffled)}
    return sorted(together, key=lambda one: places.get(declaration.controls[one.name].of or "", 0))


def objects_by_name(root: etree._Element) -> dict[str, str]:
    """Return the field of the task data that each named tag shows."""
    return {
        str(element.get("name")): element.get("value", "").removeprefix("$")
        for element in root.iter(etree.Element)
        if element.get("name") and element.get("value", "").startswith("$")
    }


def conditions_of(element: etree._Element, config: LabelConfig) -> Iterator[Condition]:
    for tag in (element, *element.iterancestors()):
        when = tag.get("visibleWhen")
        if when not in {"choice-selected", "choice-unselected"}:
            continue
        control = config.get_control(tag.get("whenTagName", ""))
        wanted = {value for value in (tag.get("whenChoiceValue") or "").split(",") if value}
        yield Condition(
            control=control.name,
            choices=frozenset(
                choice.stored
                for choice in control.choices
                if not wanted or wanted & {choice.value, choice.stored}
            ),
            is_selected=when == "choice-selected",
        )


def _kind(control: Control, element: etree._Element, declared: ControlField) -> AnswerKind:
    match control.tag:
        case "Choices" if control.is_multiple:
            return ManyChoices(control.choices)
        case "Choices":
            return OneChoice(control.choices, declared)
        case "Rating":
            return Rating(int(element.get("maxRating", "5")), declared)
        case "Number":
            low, high, step = number_bounds(element, declared)
            return Number(low, high, step, declared)
        case "Taxonomy":
            return Taxonomy(list(taxonomy_paths(element)))
        case "Pairwise":
            return Pair()
        case "Ranker" if control.choices:
            return Tiers(control.name, control.choices, declared.level)
        case "Ranker":
            return Ranks(control.name)
        case "Labels":
            return Spans(control.choices)
        case _:
            return Written()


def number_bounds(
    element: etree._Element, declared: ControlField
) -> tuple[float | None, float | None, float | None]:
    """Return low, high and step: as declared, else as the tag has them."""

    def of(name: str, own: float | None) -> float | None:
        written = element.get(name)
        return float(written) if own is None and written else own

    return of("min", declared.low), of("max", declared.high), of("step", declared.step)


def taxonomy_paths(element: etree._Element) -> Iterator[tuple[str, ...]]:
    for choice in element.iter("Choice"):
        outer = list(choice.iterancestors("Choice"))[::-1]
        yield tuple(one.get("alias", one.get("value", "")) for one in (*outer, choice))
