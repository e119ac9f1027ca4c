"""Anthropic's HH text: two strings that begin with the same turns, each marked Human or Assistant.

The text has no way to say a system message, nor a turn that holds such a mark itself.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from workbench.contracts.exporter import Converted, Exporter, ExportFormat, ExportOptions
from workbench.contracts.marked_turns import HUMAN_ASSISTANT, MARK_IN_TEXT
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import leave_out

_ANSWERS = ("chosen", "rejected")


def _schema(_: ExportOptions) -> pa.Schema:
    return pa.schema([pa.field(name, pa.string(), nullable=False) for name in _ANSWERS])


def _convert(batch: pa.RecordBatch, options: ExportOptions) -> Converted:
    faults = HUMAN_ASSISTANT.find_faults(batch.column("prompt"))
    for name in _ANSWERS:
        is_marked = HUMAN_ASSISTANT.is_in(batch.column(name))
        faults[MARK_IN_TEXT] = pc.or_(faults[MARK_IN_TEXT], is_marked)
    fit = leave_out(batch, faults)
    prompts = HUMAN_ASSISTANT.joined(fit.rows.column("prompt"))
    columns = [
        pc.binary_join_element_wise(prompts, HUMAN_ASSISTANT.assistant, fit.rows.column(name), "")
        for name in _ANSWERS
    ]
    return fit.converted(columns, _schema(options))


EXPORTER = Exporter(
    key="anthropic_hh",
    version="1",
    title="Anthropic HH text",
    summary="chosen and rejected as text with Human and Assistant turns",
    record=RecordKind.PREFERENCE,
    options=ExportOptions,
    schema=_schema,
    convert=_convert,
    formats=(ExportFormat.JSONL,),
)
