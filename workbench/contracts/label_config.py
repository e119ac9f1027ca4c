"""Reading a labeling configuration of the Label Studio editor: its controls, objects and choices.

The XML is a plug-in's, so it is parsed without a DOCTYPE, entities or network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import NoReturn

from lxml import etree

from workbench.errors import BadRow, TemplateBroken

_PLAIN_XML = (
    "the View alone, without a DOCTYPE, and texts in place of the entities that stand for them"
)
_FORBIDDEN = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_DATA_FIELD = re.compile(r"\$(\w+)")
_INDEX = "{{idx}}"

_NOT_IN_COMMUNITY = frozenset({"Chat", "ReactCode"})
_CHOICE_TAGS = frozenset({"Choice", "Label", "Bucket"})
_DATA_ATTRIBUTES = ("value", "valueList", "on", "hint")

RESULT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "Choices": "choices",
        "DateTime": "datetime",
        "HyperTextLabels": "hypertextlabels",
        "Labels": "labels",
        "Number": "number",
        "Pairwise": "pairwise",
        "ParagraphLabels": "paragraphlabels",
        "Ranker": "ranker",
        "Rating": "rating",
        "Taxonomy": "taxonomy",
        "TextArea": "textarea",
    }
)
"""The `type` of a result by the tag of its control, for the controls a template may use."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice: what it says, and the alias that is stored instead where there is one."""

    value: str
    alias: str | None = None

    @property
    def stored(self) -> str:
        return self.value if self.alias is None else self.alias


@dataclass(frozen=True, kw_only=True)
class Control:
    """One tag that yields results; in a Repeater its names hold `{{idx}}`."""

    name: str
    tag: str
    to_name: tuple[str, ...]
    line: int
    is_required: bool = False
    is_multiple: bool = False
    is_repeated: bool = False
    choices: tuple[Choice, ...] = ()

    @property
    def result_type(self) -> str:
        return RESULT_TYPES[self.tag]

    def named(self, index: int | None) -> str:
        return self.name if index is None else self.name.replace(_INDEX, str(index))

    def to_named(self, index: int | None) -> str:
        first = self.to_name[0]
        return first if index is None else first.replace(_INDEX, str(index))


@dataclass(frozen=True, kw_only=True)
class LabelObject:
    """One tag that shows data and that controls point at."""

    name: str
    tag: str
    line: int


@dataclass(frozen=True, kw_only=True)
class LabelConfig:
    """The description of a labeling configuration.

    Attributes:
        controls: By name as written; in a Repeater the name holds `{{idx}}`.
        objects: By name as written.
        data_fields: The top-level keys of the task data that the configuration reads.
        draft_fields: Those of them that a text box begins with: plain text where the others hold
            safe HTML.
    """

    controls: Mapping[str, Control]
    objects: Mapping[str, LabelObject]
    data_fields: frozenset[str]
    draft_fields: frozenset[str]
    _repeated: tuple[tuple[re.Pattern[str], Control], ...] = field(repr=False, compare=False)

    def find_control(self, from_name: str) -> tuple[Control, int | None] | None:
        """Find the control that a result comes from, and which repetition of it."""
        control = self.controls.get(from_name)
        if control is not None and not control.is_repeated:
            return control, None
        for pattern, repeated in self._repeated:
            found = pattern.fullmatch(from_name)
            if found is not None:
                return repeated, int(found[1])
        return None

    def get_control(self, name: str) -> Control:
        try:
            return self.controls[name]
        except KeyError:
            message = f"the labeling configuration has no control {name!r}"
            raise TemplateBroken(message) from None


def with_attributes(xml: str, name: str, choice: str | None = None, **attributes: str) -> str:
    """Return the configuration with attributes set, for what a campaign's options ask of it.

    Args:
        name: The tag whose attributes they are.
        choice: The stored form of a choice of that tag, if they are the choice's.
    """
    root = read_markup(xml)
    tag = _named(root, name)
    if choice is not None:
        inner = tag.iter(*_CHOICE_TAGS)
        tags = [child for child in inner if choice == child.get("alias", child.get("value"))]
        if not tags:
            message = f"the labeling configuration has no {name!r} with {choice!r}"
            raise TemplateBroken(message)
        tag = tags[0]
    for attribute, value in attributes.items():
        tag.set(attribute, value)
    return etree.tostring(root, encoding="unicode")


def with_choices(xml: str, name: str, choices: Sequence[Choice]) -> str:
    """Return the configuration with these choices in place of a control's own."""
    root = read_markup(xml)
    control = _named(root, name)
    for child in list(control.iter(*_CHOICE_TAGS)):
        control.remove(child)
    for choice in choices:
        child = etree.SubElement(control, "Choice", value=choice.value)
        if choice.alias is not None:
            child.set("alias", choice.alias)
    return etree.tostring(root, encoding="unicode")


