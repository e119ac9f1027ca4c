"""The layout of UltraFeedback binarized: whole conversations, and the prompt's text beside them.

`chosen` and `rejected` begin with the prompt; a trainer that wants a prompt of its own must take it
off. In conversations `prompt` is the first message of the user.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter
from workbench.contracts.message_columns import (
    appended,
    assistant_messages,
    find_disorder,
    split_system,
)
from workbench.contracts.record_schemas import MESSAGES
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import ProvenanceOptions, carrying, leave_out


class UltrafeedbackOptions(ProvenanceOptions):
    carries = ("margin", "soft_label")

    margin: bool = Field(
        default=False, description="A column with the mean strength of the preference."
    )
    soft_label: bool = Field(
        default=False,
        description="A column with how sure it is, from 0 to 1, that the chosen one is better.",
    )


def _schema(options: UltrafeedbackOptions) -> pa.Schema:
    own = [
        pa.field("prompt", pa.string(), nullable=False),
        pa.field("prompt_id", pa.string(), nullable=False),
        pa.field("chosen", MESSAGES, nullable=False),
        pa.field("rejected", MESSAGES, nullable=False),
        pa.field("messages", MESSAGES, nullable=False),
        pa.field("score_chosen", pa.float64()),
        pa.field("score_rejected", pa.float64()),
    ]
    return carrying(own, RecordKind.PREFERENCE, options)


def _convert(batch: pa.RecordBatch, options: UltrafeedbackOptions) -> Converted:
    fit = leave_out(batch, find_disorder(batch.column("prompt")))
    rows = fit.rows
    prompts = rows.column("prompt")
    _, turns = split_system(prompts)
    chosen, rejected = (
        appended(prompts, assistant_messages(rows.column(name))) for name in ("chosen", "rejected")
    )
    columns = [
        pc.struct_field(pc.list_element(turns, 0), "content"),
        rows.column("prompt_hash"),
        chosen,
        rejected,
        chosen,
        rows.column("chosen_score"),
        rows.column("rejected_score"),
    ]
    return fit.converted(columns, _schema(options))


EXPORTER = Exporter(
    key="ultrafeedback_binarized",
    version="1",
    title="UltraFeedback binarized",
    summary="chosen and rejected conversations with their scores, and a prompt with its id",
    record=RecordKind.PREFERENCE,
    options=UltrafeedbackOptions,
    schema=_schema,
    convert=_convert,
)
