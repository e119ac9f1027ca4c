"""Graded steps as PRM trainers read them: `prompt`, `completions`, one boolean label per step."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import Converted
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import ProvenanceOptions, carrying, leave_out

NO_GRADED_STEP = "no_graded_step"

_FIELDS = [
    pa.field("prompt", pa.string(), nullable=False),
    pa.field("completions", pa.list_(pa.string()), nullable=False),
    pa.field("labels", pa.list_(pa.bool_()), nullable=False),
]


class StepwiseOptions(ProvenanceOptions):
    neutral: bool = Field(
        default=True,
        description="What a step graded 0 becomes: true as a good one, false as a bad one.",
    )


def stepwise_schema(options: StepwiseOptions) -> pa.Schema:
    return carrying(_FIELDS, RecordKind.STEPWISE_SUPERVISION, options)


def convert_stepwise(batch: pa.RecordBatch, options: StepwiseOptions) -> Converted:
    n_steps = pc.list_value_length(batch.column("completions"))
    graded = leave_out(batch, {NO_GRADED_STEP: pc.equal(n_steps, 0)})
    columns = [
        graded.rows.column("prompt"),
        graded.rows.column("completions"),
        binary_labels(graded.rows.column("ratings"), neutral=options.neutral),
    ]
    return graded.converted(columns, stepwise_schema(options))


def binary_labels(ratings: pa.ListArray, *, neutral: bool) -> pa.ListArray:
    """Return grades of 1, 0 and -1 as booleans; 0 becomes `neutral`."""
    least = pa.scalar(0 if neutral else 1, pa.int8())
    return pa.ListArray.from_arrays(ratings.offsets, pc.greater_equal(ratings.values, least))
