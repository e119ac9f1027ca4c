"""TRL's unpaired preference, for KTO and BCO."""

from __future__ import annotations

from exporters.trl_unpaired_preference import EXPORTER
from tests.exporter_batches import (
    ARABIC,
    CARRIED,
    TALK,
    assistant,
    convert,
    rows_of,
    unpaired,
    user,
)
from workbench.contracts.training_text import NEEDS_CONVERSATIONAL


def test_messages_with_a_boolean_label_are_the_default() -> None:
    assert rows_of(EXPORTER, [unpaired(ARABIC, "", label=False), unpaired(TALK, ARABIC)]) == [
        {"prompt": [user(ARABIC)], "completion": [assistant("")], "label": False},
        {"prompt": TALK, "completion": [assistant(ARABIC)], "label": True},
    ]


def test_strings_leave_conversations_out() -> None:
    records = [unpaired(TALK, "a"), unpaired("One?", "b", label=False)]
    converted = convert(EXPORTER, records, form="standard", separator="\n")
    assert converted.batch.to_pylist() == [{"prompt": "One?\n", "completion": "b", "label": False}]
    assert converted.left_out == {NEEDS_CONVERSATIONAL: 1}


def test_soft_label_and_provenance_are_columns_if_wanted() -> None:
    (row,) = rows_of(EXPORTER, [unpaired("a", "b")], soft_label=True, provenance=True)
    assert list(row) == ["prompt", "completion", "label", "soft_label", *CARRIED]
    assert row["soft_label"] == 0.75


def test_no_rows_give_no_rows() -> None:
    assert rows_of(EXPORTER, []) == []
