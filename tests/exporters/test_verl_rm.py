"""verl's reward model reads texts, of which prompt and response are put together."""

from __future__ import annotations

from exporters.verl_rm import EXPORTER
from tests.exporter_batches import ARABIC, TALK, convert, preference, rows_of
from workbench.contracts.exporter import ExportFormat
from workbench.contracts.preference_pairs import EMPTY_RESPONSE


def test_the_default_template_is_that_of_the_example_data() -> None:
    records = [preference("What color is the sky?", "It is blue.", "It is green.")]
    assert rows_of(EXPORTER, records) == [
        {
            "prompt": " Human: What color is the sky? Assistant:",
            "chosen": " It is blue.",
            "rejected": " It is green.",
        }
    ]


def test_a_conversation_ends_with_the_opening_of_the_response() -> None:
    (row,) = rows_of(EXPORTER, [preference(TALK, ARABIC, "")])
    assert row == {
        "prompt": (
            " System: Be brief. Human: Name a colour. Assistant: Blue. Human: Another. Assistant:"
        ),
        "chosen": f" {ARABIC}",
        "rejected": " ",
    }


def test_any_template_can_be_said() -> None:
    (row,) = rows_of(
        EXPORTER,
        [preference(TALK, "Red.", "Rot.")],
        system="<|im_start|>system\n",
        user="<|im_start|>user\n",
        assistant="<|im_start|>assistant\n",
        before_response="",
        after_message="<|im_end|>\n",
    )
    assert row["prompt"] == (
        "<|im_start|>system\nBe brief.<|im_end|>\n"
        "<|im_start|>user\nName a colour.<|im_end|>\n"
        "<|im_start|>assistant\nBlue.<|im_end|>\n"
        "<|im_start|>user\nAnother.<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    assert row["chosen"] == "Red."


def test_a_response_of_no_text_at_all_is_left_out() -> None:
    records = [preference("a", "", "b"), preference("c", "d", "e")]
    assert convert(EXPORTER, records, before_response="").left_out == {EMPTY_RESPONSE: 1}
    assert convert(EXPORTER, records).left_out == {}


def test_it_is_parquet_or_nothing() -> None:
    assert EXPORTER.formats == (ExportFormat.PARQUET,)
