"""TRL's preference rows: what is chosen stands first, and one judgment says that it is better."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from workbench.contracts.faults import shown
from workbench.contracts.fields import StoredText
from workbench.contracts.imported_pairs import (
    Messages,
    as_prompt,
    check_same_prompt,
    numbered_judgments,
    pair_item,
    plain_messages,
    split_answer,
    strengths_of_margin,
)
from workbench.contracts.importer import (
    Imported,
    Importer,
    ImportOptions,
    ImportRow,
    name_by_content,
    not_carried,
)

KEY = "trl_preference"


class Margin(StrEnum):
    STRENGTH = "strength"
    METADATA = "metadata"


class TrlPreferenceOptions(ImportOptions):
    margin: Margin = Field(
        default=Margin.STRENGTH,
        description="strength: a margin is the mean strength of the judgments, one if it is whole and"
        " else as few as have that mean. metadata: it is kept beside the item.",
    )
    strength: int = Field(
        default=1,
        ge=1,
        le=3,
        description="How much better the chosen response is, where no margin says so.",
    )


class Row(ImportRow):
    prompt: StoredText | Messages | None = None
    chosen: StoredText | Messages
    rejected: StoredText | Messages
    margin: float | None = Field(default=None, ge=0, allow_inf_nan=False)


def _convert(row: Row, options: TrlPreferenceOptions) -> Imported:
    prompt, chosen, rejected = _pair(row)
    rest = row.rest
    if options.margin is Margin.METADATA and row.margin is not None:
        rest["margin"] = row.margin
    return Imported(
        external_id=name_by_content(KEY, prompt, chosen, rejected, row.margin, rest),
        item=pair_item(prompt, chosen, rejected),
        metadata=rest,
        judgments=numbered_judgments(
            KEY, [{"strength": -strength} for strength in _strengths(row.margin, options)]
        ),
    )


def _pair(row: Row) -> tuple[Any, str, str]:
    """Return the prompt and both responses."""
    if isinstance(row.chosen, str) or isinstance(row.rejected, str):
        return _pair_of_texts(row)
    chosen = plain_messages(row.chosen, "chosen")
    rejected = plain_messages(row.rejected, "rejected")
    before, first = split_answer(chosen, "chosen")
    other, second = split_answer(rejected, "rejected")
    check_same_prompt(before, other, "rejected")
    if row.prompt is None:
        return as_prompt(before), first, second
    if isinstance(row.prompt, str):
        raise not_carried(
            field="prompt",
            problem="is text beside lists of messages",
            expected="a list of messages",
        )
    if before:
        problem = f"has {len(chosen)} messages"
        raise not_carried(
            field="chosen",
            problem=problem,
            expected="one message of the assistant after a prompt of its own",
        )
    return as_prompt(plain_messages(row.prompt, "prompt")), first, second


def _pair_of_texts(row: Row) -> tuple[str, str, str]:
    if not isinstance(row.chosen, str) or not isinstance(row.rejected, str):
        raise not_carried(
            field="rejected",
            problem="is not of the form of chosen",
            expected="two texts, or two lists",
        )
    if row.prompt is None:
        expected = "a prompt: nobody can see where it ends in texts that begin with it"
        raise not_carried(field="prompt", problem="is missing", expected=expected)
    if not isinstance(row.prompt, str):
        raise not_carried(field="prompt", problem="is a list beside texts", expected="text")
    return row.prompt, row.chosen, row.rejected


def _strengths(margin: float | None, options: TrlPreferenceOptions) -> list[int]:
    if not margin or options.margin is Margin.METADATA:
        return [options.strength]
    strengths = strengths_of_margin(margin)
    if strengths is None:
        expected = "the mean of strengths from 1 to 3; the option margin=metadata keeps it aside"
        raise not_carried(field="margin", problem=f"is {shown(margin)}", expected=expected)
    return strengths


IMPORTER = Importer(
    key=KEY,
    version="1",
    title="TRL preference pairs",
    summary="prompt, chosen and rejected, with a margin where there is one",
    template="pairwise_preference",
    options=TrlPreferenceOptions,
    row=Row,
    convert=_convert,
)
