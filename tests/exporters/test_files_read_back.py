"""What `datasets` reads from a file of each format is what the rows were."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.exporter_batches import (
    ARABIC,
    TALK,
    batch_of,
    graded,
    preference,
    prompt_of,
    unpaired,
    write_file,
    written,
)
from workbench.contracts.exporter import ExportFormat
from workbench.contracts.records import RecordKind
from workbench.contracts.registry import get_exporter

RECORDS = {
    RecordKind.PREFERENCE: [preference(TALK, ARABIC, " x\n"), preference(ARABIC, "Red", "Rot")],
    RecordKind.UNPAIRED_PREFERENCE: [
        unpaired(ARABIC, "a", label=False),
        unpaired(TALK, ARABIC),
    ],
    RecordKind.PROMPT_COMPLETION: [written(TALK, ARABIC), written("a", "")],
    RecordKind.PROMPT: [prompt_of(TALK, "72"), prompt_of(ARABIC, "$x$")],
    RecordKind.STEPWISE_SUPERVISION: [graded(["a", ARABIC], [1, 0]), graded(["b"], [-1])],
}
KEYS = [
    "axolotl_bradley_terry",
    "axolotl_chat_template",
    "axolotl_kto",
    "axolotl_stepwise",
    "llama_factory_kto",
    "llama_factory_ranking",
    "openrlhf_preference",
    "trl_preference",
    "trl_prompt_completion",
    "trl_prompt_only",
    "trl_stepwise",
    "trl_unpaired_from_pairs",
    "trl_unpaired_preference",
    "verl_rl",
    "verl_rm",
]


def load(path: Path, cache: Path) -> list[dict[str, Any]]:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from datasets import load_dataset

    kind = "parquet" if path.suffix == ".parquet" else "json"
    loaded = load_dataset(kind, data_files=str(path), split="train", cache_dir=str(cache))
    rows: list[dict[str, Any]] = loaded.to_list()
    return rows


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("carries", [False, True], ids=["bare", "carrying"])
def test_rows_read_from_a_file_are_the_rows_written(
    key: str, carries: bool, tmp_path: Path
) -> None:
    exporter = get_exporter(key)
    options = exporter.options(
        provenance=carries, **dict.fromkeys(exporter.options.carries, carries)
    )
    batch = exporter.convert(batch_of(exporter, RECORDS[exporter.record]), options).batch
    assert len(batch) > 0
    for format in exporter.formats:  # noqa: A001
        path = write_file(batch, format, tmp_path)
        assert load(path, tmp_path / f"{format}-cache") == batch.to_pylist()


def test_the_file_of_strings_reads_back_too(tmp_path: Path) -> None:
    exporter = get_exporter("trl_preference")
    options = exporter.options(form="standard", prompt="implicit")
    batch = exporter.convert(batch_of(exporter, RECORDS[exporter.record]), options).batch
    path = write_file(batch, ExportFormat.JSONL, tmp_path)
    assert load(path, tmp_path / "cache") == [
        {"chosen": f"{ARABIC}Red", "rejected": f"{ARABIC}Rot", "margin": 1.5}
    ]
