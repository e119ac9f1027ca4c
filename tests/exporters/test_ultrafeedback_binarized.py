"""UltraFeedback binarized: whole conversations beside the text and the id of their prompt."""

from __future__ import annotations

from exporters.ultrafeedback_binarized import EXPORTER
from tests.exporter_batches import (
    ARABIC,
    CARRIED,
    PROVENANCE,
    TALK,
    assistant,
    convert,
    preference,
    rows_of,
    user,
)


def test_chosen_and_rejected_repeat_the_prompt() -> None:
    record = preference(ARABIC, "Blue.", "", chosen_score=8.5, rejected_score=8.0)
    (row,) = rows_of(EXPORTER, [record])
    chosen = [user(ARABIC), assistant("Blue.")]
    assert row == {
        "prompt": ARABIC,
        "prompt_id": PROVENANCE["prompt_hash"],
        "chosen": chosen,
        "rejected": [user(ARABIC), assistant("")],
        "messages": chosen,
        "score_chosen": 8.5,
        "score_rejected": 8.0,
    }
    assert list(row)[:3] == ["prompt", "prompt_id", "chosen"]


def test_scores_that_nobody_gave_are_null() -> None:
    (row,) = rows_of(EXPORTER, [preference("a", "b", "c")])
    assert (row["score_chosen"], row["score_rejected"]) == (None, None)


def test_the_prompt_of_a_conversation_is_the_users_first_message() -> None:
    rows = rows_of(EXPORTER, [preference("", "b", "c"), preference(TALK, "b", "c")])
    assert [row["prompt"] for row in rows] == ["", "Name a colour."]
    assert rows[1]["chosen"] == [*TALK, assistant("b")]


def test_a_conversation_out_of_order_is_left_out_and_counted() -> None:
    records = [preference([assistant("Hi")], "b", "c"), preference([], "b", "c")]
    converted = convert(EXPORTER, [*records, preference("a", "b", "c")])
    assert converted.left_out == {"roles_out_of_order": 2}
    assert len(converted.batch) == 1


def test_rows_can_carry_more() -> None:
    record = preference("a", "b", "c")
    (row,) = rows_of(EXPORTER, [record], margin=True, soft_label=True, provenance=True)
    assert (row["margin"], row["soft_label"]) == (1.5, 0.75)
    assert CARRIED.items() <= row.items()
