"""Axolotl's reward model reads one question, with or without a system prompt."""

from __future__ import annotations

from exporters.axolotl_bradley_terry import EXPORTER
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
from workbench.contracts.message_columns import (
    ROLES_OUT_OF_ORDER,
    SEVERAL_TURNS,
    SYSTEM_NOT_FIRST,
)


def test_the_system_column_is_there_even_if_it_is_empty() -> None:
    records = [
        preference("Sky?", "Blue.", ""),
        preference([system("Be brief."), user(ARABIC)], "a", "b"),
    ]
    assert rows_of(EXPORTER, records) == [
        {"system": "", "input": "Sky?", "chosen": "Blue.", "rejected": ""},
        {"system": "Be brief.", "input": ARABIC, "chosen": "a", "rejected": "b"},
    ]


def test_what_is_no_single_question_is_left_out_by_its_reason() -> None:
    records = [
        preference(TALK, "a", "b"),
        preference([user("a"), system("b")], "c", "d"),
        preference([assistant("a")], "b", "c"),
        preference("kept", "d", "e"),
    ]
    converted = convert(EXPORTER, records)
    assert [row["input"] for row in converted.batch.to_pylist()] == ["kept"]
    assert converted.left_out == {SYSTEM_NOT_FIRST: 1, ROLES_OUT_OF_ORDER: 1, SEVERAL_TURNS: 1}
