"""TRL's unpaired preference: `prompt`, `completion` and a boolean `label`, for KTO and BCO."""

from __future__ import annotations

import pyarrow as pa
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import ProvenanceOptions, carrying
from workbench.contracts.training_text import (
    FormOptions,
    answers_alone,
    leave_out_unsayable,
    prompts_alone,
    text_field,
)


class TrlUnpairedPreferenceOptions(ProvenanceOptions, FormOptions):
    carries = ("soft_label",)

    soft_label: bool = Field(
        default=False, description="A column with the share of judgments that found it good."
    )


def _schema(options: TrlUnpairedPreferenceOptions) -> pa.Schema:
    texts = [text_field(name, options.form) for name in ("prompt", "completion")]
    label = pa.field("label", pa.bool_(), nullable=False)
    return carrying([*texts, label], RecordKind.UNPAIRED_PREFERENCE, options)


def _convert(batch: pa.RecordBatch, options: TrlUnpairedPreferenceOptions) -> Converted:
    sayable = leave_out_unsayable(batch, options.form)
    columns = [
        prompts_alone(sayable.rows.column("prompt"), options),
        answers_alone(sayable.rows.column("completion"), options),
        sayable.rows.column("label"),
    ]
    return sayable.converted(columns, _schema(options))


EXPORTER = Exporter(
    key="trl_unpaired_preference",
    version="1",
    title="TRL unpaired preference",
    summary="prompt, completion and whether it is good, for KTO and BCO",
    record=RecordKind.UNPAIRED_PREFERENCE,
    options=TrlUnpairedPreferenceOptions,
    schema=_schema,
    convert=_convert,
)
