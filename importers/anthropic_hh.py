"""Anthropic's HH: two texts of the same turns up to the last one of the assistant."""

from __future__ import annotations

from pydantic import Field

from workbench.contracts.fields import StoredText
from workbench.contracts.imported_pairs import (
    as_prompt,
    check_same_prompt,
    numbered_judgments,
    pair_item,
    split_answer,
)
from workbench.contracts.importer import (
    Imported,
    Importer,
    ImportOptions,
    ImportRow,
    name_by_content,
    not_carried,
)
from workbench.contracts.marked_turns import HUMAN_ASSISTANT
from workbench.contracts.records import Message

KEY = "anthropic_hh"


class AnthropicHHOptions(ImportOptions):
    strength: int = Field(
        default=1, ge=1, le=3, description="How much better the chosen text is; no row says so."
    )


class Row(ImportRow):
    chosen: StoredText
    rejected: StoredText


def _turns(text: str, field: str) -> list[Message]:
    turns = HUMAN_ASSISTANT.read(text)
    if turns is None:
        expected = 'turns that begin with "\\n\\nHuman:" and "\\n\\nAssistant:"'
        raise not_carried(field=field, problem="does not begin with a turn", expected=expected)
    return turns


def _convert(row: Row, options: AnthropicHHOptions) -> Imported:
    before, chosen = split_answer(_turns(row.chosen, "chosen"), "chosen")
    other, rejected = split_answer(_turns(row.rejected, "rejected"), "rejected")
    check_same_prompt(before, other, "rejected")
    prompt = as_prompt(before)
    return Imported(
        external_id=name_by_content(KEY, prompt, chosen, rejected, row.rest),
        item=pair_item(prompt, chosen, rejected),
        metadata=row.rest,
        judgments=numbered_judgments(KEY, [{"strength": -options.strength}]),
    )


IMPORTER = Importer(
    key=KEY,
    version="1",
    title="Anthropic HH text",
    summary="chosen and rejected as text with Human and Assistant turns",
    template="pairwise_preference",
    options=AnthropicHHOptions,
    row=Row,
    convert=_convert,
)
