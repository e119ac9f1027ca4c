"""TRL's stepwise supervision: `prompt`, `completions` and one boolean label per step.

The trainer puts its own separator between steps, so none is added here.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter, ExportOptions
from workbench.contracts.records import RecordKind


class TrlStepwiseOptions(ExportOptions):
    neutral: bool = Field(
        default=True,
        description="What a step graded 0 becomes: true as a good one, false as a bad one.",
    )


def _schema(_: TrlStepwiseOptions) -> pa.Schema:
    return pa.schema(
        [
            pa.field("prompt", pa.string(), nullable=False),
            pa.field("completions", pa.list_(pa.string()), nullable=False),
            pa.field("labels", pa.list_(pa.bool_()), nullable=False),
        ]
    )


def _convert(batch: pa.RecordBatch, options: TrlStepwiseOptions) -> Converted:
    ratings = batch.column("ratings")
    least = 0 if options.neutral else 1
    labels = pc.greater_equal(ratings.values, pa.scalar(least, pa.int8()))
    columns = [
        batch.column("prompt"),
        batch.column("completions"),
        pa.ListArray.from_arrays(ratings.offsets, labels),
    ]
    return Converted(batch=pa.RecordBatch.from_arrays(columns, schema=_schema(options)))


EXPORTER = Exporter(
    key="trl_stepwise",
    version="1",
    title="TRL stepwise supervision",
    summary="prompt, completions and a boolean label per step, for process reward models",
    record=RecordKind.STEPWISE_SUPERVISION,
    options=TrlStepwiseOptions,
    schema=_schema,
    convert=_convert,
)
