"""The two forms of training text that TRL and its kin read: strings, and lists of messages."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import ExportOptions
from workbench.contracts.message_columns import (
    alone,
    appended,
    assistant_messages,
    is_one_user_message,
    only_contents,
)
from workbench.contracts.record_schemas import MESSAGES
from workbench.contracts.row_selection import Selection, leave_out

NEEDS_CONVERSATIONAL = "multi_turn_needs_conversational"


class Form(StrEnum):
    STANDARD = "standard"
    CONVERSATIONAL = "conversational"


class FormOptions(ExportOptions):
    form: Form = Field(
        default=Form.CONVERSATIONAL,
        description=(
            "conversational: lists of messages. standard: plain strings; prompts of several"
            " messages are left out and counted."
        ),
    )
    separator: str = Field(
        default="",
        description=(
            "Standard form only: text between prompt and response. Trainers join the two as they"
            " are, so that it ends a prompt of its own and stands inside a text of both."
        ),
    )


def text_field(name: str, form: Form) -> pa.Field:
    """Return the field of a prompt, a response or both in that form."""
    return pa.field(name, _text_type(form), nullable=False)


def find_unsayable(batch: pa.RecordBatch, form: Form) -> dict[str, pa.BooleanArray]:
    """Tell, by reason, which rows have a prompt that the form has no way to say."""
    match form:
        case Form.CONVERSATIONAL:
            return {}
        case Form.STANDARD:
            return {NEEDS_CONVERSATIONAL: pc.invert(is_one_user_message(batch.column("prompt")))}
        case _:
            assert_never(form)


def leave_out_unsayable(batch: pa.RecordBatch, form: Form) -> Selection:
    return leave_out(batch, find_unsayable(batch, form))


def prompts_alone(prompts: pa.ListArray, options: FormOptions) -> pa.Array:
    match options.form:
        case Form.CONVERSATIONAL:
            return prompts
        case Form.STANDARD:
            return pc.binary_join_element_wise(only_contents(prompts), "", options.separator)
        case _:
            assert_never(options.form)


def answers_alone(answers: pa.StringArray, options: FormOptions) -> pa.Array:
    match options.form:
        case Form.CONVERSATIONAL:
            return alone(assistant_messages(answers))
        case Form.STANDARD:
            return answers
        case _:
            assert_never(options.form)


def prompts_with_answers(
    prompts: pa.ListArray, answers: pa.StringArray, options: FormOptions
) -> pa.Array:
    match options.form:
        case Form.CONVERSATIONAL:
            return appended(prompts, assistant_messages(answers))
        case Form.STANDARD:
            return pc.binary_join_element_wise(only_contents(prompts), answers, options.separator)
        case _:
            assert_never(options.form)


def _text_type(form: Form) -> pa.DataType:
    match form:
        case Form.CONVERSATIONAL:
            return MESSAGES
        case Form.STANDARD:
            return pa.string()
        case _:
            assert_never(form)
