"""Every item of a release with its content and metadata, both as JSON text.

Contents differ from one task type to another, and loaders infer one type for each column.
"""

from __future__ import annotations

import pyarrow as pa

from workbench.contracts.exporter import Converted, Exporter, ExportOptions
from workbench.contracts.record_schemas import record_schema
from workbench.contracts.records import RecordKind


def _schema(_: ExportOptions) -> pa.Schema:
    return record_schema(RecordKind.ITEM)


def _convert(batch: pa.RecordBatch, options: ExportOptions) -> Converted:
    return Converted(batch=batch.select(_schema(options).names))


EXPORTER = Exporter(
    key="raw_items",
    version="1",
    title="Raw items",
    summary="one row per item, judged or not, with its content and metadata",
    record=RecordKind.ITEM,
    options=ExportOptions,
    schema=_schema,
    convert=_convert,
)
