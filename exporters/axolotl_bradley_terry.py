"""Axolotl's outcome reward model, type `bradley_terry.chat_template`.

It reads one question with a system prompt before it: `system` is always there, and empty where a
prompt has none, as its code takes the column for granted. Longer conversations are left out.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from workbench.contracts.exporter import Converted, Exporter
from workbench.contracts.message_columns import find_several_turns, only_contents, split_system
from workbench.contracts.preference_pairs import PairColumns
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import carrying, leave_out


def _schema(options: PairColumns) -> pa.Schema:
    names = ("system", "input", "chosen", "rejected")
    own = [pa.field(name, pa.string(), nullable=False) for name in names]
    return carrying(own, RecordKind.PREFERENCE, options)


def _convert(batch: pa.RecordBatch, options: PairColumns) -> Converted:
    single = leave_out(batch, find_several_turns(batch.column("prompt")))
    systems, questions = split_system(single.rows.column("prompt"))
    columns = [
        pc.fill_null(systems, fill_value=""),
        only_contents(questions),
        single.rows.column("chosen"),
        single.rows.column("rejected"),
    ]
    return single.converted(columns, _schema(options))


EXPORTER = Exporter(
    key="axolotl_bradley_terry",
    version="1",
    title="Axolotl reward model",
    summary="type bradley_terry.chat_template: system, input, chosen and rejected of single turns",
    record=RecordKind.PREFERENCE,
    options=PairColumns,
    schema=_schema,
    convert=_convert,
)
