"""The item and the judgment of a folder as pydantic models, and what is read of an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, create_model

from workbench.contracts.conversation import Candidate, ShownPrompt, messages_of, prompt_key
from workbench.contracts.fields import ShownText, StoredText, refusal
from workbench.contracts.folder_templates.declaration import Declaration, FieldKind
from workbench.contracts.folder_templates.orders import LETTERS
from workbench.contracts.folder_templates.questions import Question
from workbench.contracts.images import shown_images
from workbench.contracts.records import Message, ShownImage
from workbench.contracts.task_template import ItemModel, JudgmentModel


class _Item(ItemModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class _Judgment(JudgmentModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


def _several(candidates: Any) -> Any:
    if isinstance(candidates, list | tuple) and not 2 <= len(candidates) <= len(LETTERS):
        raise refusal(problem=f"has {len(candidates)}", expected=f"2 to {len(LETTERS)} candidates")
    return candidates


def _different(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    texts = [(candidate.text, candidate.images) for candidate in candidates]
    if len(set(texts)) < len(texts):
        raise refusal(problem="holds the same text twice", expected="candidates that differ")
    return candidates


Candidates = Annotated[tuple[Candidate, ...], BeforeValidator(_several), AfterValidator(_different)]

_KINDS: Mapping[FieldKind, Any] = {
    FieldKind.CONVERSATION: ShownPrompt,
    FieldKind.MARKDOWN: ShownText,
    FieldKind.TEXT: ShownText,
    FieldKind.CANDIDATES: Candidates,
    FieldKind.STORED: Any,
}


def item_model(declaration: Declaration) -> type[ItemModel]:
    fields: dict[str, Any] = {}
    for name, declared in declaration.fields.items():
        kind = _KINDS[declared.kind]
        if name in declaration.shuffled and declared.kind is not FieldKind.CANDIDATES:
            kind = StoredText | Candidate
        if name == declaration.prompt and declared.kind is FieldKind.STORED:
            kind = ShownPrompt
        if not declared.required and declared.kind in {FieldKind.MARKDOWN, FieldKind.TEXT}:
            kind = StoredText
        fields[name] = (kind, ...) if declared.required else (kind | None, None)
    return create_model(f"{declaration.key}_item", __base__=_Item, **fields)


def judgment_model(declaration: Declaration, questions: Sequence[Question]) -> type[JudgmentModel]:
    fields: dict[str, Any] = {
        question.field: (
            Annotated[question.annotation, BeforeValidator(_none_if_empty)],
            Field(default=None),
        )
        for question in questions
    }
    return create_model(f"{declaration.key}_judgment", __base__=_Judgment, **fields)


def _none_if_empty(answer: Any) -> Any:
    """Let no answer be the same however it is written."""
    if isinstance(answer, str) and not answer.strip():
        return None
    return None if answer in ((), []) else answer


class ItemReader:
    """What the parts of an item are, by the declaration."""

    def __init__(self, declaration: Declaration) -> None:
        self._declaration = declaration
        self.list_field = next(
            (
                name
                for name, declared in declaration.fields.items()
                if declared.kind is FieldKind.CANDIDATES
            ),
            None,
        )
        self.slots = () if self.list_field else declaration.shuffled

    def candidates(self, item: Any) -> list[Candidate]:
        """Return what is shuffled, in canonical order."""
        if self.list_field is not None:
            return list(getattr(item, self.list_field) or ())
        return [_as_candidate(getattr(item, slot)) for slot in self.slots]

    def text(self, item: Any, name: str) -> str:
        """Return a field as one text."""
        value = getattr(item, name)
        if value is None:
            return ""
        if isinstance(value, tuple):
            return prompt_key(messages_of(value))
        return value.text if isinstance(value, Candidate) else str(value)

    def shown_text(self, item: Any, name: str, order: Sequence[int]) -> str:
        """Return the text in a place of the page, which for a shuffled one is another's."""
        name = self._in_place(name, order)
        return self.text(item, name) if name in self._declaration.fields else ""

    def shown_images(self, item: Any, name: str, order: Sequence[int]) -> list[ShownImage]:
        """Return the images that come with that text."""
        value = getattr(item, self._in_place(name, order), None)
        return shown_images(value.images) if isinstance(value, Candidate) else []

    def _in_place(self, name: str, order: Sequence[int]) -> str:
        if name in self.slots and order:
            return self.slots[order[self.slots.index(name)]]
        return name

    def messages(self, item: Any) -> list[Message]:
        """Return the prompt."""
        name = self._declaration.prompt
        value = getattr(item, name)
        if isinstance(value, tuple):
            return messages_of(value)
        return [Message(role="user", content=self.text(item, name))]


def _as_candidate(value: str | Candidate) -> Candidate:
    return value if isinstance(value, Candidate) else Candidate(text=value)
