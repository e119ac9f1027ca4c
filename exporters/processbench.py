"""ProcessBench: a solution in steps and the 0-based index of its first error, -1 where there is none.

Whether the final answer is right is known of solutions without an error only: two errors may cancel.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from workbench.contracts.exporter import Converted, Exporter
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import ProvenanceOptions, carrying, leave_out

NO_STEPS = "no_steps"
UNDECIDED = "undecided"

_SOLUTION = "solution"
_NO_ERROR = -1


def _schema(options: ProvenanceOptions) -> pa.Schema:
    own = [
        pa.field("id", pa.string(), nullable=False),
        pa.field("generator", pa.string()),
        pa.field("problem", pa.string(), nullable=False),
        pa.field("steps", pa.list_(pa.string()), nullable=False),
        pa.field("final_answer_correct", pa.bool_()),
        pa.field("label", pa.int32(), nullable=False),
    ]
    return carrying(own, RecordKind.STEPWISE_SUPERVISION, options)


def _convert(batch: pa.RecordBatch, options: ProvenanceOptions) -> Converted:
    is_right = pc.fill_null(pc.equal(batch.column("verdict"), _SOLUTION), fill_value=False)
    has_no_error = pc.is_null(batch.column("first_error"))
    faults = {
        NO_STEPS: pc.equal(pc.list_value_length(batch.column("steps")), 0),
        UNDECIDED: pc.and_not(has_no_error, is_right),
    }
    fit = leave_out(batch, faults)
    rows = fit.rows
    first_errors = rows.column("first_error")
    columns = [
        rows.column("external_id"),
        rows.column("model"),
        rows.column("prompt"),
        rows.column("steps"),
        pc.if_else(pc.is_null(first_errors), pa.scalar(True), pa.scalar(None, pa.bool_())),  # noqa: FBT003
        pc.fill_null(first_errors, _NO_ERROR),
    ]
    return fit.converted(columns, _schema(options))


EXPORTER = Exporter(
    key="processbench",
    version="1",
    title="ProcessBench",
    summary="a solution in steps and the index of its first error",
    record=RecordKind.STEPWISE_SUPERVISION,
    options=ProvenanceOptions,
    schema=_schema,
    convert=_convert,
)
