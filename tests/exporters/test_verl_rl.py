"""verl's prompts: what picks the reward function, and what it compares with."""

from __future__ import annotations

import pyarrow as pa
import pytest
from pydantic import ValidationError

from exporters.verl_rl import EXPORTER
from tests.exporter_batches import ARABIC, CARRIED, TALK, batch_of, convert, prompt_of, rows_of
from workbench.contracts.exporter import ExportFormat
from workbench.contracts.row_selection import NO_REFERENCE_ANSWER


def test_a_prompt_with_an_answer_is_scored_by_rule_and_another_by_a_model() -> None:
    index = 0x00FF00FF00FF
    assert rows_of(EXPORTER, [prompt_of(TALK, "72"), prompt_of(ARABIC)], ability="math") == [
        {
            "data_source": "rlhf-workbench",
            "prompt": TALK,
            "ability": "math",
            "reward_model": {"style": "rule", "ground_truth": "72"},
            "extra_info": {"split": "train", "index": index},
        },
        {
            "data_source": "rlhf-workbench",
            "prompt": [{"role": "user", "content": ARABIC}],
            "ability": "math",
            "reward_model": {"style": "model", "ground_truth": None},
            "extra_info": {"split": "train", "index": index},
        },
    ]


def test_rule_leaves_out_what_has_no_answer() -> None:
    converted = convert(EXPORTER, [prompt_of("a"), prompt_of("b", "4")], style="rule")
    assert [row["reward_model"]["ground_truth"] for row in converted.batch.to_pylist()] == ["4"]
    assert converted.left_out == {NO_REFERENCE_ANSWER: 1}


def test_model_scores_them_all() -> None:
    rows = rows_of(EXPORTER, [prompt_of("a"), prompt_of("b", "4")], style="model")
    assert [row["reward_model"]["style"] for row in rows] == ["model", "model"]


def test_the_index_is_a_number_of_the_prompt_itself() -> None:
    hashes = ["0123456789ab" + "c" * 52, "f" * 64, "0" * 64]
    rows = rows_of(EXPORTER, [prompt_of("a", prompt_hash=one) for one in hashes])
    assert [row["extra_info"]["index"] for row in rows] == [0x0123456789AB, 2**48 - 1, 0]


def test_the_split_is_that_of_the_file() -> None:
    batch = batch_of(EXPORTER, [prompt_of("a"), prompt_of("b")])
    batch = pa.RecordBatch.from_arrays(
        [*batch.columns, pa.array(["test", "test"])], names=[*batch.schema.names, "split"]
    )
    rows = EXPORTER.convert(batch, EXPORTER.options()).batch.to_pylist()
    assert [row["extra_info"]["split"] for row in rows] == ["test", "test"]


def test_provenance_goes_into_extra_info() -> None:
    (row,) = rows_of(EXPORTER, [prompt_of("a")], provenance=True)
    assert list(row["extra_info"]) == ["split", "index", *CARRIED]
    assert row["extra_info"]["item_id"] == "itm_1"


def test_a_reward_function_has_a_name() -> None:
    with pytest.raises(ValidationError):
        EXPORTER.options(data_source="")
    assert EXPORTER.formats == (ExportFormat.PARQUET,)
    assert rows_of(EXPORTER, []) == []
