"""Axolotl's DPO rows, where a response must be found in what a chat template made of it."""

from __future__ import annotations

import pytest

from exporters.axolotl_chat_template import EXPORTER, IN_PLACEHOLDER
from tests.exporter_batches import ARABIC, TALK, assistant, convert, preference, rows_of
from workbench.contracts.preference_pairs import EMPTY_RESPONSE


def test_messages_with_one_chosen_and_one_rejected() -> None:
    assert rows_of(EXPORTER, [preference(TALK, ARABIC, "Rot.")]) == [
        {"messages": TALK, "chosen": assistant(ARABIC), "rejected": assistant("Rot.")}
    ]


def test_white_space_around_a_response_goes_and_that_inside_stays() -> None:
    records = [preference("a", "\n b\n\nc \u00a0", "\tGreen")]
    (row,) = rows_of(EXPORTER, records)
    assert (row["chosen"]["content"], row["rejected"]["content"]) == ("b\n\nc", "Green")
    (row,) = rows_of(EXPORTER, records, trim=False)
    assert row["chosen"]["content"] == "\n b\n\nc \u00a0"


@pytest.mark.parametrize(("trim", "n_left_out"), [(True, 3), (False, 2)])
def test_empty_responses_are_left_out(trim: bool, n_left_out: int) -> None:
    records = [
        preference("a", "", "Red."),
        preference("b", "Red.", ""),
        preference("c", " \n", "Red."),
        preference("d", "Red.", "Blue."),
    ]
    assert convert(EXPORTER, records, trim=trim).left_out == {EMPTY_RESPONSE: n_left_out}


def test_a_few_letters_of_the_placeholder_are_left_out() -> None:
    """They would be found inside it, and the rest of it would be trained on."""
    records = [preference("a", "mess", "b"), preference("c", "d ", "e"), preference("f", "B", "7")]
    converted = convert(EXPORTER, records)
    assert converted.left_out == {IN_PLACEHOLDER: 2}
    assert [row["chosen"]["content"] for row in converted.batch.to_pylist()] == ["B"]


def test_margins_and_soft_labels_are_columns_if_wanted() -> None:
    (row,) = rows_of(EXPORTER, [preference("a", "Red.", "Rot.")], margin=True, soft_label=True)
    assert (row["margin"], row["soft_label"]) == (1.5, 0.75)
