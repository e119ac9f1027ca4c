"""Axolotl's KTO data, types `chatml.prompt_pairs`, `chatml.ultra` and their `llama3` twins.

They read one question with a system prompt before it, empty where a prompt has none. Longer
conversations are left out.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter
from workbench.contracts.message_columns import find_several_turns, only_contents, split_system
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import ProvenanceOptions, carrying, leave_out


class AxolotlKtoOptions(ProvenanceOptions):
    carries = ("soft_label",)

    soft_label: bool = Field(
        default=False, description="A column with the share of judgments that found it good."
    )


def _schema(options: AxolotlKtoOptions) -> pa.Schema:
    texts = [
        pa.field(name, pa.string(), nullable=False) for name in ("system", "prompt", "completion")
    ]
    label = pa.field("label", pa.bool_(), nullable=False)
    return carrying([*texts, label], RecordKind.UNPAIRED_PREFERENCE, options)


def _convert(batch: pa.RecordBatch, options: AxolotlKtoOptions) -> Converted:
    single = leave_out(batch, find_several_turns(batch.column("prompt")))
    systems, questions = split_system(single.rows.column("prompt"))
    columns = [
        pc.fill_null(systems, fill_value=""),
        only_contents(questions),
        single.rows.column("completion"),
        single.rows.column("label"),
    ]
    return single.converted(columns, _schema(options))


EXPORTER = Exporter(
    key="axolotl_kto",
    version="1",
    title="Axolotl KTO",
    summary="type chatml.prompt_pairs: system, prompt, completion and label of single turns",
    record=RecordKind.UNPAIRED_PREFERENCE,
    options=AxolotlKtoOptions,
    schema=_schema,
    convert=_convert,
)
