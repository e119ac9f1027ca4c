"""Preference pairs: what their exporters have in common, and the layout of TRL and OpenRLHF."""

from __future__ import annotations

from enum import StrEnum
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import Converted
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

EMPTY_RESPONSE = "empty_response"


class PairColumns(ProvenanceOptions):
    """Options of a format whose trainer reads neither margins nor soft labels but leaves room."""

    carries = ("margin", "soft_label")

    margin: bool = Field(
        default=False,
        description="A column with the mean strength of the preference; its trainer skips it.",
    )
    soft_label: bool = Field(
        default=False,
        description="A column with how sure it is, from 0 to 1, that the chosen one is better.",
    )


def find_empty_responses(*responses: pa.StringArray) -> dict[str, pa.BooleanArray]:
    """Tell which pairs have an empty response, for trainers that cannot read one."""
    empty = [pc.equal(pc.utf8_length(texts), 0) for texts in responses]
    return {EMPTY_RESPONSE: reduce(pc.or_, empty)}


class Prompt(StrEnum):
    EXPLICIT = "explicit"
    IMPLICIT = "implicit"


class PairOptions(ProvenanceOptions, FormOptions):
    carries = ("soft_label",)

    prompt: Prompt = Field(
        default=Prompt.EXPLICIT,
        description=(
            "explicit: a prompt column of its own. implicit: chosen and rejected begin with it."
        ),
    )
    margin: bool = Field(
        default=True,
        description=(
            "A column with the mean strength of the preference; 0, which trainers take for none,"
            " where it is not known."
        ),
    )
    soft_label: bool = Field(
        default=False,
        description="A column with how sure it is, from 0 to 1, that the chosen one is better.",
    )


def pair_schema(options: PairOptions) -> pa.Schema:
    names = ["chosen", "rejected"]
    if options.prompt is Prompt.EXPLICIT:
        names = ["prompt", *names]
    fields = [text_field(name, options.form) for name in names]
    if options.margin:
        fields.append(pa.field("margin", pa.float64(), nullable=False))
    return carrying(fields, RecordKind.PREFERENCE, options)


def convert_pairs(batch: pa.RecordBatch, options: PairOptions) -> Converted:
    sayable = leave_out_unsayable(batch, options.form)
    prompts, *answers = (sayable.rows.column(name) for name in ("prompt", "chosen", "rejected"))
    if options.prompt is Prompt.EXPLICIT:
        columns = [
            prompts_alone(prompts, options),
            *(answers_alone(answer, options) for answer in answers),
        ]
    else:
        columns = [prompts_with_answers(prompts, answer, options) for answer in answers]
    if options.margin:
        margins = sayable.rows.column("margin")
        # Making a number of pyarrow's would load pandas, which takes a second.
        columns.append(pc.fill_null(margins, fill_value=0.0) if margins.null_count else margins)
    return sayable.converted(columns, pair_schema(options))
