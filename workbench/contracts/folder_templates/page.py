"""What the browser is given: the labeling configuration as our page needs it, and safe HTML.

A text of the item is shown by `HyperText` whichever tag the author chose, because that is the one
tag that shows what our renderer made and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from lxml import etree

from workbench.contracts.conversation import messages_of
from workbench.contracts.folder_templates.declaration import Declaration, FieldKind
from workbench.contracts.folder_templates.items import ItemReader
from workbench.contracts.folder_templates.orders import LETTERS
from workbench.contracts.folder_templates.questions import Question
from workbench.contracts.label_config import read_markup
from workbench.contracts.rendering import (
    readable,
    render_conversation,
    render_images,
    render_response,
    render_text,
)
from workbench.contracts.task_template import Presentation

TEXT_TAGS = ("Text", "HyperText", "Markdown", "Paragraphs", "Header")
"""The tags that may show a field of the item."""

_DRAFT = "_draft"
_KEPT = ("name", "value", "className", "visibleWhen", "whenTagName", "whenChoiceValue")


def page_config(xml: str, questions: Sequence[Question]) -> str:
    """Return the configuration that the editor gets."""
    root = read_markup(xml)
    marked = {
        control.to_name[0]
        for question in questions
        for control in question.controls
        if control.tag == "Labels"
    }
    for number, element in enumerate(list(root.iter(*TEXT_TAGS))):
        if element.get("value", "").startswith("$"):
            _show_html(element, number, is_marked=element.get("name") in marked)
    for box in root.iter("TextArea"):
        _fit_text_box(box)
    for choices in root.iter("Choices"):
        if choices.get("choice", "single") == "single" and choices.get("layout") != "select":
            choices.set("choice", "single-radio")
    _require(root, questions)
    _group(root, {control.name for question in questions for control in question.controls})
    classes = root.get("className", "").split()
    root.set("className", " ".join(dict.fromkeys([*classes, "wb-task"])))
    return etree.tostring(root, encoding="unicode")


def _show_html(element: etree._Element, number: int, *, is_marked: bool) -> None:
    kept = {name: value for name in _KEPT if (value := element.get(name)) is not None}
    element.tag = "HyperText"
    element.attrib.clear()
    for name, value in kept.items():
        element.set(name, value)
    element.set("inline", "true")
    if element.get("name") is None:
        element.set("name", f"shown_{number}")
    if is_marked:
        element.set("granularity", "word")
    else:
        element.set("selectionEnabled", "false")


def _fit_text_box(box: etree._Element) -> None:
    """What is typed counts as it stands: no button has to be pressed to add it."""
    for name, value in {
        "maxSubmissions": "1",
        "allowSubmit": "false",
        "showSubmitButton": "false",
    }.items():
        box.set(name, value)
    if box.get("value", "").startswith("$"):
        box.set("value", box.get("value", "") + _DRAFT)


def _require(root: etree._Element, questions: Sequence[Question]) -> None:
    required = {
        control.name: question.is_required
        for question in questions
        for control in question.controls
    }
    for element in root.iter(etree.Element):
        is_required = required.get(element.get("name", ""))
        if is_required is not None and element.get("toName") is not None:
            element.set("required", "true" if is_required else "false")


def _group(root: etree._Element, names: set[str]) -> None:
    """Put each control and the heading before it into one question of the page."""
    for element in [one for one in root.iter(etree.Element) if one.get("name") in names]:
        outer = element.getparent()
        if outer is None or element.tag in {"Pairwise", "Labels"} or _is_grouped(element):
            continue
        group = etree.Element("View", className="wb-question")
        heading = element.getprevious()
        outer.replace(element, group)
        if heading is not None and heading.tag == "Header":
            group.append(heading)
        group.append(element)


def _is_grouped(element: etree._Element) -> bool:
    return any("wb-question" in one.get("className", "") for one in element.iterancestors())


def plain_text(text: str) -> str:
    """Return a text as it is shown letter for letter, with line ends of one character."""
    return readable(text)


def plain_html(text: str) -> str:
    """Return a text as safe HTML in one piece, so that places in it can be marked."""
    # The parser eats a first newline of <pre>; the text keeps its own.
    return (
        f'<div class="rendered" dir="auto"><pre dir="auto">\n{escape(plain_text(text))}</pre></div>'
    )


class Shower:
    """Makes the task data of an item."""

    def __init__(
        self, declaration: Declaration, questions: Sequence[Question], data_fields: frozenset[str]
    ) -> None:
        self._declaration = declaration
        self._reader = ItemReader(declaration)
        self._data_fields = data_fields
        self._marked = {
            question.data_field
            for question in questions
            if any(control.tag == "Labels" for control in question.controls)
        } | {
            slot
            for question in questions
            if question.is_for_each and question.controls[0].tag == "Labels"
            for slot in declaration.shuffled
        }

    def show(self, item: Any, presentation: Presentation) -> dict[str, Any]:
        order = list(presentation) or list(range(len(self._reader.candidates(item))))
        return {name: self._shown(item, name, order) for name in sorted(self._data_fields)}

    def _shown(self, item: Any, name: str, order: Sequence[int]) -> Any:
        if name not in self._declaration.fields:
            # Readable text of any kind: a box shows what it holds and nothing else.
            return self._reader.shown_text(item, name.removesuffix(_DRAFT), order)
        if name == self._reader.list_field:
            return self._listed(item, order)
        declared = self._declaration.fields[name]
        if declared.kind is FieldKind.CONVERSATION:
            value = getattr(item, name)
            return "" if value is None else render_conversation(messages_of(value))
        text = self._reader.shown_text(item, name, order)
        images = render_images(self._reader.shown_images(item, name, order))
        if name in self._marked:
            return plain_html(text) + images
        if not text and not declared.required:
            return images
        is_markdown = declared.kind is FieldKind.MARKDOWN
        return (render_text(text) if is_markdown else _letter_by_letter(text)) + images

    def _listed(self, item: Any, order: Sequence[int]) -> list[Mapping[str, str]]:
        candidates = self._reader.candidates(item)
        return [
            {
                "id": LETTERS[place],
                "title": f"Response {LETTERS[place]}",
                "html": render_response(candidates[one]),
            }
            for place, one in enumerate(order)
        ]


def _letter_by_letter(text: str) -> str:
    return (
        f'<div class="wb-text" dir="auto">{plain_html(text)}'
        f'<pre class="source" dir="auto">\n{escape(plain_text(text))}</pre></div>'
    )
