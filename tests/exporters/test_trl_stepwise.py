"""TRL's stepwise supervision: how three grades become two labels."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from exporters.trl_stepwise import EXPORTER
from workbench.contracts.record_schemas import record_schema
from workbench.contracts.records import RecordKind
from workbench.contracts.step_labels import StepwiseOptions

SCHEMA = record_schema(RecordKind.STEPWISE_SUPERVISION)


def record(ratings: list[int]) -> dict[str, Any]:
    return {
        "prompt": "9.8 or 9.11?",
        "completions": [f"step {number}" for number in range(len(ratings))],
        "ratings": ratings,
        "first_error": None,
        "verdict": "found_error",
        "item_id": "itm_1",
        "external_id": "s-1",
        "prompt_hash": "00",
        "confidence": 1.0,
        "n_judgments": 2,
        "simulated": False,
    }


@pytest.mark.parametrize(("neutral", "label"), [(True, True), (False, False)])
def test_a_neutral_step_becomes_what_the_option_says(neutral: bool, label: bool) -> None:
    batch = pa.RecordBatch.from_pylist([record([1, 0, -1]), record([1])], schema=SCHEMA)
    options = StepwiseOptions(neutral=neutral)
    converted = EXPORTER.convert(batch, options).batch
    assert converted.schema == EXPORTER.schema(options)
    assert converted.to_pylist() == [
        {
            "prompt": "9.8 or 9.11?",
            "completions": ["step 0", "step 1", "step 2"],
            "labels": [True, label, False],
        },
        {"prompt": "9.8 or 9.11?", "completions": ["step 0"], "labels": [True]},
    ]


def test_a_slice_keeps_labels_with_their_steps() -> None:
    records = [record([-1, -1]), record([1, 0, -1]), record([0])]
    batch = pa.RecordBatch.from_pylist(records, schema=SCHEMA).slice(1)
    rows = EXPORTER.convert(batch, StepwiseOptions()).batch.to_pylist()
    assert [row["labels"] for row in rows] == [[True, True, False], [True]]
