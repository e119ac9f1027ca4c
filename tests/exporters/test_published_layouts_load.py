"""Files in the layouts of published data sets load as training scripts load those."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.exporter_batches import ARABIC, batch_of, preference, write_file
from tests.judged_records import compared, evenly, given_steps, rated, solved
from workbench.contracts.records import RecordKind
from workbench.contracts.registry import get_exporter

STEPS = ["3 + 2 = 5.", ARABIC]
RECORDS = {
    RecordKind.PREFERENCE: [preference(ARABIC, "", " x\n"), preference("a", "b", "c")],
    RecordKind.COMPARISON: [
        compared([(-2, ARABIC), (-1, "")], ARABIC),
        compared([1, None, 2], second=""),
    ],
    RecordKind.RATED_RESPONSE: [rated(evenly(2.5), ARABIC), rated(evenly(0.0, [0]), "b")],
    RecordKind.STEPWISE_SUPERVISION: [
        solved(STEPS, [given_steps([1, -1], alternatives={1: "So 5."}), given_steps([None, 1])]),
        solved(["b"], [given_steps([0], "solution", seconds=None)], model=None),
    ],
}
KEYS = [
    "anthropic_hh",
    "helpsteer2_disagreements",
    "helpsteer2_preference",
    "helpsteer2_ratings",
    "helpsteer3_preference",
    "lmsys_battles",
    "prm800k",
    "processbench",
    "ultrafeedback_binarized",
]


def load(path: Path, cache: Path) -> list[dict[str, Any]]:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from datasets import load_dataset

    kind = "parquet" if path.suffix == ".parquet" else "json"
    loaded = load_dataset(kind, data_files=str(path), split="train", cache_dir=str(cache))
    rows: list[dict[str, Any]] = loaded.to_list()
    return rows


@pytest.mark.parametrize("key", KEYS)
def test_rows_read_from_a_file_are_the_rows_written(key: str, tmp_path: Path) -> None:
    exporter = get_exporter(key)
    records = RECORDS[exporter.record]
    converted = exporter.convert(batch_of(exporter, records), exporter.options())
    assert converted.left_out == {}
    for format in exporter.formats:  # noqa: A001
        path = write_file(converted.batch, format, tmp_path)
        assert load(path, tmp_path / f"{format}-cache") == converted.batch.to_pylist()
