"""The raw tables: what a release holds, as it holds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.exporter_batches import ARABIC, PROVENANCE, TALK, batch_of, convert, rows_of, write_file
from tests.judged_records import GIVEN_AT
from workbench.contracts.exporter import ExportFormat
from workbench.contracts.records import RecordKind
from workbench.contracts.registry import get_exporter

ITEM = {
    "item_id": "itm_1",
    "external_id": "p-1",
    "content": json.dumps({"prompt": ARABIC}),
    "metadata": "{}",
    "content_hash": "0" * 64,
    "prompt_hash": "1" * 64,
    "split_group": "1" * 64,
    "created_at": GIVEN_AT,
    "simulated": False,
}
RESPONSE = {
    "prompt": TALK,
    "response_index": 1,
    "response": "",
    "model": None,
    **PROVENANCE,
}
CONSENSUS = {
    "item_id": "itm_1",
    "external_id": "p-1",
    "value": '"first"',
    "outcome": "first",
    "reason": None,
    "confidence": 1.0,
    "margin": 1.5,
    "disagreement": None,
    "n_judgments": 3,
    "simulated": True,
}
JUDGMENT = {
    "judgment_id": "jdg_1",
    "item_id": "itm_1",
    "external_id": "p-1",
    "annotator": "annotator-1",
    "annotator_kind": "person",
    "value": json.dumps({"strength": 1, "rationale": ARABIC}),
    "presentation": [1, 0],
    "created_at": GIVEN_AT,
    "seconds": 12.5,
    "active_seconds": None,
    "template_version": "1.0.0",
    "guideline_version": None,
    "origin": "imported",
    "surplus": False,
    "supersedes": None,
    "superseded": False,
    "simulated": False,
}
TABLES: list[tuple[str, RecordKind, dict[str, Any]]] = [
    ("raw_items", RecordKind.ITEM, ITEM),
    ("raw_responses", RecordKind.RESPONSE, RESPONSE),
    ("raw_consensus", RecordKind.CONSENSUS, CONSENSUS),
    ("raw_judgments", RecordKind.JUDGMENT, JUDGMENT),
]


@pytest.mark.parametrize(("key", "kind", "record"), TABLES)
def test_rows_are_those_of_the_release(key: str, kind: RecordKind, record: dict[str, Any]) -> None:
    exporter = get_exporter(key)
    assert exporter.record is kind
    assert rows_of(exporter, [record, record]) == [record, record]


@pytest.mark.parametrize(("key", "_kind", "record"), TABLES)
def test_files_hold_the_same_rows(
    key: str, _kind: RecordKind, record: dict[str, Any], tmp_path: Path
) -> None:
    exporter = get_exporter(key)
    batch = exporter.convert(batch_of(exporter, [record]), exporter.options()).batch
    parquet = write_file(batch, ExportFormat.PARQUET, tmp_path)
    assert pq.read_table(parquet).to_pylist() == [record]
    (line,) = write_file(batch, ExportFormat.JSONL, tmp_path).read_text().splitlines()
    times = {"created_at": "2026-05-01T10:00:07.052924Z"} if "created_at" in record else {}
    assert json.loads(line) == record | times


@pytest.mark.parametrize(("key", "_kind", "record"), TABLES)
def test_a_split_export_has_the_same_columns(
    key: str, _kind: RecordKind, record: dict[str, Any]
) -> None:
    exporter = get_exporter(key)
    batch = batch_of(exporter, [record]).append_column("split", pa.array(["train"]))
    converted = exporter.convert(batch, exporter.options())
    assert converted.batch.to_pylist() == [record]


def test_judgments_that_were_replaced_are_left_out_unless_wanted() -> None:
    exporter = get_exporter("raw_judgments")
    records = [JUDGMENT | {"superseded": True}, JUDGMENT]
    converted = convert(exporter, records)
    assert converted.batch.to_pylist() == [JUDGMENT]
    assert converted.left_out == {"superseded": 1}
    assert rows_of(exporter, records, superseded=True) == records
