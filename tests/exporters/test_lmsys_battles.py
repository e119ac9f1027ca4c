"""LMSYS battles: one row for every judgment of a comparison."""

from __future__ import annotations

import pytest

from exporters.lmsys_battles import EXPORTER
from tests.exporter_batches import ARABIC, TALK, assistant, convert, rows_of, user
from tests.judged_records import GIVEN_AT, compared


def test_a_row_is_a_battle() -> None:
    (row,) = rows_of(EXPORTER, [compared([-2], TALK)], language="English")
    assert row == {
        "question_id": "itm_1",
        "model_a": "atlas",
        "model_b": "borealis",
        "winner": "model_a",
        "judge": "annotator-1",
        "conversation_a": [*TALK, assistant("C# is a language.")],
        "conversation_b": [*TALK, assistant("C#: a note.")],
        "turn": 2,
        "anony": True,
        "language": "English",
        "tstamp": pytest.approx(GIVEN_AT.timestamp(), abs=1e-6),
    }


def test_every_judgment_is_a_row_behind_its_comparison() -> None:
    records = [
        compared([-3, 1, 0, None], "a"),
        compared([None], "b", first_model=None),
        compared([], "c"),
        compared([3, -1], ARABIC, second=""),
    ]
    converted = convert(EXPORTER, records)
    assert converted.left_out == {"unnamed_model": 1, "no_judgments": 1}
    rows = converted.batch.to_pylist()
    assert [(row["conversation_b"][0]["content"], row["judge"], row["winner"]) for row in rows] == [
        ("a", "annotator-1", "model_a"),
        ("a", "annotator-2", "model_b"),
        ("a", "annotator-3", "tie"),
        ("a", "annotator-4", "tie (bothbad)"),
        (ARABIC, "annotator-1", "model_b"),
        (ARABIC, "annotator-2", "model_a"),
    ]
    assert rows[-1]["conversation_b"] == [user(ARABIC), assistant("")]
    assert converted.sources is not None
    assert converted.sources.to_pylist() == [0, 0, 0, 0, 3, 3]
