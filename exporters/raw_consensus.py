"""The consensus on every released item; `value` is JSON text, as it differs between task types."""

from __future__ import annotations

import pyarrow as pa

from workbench.contracts.exporter import Converted, Exporter, ExportOptions
from workbench.contracts.record_schemas import record_schema
from workbench.contracts.records import RecordKind


def _schema(_: ExportOptions) -> pa.Schema:
    return record_schema(RecordKind.CONSENSUS)


def _convert(batch: pa.RecordBatch, options: ExportOptions) -> Converted:
    return Converted(batch=batch.select(_schema(options).names))


EXPORTER = Exporter(
    key="raw_consensus",
    version="1",
    title="Raw consensus",
    summary="one row per released item with what was settled, how surely and from how many judgments",
    record=RecordKind.CONSENSUS,
    options=ExportOptions,
    schema=_schema,
    convert=_convert,
)
