"""Axolotl's DPO data of type `chat_template.default`: `messages`, `chosen`, `rejected`.

Axolotl renders a response after a placeholder and then looks for the response's own text in what
the chat template made of both. It does not find one whose surrounding white space the template
trims: hence `trim`. It finds an empty one at the very beginning and a few letters of the
placeholder inside that, and would train on the placeholder: both are left out. A word that the chat
template itself writes before a response, such as `user`, cannot be known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter
from workbench.contracts.message_columns import assistant_messages
from workbench.contracts.preference_pairs import PairColumns, find_empty_responses
from workbench.contracts.record_schemas import MESSAGE, MESSAGES
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import carrying, leave_out

IN_PLACEHOLDER = "response_found_in_placeholder"

_PLACEHOLDER = "[[dummy_message]]"


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
    responses = _responses(batch, options)
    faults = find_empty_responses(*responses) | {
        IN_PLACEHOLDER: pc.or_(*(_is_in_placeholder(texts) for texts in responses))
    }
    findable = leave_out(batch, faults)
    answers = map(assistant_messages, _responses(findable.rows, options))
    return findable.converted([findable.rows.column("prompt"), *answers], _schema(options))


def _responses(
    rows: pa.RecordBatch, options: AxolotlChatTemplateOptions
) -> Sequence[pa.StringArray]:
    responses = [rows.column("chosen"), rows.column("rejected")]
    return [pc.utf8_trim_whitespace(one) for one in responses] if options.trim else responses


def _is_in_placeholder(texts: pa.StringArray) -> pa.BooleanArray:
    ends = range(len(_PLACEHOLDER) + 1)
    parts = sorted({_PLACEHOLDER[start:end] for start, end in combinations(ends, 2)})
    return pc.is_in(texts, value_set=pa.array(parts, pa.string()))


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
