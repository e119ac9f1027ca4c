"""LMSYS battles: a row for each judgment of two models' responses to one conversation.

Experts never see which model answered, so that every battle is anonymous. Token counts are left to
the cleaning that LMSYS does with its own tokenizer; battles between unnamed models rank nothing and
are left out.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter, ExportOptions
from workbench.contracts.message_columns import (
    appended,
    assistant_messages,
    booleans,
    integers,
    numbers,
)
from workbench.contracts.record_schemas import MESSAGES
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import leave_out

UNNAMED_MODEL = "unnamed_model"
NO_JUDGMENTS = "no_judgments"

_MICROSECONDS = 1e6


class QuestionId(StrEnum):
    ITEM = "item_id"
    EXTERNAL = "external_id"


class LmsysBattlesOptions(ExportOptions):
    language: str = Field(
        default="unknown", description="The language of all the conversations, such as English."
    )
    question_id: QuestionId = Field(
        default=QuestionId.ITEM,
        description="What names a question: the item's id here, or external_id, the one that it was"
        " imported with.",
    )


def _schema(_: LmsysBattlesOptions) -> pa.Schema:
    return pa.schema(
        [
            pa.field("question_id", pa.string(), nullable=False),
            pa.field("model_a", pa.string(), nullable=False),
            pa.field("model_b", pa.string(), nullable=False),
            pa.field("winner", pa.string(), nullable=False),
            pa.field("judge", pa.string(), nullable=False),
            pa.field("conversation_a", MESSAGES, nullable=False),
            pa.field("conversation_b", MESSAGES, nullable=False),
            pa.field("turn", pa.int32(), nullable=False),
            pa.field("anony", pa.bool_(), nullable=False),
            pa.field("language", pa.string(), nullable=False),
            pa.field("tstamp", pa.float64(), nullable=False),
        ]
    )


def _convert(batch: pa.RecordBatch, options: LmsysBattlesOptions) -> Converted:
    is_unnamed = pc.or_(
        pc.is_null(batch.column("first_model")), pc.is_null(batch.column("second_model"))
    )
    is_unjudged = pc.equal(pc.list_value_length(batch.column("judgments")), 0)
    fit = leave_out(batch, {UNNAMED_MODEL: is_unnamed, NO_JUDGMENTS: is_unjudged})
    rows, prompts = fit.rows, fit.rows.column("prompt")
    given = rows.column("judgments").flatten()
    behind = pc.list_parent_indices(rows.column("judgments"))
    conversations = [
        appended(prompts, assistant_messages(rows.column(name))) for name in ("first", "second")
    ]
    columns = [
        rows.column(options.question_id).take(behind),
        rows.column("first_model").take(behind),
        rows.column("second_model").take(behind),
        _winners(pc.struct_field(given, "strength")),
        pc.struct_field(given, "annotator"),
        *(one.take(behind) for one in conversations),
        _user_turns(prompts).take(behind),
        booleans(np.ones(len(given), dtype=np.bool_)),
        pa.repeat(options.language, len(given)),
        _seconds_since_epoch(pc.struct_field(given, "created_at")),
    ]
    return fit.converted(columns, _schema(options), each=behind)


def _winners(strengths: pa.Array) -> pa.StringArray:
    side = pc.if_else(pc.less(strengths, 0), "model_a", "model_b")
    return pc.fill_null(pc.if_else(pc.equal(strengths, 0), "tie", side), "tie (bothbad)")


def _user_turns(prompts: pa.ListArray) -> pa.Int32Array:
    is_user = pc.equal(pc.struct_field(prompts.flatten(), "role"), "user")
    turns = numbers(pc.list_parent_indices(prompts))[numbers(pc.indices_nonzero(is_user))]
    return integers(np.bincount(turns, minlength=len(prompts)).astype(np.int32))


def _seconds_since_epoch(times: pa.TimestampArray) -> pa.DoubleArray:
    return pc.divide(times.cast(pa.int64()).cast(pa.float64()), _MICROSECONDS)


EXPORTER = Exporter(
    key="lmsys_battles",
    version="1",
    title="LMSYS battles",
    summary="one row per judgment: two models, their conversations, the winner and who judged",
    record=RecordKind.COMPARISON,
    options=LmsysBattlesOptions,
    schema=_schema,
    convert=_convert,
)
