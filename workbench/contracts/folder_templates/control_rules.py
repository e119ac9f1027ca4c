"""Rules on what is declared of single controls and of the records."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from lxml import etree

from workbench.contracts.folder_templates.declaration import (
    CompletionRecord,
    ControlField,
    Declaration,
    DeclaredLevel,
    FieldKind,
    Lines,
    PreferenceRecord,
    RankingRecord,
    RatedRecord,
    UnpairedRecord,
)
from workbench.contracts.folder_templates.questions import number_bounds, objects_by_name
from workbench.contracts.folder_templates.scalars import MOST_STEPS
from workbench.contracts.label_config import Control, LabelConfig, line_of
from workbench.errors import BadRow

_TOML = "template.toml"
_NOMINAL = (DeclaredLevel.NOMINAL, DeclaredLevel.TEXT)
_SCALES = (DeclaredLevel.ORDINAL, DeclaredLevel.INTERVAL)
_LEVELS = {
    "TextArea": (DeclaredLevel.TEXT,),
    "Labels": _NOMINAL,
    "Taxonomy": _NOMINAL,
    "Pairwise": (DeclaredLevel.NOMINAL,),
    "Ranker": (DeclaredLevel.ORDINAL, DeclaredLevel.NOMINAL),
    "Number": (*_SCALES, DeclaredLevel.TEXT),
}


@dataclass(frozen=True)
class Pair:
    """The declaration and the configuration, which name the same controls and fields."""

    declaration: Declaration
    lines: Lines
    config: LabelConfig
    root: etree._Element

    def fault(self, path: str, problem: str, expected: str) -> BadRow:
        return BadRow(
            line=self.lines.of(path), field=f"{_TOML} {path}", problem=problem, expected=expected
        )

    def each(self) -> Iterator[tuple[str, Control, ControlField, etree._Element]]:
        elements = {element.get("name"): element for element in self.root.iter(etree.Element)}
        for name, control in self.config.controls.items():
            yield name, control, self.declaration.controls[name], elements[name]

    def control_of(self, field: str) -> Control | None:
        """Return the first control that answers a field of the judgment."""
        for name, control in self.config.controls.items():
            if self.declaration.field_of(name) == field:
                return control
        return None

    @property
    def compared(self) -> tuple[str, ...]:
        """The two texts that are shuffled, if it is two."""
        return self.declaration.shuffled if len(self.declaration.shuffled) == 2 else ()

    @property
    def has_list(self) -> bool:
        return any(one.kind is FieldKind.CANDIDATES for one in self.declaration.fields.values())


def _levels(pair: Pair) -> Iterator[BadRow]:
    for name, control, declared, element in pair.each():
        allowed: Sequence[DeclaredLevel] = _LEVELS.get(control.tag, tuple(DeclaredLevel))
        if control.tag == "Choices" and control.is_multiple:
            allowed = _NOMINAL
        path = f"controls.{name}.level"
        if declared.level not in allowed:
            expected = f"one of {', '.join(allowed)}"
            kind = "several choices" if control.is_multiple else f"a {control.tag}"
            yield pair.fault(path, f"is {declared.level} for {kind}", expected)
        elif control.tag == "Number":
            yield from _number(pair, name, declared, element)
        elif control.tag == "Choices" and declared.level is DeclaredLevel.INTERVAL:
            stored = declared.order or tuple(choice.stored for choice in control.choices)
            numbers = [int(one) for one in stored if one.lstrip("-").isdecimal()]
            if len(numbers) < len(stored) or sorted(set(numbers)) != numbers:
                yield pair.fault(
                    path,
                    "is interval for choices that are no numbers",
                    'alias="1", "2", … or ordinal',
                )


def _number(
    pair: Pair, name: str, declared: ControlField, element: etree._Element
) -> Iterator[BadRow]:
    try:
        low, high, step = number_bounds(element, declared)
    except ValueError:
        yield pair.fault(f"controls.{name}", "has bounds that are no numbers", "numbers")
        return
    if declared.level is DeclaredLevel.TEXT:
        return
    if low is None or high is None or high <= low:
        yield pair.fault(
            f"controls.{name}", "is measured and has no range", 'low and high, or level = "text"'
        )
    elif math.floor((high - low) / (step or 1)) > MOST_STEPS:
        yield pair.fault(
            f"controls.{name}", "has too fine a step", f"at most {MOST_STEPS} steps: a larger step"
        )
    elif (high - low) < (step or 1):
        yield pair.fault(f"controls.{name}", "has one value only", "a smaller step")


def _orders(pair: Pair) -> Iterator[BadRow]:
    for name, control, declared, _ in pair.each():
        stored = [choice.stored for choice in control.choices]
        if declared.order and sorted(declared.order) != sorted(stored):
            yield pair.fault(
                f"controls.{name}.order",
                "is not the choices in an order",
                f"{', '.join(stored)}, each once, from low to high",
            )
        strange = [one for swap in declared.swaps for one in swap if one not in stored]
        is_single = control.tag == "Choices" and not control.is_multiple
        if declared.swaps and (strange or not is_single or not pair.compared):
            yield pair.fault(
                f"controls.{name}.swaps",
                f"cannot be swapped{': ' + ', '.join(strange) if strange else ''}",
                "pairs of single choices, with exactly two texts in `shuffled`",
            )
        if declared.of is not None and declared.of not in pair.declaration.shuffled:
            yield pair.fault(
                f"controls.{name}.of",
                f"is {declared.of}, which is not shuffled",
                f"one of {', '.join(pair.declaration.shuffled) or 'the texts in `shuffled`'}",
            )


def _targets(pair: Pair) -> Iterator[BadRow]:
    """Controls point at what they say they judge, whatever the order shown."""
    shows = objects_by_name(pair.root)
    slots = () if pair.has_list else pair.declaration.shuffled
    for name, control, declared, _ in pair.each():
        targets = tuple(shows.get(target, "") for target in control.to_name)
        path = f"controls.{name}"
        yield from _target_of(pair, path, control, targets)
        if control.tag == "Pairwise" or declared.swaps:
            continue
        if declared.of is None and targets[0] in slots:
            yield pair.fault(
                path,
                f"points at {targets[0]}, which changes places",
                f'of = "{targets[0]}", or toName of what stays in its place',
            )
        if declared.of is not None and targets[0] != declared.of:
            yield pair.fault(
                f"{path}.of", f"is {declared.of}, and it points at {targets[0]}", "the same text"
            )


def _target_of(
    pair: Pair, path: str, control: Control, targets: tuple[str, ...]
) -> Iterator[BadRow]:
    target = pair.declaration.fields.get(targets[0])
    if control.tag == "Pairwise" and targets != pair.compared:
        wanted = ", ".join(f'"{one}"' for one in targets)
        yield pair.fault(path, "compares texts that are not shuffled", f"shuffled = [{wanted}]")
    if control.tag == "Ranker" and (target is None or target.kind is not FieldKind.CANDIDATES):
        yield pair.fault(
            path,
            "ranks what is no list of candidates",
            'toName of a List whose field has kind = "candidates"',
        )
    if control.tag == "Labels" and (target is None or target.kind is not FieldKind.TEXT):
        yield pair.fault(
            path,
            "marks what is not shown letter for letter",
            f'kind = "text" for {targets[0] or "the text it points at"}',
        )


def _conditions(pair: Pair) -> Iterator[BadRow]:
    for element in pair.root.iter(etree.Element):
        name = element.get("whenTagName", "")
        declared = pair.declaration.controls.get(name)
        if element.get("visibleWhen") and declared is not None and declared.swaps:
            yield BadRow(
                line=line_of(element),
                field=f"label_config.xml {element.tag}",
                problem=f"depends on {name}, whose choices trade places",
                expected="a condition on a question without `swaps`",
            )


def _outcome(pair: Pair) -> Iterator[BadRow]:
    name = pair.declaration.outcome
    if name is None:
        return
    control = pair.control_of(name)
    declared = None if control is None else pair.declaration.controls[control.name]
    is_voted = (
        declared is not None
        and declared.voted
        and declared.of is None
        and declared.level is not DeclaredLevel.TEXT
    )
    if not is_voted:
        yield pair.fault("outcome", f"is {name}", "a voted field of one answer with a level")


def _records(pair: Pair) -> Iterator[BadRow]:
    for number, record in enumerate(pair.declaration.records):
        path = f"records[{number}]"
        match record:
            case PreferenceRecord():
                yield from _preference(pair, path, record)
            case RankingRecord():
                yield from _answers(pair, path, record.field, ("Ranker",))
            case UnpairedRecord():
                yield from _unpaired(pair, path, record)
            case RatedRecord():
                yield from _rated(pair, path, record)
            case CompletionRecord():
                yield from _answers(pair, path, record.field, ("TextArea",))
                if record.critique:
                    yield from _answers(pair, path, record.critique, ("TextArea",))
                if record.original:
                    yield from _holds_text(pair, path, record.original)
            case _:
                assert_never(record)


def _answers(pair: Pair, path: str, field: str, tags: Sequence[str]) -> Iterator[BadRow]:
    control = pair.control_of(field)
    if control is None or control.tag not in tags:
        yield pair.fault(path, f"names the answer {field!r}", f"the field of a {' or '.join(tags)}")


def _choices(pair: Pair, path: str, field: str, named: Sequence[str]) -> Iterator[BadRow]:
    control = pair.control_of(field)
    stored = {choice.stored for choice in control.choices} if control is not None else set()
    strange = [one for one in named if one not in stored]
    if control is None or control.is_multiple or strange:
        yield pair.fault(
            path,
            f"names the choices {', '.join(strange) or '…'} of {field!r}",
            f"some of {', '.join(sorted(stored)) or 'the choices of a question'}",
        )


def _holds_text(pair: Pair, path: str, field: str) -> Iterator[BadRow]:
    declared = pair.declaration.fields.get(field)
    if declared is None or declared.kind not in {FieldKind.MARKDOWN, FieldKind.TEXT}:
        yield pair.fault(path, f"names the text {field!r}", "a field of the item that is a text")


def _preference(pair: Pair, path: str, record: PreferenceRecord) -> Iterator[BadRow]:
    yield from _answers(pair, path, record.field, ("Pairwise", "Choices", "Ranker"))
    control = pair.control_of(record.field)
    if control is not None and control.tag == "Choices":
        yield from _choices(pair, path, record.field, (*record.first, *record.second))
    is_ranked = control is not None and control.tag == "Ranker"
    if not is_ranked and not pair.compared:
        yield pair.fault(path, "prefers one of two", "exactly two texts in `shuffled`")


def _unpaired(pair: Pair, path: str, record: UnpairedRecord) -> Iterator[BadRow]:
    yield from _choices(pair, path, record.field, (*record.good, *record.bad))
    yield from _holds_text(pair, path, record.completion)
    if record.reasons is not None:
        control = pair.control_of(record.reasons)
        if control is None or not control.is_multiple:
            yield pair.fault(
                path, f"names the reasons {record.reasons!r}", "a field of several choices"
            )


def _rated(pair: Pair, path: str, record: RatedRecord) -> Iterator[BadRow]:
    for field in record.fields:
        control = pair.control_of(field)
        declared = None if control is None else pair.declaration.controls[control.name]
        if control is None or declared is None or declared.level not in _SCALES:
            yield pair.fault(path, f"names the rating {field!r}", "an ordinal or interval field")
            continue
        if (declared.of is None) is (record.completion is None):
            yield pair.fault(
                path,
                f"rates {'one text' if declared.of is None else 'each candidate'} with {field!r}",
                "`completion` for one text, and none where the fields say `of`",
            )
        if declared.step is not None and declared.step != int(declared.step):
            yield pair.fault(path, f"holds fractions of {field!r}", "whole numbers as ratings")
    if record.completion is not None:
        yield from _holds_text(pair, path, record.completion)


CONTROL_RULES: Sequence[Callable[[Pair], Iterator[BadRow]]] = (
    _levels,
    _orders,
    _targets,
    _conditions,
    _outcome,
    _records,
)
