"""Anthropic's HH text: two strings with marked turns, from which the turns can be read back."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from exporters.anthropic_hh import EXPORTER
from tests.exporter_batches import ARABIC, TALK, assistant, convert, preference, rows_of, user
from workbench.contracts.exporter import ExportFormat


def test_turns_are_marked_as_in_hh() -> None:
    talk = [user("Name a colour."), assistant("Blue."), user("Another.")]
    records = [preference("What color is the sky?", "It is blue.", ""), preference(talk, "a", "b")]
    assert rows_of(EXPORTER, records) == [
        {
            "chosen": "\n\nHuman: What color is the sky?\n\nAssistant: It is blue.",
            "rejected": "\n\nHuman: What color is the sky?\n\nAssistant: ",
        },
        {
            "chosen": "\n\nHuman: Name a colour.\n\nAssistant: Blue."
            "\n\nHuman: Another.\n\nAssistant: a",
            "rejected": "\n\nHuman: Name a colour.\n\nAssistant: Blue."
            "\n\nHuman: Another.\n\nAssistant: b",
        },
    ]


def test_it_is_written_as_lines_of_json_only() -> None:
    assert EXPORTER.formats == (ExportFormat.JSONL,)


def test_what_the_text_cannot_say_is_left_out_and_counted() -> None:
    records = [
        preference(TALK, "a", "b"),
        preference("a\n\nHuman: b", "c", "d"),
        preference("a", "b\n\nAssistant: c", "d"),
        preference("a", "b", "\n\nHuman:"),
        preference([], "b", "c"),
        preference("Human: or\n\nHumans?", "Assistant: I", ARABIC),
    ]
    converted = convert(EXPORTER, records)
    assert converted.left_out == {
        "system_message": 1,
        "turn_mark_in_text": 3,
        "roles_out_of_order": 1,
    }
    assert len(converted.batch) == 1


PIECES = st.lists(st.sampled_from(["\n", "Human", "Assistant", ":", " ", "ب"]), max_size=6)
TEXTS = PIECES.map("".join)
TURNS = re.compile("\n\n(Human|Assistant): ?")


@given(texts=st.lists(TEXTS, min_size=1, max_size=3), chosen=TEXTS)
def test_the_turns_can_be_read_back(texts: list[str], chosen: str) -> None:
    odd = texts if len(texts) % 2 else texts[:-1]
    talk = [user(text) if n % 2 == 0 else assistant(text) for n, text in enumerate(odd)]
    converted = convert(EXPORTER, [preference(talk, chosen, "x")])
    if converted.left_out:
        assert any(re.search("\n\n(Human|Assistant):", text) for text in [*odd, chosen])
        return
    (row,) = converted.batch.to_pylist()
    assert TURNS.split(row["chosen"])[2::2] == [*odd, chosen]
