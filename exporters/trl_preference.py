"""TRL's preference format: DPO reads `prompt`, `chosen`, `rejected`; the reward trainer `margin`."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter, ExportOptions
from workbench.contracts.records import RecordKind

NEEDS_CONVERSATIONAL = "multi_turn_needs_conversational"

_MESSAGE = pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())])
_MESSAGES = pa.list_(_MESSAGE)
_ASSISTANT = b"assistant"


class Form(StrEnum):
    STANDARD = "standard"
    CONVERSATIONAL = "conversational"


class Prompt(StrEnum):
    EXPLICIT = "explicit"
    IMPLICIT = "implicit"


class TrlPreferenceOptions(ExportOptions):
    form: Form = Field(
        default=Form.CONVERSATIONAL,
        description=(
            "conversational: lists of messages. standard: plain strings; prompts of several"
            " messages are left out and counted."
        ),
    )
    prompt: Prompt = Field(
        default=Prompt.EXPLICIT,
        description=(
            "explicit: a prompt column of its own. implicit: chosen and rejected begin with it."
        ),
    )
    margin: bool = Field(
        default=True, description="A column with the mean strength of the preference."
    )
    separator: str = Field(
        default="",
        description=(
            "Standard form only: text between prompt and response. TRL joins the two as they are,"
            " so that it ends the explicit prompt and stands inside the implicit one."
        ),
    )


def _schema(options: TrlPreferenceOptions) -> pa.Schema:
    text = _MESSAGES if options.form is Form.CONVERSATIONAL else pa.string()
    names = ["chosen", "rejected"]
    if options.prompt is Prompt.EXPLICIT:
        names = ["prompt", *names]
    fields = [pa.field(name, text, nullable=False) for name in names]
    if options.margin:
        fields.append(pa.field("margin", pa.float64()))
    return pa.schema(fields)


def _convert(batch: pa.RecordBatch, options: TrlPreferenceOptions) -> Converted:
    match options.form:
        case Form.CONVERSATIONAL:
            return Converted(batch=_conversational(batch, options))
        case Form.STANDARD:
            return _standard(batch, options)


def _standard(batch: pa.RecordBatch, options: TrlPreferenceOptions) -> Converted:
    kept = _is_one_user_message(batch.column("prompt"))
    fitting = batch.filter(kept)
    prompts = pc.struct_field(fitting.column("prompt").flatten(), "content")
    if options.separator:
        prompts = pc.binary_join_element_wise(prompts, options.separator, "")
    answers = [fitting.column("chosen"), fitting.column("rejected")]
    if options.prompt is Prompt.EXPLICIT:
        columns = [prompts, *answers]
    else:
        columns = [pc.binary_join_element_wise(prompts, answer, "") for answer in answers]
    n_left_out = len(batch) - len(fitting)
    return Converted(
        batch=_with_margin(columns, fitting, options),
        left_out={NEEDS_CONVERSATIONAL: n_left_out} if n_left_out else {},
        kept=kept,
    )


def _conversational(batch: pa.RecordBatch, options: TrlPreferenceOptions) -> pa.RecordBatch:
    prompts = batch.column("prompt")
    answers = [_assistant_messages(batch.column(name)) for name in ("chosen", "rejected")]
    if options.prompt is Prompt.EXPLICIT:
        ends = _integers(np.arange(len(batch) + 1, dtype=np.int32))
        columns = [prompts, *(pa.ListArray.from_arrays(ends, answer) for answer in answers)]
    else:
        columns = [_appended(prompts, answer) for answer in answers]
    return _with_margin(columns, batch, options)


def _with_margin(
    columns: list[pa.Array], batch: pa.RecordBatch, options: TrlPreferenceOptions
) -> pa.RecordBatch:
    if options.margin:
        columns = [*columns, batch.column("margin")]
    return pa.RecordBatch.from_arrays(columns, schema=_schema(options))


def _is_one_user_message(prompts: pa.ListArray) -> pa.BooleanArray:
    is_one = pc.equal(pc.list_value_length(prompts), 1)
    # `list_element` refuses a list that is too short.
    firsts = pc.list_slice(prompts, 0, 1, return_fixed_size_list=True)
    is_user = pc.equal(pc.struct_field(firsts.flatten(), "role"), "user")
    return pc.fill_null(pc.and_(is_one, is_user), fill_value=False)


def _assistant_messages(answers: pa.StringArray) -> pa.StructArray:
    offsets = np.arange(len(answers) + 1, dtype=np.int32) * len(_ASSISTANT)
    roles = pa.StringArray.from_buffers(
        len(answers), pa.py_buffer(offsets), pa.py_buffer(_ASSISTANT * len(answers))
    )
    return pa.StructArray.from_arrays([roles, answers], fields=list(_MESSAGE))


def _appended(prompts: pa.ListArray, answers: pa.StructArray) -> pa.ListArray:
    """Return each prompt's messages with the answer after them."""
    messages = prompts.flatten()
    lengths = pc.list_value_length(prompts).to_numpy(zero_copy_only=False).astype(np.int64)
    ends = np.cumsum(lengths + 1)
    order = np.empty(len(messages) + len(answers), dtype=np.int64)
    is_answer = np.zeros(len(order), dtype=np.bool_)
    is_answer[ends - 1] = True
    order[is_answer] = len(messages) + np.arange(len(answers))
    order[~is_answer] = np.arange(len(messages))
    both = pa.concat_arrays([messages, answers])
    offsets = _integers(np.concatenate([[0], ends]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, both.take(_integers(order)))


def _integers(values: NDArray[Any]) -> pa.Array:
    """Return an array over numpy's own memory.

    `pa.array` and `pa.scalar` would load pandas to ask what they are given, which takes a second.
    """
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])


EXPORTER = Exporter(
    key="trl_preference",
    version="1",
    title="TRL preference pairs",
    summary="prompt, chosen and rejected for DPO, ORPO and CPO; implicit prompts for the reward trainer",
    record=RecordKind.PREFERENCE,
    options=TrlPreferenceOptions,
    schema=_schema,
    convert=_convert,
)
