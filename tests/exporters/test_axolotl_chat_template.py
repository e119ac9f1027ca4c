"""Axolotl's DPO rows, where a response must be found in what a chat template made of it."""

from __future__ import annotations

import pytest

from exporters.axolotl_chat_template import EXPORTER
from tests.exporter_batches import ARABIC, TALK, assistant, convert, preference, rows_of
from workbench.contracts.preference_pairs import EMPTY_RESPONSE


def test_messages_with_one_chosen_and_one_rejected() -> None:
    assert rows_of(EXPORTER, [preference(TALK, ARABIC, "Rot.")]) == [
        {"messages": TALK, "chosen": assistant(ARABIC), "rejected": assistant("Rot.")}
    ]


def test_white_space_around_a_response_goes_and_that_inside_stays() -> None:
    records = [preference("a", "\n b\n\nc \u00a0", "\td")]
    (row,) = rows_of(EXPORTER, records)
    assert (row["chosen"]["content"], row["rejected"]["content"]) == ("b\n\nc", "d")
    (row,) = rows_of(EXPORTER, records, trim=False)
    assert row["chosen"]["content"] == "\n b\n\nc \u00a0"


@pytest.mark.parametrize(("trim", "n_left_out"), [(True, 3), (False, 2)])
def test_empty_responses_are_left_out(trim: bool, n_left_out: int) -> None:
    records = [
        preference("a", "", "b"),
        preference("c", "d", ""),
        preference("e", " \n", "f"),
        preference("g", "h", "i"),
    ]
    assert convert(EXPORTER, records, trim=trim).left_out == {EMPTY_RESPONSE: n_left_out}


def test_margins_and_soft_labels_are_columns_if_wanted() -> None:
    (row,) = rows_of(EXPORTER, [preference("a", "b", "c")], margin=True, soft_label=True)
    assert (row["margin"], row["soft_label"]) == (1.5, 0.75)
