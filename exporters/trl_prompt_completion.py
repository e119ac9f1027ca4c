"""TRL's prompt-completion: what experts wrote or rewrote, for supervised fine-tuning."""

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


class TrlPromptCompletionOptions(ProvenanceOptions, FormOptions):
    carries = ("original", "critique")

    original: bool = Field(
        default=False,
        description="A column with the response that was rewritten; null where there was none.",
    )
    critique: bool = Field(
        default=False,
        description="A column with what was said of that response; null where nothing was.",
    )


def _schema(options: TrlPromptCompletionOptions) -> pa.Schema:
    texts = [text_field(name, options.form) for name in ("prompt", "completion")]
    return carrying(texts, RecordKind.PROMPT_COMPLETION, options)


def _convert(batch: pa.RecordBatch, options: TrlPromptCompletionOptions) -> Converted:
    sayable = leave_out_unsayable(batch, options.form)
    columns = [
        prompts_alone(sayable.rows.column("prompt"), options),
        answers_alone(sayable.rows.column("completion"), options),
    ]
    return sayable.converted(columns, _schema(options))


EXPORTER = Exporter(
    key="trl_prompt_completion",
    version="1",
    title="TRL prompts with completions",
    summary="prompt and what an expert wrote, for supervised fine-tuning",
    record=RecordKind.PROMPT_COMPLETION,
    options=TrlPromptCompletionOptions,
    schema=_schema,
    convert=_convert,
)
