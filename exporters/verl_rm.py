"""verl's reward model data: three columns of text, Parquet only.

verl puts prompt and response together as they are, so that the prompt carries its template. The
default is that of Dahoas/full-hh-rlhf, which verl's own example reads: a prompt such as
`" Human: What colour is the sky? Assistant:"`, and a response that begins with a space.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter, ExportFormat
from workbench.contracts.message_columns import transcripts
from workbench.contracts.preference_pairs import PairColumns, find_empty_responses
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import carrying, leave_out


class VerlRmOptions(PairColumns):
    system: str = Field(default=" System: ", description="What stands before a system prompt.")
    user: str = Field(default=" Human: ", description="What stands before a user's message.")
    assistant: str = Field(
        default=" Assistant:",
        description="What stands before an assistant's message, and at the end of the prompt.",
    )
    before_response: str = Field(
        default=" ",
        description="What every assistant's message begins with, the two responses among them.",
    )
    after_message: str = Field(
        default="", description="What ends every message of the prompt, such as <|im_end|>."
    )


def _schema(options: VerlRmOptions) -> pa.Schema:
    own = [pa.field(name, pa.string(), nullable=False) for name in ("prompt", "chosen", "rejected")]
    return carrying(own, RecordKind.PREFERENCE, options)


def _convert(batch: pa.RecordBatch, options: VerlRmOptions) -> Converted:
    # Of no text at all its tokenizer makes numbers that do not go with the prompt's.
    full = leave_out(batch, find_empty_responses(*_responses(batch, options)))
    before = {
        "system": options.system,
        "user": options.user,
        "assistant": options.assistant + options.before_response,
    }
    after = dict.fromkeys(before, options.after_message)
    talks = transcripts(full.rows.column("prompt"), before=before, after=after)
    columns = [
        pc.binary_join_element_wise(talks, options.assistant, ""),
        *_responses(full.rows, options),
    ]
    return full.converted(columns, _schema(options))


def _responses(rows: pa.RecordBatch, options: VerlRmOptions) -> Sequence[pa.StringArray]:
    return [
        pc.binary_join_element_wise(options.before_response, rows.column(name), "")
        for name in ("chosen", "rejected")
    ]


EXPORTER = Exporter(
    key="verl_rm",
    version="1",
    title="verl reward model",
    summary="prompt, chosen and rejected as text under a prompt template",
    record=RecordKind.PREFERENCE,
    options=VerlRmOptions,
    schema=_schema,
    convert=_convert,
    formats=(ExportFormat.PARQUET,),
)
