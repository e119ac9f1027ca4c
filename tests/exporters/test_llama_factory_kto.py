"""LLaMA-Factory's KTO rows and their entry in its index."""

from __future__ import annotations

import json

import pytest

from exporters.llama_factory_kto import DATASET_INFO, EMPTY_GOOD_COMPLETION, EXPORTER
from tests.exporter_batches import ARABIC, TALK, assistant, convert, rows_of, system, unpaired, user
from workbench.contracts.exporter import ExportedTable
from workbench.contracts.message_columns import ROLES_OUT_OF_ORDER, SYSTEM_NOT_FIRST
from workbench.errors import Conflict


def test_the_completion_ends_the_conversation() -> None:
    assert rows_of(EXPORTER, [unpaired(TALK, ARABIC), unpaired("a", "b", label=False)]) == [
        {"messages": [*TALK, assistant(ARABIC)], "label": True},
        {"messages": [user("a"), assistant("b")], "label": False},
    ]


def test_an_empty_completion_is_a_bad_one_to_the_trainer() -> None:
    records = [unpaired("a", "", label=True), unpaired("b", "", label=False)]
    converted = convert(EXPORTER, records)
    assert converted.batch.to_pylist() == [{"messages": [user("b"), assistant("")], "label": False}]
    assert converted.left_out == {EMPTY_GOOD_COMPLETION: 1}


def test_conversations_that_the_trainer_would_skip_are_left_out_and_counted() -> None:
    records = [
        unpaired([user("a"), assistant("b")], "c"),
        unpaired([user("a"), assistant("b"), system("c"), user("d")], "e"),
        unpaired("kept", "f"),
    ]
    converted = convert(EXPORTER, records, soft_label=True)
    (row,) = converted.batch.to_pylist()
    assert row == {"messages": [user("kept"), assistant("f")], "label": True, "soft_label": 0.75}
    assert converted.left_out == {SYSTEM_NOT_FIRST: 1, ROLES_OUT_OF_ORDER: 1}


def test_the_entry_names_every_tag_that_the_rows_use() -> None:
    assert EXPORTER.companions is not None
    file = ExportedTable(name="kto.jsonl", split=None, rows=1)
    existing = {DATASET_INFO: b'{"other": {"file_name": "o.json"}}'}
    made = json.loads(EXPORTER.companions([file], EXPORTER.options(), existing)[DATASET_INFO])
    assert made == {
        "other": {"file_name": "o.json"},
        "kto": {
            "file_name": "kto.jsonl",
            "formatting": "sharegpt",
            "columns": {"messages": "messages", "kto_tag": "label"},
            "tags": {
                "role_tag": "role",
                "content_tag": "content",
                "user_tag": "user",
                "assistant_tag": "assistant",
                "system_tag": "system",
            },
        },
    }
    with pytest.raises(Conflict):
        EXPORTER.companions([file], EXPORTER.options(), {DATASET_INFO: b"no"})