def written_out(xml: str, on: str, elements: Sequence[Mapping[str, str]]) -> str:
    """Return the configuration with a Repeater's content in its place, once for each element.

    An item's list is repeated by the editor; a list that a campaign's options make has to be
    written out, so that each of its controls has a name of its own.

    Args:
        on: What the Repeater repeats, as its attribute says it.
        elements: What stands for `{{key}}` in attributes, by key.
    """
    root = read_markup(xml)
    repeater = next((tag for tag in root.iter("Repeater") if tag.get("on") == on), None)
    if repeater is None:
        message = f"the labeling configuration has no Repeater on {on!r}"
        raise TemplateBroken(message)
    for element in elements:
        for child in repeater:
            copied = deepcopy(child)
            _fill(copied, element)
            repeater.addprevious(copied)
    around = repeater.getparent()
    if around is not None:
        around.remove(repeater)
    return etree.tostring(root, encoding="unicode")


def _fill(tag: etree._Element, values: Mapping[str, str]) -> None:
    for inner in tag.iter(etree.Element):
        for attribute, text in inner.items():
            filled = str(text)
            for key, value in values.items():
                filled = filled.replace(f"{{{{{key}}}}}", value)
            inner.set(attribute, filled)


def without_question(xml: str, name: str) -> str:
    """Return the configuration without a control and the View that asks for it alone."""
    root = read_markup(xml)
    question = _named(root, name).getparent()
    around = None if question is None else question.getparent()
    if question is None or around is None:
        message = f"the labeling configuration has no View around {name!r} that could be left out"
        raise TemplateBroken(message)
    around.remove(question)
    return etree.tostring(root, encoding="unicode")


def _named(root: etree._Element, name: str) -> etree._Element:
    for element in root.iter(etree.Element):
        if element.get("name") == name:
            return element
    message = f"the labeling configuration has no {name!r}"
    raise TemplateBroken(message)


@lru_cache(maxsize=64)
def parse_label_config(xml: str) -> LabelConfig:
    """Describe a labeling configuration.

    Raises:
        TemplateBroken: It is not well-formed, has a DOCTYPE, or the editor could not work with
            it; the message names the line and the tag of the first fault, the rows name them all.
    """
    root = read_markup(xml)
    controls: dict[str, Control] = {}
    objects: dict[str, LabelObject] = {}
    faults: list[TemplateBroken] = []
    for element in root.iter(etree.Element):
        with _collected(faults):
            _read_element(element, controls, objects)
    for control in controls.values():
        with _collected(faults):
            _check_targets(control, controls, objects)
    for element in root.iter(etree.Element):
        with _collected(faults):
            _check_visibility(element, controls)
    if faults:
        raise TemplateBroken(faults[0].message, rows=[row for one in faults for row in one.rows])
    return LabelConfig(
        controls=MappingProxyType(controls),
        objects=MappingProxyType(objects),
        data_fields=frozenset(_data_fields(root.iter(etree.Element))),
        draft_fields=frozenset(_data_fields(root.iter("TextArea"))),
        _repeated=tuple(
            (_repeated_name(control.name), control)
            for control in controls.values()
            if control.is_repeated
        ),
    )


def read_markup(xml: str) -> etree._Element:
    """Parse a labeling configuration, without entities or network.

    Raises:
        TemplateBroken: It is not well-formed, has a DOCTYPE, or does not begin with a View.
    """
    forbidden = _FORBIDDEN.search(xml)
    if forbidden is not None:
        line = xml.count("\n", 0, forbidden.start()) + 1
        _give_up("has a DOCTYPE or an entity, which are refused", line, _PLAIN_XML)
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(xml.encode(), parser)
    except etree.XMLSyntaxError as error:
        _give_up(f"is not well-formed: {error.msg}", error.lineno)
    if root.getroottree().docinfo.internalDTD is not None:
        _give_up("has a DOCTYPE, which is refused", None, _PLAIN_XML)
    if root.tag != "View":
        _refuse(root, "the outermost tag must be View")
    return root


def _give_up(
    problem: str, line: int | None, expected: str = "well-formed XML in one View"
) -> NoReturn:
    """Refuse a text that cannot be read at all."""
    row = BadRow(line=line, field="XML", problem=problem, expected=expected)
    message = f"the labeling configuration {problem}"
    raise TemplateBroken(message, rows=[row])


def line_of(element: etree._Element) -> int:
    return int(getattr(element, "sourceline", None) or 0)


def _refuse(element: etree._Element, problem: str, expected: str = "see the problem") -> NoReturn:
    line, tag = line_of(element), str(element.tag)
    row = BadRow(line=line, field=tag, problem=problem, expected=expected)
    message = f"labeling configuration, line {line}, {tag}: {problem}"
    raise TemplateBroken(message, rows=[row])


@contextmanager
def _collected(faults: list[TemplateBroken]) -> Iterator[None]:
    try:
        yield
    except TemplateBroken as fault:
        faults.append(fault)


