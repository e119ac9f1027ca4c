"""Every judgment as it was given, under the release's pseudonyms.

`value` is JSON text in both formats: a strength may be a number or a word, and loaders that infer
one type for each column (`datasets` among them) refuse a column that mixes them.
"""

from __future__ import annotations

import pyarrow as pa
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter, ExportOptions
from workbench.contracts.record_schemas import record_schema
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import leave_out


class RawJudgmentsOptions(ExportOptions):
    superseded: bool = Field(
        default=False,
        description="Also the judgments that a later one of the same annotator replaced.",
    )


def _schema(_: RawJudgmentsOptions) -> pa.Schema:
    return record_schema(RecordKind.JUDGMENT)


def _convert(batch: pa.RecordBatch, options: RawJudgmentsOptions) -> Converted:
    faults = {} if options.superseded else {"superseded": batch.column("superseded")}
    return leave_out(batch, faults).converted([], _schema(options))


EXPORTER = Exporter(
    key="raw_judgments",
    version="1",
    title="Raw judgments",
    summary="one row per judgment with its annotator's pseudonym, presentation and times",
    record=RecordKind.JUDGMENT,
    options=RawJudgmentsOptions,
    schema=_schema,
    convert=_convert,
)
