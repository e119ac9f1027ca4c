"""Every response of the settled items, with its place in canonical order and its model."""

from __future__ import annotations

import pyarrow as pa

from workbench.contracts.exporter import Converted, Exporter, ExportOptions
from workbench.contracts.record_schemas import record_schema
from workbench.contracts.records import RecordKind


def _schema(_: ExportOptions) -> pa.Schema:
    return record_schema(RecordKind.RESPONSE)


def _convert(batch: pa.RecordBatch, options: ExportOptions) -> Converted:
    return Converted(batch=batch.select(_schema(options).names))


EXPORTER = Exporter(
    key="raw_responses",
    version="1",
    title="Raw responses",
    summary="one row per response with its prompt, its model and the consensus it belongs to",
    record=RecordKind.RESPONSE,
    options=ExportOptions,
    schema=_schema,
    convert=_convert,
    names_images=True,
)