def _read_element(
    element: etree._Element, controls: dict[str, Control], objects: dict[str, LabelObject]
) -> None:
    _check_tag(element)
    name = element.get("name")
    if name is None or element.tag in _CHOICE_TAGS:
        return
    if name in controls or name in objects:
        _refuse(element, f"the name {name!r} is used twice", "a name of its own for each tag")
    if element.get("toName") is not None:
        controls[name] = _read_control(element, name)
    else:
        objects[name] = LabelObject(name=name, tag=element.tag, line=line_of(element))


def _check_tag(element: etree._Element) -> None:
    if element.tag in _NOT_IN_COMMUNITY:
        _refuse(element, "this tag is not in the community editor")
    if element.tag in RESULT_TYPES:
        for attribute in ("name", "toName"):
            if not element.get(attribute):
                _refuse(element, f"a control needs {attribute}")


def _repeater_of(element: etree._Element) -> etree._Element | None:
    repeaters = list(element.iterancestors("Repeater"))
    if len(repeaters) > 1:
        _refuse(element, "a Repeater in a Repeater is not supported")
    return repeaters[0] if repeaters else None


def _read_control(element: etree._Element, name: str) -> Control:
    if element.tag not in RESULT_TYPES:
        _refuse(element, f"the results of {name!r} cannot be read; tags: {', '.join(RESULT_TYPES)}")
    repeater = _repeater_of(element)
    if repeater is not None:
        if repeater.get("indexFlag", _INDEX) != _INDEX:
            _refuse(repeater, f"indexFlag must be {_INDEX}")
        if name.count(_INDEX) != 1:
            _refuse(element, f"the name {name!r} in a Repeater must hold {_INDEX} once")
    return Control(
        name=name,
        tag=element.tag,
        to_name=tuple(target.strip() for target in (element.get("toName") or "").split(",")),
        line=line_of(element),
        is_required=element.get("required") == "true",
        is_multiple=element.get("choice") == "multiple",
        is_repeated=repeater is not None,
        choices=tuple(_read_choices(element, name)),
    )


def _read_choices(element: etree._Element, name: str) -> Iterator[Choice]:
    seen: set[tuple[str, ...]] = set()
    for child in element.iter(*_CHOICE_TAGS):
        value = child.get("name" if child.tag == "Bucket" else "value")
        if not value:
            _refuse(child, f"a choice of {name!r} has no value")
        choice = Choice(value=value, alias=child.get("alias"))
        # A taxonomy may say "Other" under each of its branches.
        path = (*(outer.get("value", "") for outer in child.iterancestors("Choice")), choice.stored)
        if path in seen:
            _refuse(child, f"two choices of {name!r} are stored as {choice.stored!r}")
        seen.add(path)
        yield choice
    if element.tag == "Choices" and not seen:
        _refuse(element, f"{name!r} has no choices")


def _check_targets(
    control: Control, controls: Mapping[str, Control], objects: Mapping[str, LabelObject]
) -> None:
    for target in control.to_name:
        if target not in objects and target not in controls:
            problem = f"{control.name!r} points to {target!r}, which is not there"
            row = BadRow(
                line=control.line,
                field=control.tag,
                problem=problem,
                expected=f"toName is one of {', '.join(objects)}",
            )
            message = f"labeling configuration, line {control.line}, {control.tag}: {problem}"
            raise TemplateBroken(message, rows=[row])


def _check_visibility(element: etree._Element, controls: Mapping[str, Control]) -> None:
    """Refuse a condition that can never hold: the editor splits `whenChoiceValue` at commas."""
    if element.get("visibleWhen", "") not in {"choice-selected", "choice-unselected"}:
        return
    control = controls.get(element.get("whenTagName", ""))
    if control is None:
        _refuse(element, f"whenTagName {element.get('whenTagName')!r} is not a control")
    for choice in control.choices:
        if "," in choice.value or "," in choice.stored:
            _refuse(
                element,
                f"the choice {choice.value!r} of {control.name!r} must hold no comma",
                "a choice without a comma: whenChoiceValue is split at commas",
            )
    known = {choice.value for choice in control.choices}
    known |= {choice.stored for choice in control.choices}
    for value in (element.get("whenChoiceValue") or "").split(","):
        if value and value not in known:
            _refuse(
                element,
                f"{control.name!r} has no choice {value!r}",
                f"one of {', '.join(sorted(known))}",
            )


def _data_fields(elements: Iterable[etree._Element]) -> Iterator[str]:
    for element in elements:
        for attribute in _DATA_ATTRIBUTES:
            found = _DATA_FIELD.match(element.get(attribute, ""))
            if found is not None:
                yield found[1]


def _repeated_name(name: str) -> re.Pattern[str]:
    before, after = name.split(_INDEX)
    return re.compile(f"{re.escape(before)}(0|[1-9][0-9]{{0,5}}){re.escape(after)}")
