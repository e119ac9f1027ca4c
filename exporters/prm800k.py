"""PRM800K: a row for each judgment of a solution, with its labeler, times, verdict and grades.

As there, a step's one completion is chosen where the solution goes on with it, steps end with the
first bad one, and what the labeler wrote in its place is `human_completion`. Nothing here tells
phases, screening or quality control apart.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter, ExportFormat
from workbench.contracts.graded_steps import GradedSteps, find_excess, graded_steps
from workbench.contracts.message_columns import booleans, lists_of, numbers
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import ProvenanceOptions, carrying, leave_out

NO_JUDGMENTS = "no_judgments"
NO_STEPS = "no_steps"

_TIME = "%Y-%m-%dT%H:%M:%S"
_MILLISECONDS = 1000
_BAD = -1

_COMPLETION = pa.struct(
    [
        pa.field("text", pa.string()),
        pa.field("rating", pa.int8()),
        pa.field("flagged", pa.bool_()),
    ]
)
_HUMAN = pa.struct([pa.field("text", pa.string())])
_STEP = pa.struct(
    [
        pa.field("completions", pa.list_(_COMPLETION)),
        pa.field("human_completion", _HUMAN),
        pa.field("chosen_completion", pa.int32()),
    ]
)
_QUESTION = pa.struct(
    [
        pa.field("problem", pa.string()),
        pa.field("ground_truth_solution", pa.string()),
        pa.field("ground_truth_answer", pa.string()),
        pa.field("pre_generated_steps", pa.list_(pa.string())),
        pa.field("pre_generated_answer", pa.string()),
        pa.field("pre_generated_verifier_score", pa.float64()),
    ]
)
_LABEL = pa.struct(
    [
        pa.field("steps", pa.list_(_STEP)),
        pa.field("total_time", pa.int64()),
        pa.field("finish_reason", pa.string()),
    ]
)


class Prm800kOptions(ProvenanceOptions):
    after_first_error: bool = Field(
        default=False,
        description="Also the steps graded after the first bad one, where PRM800K itself stops.",
    )


def _schema(options: Prm800kOptions) -> pa.Schema:
    own = [
        pa.field("labeler", pa.string(), nullable=False),
        pa.field("timestamp", pa.string(), nullable=False),
        pa.field("generation", pa.int32()),
        pa.field("is_quality_control_question", pa.bool_(), nullable=False),
        pa.field("is_initial_screening_question", pa.bool_(), nullable=False),
        pa.field("question", _QUESTION, nullable=False),
        pa.field("label", _LABEL, nullable=False),
    ]
    return carrying(own, RecordKind.STEPWISE_SUPERVISION, options)


def _convert(batch: pa.RecordBatch, options: Prm800kOptions) -> Converted:
    faults = {
        NO_JUDGMENTS: pc.equal(pc.list_value_length(batch.column("judgments")), 0),
        NO_STEPS: find_excess(batch.column("steps"), batch.column("judgments")),
    }
    fit = leave_out(batch, faults)
    given = fit.rows.column("judgments").flatten()
    behind = pc.list_parent_indices(fit.rows.column("judgments"))
    graded = graded_steps(
        fit.rows.column("steps"),
        numbers(behind),
        pc.struct_field(given, "ratings"),
        after_first_error=options.after_first_error,
    )
    label = [
        graded.listed(_steps(graded, pc.struct_field(given, "alternatives"))),
        _milliseconds(pc.struct_field(given, "seconds")),
        pc.struct_field(given, "verdict"),
    ]
    no = booleans(np.zeros(len(given), dtype=np.bool_))
    columns = [
        pc.struct_field(given, "annotator"),
        _texts_of_times(pc.struct_field(given, "created_at")),
        pa.nulls(len(given), pa.int32()),
        no,
        no,
        _questions(fit.rows).take(behind),
        pa.StructArray.from_arrays(label, fields=list(_LABEL)),
    ]
    return fit.converted(columns, _schema(options), each=behind)


def _questions(rows: pa.RecordBatch) -> pa.StructArray:
    columns = [
        rows.column("prompt"),
        pa.nulls(len(rows), pa.string()),
        rows.column("reference_answer"),
        rows.column("steps"),
        pa.nulls(len(rows), pa.string()),
        pa.nulls(len(rows), pa.float64()),
    ]
    return pa.StructArray.from_arrays(columns, fields=list(_QUESTION))


def _steps(graded: GradedSteps, alternatives: pa.ListArray) -> pa.StructArray:
    n_steps = len(graded.texts)
    completions = pa.StructArray.from_arrays(
        [graded.texts, graded.ratings, pa.nulls(n_steps, pa.bool_())], fields=list(_COMPLETION)
    )
    written = graded.notes(alternatives)
    human = pa.StructArray.from_arrays([written], fields=list(_HUMAN), mask=pc.is_null(written))
    is_end = pc.and_(graded.is_last, pc.fill_null(pc.equal(graded.ratings, _BAD), fill_value=False))
    chosen = pc.if_else(is_end, pa.scalar(None, pa.int32()), pa.scalar(0, pa.int32()))
    one_each = lists_of(completions, np.ones(n_steps, dtype=np.int64))
    return pa.StructArray.from_arrays([one_each, human, chosen], fields=list(_STEP))


def _texts_of_times(times: pa.TimestampArray) -> pa.StringArray:
    return pc.strftime(times.cast(pa.timestamp("us")), format=_TIME)


def _milliseconds(seconds: pa.DoubleArray) -> pa.Int64Array:
    return pc.round(pc.multiply(seconds, _MILLISECONDS)).cast(pa.int64())


EXPORTER = Exporter(
    key="prm800k",
    version="1",
    title="PRM800K",
    summary="one row per labeler's grading of a solution, step by step, as OpenAI published it",
    record=RecordKind.STEPWISE_SUPERVISION,
    options=Prm800kOptions,
    schema=_schema,
    convert=_convert,
    formats=(ExportFormat.JSONL,),
)
