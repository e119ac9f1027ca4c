"""LLaMA-Factory's sharegpt layout for pairs, and the index its data sets are listed in."""

from __future__ import annotations

import json

import pytest

from exporters.llama_factory_ranking import DATASET_INFO, EXPORTER
from tests.exporter_batches import (
    ARABIC,
    TALK,
    assistant,
    convert,
    preference,
    rows_of,
    system,
    user,
)
from workbench.contracts.exporter import ExportedTable
from workbench.contracts.message_columns import ROLES_OUT_OF_ORDER, SYSTEM_NOT_FIRST
from workbench.errors import Conflict

ENTRY = {
    "ranking": True,
    "formatting": "sharegpt",
    "columns": {"messages": "conversations", "chosen": "chosen", "rejected": "rejected"},
}


def companions(*names: str, existing: bytes | None = None) -> bytes:
    assert EXPORTER.companions is not None
    files = [ExportedTable(name=name, split=None, rows=2) for name in names]
    held = {} if existing is None else {DATASET_INFO: existing}
    made = EXPORTER.companions(files, EXPORTER.options(), held)
    assert list(made) == list(EXPORTER.companion_names) == [DATASET_INFO]
    return made[DATASET_INFO]


def test_turns_go_by_the_tags_that_the_trainer_expects() -> None:
    assert rows_of(EXPORTER, [preference(TALK, ARABIC, ""), preference("a", "b", "c")]) == [
        {
            "conversations": [
                {"from": "system", "value": "Be brief."},
                {"from": "human", "value": "Name a colour."},
                {"from": "gpt", "value": "Blue."},
                {"from": "human", "value": "Another."},
            ],
            "chosen": {"from": "gpt", "value": ARABIC},
            "rejected": {"from": "gpt", "value": ""},
        },
        {
            "conversations": [{"from": "human", "value": "a"}],
            "chosen": {"from": "gpt", "value": "b"},
            "rejected": {"from": "gpt", "value": "c"},
        },
    ]


def test_conversations_that_the_trainer_would_skip_are_left_out_and_counted() -> None:
    records = [
        preference([user("a"), user("b")], "c", "d"),
        preference([user("a"), system("b"), user("c")], "d", "e"),
        preference([user("a"), assistant("b")], "c", "d"),
        preference("kept", "c", "d"),
        preference([system("only")], "c", "d"),
    ]
    converted = convert(EXPORTER, records)
    (row,) = converted.batch.to_pylist()
    assert row["conversations"] == [{"from": "human", "value": "kept"}]
    assert converted.left_out == {SYSTEM_NOT_FIRST: 1, ROLES_OUT_OF_ORDER: 3}


def test_every_file_has_an_entry() -> None:
    made = json.loads(companions("pref-test.jsonl", "pref-train.jsonl"))
    assert made == {
        "pref-test": {"file_name": "pref-test.jsonl", **ENTRY},
        "pref-train": {"file_name": "pref-train.jsonl", **ENTRY},
    }


def test_entries_of_others_stay_and_ours_is_replaced() -> None:
    existing = json.dumps({"алпака": {"hf_hub_url": "x/y"}, "pref": {"file_name": "old.jsonl"}})
    made = companions("pref.parquet", existing=existing.encode())
    assert json.loads(made) == {
        "алпака": {"hf_hub_url": "x/y"},
        "pref": {"file_name": "pref.parquet", **ENTRY},
    }
    assert companions("pref.parquet", existing=made) == made


def test_the_index_reads_the_same_in_any_encoding() -> None:
    made = companions("a.jsonl", existing='{"алпака": {}}'.encode())
    assert "алпака" in json.loads(made.decode("cp1252"))


def test_a_byte_order_mark_is_no_fault() -> None:
    assert "old" in json.loads(companions("a.jsonl", existing=b'\xef\xbb\xbf{"old": {}}'))


@pytest.mark.parametrize(
    ("existing", "problem"),
    [
        (b"", "is not JSON"),
        (b"{'pref': 1}", "is not JSON"),
        (b"\xff\xfe{}", "is not UTF-8"),
        (b"[]", "holds no object"),
        (b"null", "holds no object"),
    ],
)
def test_an_index_that_cannot_be_merged_with_is_refused(existing: bytes, problem: str) -> None:
    with pytest.raises(Conflict, match=f"dataset_info.json in the folder {problem}.*move it away"):
        companions("pref.jsonl", existing=existing)
