"""Demonstration: a prompt or conversation, to which the expert writes the ideal response.

Nothing is voted on and no coefficient corrects such texts for chance, so there are no measures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, TypedDict

from pydantic import AfterValidator, Field, model_validator

from task_templates.demonstration.review import read, read_consensus, review
from workbench.contracts.conversation import ShownPrompt, brief_of, messages_of, prompt_key
from workbench.contracts.editor_result import ResultReader, ResultWriter
from workbench.contracts.fields import StoredText, WrittenResponse, WrittenText, refusal
from workbench.contracts.label_config import parse_label_config, with_attributes
from workbench.contracts.records import (
    Given,
    Message,
    Prompt,
    PromptCompletion,
    Record,
    RecordKind,
)
from workbench.contracts.rendering import render_conversation, render_text
from workbench.contracts.task_template import (
    Ballot,
    Coefficient,
    ItemModel,
    JudgmentModel,
    Options,
    Presentation,
    RawResult,
    Settlement,
    TaskTemplate,
)
from workbench.contracts.template_folder import TemplateFolder
from workbench.errors import BadRow, JudgmentInvalid
from workbench.statistics.spread import mean_pairwise_distance

_FOLDER = TemplateFolder(__file__)


def _none_if_blank(text: str | None) -> str | None:
    return text if text and text.strip() else None


class Item(ItemModel):
    """A prompt, given as text or as messages, and notes for whoever answers it."""

    prompt: ShownPrompt
    notes: Annotated[StoredText | None, AfterValidator(_none_if_blank)] = None

    @property
    def messages(self) -> list[Message]:
        return messages_of(self.prompt)


class Judgment(JudgmentModel):
    """The response written; what was looked up for it is no part of it."""

    response: WrittenResponse
    sources: WrittenText = ""


class DemonstrationOptions(Options):
    min_chars: int = Field(
        default=1, ge=1, le=100_000, description="The shortest response taken, in characters."
    )
    max_chars: int = Field(
        default=20_000, ge=1, le=100_000, description="The longest response taken, in characters."
    )
    require_sources: bool = Field(
        default=False, description="Refuse a response without sources or notes."
    )

    @model_validator(mode="after")
    def _has_room(self) -> DemonstrationOptions:
        if self.max_chars < self.min_chars:
            problem = f"allow {self.max_chars} characters and ask for {self.min_chars}"
            raise refusal(problem=problem, expected="max_chars is at least min_chars")
        return self


class Demonstrations(TypedDict):
    """A settled value: every different response that was written, the first one first."""

    responses: list[str]


@lru_cache(maxsize=16)
def label_config(options: DemonstrationOptions) -> str:
    length = f"{options.min_chars:,} to {options.max_chars:,} characters; Markdown is drawn"
    xml = with_attributes(_FOLDER.label_config, "response", placeholder=length)
    if options.require_sources:
        xml = with_attributes(xml, "sources", required="true")
    return xml


def show(item: Item, _presentation: Presentation, _options: DemonstrationOptions) -> dict[str, Any]:
    return {
        "conversation": render_conversation(item.messages),
        "notes": "" if item.notes is None else render_text(item.notes),
    }


def decode(
    raw: RawResult, _item: Item, _presentation: Presentation, options: DemonstrationOptions
) -> Judgment:
    reader = ResultReader(raw, parse_label_config(label_config(options)))
    return reader.build(
        Judgment, response=reader.read_text("response"), sources=reader.read_text("sources")
    )


def encode(
    judgment: Judgment, _item: Item, _presentation: Presentation, options: DemonstrationOptions
) -> list[dict[str, Any]]:
    writer = ResultWriter(parse_label_config(label_config(options)))
    writer.write_text("response", judgment.response)
    writer.write_text("sources", judgment.sources)
    return writer.results


def check(judgment: Judgment, _item: Item, options: DemonstrationOptions) -> None:
    rows = []
    length = len(judgment.response)
    if not options.min_chars <= length <= options.max_chars:
        expected = f"{options.min_chars:,} to {options.max_chars:,} characters"
        problem = f"has {length:,} characters"
        rows.append(BadRow(field="response", problem=problem, expected=expected))
    if options.require_sources and not judgment.sources:
        expected = "what the response rests on"
        rows.append(BadRow(field="sources", problem="is empty", expected=expected))
    if rows:
        message = f"the {rows[0].field} {rows[0].problem}: expected {rows[0].expected}"
        raise JudgmentInvalid(message, rows=rows)


def _spread(_item: Item, judgments: Sequence[Judgment]) -> float | None:
    return mean_pairwise_distance([judgment.response for judgment in judgments])


COEFFICIENTS = (
    Coefficient(
        field="spread",
        title="How far the responses lie apart",
        note="Mean Levenshtein distance of the pairs of responses to one prompt, by the length of "
        "the longer one: 0 where they are equal, 1 where they share nothing. Different good "
        "responses lie far apart, so that only very small numbers say something: they were copied.",
        low=0.0,
        high=1.0,
        of=_spread,
    ),
)


def settle(_item: Item, ballot: Ballot) -> Settlement:
    """Settle on all that was written: each response is one demonstration, and none outvotes another.

    There is no vote, so by every method the confidence is 1: it says that nothing stands against
    the responses, and nothing of how good they are.
    """
    if not ballot.judgments:
        return Settlement(value=None, reason="no_judgments")
    responses = list(dict.fromkeys(judgment.response for judgment in ballot.judgments))
    return Settlement(value=Demonstrations(responses=responses), confidence=1.0)


def records(item: Item, settlement: Settlement, given: Sequence[Given]) -> Sequence[Record]:
    """Yield the prompt, and a completion for each different response."""
    del given
    value: Demonstrations | None = settlement.value
    if value is None:
        return ()
    prompt = item.messages
    return (
        Prompt(prompt=prompt),
        *(PromptCompletion(prompt=prompt, completion=text) for text in value["responses"]),
    )


def prompt_text(item: Item) -> str:
    return prompt_key(item.messages)


def brief(item: Item) -> str:
    return brief_of(item.messages)


def outcome(_value: Demonstrations) -> str:
    return "demonstrated"


def from_prompt(record: Prompt) -> Mapping[str, Any]:
    return {"prompt": record.prompt, "notes": record.reference_answer}


TEMPLATE = TaskTemplate[Item, Judgment, DemonstrationOptions](
    key="demonstration",
    version="1.0.0",
    title="Demonstration",
    summary="A prompt or conversation to which the expert writes the ideal response.",
    guidelines=_FOLDER.guidelines,
    examples=_FOLDER.examples,
    item_model=Item,
    judgment_model=Judgment,
    options_model=DemonstrationOptions,
    candidates=lambda _: 0,
    label_config=label_config,
    show=show,
    decode=decode,
    encode=encode,
    check=check,
    measures=(),
    settle=settle,
    records=records,
    record_kinds=(RecordKind.PROMPT_COMPLETION, RecordKind.PROMPT),
    prompt_text=prompt_text,
    brief=brief,
    outcome=outcome,
    review=review,
    read=read,
    read_consensus=read_consensus,
    coefficients=COEFFICIENTS,
    starts_from={RecordKind.PROMPT: from_prompt},
)
