"""Record batches made by hand for the exporters, and their conversion with what must always hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from workbench.contracts.exporter import AnyExporter, Converted, ExportFormat
from workbench.contracts.record_schemas import record_schema
from workbench.releases.files import HashedFile, JsonLinesTable, ParquetTable

PROVENANCE = {
    "item_id": "itm_1",
    "external_id": "p-1",
    "prompt_hash": "00ff00ff00ff" + "0" * 52,
    "split_group": "0" * 64,
    "method": "majority",
    "confidence": 0.75,
    "disagreement": 0.25,
    "n_judgments": 3,
    "simulated": False,
    "images": [],
}
CARRIED = {
    name: PROVENANCE[name]
    for name in ("item_id", "prompt_hash", "method", "confidence", "disagreement", "n_judgments")
}


def system(text: str) -> dict[str, str]:
    return {"role": "system", "content": text}


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


TALK = [system("Be brief."), user("Name a colour."), assistant("Blue."), user("Another.")]
ARABIC = "ما لون السماء؟ \u200fأزرق 🌌"


def preference(prompt: Any, chosen: str, rejected: str, **more: Any) -> dict[str, Any]:
    return {
        "prompt": [user(prompt)] if isinstance(prompt, str) else prompt,
        "chosen": chosen,
        "rejected": rejected,
        "margin": 1.5,
        "chosen_model": None,
        "rejected_model": "m2",
        "chosen_score": None,
        "rejected_score": None,
        "soft_label": 0.75,
        **PROVENANCE,
        **more,
    }


def unpaired(prompt: Any, completion: str, *, label: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "prompt": [user(prompt)] if isinstance(prompt, str) else prompt,
        "completion": completion,
        "label": label,
        "soft_label": 0.75,
        "reasons": ["clear"],
        "model": None,
        **PROVENANCE,
        **more,
    }


def written(prompt: Any, completion: str, **more: Any) -> dict[str, Any]:
    return {
        "prompt": [user(prompt)] if isinstance(prompt, str) else prompt,
        "completion": completion,
        "original": None,
        "critique": None,
        **PROVENANCE,
        **more,
    }


def prompt_of(prompt: Any, answer: str | None = None, **more: Any) -> dict[str, Any]:
    messages = [user(prompt)] if isinstance(prompt, str) else prompt
    return {"prompt": messages, "reference_answer": answer, **PROVENANCE, **more}


def graded(steps: list[str], ratings: list[int], **more: Any) -> dict[str, Any]:
    return {
        "prompt": "9.8 or 9.11?",
        "completions": steps,
        "ratings": ratings,
        "first_error": None,
        "verdict": "found_error",
        "steps": steps,
        "reference_answer": None,
        "model": None,
        "judgments": [],
        **PROVENANCE,
        **more,
    }


def batch_of(exporter: AnyExporter, records: list[dict[str, Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(records, schema=record_schema(exporter.record))


def convert(exporter: AnyExporter, records: list[dict[str, Any]], **options: Any) -> Converted:
    """Convert records, of which every slice must give what the same records give alone."""
    chosen = exporter.options(**options)
    batch = batch_of(exporter, records)
    converted = exporter.convert(batch, chosen)
    check(exporter, converted, chosen, len(records))
    for start in range(1, len(records)):
        part = exporter.convert(batch.slice(start), chosen)
        alone = exporter.convert(batch_of(exporter, records[start:]), chosen)
        check(exporter, part, chosen, len(records) - start)
        assert part.batch.to_pylist() == alone.batch.to_pylist()
        assert part.left_out == alone.left_out
    return converted


def check(exporter: AnyExporter, converted: Converted, options: Any, n_records: int) -> None:
    assert converted.batch.schema == exporter.schema(options)
    converted.batch.validate(full=True)
    for field, column in zip(converted.batch.schema, converted.batch.columns, strict=True):
        assert field.nullable or column.null_count == 0
    places = pa.array(range(n_records), pa.int64())
    sources = converted.align(places).to_pylist()
    assert len(sources) == len(converted.batch)
    assert len(set(sources)) + sum(converted.left_out.values()) == n_records


def rows_of(exporter: AnyExporter, records: list[dict[str, Any]], **options: Any) -> list[Any]:
    rows: list[Any] = convert(exporter, records, **options).batch.to_pylist()
    return rows


def write_file(batch: pa.RecordBatch, format: ExportFormat, folder: Path) -> Path:  # noqa: A002
    """Write a batch as a release would be exported."""
    path = folder / f"rows.{format}"
    sink = HashedFile(path)
    table = ParquetTable if format is ExportFormat.PARQUET else JsonLinesTable
    writer = table(sink, batch.schema)
    writer.write(pa.Table.from_batches([batch]))
    writer.close()
    sink.close()
    return path
