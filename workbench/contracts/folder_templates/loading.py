"""From a folder to a `TaskTemplate`, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workbench.contracts.conversation import brief_of, messages_of, prompt_key
from workbench.contracts.faults import explain_faults
from workbench.contracts.folder_templates.checking import XML, FolderRules, pitfalls
from workbench.contracts.folder_templates.declaration import (
    TOML,
    Declaration,
    FieldKind,
    Lines,
    PreferenceRecord,
    parse_declaration,
)
from workbench.contracts.folder_templates.decoding import Decoder
from workbench.contracts.folder_templates.items import ItemReader, item_model, judgment_model
from workbench.contracts.folder_templates.page import Shower, page_config
from workbench.contracts.folder_templates.questions import Question, build_questions
from workbench.contracts.folder_templates.recording import Recorder
from workbench.contracts.label_config import parse_label_config, read_markup
from workbench.contracts.rendering import render_conversation, render_response, render_text
from workbench.contracts.review import Layout, Passage, Reading, Review
from workbench.contracts.task_template import (
    AnyTemplate,
    Ballot,
    Example,
    Options,
    Presentation,
    Settlement,
    TaskTemplate,
)
from workbench.contracts.template_folder import TemplateFolder
from workbench.errors import BadRow, JudgmentInvalid, TemplateBroken

GUIDELINES, EXAMPLES = "guidelines.md", "examples.jsonl"


class FolderOptions(Options):
    """A folder has no options: another page is another folder."""


def load_folder(folder: Path) -> AnyTemplate:
    """Return the task type that a folder describes.

    Raises:
        TemplateBroken: The message names the first fault's file and line, the rows all of them.
    """
    rows, parsed = _read(folder)
    if parsed is not None and not rows:
        template = parsed.template()
        rows = list(_example_faults(folder, template))
        if not rows:
            return template
    raise _refused(folder, rows)


def find_pitfalls(folder: Path) -> list[str]:
    """Return what works and may still mislead, for a folder without faults."""
    xml = (folder / XML).read_text(encoding="utf-8")
    return list(pitfalls(parse_label_config(xml), read_markup(xml)))


def _refused(folder: Path, rows: Sequence[BadRow]) -> TemplateBroken:
    first = rows[0]
    name, _, inner = first.field.partition(" ")
    where = f"{folder / name}, line {first.line}" if first.line else str(folder / name)
    message = f"{where}: {inner} {first.problem}".replace(":  ", ": ")
    message += f"; expected {first.expected}"
    if len(rows) > 1:
        message += f" (and {len(rows) - 1} more: `workbench template check {folder}`)"
    return TemplateBroken(message, rows=rows)


def _read(folder: Path) -> tuple[list[BadRow], _Parsed | None]:
    """Return the faults of the files, and what was parsed if both could be."""
    texts: dict[str, str] = {}
    rows: list[BadRow] = []
    for name in (TOML, XML, GUIDELINES):
        try:
            texts[name] = (folder / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problem = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
            rows.append(BadRow(field=name, problem=problem, expected=f"{name} in UTF-8"))
    if GUIDELINES in texts and not texts[GUIDELINES].strip():
        rows.append(BadRow(field=GUIDELINES, problem="is empty", expected="what experts go by"))
    declaration: Declaration | None = None
    try:
        declaration = parse_declaration(texts[TOML]) if TOML in texts else None
    except TemplateBroken as error:
        rows += error.rows
    is_config = XML in texts
    if is_config:
        try:
            parse_label_config(texts[XML])
        except TemplateBroken as error:
            rows += [_in_file(row) for row in error.rows]
            is_config = False
    if declaration is None or not is_config:
        return rows, None
    rules = FolderRules(
        declaration, Lines(texts[TOML]), parse_label_config(texts[XML]), read_markup(texts[XML])
    )
    found = rules.faults()
    if declaration.key != folder.name:
        found.append(
            BadRow(
                line=Lines(texts[TOML]).of("key"),
                field=f"{TOML} key",
                problem=f"is {declaration.key} in the folder {folder.name}",
                expected="the folder's name",
            )
        )
    rows += found
    return rows, None if rows else _Parsed(folder, declaration, texts[XML], texts[GUIDELINES])


def _in_file(row: BadRow) -> BadRow:
    return BadRow(
        line=row.line, field=f"{XML} {row.field}", problem=row.problem, expected=row.expected
    )


class _Parsed:
    """A folder without faults."""

    def __init__(self, folder: Path, declaration: Declaration, xml: str, guidelines: str) -> None:
        self._folder, self._declaration, self._guidelines = folder, declaration, guidelines
        root, config = read_markup(xml), parse_label_config(xml)
        self._questions = build_questions(declaration, config, root)
        self._config = page_config(xml, self._questions)
        self._reader = ItemReader(declaration)
        self._item, self._judgment = (
            item_model(declaration),
            judgment_model(declaration, self._questions),
        )

    def template(self) -> AnyTemplate:
        declaration, reader = self._declaration, self._reader
        decoder = Decoder(self._questions, reader, self._judgment)
        shower = Shower(declaration, self._questions, parse_label_config(self._config).data_fields)
        recorder = Recorder(declaration, self._questions, reader)
        config = self._config
        return TaskTemplate(
            key=declaration.key,
            version=declaration.version,
            title=declaration.title,
            summary=declaration.summary,
            guidelines=self._guidelines,
            examples=self._examples(),
            item_model=self._item,
            judgment_model=self._judgment,
            options_model=FolderOptions,
            candidates=lambda item: len(reader.candidates(item)),
            label_config=lambda _: config,
            show=lambda item, order, _: shower.show(item, order),
            decode=lambda raw, item, order, _: decoder.decode(raw, item, order),
            encode=lambda judgment, item, order, _: decoder.encode(judgment, item, order),
            check=lambda judgment, item, _: decoder.check(judgment, item),
            measures=[one.measure() for one in self._questions if one.is_measured],
            settle=lambda _, ballot: self._settle(ballot),
            records=recorder.records,
            record_kinds=recorder.kinds,
            prompt_text=lambda item: prompt_key(reader.messages(item)),
            brief=lambda item: brief_of(reader.messages(item)),
            outcome=self._outcome,
            first_shown_won=self._first_shown_won if self._comparison else None,
            review=self._review,
            read=self._read_judgment,
            read_consensus=lambda value, _: Reading(words=self._words(value)),
        )

    def _examples(self) -> Sequence[Example]:
        if not (self._folder / EXAMPLES).exists():
            return ()
        return TemplateFolder(str(self._folder / TOML)).examples

    @cached_property
    def _voted(self) -> Sequence[Question]:
        return [question for question in self._questions if question.is_voted]

    @cached_property
    def _decisive(self) -> Question | None:
        """The question on which an item is settled or open."""
        wanted = self._declaration.outcome
        return next(
            (one for one in self._voted if wanted in {None, one.field}),
            None,
        )

    def _settle(self, ballot: Ballot) -> Settlement:
        """Settle each voted field; the decisive one says whether the item is settled at all."""
        if not ballot.judgments:
            return Settlement(value=None, reason="no_judgments")
        settled = {
            question.field: question.settle(
                ballot.votes.get(question.field, {}), ballot.judgments, ballot.method
            )
            for question in self._voted
        }
        value = {name: answer for name, (answer, _) in settled.items()}
        if self._decisive is None:
            return Settlement(value=value, confidence=1.0)
        decided, confidence = settled[self._decisive.field]
        if decided is None:
            return Settlement(value=None, reason="tied", confidence=confidence)
        return Settlement(value=value, confidence=confidence)

    def _outcome(self, value: Mapping[str, Any]) -> str:
        answer = None if self._decisive is None else value.get(self._decisive.field)
        return answer if isinstance(answer, str) and answer else "settled"

    @cached_property
    def _comparison(self) -> PreferenceRecord | None:
        """How one of two texts is preferred, if the page asks for that."""
        for record in self._declaration.records:
            if isinstance(record, PreferenceRecord) and len(self._reader.slots) == 2:
                return record
        for question in self._questions:
            if question.controls[0].tag == "Pairwise":
                return PreferenceRecord(kind="preference", field=question.field)
        return None

    def _first_shown_won(self, judgment: Any, presentation: Presentation) -> bool | None:
        comparison = self._comparison
        answer = None if comparison is None else getattr(judgment, comparison.field)
        if comparison is None or answer not in (*comparison.first, *comparison.second):
            return None
        return (answer in comparison.first) == (presentation[0] == 0)

    def _review(self, item: Any) -> Review:
        candidates = self._reader.candidates(item)
        parts = [
            Passage(title=f"Response {number}", html=render_response(one), note=one.model or "")
            for number, one in enumerate(candidates, start=1)
        ]
        return Review(
            context=list(self._passages(item)),
            parts=parts,
            layout=Layout.BESIDE if len(parts) == 2 else Layout.BELOW,
        )

    def _passages(self, item: Any) -> Iterator[Passage]:
        for name, declared in self._declaration.fields.items():
            value = getattr(item, name)
            if name == self._reader.list_field or name in self._reader.slots or value is None:
                continue
            title = name.replace("_", " ").capitalize()
            if declared.kind is FieldKind.CONVERSATION:
                yield Passage(title=title, html=render_conversation(messages_of(value)))
            else:
                yield Passage(title=title, html=render_text(self._reader.text(item, name)))

    def _read_judgment(self, judgment: Any) -> Reading:
        texts = [
            str(getattr(judgment, one.field))
            for one in self._questions
            if one.controls[0].tag == "TextArea" and getattr(judgment, one.field)
        ]
        answers = {
            one.field: getattr(judgment, one.field)
            for one in self._questions
            if one.controls[0].tag != "TextArea"
        }
        return Reading(words=self._words(answers) or "Written", note="\n".join(texts))

    def _words(self, value: Mapping[str, Any]) -> str:
        return " · ".join(
            f"{question.title}: {question.words(value[question.field])}"
            for question in self._questions
            if question.field in value and value[question.field] is not None
        )


def _example_faults(folder: Path, template: AnyTemplate) -> Iterator[BadRow]:
    """Check that every written example is what it says."""
    if not template.examples:
        return
    text = (folder / EXAMPLES).read_text(encoding="utf-8").split("\n")
    numbers = [number for number, line in enumerate(text, start=1) if line.strip()]
    for number, example in zip(numbers, template.examples, strict=True):
        for row in _faults_of(example, template):
            yield BadRow(
                line=number,
                field=f"{EXAMPLES} {row.field}",
                problem=row.problem,
                expected=row.expected,
            )


def _faults_of(example: Example, template: AnyTemplate) -> Sequence[BadRow]:
    try:
        item = template.item_model.model_validate(example.item)
    except ValidationError as error:
        return explain_faults(error, example.item, template.item_model, prefix="item")
    try:
        judgment = template.judgment_model.model_validate(example.judgment)
    except ValidationError as error:
        return explain_faults(error, example.judgment, template.judgment_model, prefix="judgment")
    options = template.options_model()
    try:
        decoded = template.decode(example.result, item, example.presentation, options)
    except JudgmentInvalid as error:
        return error.rows
    if decoded != judgment:
        expected = decoded.model_dump_json(exclude_none=True)
        return [BadRow(field="judgment", problem="is not what the result says", expected=expected)]
    return []
