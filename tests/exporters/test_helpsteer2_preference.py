"""HelpSteer2's preferences: its own rule from many strengths to one, and the words for it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from exporters.helpsteer2_preference import EXPORTER
from tests.exporter_batches import (
    ARABIC,
    CARRIED,
    TALK,
    assistant,
    batch_of,
    convert,
    rows_of,
    user,
)
from tests.judged_records import compared


def test_a_row_is_one_of_helpsteer2s() -> None:
    judgments = [(-2, "1 explains."), (-2, ""), (None, "Both refuse."), (-1, "1 is shorter.")]
    (row,) = rows_of(EXPORTER, [compared(judgments)])
    better, slightly = (
        f"Response 1 is {word} than Response 2." for word in ("better", "slightly better")
    )
    expected: dict[str, Any] = {
        "split": "train",
        "prompt": "c#",
        "response_1": "C# is a language.",
        "response_2": "C#: a note.",
        "preference_strength": -2,
        "preference_statement": better,
        "preference_elaboration": "1 explains.",
        "three_most_similar_preferences": [
            {"statement": better, "elaboration": "1 explains.", "strength": -2},
            {"statement": better, "elaboration": "", "strength": -2},
            {"statement": slightly, "elaboration": "1 is shorter.", "strength": -1},
        ],
        "all_preferences_unprocessed": [
            {"strength": -2, "justification": "1 explains."},
            {"strength": -2, "justification": ""},
            {"strength": -100, "justification": "Both refuse."},
            {"strength": -1, "justification": "1 is shorter."},
        ],
    }
    assert row == expected
    assert list(row) == list(expected)


@pytest.mark.parametrize(
    ("strengths", "settled"),
    [
        ([-3], -3),
        ([1, 2], 2),
        ([-1, -2], -2),
        ([0, 1], 1),
        ([1, 1, 0], 1),
        ([2, 3, 3, -3], 3),
        ([3, 1, 2], 2),
        ([None, None, 1], 1),
    ],
)
def test_the_strength_is_the_rounded_mean_of_the_three_most_similar(
    strengths: list[int | None], settled: int
) -> None:
    (row,) = rows_of(EXPORTER, [compared(strengths)])
    assert row["preference_strength"] == settled


def test_each_strength_has_its_words() -> None:
    rows = rows_of(EXPORTER, [compared([strength]) for strength in (-3, -2, -1, 1, 2, 3)])
    assert [row["preference_statement"] for row in rows] == [
        "Response 1 is much better than Response 2.",
        "Response 1 is better than Response 2.",
        "Response 1 is slightly better than Response 2.",
        "Response 2 is slightly better than Response 1.",
        "Response 2 is better than Response 1.",
        "Response 2 is much better than Response 1.",
    ]
    (even,) = rows_of(EXPORTER, [compared([0, 1, 2])])
    assert even["three_most_similar_preferences"][0]["statement"] == (
        "Response 1 is about the same as Response 2."
    )


def test_the_elaboration_is_a_written_one_that_says_what_was_settled() -> None:
    (row,) = rows_of(EXPORTER, [compared([(3, "far"), (2, ""), (1, "near"), (2, ARABIC)])])
    assert row["preference_strength"] == 2
    assert row["preference_elaboration"] == ARABIC
    (silent,) = rows_of(EXPORTER, [compared([2, 2])])
    assert silent["preference_elaboration"] == ""


def test_what_cannot_be_settled_or_said_is_left_out_and_counted() -> None:
    records = [
        compared([-3, 0]),
        compared([-3, 3, 0]),
        compared([1, -1]),
        compared([0, 0, 3]),
        compared([None, None]),
        compared([]),
        compared([1], TALK),
        compared([1], [user("a"), assistant(ARABIC), user("b")]),
    ]
    converted = convert(EXPORTER, records)
    assert converted.left_out == {
        "strengths_apart": 3,
        "tie": 1,
        "neither": 2,
        "system_message": 1,
    }
    assert converted.batch.column("prompt").to_pylist() == [
        f"a\n<extra_id_1>Assistant\n{ARABIC}\n<extra_id_1>User\nb"
    ]


def test_rows_name_the_split_they_are_exported_to() -> None:
    batch = batch_of(EXPORTER, [compared([1]), compared([0]), compared([2])])
    splits = pa.array(["train", "train", "validation"])
    converted = EXPORTER.convert(batch.append_column("split", splits), EXPORTER.options())
    assert converted.batch.column("split").to_pylist() == ["train", "validation"]


def test_rows_can_tell_where_they_come_from() -> None:
    (row,) = rows_of(EXPORTER, [compared([1])], provenance=True)
    assert CARRIED.items() <= row.items()
