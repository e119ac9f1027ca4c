"""TRL's preference format: DPO reads `prompt`, `chosen`, `rejected`; the reward trainer `margin`."""

from __future__ import annotations

from enum import StrEnum

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
    prompts_with_answers,
    text_field,
)


class Prompt(StrEnum):
    EXPLICIT = "explicit"
    IMPLICIT = "implicit"


class TrlPreferenceOptions(ProvenanceOptions, FormOptions):
    carries = ("margin", "soft_label")

    prompt: Prompt = Field(
        default=Prompt.EXPLICIT,
        description=(
            "explicit: a prompt column of its own. implicit: chosen and rejected begin with it."
        ),
    )
    margin: bool = Field(
        default=True, description="A column with the mean strength of the preference."
    )
    soft_label: bool = Field(
        default=False,
        description="A column with how sure it is, from 0 to 1, that the chosen one is better.",
    )


def _schema(options: TrlPreferenceOptions) -> pa.Schema:
    names = ["chosen", "rejected"]
    if options.prompt is Prompt.EXPLICIT:
        names = ["prompt", *names]
    texts = [text_field(name, options.form) for name in names]
    return carrying(texts, RecordKind.PREFERENCE, options)


def _convert(batch: pa.RecordBatch, options: TrlPreferenceOptions) -> Converted:
    sayable = leave_out_unsayable(batch, options.form)
    prompts, *answers = (sayable.rows.column(name) for name in ("prompt", "chosen", "rejected"))
    if options.prompt is Prompt.EXPLICIT:
        columns = [
            prompts_alone(prompts, options),
            *(answers_alone(answer, options) for answer in answers),
        ]
    else:
        columns = [prompts_with_answers(prompts, answer, options) for answer in answers]
    return sayable.converted(columns, _schema(options))


EXPORTER = Exporter(
    key="trl_preference",
    version="1",
    title="TRL preference pairs",
    summary="prompt, chosen and rejected for DPO, ORPO and CPO; implicit prompts for the reward trainer",
    record=RecordKind.PREFERENCE,
    options=TrlPreferenceOptions,
    schema=_schema,
    convert=_convert,
)
