"""What experts wrote, as TRL's supervised fine-tuning reads it."""

from __future__ import annotations

from exporters.trl_prompt_completion import EXPORTER
from tests.exporter_batches import ARABIC, TALK, assistant, convert, rows_of, user, written
from workbench.contracts.training_text import NEEDS_CONVERSATIONAL


def test_messages_are_the_default() -> None:
    assert rows_of(EXPORTER, [written(TALK, ARABIC), written("a", "")]) == [
        {"prompt": TALK, "completion": [assistant(ARABIC)]},
        {"prompt": [user("a")], "completion": [assistant("")]},
    ]


def test_strings_leave_conversations_out() -> None:
    converted = convert(EXPORTER, [written(TALK, "a"), written("b", " c")], form="standard")
    assert converted.batch.to_pylist() == [{"prompt": "b", "completion": " c"}]
    assert converted.left_out == {NEEDS_CONVERSATIONAL: 1}


def test_what_was_rewritten_and_why_are_columns_if_wanted() -> None:
    records = [written("a", "b", original="c", critique="d"), written("e", "f")]
    rows = rows_of(EXPORTER, records, original=True, critique=True)
    assert [(row["original"], row["critique"]) for row in rows] == [("c", "d"), (None, None)]
