"""Whether the declaration and the labeling configuration of a folder fit together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from lxml import etree

from workbench.contracts.folder_templates.control_rules import CONTROL_RULES, Pair
from workbench.contracts.folder_templates.declaration import (
    Declaration,
    FieldKind,
    Lines,
)
from workbench.contracts.folder_templates.page import TEXT_TAGS
from workbench.contracts.folder_templates.questions import TAGS, is_required
from workbench.contracts.label_config import LabelConfig, line_of
from workbench.contracts.task_template import ItemModel, JudgmentModel
from workbench.errors import BadRow

XML = "label_config.xml"
_TOML = "template.toml"
_VARIABLE = re.compile(r"\$\w+")
_OWN_NAMES = frozenset({"external_id", "metadata"})
_TEXTS = frozenset({FieldKind.MARKDOWN, FieldKind.TEXT})


class FolderRules:
    """The two files side by side; `faults` is everything that does not fit."""

    def __init__(
        self, declaration: Declaration, lines: Lines, config: LabelConfig, root: etree._Element
    ) -> None:
        self._declaration, self._lines = declaration, lines
        self._config, self._root = config, root

    def faults(self) -> list[BadRow]:
        rules: Sequence[Callable[[], Iterator[BadRow]]] = (
            self._controls_match,
            self._tags,
            self._fields_match,
            self._names,
            self._prompt,
            self._shuffled,
            self._shared_fields,
            self._something_required,
        )
        found = [row for rule in rules for row in rule()]
        if not found:
            pair = Pair(self._declaration, self._lines, self._config, self._root)
            found = [row for rule in CONTROL_RULES for row in rule(pair)]
        return found

    def _in_toml(self, path: str, problem: str, expected: str) -> BadRow:
        return BadRow(
            line=self._lines.of(path), field=f"{_TOML} {path}", problem=problem, expected=expected
        )

    def _controls_match(self) -> Iterator[BadRow]:
        for control in self._config.controls.values():
            if control.name not in self._declaration.controls:
                yield BadRow(
                    line=control.line,
                    field=f"{XML} {control.tag} {control.name}",
                    problem="has no field",
                    expected=f"[controls.{control.name}] with a level in {_TOML}",
                )
        for name in self._declaration.controls:
            if name not in self._config.controls:
                known = ", ".join(self._config.controls) or "none"
                yield self._in_toml(
                    f"controls.{name}", f"is no control of {XML}", f"one of {known}"
                )

    def _tags(self) -> Iterator[BadRow]:
        for element in self._root.iter(etree.Element):
            for problem, expected in _tag_faults(element):
                name = element.get("name", "")
                yield BadRow(
                    line=line_of(element),
                    field=f"{XML} {element.tag} {name}".strip(),
                    problem=problem,
                    expected=expected,
                )

    def _fields_match(self) -> Iterator[BadRow]:
        for name in sorted(self._config.data_fields - set(self._declaration.fields)):
            element = next(
                one
                for one in self._root.iter(etree.Element)
                if f"${name}" in _VARIABLE.findall(one.get("value", "") + one.get("on", ""))
            )
            yield BadRow(
                line=line_of(element),
                field=f"{XML} {element.tag}",
                problem=f"shows ${name}, which is no field of the item",
                expected=f"[fields.{name}] with a kind in {_TOML}",
            )
        for name, declared in self._declaration.fields.items():
            is_shown = name in self._config.data_fields
            if declared.kind is FieldKind.STORED and is_shown:
                yield self._in_toml(
                    f"fields.{name}.kind",
                    f"is stored, and {XML} shows it",
                    'kind = "markdown" or "text"',
                )
            elif declared.kind is not FieldKind.STORED and not is_shown:
                yield self._in_toml(
                    f"fields.{name}",
                    f"is not shown by {XML}",
                    f'a tag with value="${name}", or kind = "stored"',
                )

    def _names(self) -> Iterator[BadRow]:
        for name in self._declaration.fields:
            if name in _OWN_NAMES or hasattr(ItemModel, name):
                yield self._in_toml(
                    f"fields.{name}", "is a word of the workbench's own", "another name"
                )
        for control in self._declaration.controls:
            name = self._declaration.field_of(control)
            if hasattr(JudgmentModel, name) or not re.fullmatch(r"[A-Za-z]\w*", name):
                yield self._in_toml(
                    f"controls.{control}",
                    f"answers the field {name!r}, which is no name or the workbench's own",
                    'field = "…" of letters, digits and _',
                )

    def _prompt(self) -> Iterator[BadRow]:
        name = self._declaration.prompt
        declared = self._declaration.fields.get(name)
        if declared is None:
            yield self._in_toml(
                "prompt", f"is {name!r}, which is no field", f"one of {self._listed_fields()}"
            )
        elif declared.kind is FieldKind.CANDIDATES or not declared.required:
            yield self._in_toml("prompt", "cannot be the prompt", "a required field of one text")

    def _listed_fields(self) -> str:
        return ", ".join(self._declaration.fields)

    def _shuffled(self) -> Iterator[BadRow]:
        """Either one list of candidates, which is always shuffled, or two texts or more."""
        fields, shuffled = self._declaration.fields, self._declaration.shuffled
        lists = [name for name, one in fields.items() if one.kind is FieldKind.CANDIDATES]
        if len(lists) > 1 or (lists and shuffled not in {(), (lists[0],)}):
            yield self._in_toml(
                "shuffled", "names more than one thing to shuffle", "one list, or texts"
            )
            return
        if lists:
            yield from self._listed(lists[0])
            return
        if len(shuffled) == 1 or len(set(shuffled)) < len(shuffled):
            yield self._in_toml("shuffled", "is no choice of texts", "two different texts or more")
        for name in shuffled:
            declared = fields.get(name)
            if declared is None or declared.kind not in _TEXTS or not declared.required:
                yield self._in_toml(
                    "shuffled", f"names {name}", "required fields of the kind markdown or text"
                )

    def _listed(self, name: str) -> Iterator[BadRow]:
        shown_by = [
            element.tag
            for element in self._root.iter(etree.Element)
            if element.get("value", "") == f"${name}"
        ]
        if shown_by != ["List"] or not self._declaration.fields[name].required:
            yield self._in_toml(
                f"fields.{name}",
                "holds candidates",
                f'required = true, and one <List value="${name}"/> that shows them',
            )

    def _shared_fields(self) -> Iterator[BadRow]:
        by_field: dict[str, list[str]] = {}
        for control in self._declaration.controls:
            by_field.setdefault(self._declaration.field_of(control), []).append(control)
        for field, controls in by_field.items():
            slots = [self._declaration.controls[one].of for one in controls]
            if slots == [None]:
                continue
            tags = {
                self._config.controls[one].tag for one in controls if one in self._config.controls
            }
            choices = {
                self._config.controls[one].choices
                for one in controls
                if one in self._config.controls
            }
            lists = any(
                one.kind is FieldKind.CANDIDATES for one in self._declaration.fields.values()
            )
            fits = sorted(map(str, slots)) == sorted(self._declaration.shuffled) and not lists
            if not fits or len(tags) > 1 or len(choices) > 1:
                yield self._in_toml(
                    f"controls.{controls[-1]}",
                    f"answers {field!r} as do {', '.join(controls[:-1]) or 'no others'}",
                    "one control for each shuffled text, alike but for `of`; else a `field` of its own",
                )

    def _something_required(self) -> Iterator[BadRow]:
        for name, control in self._config.controls.items():
            declared = self._declaration.controls.get(name)
            if declared is not None and is_required(control, declared):
                return
        yield self._in_toml(
            "controls", "has nothing required: an empty page would count", "required = true"
        )


def _tag_faults(element: etree._Element) -> Iterator[tuple[str, str]]:
    tag, value = element.tag, element.get("value", "")
    if tag == "Repeater":
        yield "repeats a part of the page", "a template in Python (like step_grading)"
    if element.get("toName") is not None and tag not in TAGS:
        yield "is a control that a folder cannot use", f"one of {', '.join(TAGS)}"
    if tag == "Rating" and not element.get("maxRating", "5").isdecimal():
        yield "has a maxRating that is no number", 'maxRating="5"'
    if element.get("perRegion") == "true" or element.get("perItem") == "true":
        yield "asks of each region or item", "a question of the whole task"
    if element.get("visibleWhen") in {"region-selected", "no-region-selected"}:
        yield f"is seen when {element.get('visibleWhen')}", 'visibleWhen="choice-selected"'
    if value.startswith("$") and tag in {"Choices", "Taxonomy", "Labels", "Ranker"}:
        yield "takes its choices from the item", "choices written in the configuration"
    if value.startswith("$") and not re.fullmatch(r"\$\w+", value):
        yield f"shows {value}", "a field of the item by its name alone, such as $prompt"
    is_shown = value.startswith("$") and element.get("toName") is None
    if is_shown and tag not in {*TEXT_TAGS, "List", "Choices", "Taxonomy", "Labels", "Ranker"}:
        yield f"shows {value}", f"one of {', '.join(TEXT_TAGS)}, List; images go into Markdown"


def pitfalls(config: LabelConfig, root: etree._Element) -> Iterator[str]:
    """Say what works and may still mislead."""
    for control in config.controls.values():
        if control.tag == "Ranker" and not control.choices:
            yield (
                f"{XML}, line {control.line}: {control.name} has no Bucket, so a list that nobody "
                "touched looks like a ranking; add buckets, or a required question beside it"
            )
        if control.tag == "Pairwise":
            yield (
                f"{XML}, line {control.line}: {control.name} knows no tie and no strength, and a "
                "click by accident is an answer; Choices with `swaps` have neither fault"
            )
    for bucket in root.iter("Bucket"):
        if bucket.get("default") == "true":
            yield (
                f"{XML}, line {bucket.sourceline}: the bucket {bucket.get('name')} holds everything "
                "at the start, so that what nobody placed counts as placed"
            )
