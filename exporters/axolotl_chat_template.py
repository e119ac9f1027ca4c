"""Axolotl's DPO data of type `chat_template.default`: `messages`, `chosen`, `rejected`.

Axolotl renders a response after a placeholder and then looks for the response's own text in what
the chat template made of both. It finds an empty one at the very beginning, placeholder and all,
and does not find one whose surrounding white space the template trims: hence `trim`, and empty
responses are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter
from workbench.contracts.message_columns import assistant_messages
from workbench.contracts.preference_pairs import PairColumns, find_empty_responses
from workbench.contracts.record_schemas import MESSAGE, MESSAGES
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import carrying, leave_out


class AxolotlChatTemplateOptions(PairColumns):
    trim: bool = Field(
        default=True,
        description=(
            "Leave out the white space around responses, as chat templates such as Llama 3's do:"
            " Axolotl would lose the text of a response that has some."
        ),
    )


def _schema(options: AxolotlChatTemplateOptions) -> pa.Schema:
    own = [
        pa.field("messages", MESSAGES, nullable=False),
        pa.field("chosen", MESSAGE, nullable=False),
        pa.field("rejected", MESSAGE, nullable=False),
    ]
    return carrying(own, RecordKind.PREFERENCE, options)


def _convert(batch: pa.RecordBatch, options: AxolotlChatTemplateOptions) -> Converted:
    full = leave_out(batch, find_empty_responses(*_responses(batch, options)))
    answers = map(assistant_messages, _responses(full.rows, options))
    return full.converted([full.rows.column("prompt"), *answers], _schema(options))


def _responses(
    rows: pa.RecordBatch, options: AxolotlChatTemplateOptions
) -> Sequence[pa.StringArray]:
    responses = [rows.column("chosen"), rows.column("rejected")]
    return [pc.utf8_trim_whitespace(one) for one in responses] if options.trim else responses


EXPORTER = Exporter(
    key="axolotl_chat_template",
    version="1",
    title="Axolotl DPO",
    summary="type chat_template.default: messages with a chosen and a rejected one",
    record=RecordKind.PREFERENCE,
    options=AxolotlChatTemplateOptions,
    schema=_schema,
    convert=_convert,
)
