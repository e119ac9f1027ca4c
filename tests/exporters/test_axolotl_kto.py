"""Axolotl's KTO rows: one question, one completion, one boolean."""

from __future__ import annotations

from exporters.axolotl_kto import EXPORTER
from tests.exporter_batches import ARABIC, TALK, convert, rows_of, system, unpaired, user
from workbench.contracts.message_columns import SEVERAL_TURNS


def test_a_system_prompt_has_a_column_of_its_own() -> None:
    records = [
        unpaired([system("Be brief."), user("a")], ARABIC),
        unpaired("b", "", label=False),
    ]
    assert rows_of(EXPORTER, records) == [
        {"system": "Be brief.", "prompt": "a", "completion": ARABIC, "label": True},
        {"system": "", "prompt": "b", "completion": "", "label": False},
    ]


def test_conversations_are_left_out() -> None:
    converted = convert(EXPORTER, [unpaired(TALK, "a"), unpaired("b", "c")], soft_label=True)
    assert [row["soft_label"] for row in converted.batch.to_pylist()] == [0.75]
    assert converted.left_out == {SEVERAL_TURNS: 1}
