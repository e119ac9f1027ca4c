"""OpenRLHF puts prompt and response together: lists under a chat template, strings without one."""

from __future__ import annotations

from exporters.openrlhf_preference import EXPORTER
from tests.exporter_batches import TALK, assistant, convert, preference, rows_of, user
from workbench.contracts.training_text import NEEDS_CONVERSATIONAL


def test_lists_of_messages_with_a_margin_are_the_default() -> None:
    records = [preference("Sky?", "Blue.", "Green."), preference(TALK, "", "Red.", margin=None)]
    assert rows_of(EXPORTER, records) == [
        {
            "prompt": [user("Sky?")],
            "chosen": [assistant("Blue.")],
            "rejected": [assistant("Green.")],
            "margin": 1.5,
        },
        {
            "prompt": TALK,
            "chosen": [assistant("")],
            "rejected": [assistant("Red.")],
            "margin": 0.0,
        },
    ]


def test_without_a_prompt_key_both_responses_end_the_whole_conversation() -> None:
    (row,) = rows_of(EXPORTER, [preference(TALK, "Red.", "Rot.")], prompt="implicit", margin=False)
    assert row == {"chosen": [*TALK, assistant("Red.")], "rejected": [*TALK, assistant("Rot.")]}


def test_strings_for_runs_without_a_chat_template() -> None:
    records = [preference(TALK, "a", "b"), preference("Sky?", "Blue.", "Green.")]
    converted = convert(EXPORTER, records, form="standard", separator="\n", soft_label=True)
    assert converted.batch.to_pylist() == [
        {
            "prompt": "Sky?\n",
            "chosen": "Blue.",
            "rejected": "Green.",
            "margin": 1.5,
            "soft_label": 0.75,
        }
    ]
    assert converted.left_out == {NEEDS_CONVERSATIONAL: 1}
