"""TRL's prompt-only format, for GRPO, RLOO and online DPO."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import (
    NO_REFERENCE_ANSWER,
    ProvenanceOptions,
    carrying,
    leave_out,
)
from workbench.contracts.training_text import (
    FormOptions,
    find_unsayable,
    prompts_alone,
    text_field,
)


class TrlPromptOnlyOptions(ProvenanceOptions, FormOptions):
    solution: bool = Field(
        default=False,
        description=(
            "A column with the reference answer, as TRL's accuracy_reward reads it; prompts"
            " without one are left out and counted."
        ),
    )


def _schema(options: TrlPromptOnlyOptions) -> pa.Schema:
    own = [text_field("prompt", options.form)]
    if options.solution:
        own.append(pa.field("solution", pa.string(), nullable=False))
    return carrying(own, RecordKind.PROMPT, options)


def _convert(batch: pa.RecordBatch, options: TrlPromptOnlyOptions) -> Converted:
    faults = find_unsayable(batch, options.form)
    if options.solution:
        faults[NO_REFERENCE_ANSWER] = pc.is_null(batch.column("reference_answer"))
    fitting = leave_out(batch, faults)
    columns = [prompts_alone(fitting.rows.column("prompt"), options)]
    if options.solution:
        columns.append(fitting.rows.column("reference_answer"))
    return fitting.converted(columns, _schema(options))


EXPORTER = Exporter(
    key="trl_prompt_only",
    version="1",
    title="TRL prompts",
    summary="prompts alone for GRPO, RLOO and online DPO; with reference answers if wanted",
    record=RecordKind.PROMPT,
    options=TrlPromptOnlyOptions,
    schema=_schema,
    convert=_convert,
)
