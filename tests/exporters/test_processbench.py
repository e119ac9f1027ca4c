"""ProcessBench: whole solutions with the index of their first error."""

from __future__ import annotations

from exporters.processbench import EXPORTER
from tests.exporter_batches import ARABIC, CARRIED, convert, rows_of
from tests.judged_records import solved

STEPS = ["3 + 2 = 6.", ARABIC, "So 6."]


def test_a_row_is_one_of_processbenchs() -> None:
    record = solved(STEPS, completions=STEPS[:2], first_error=1, verdict="found_error")
    (row,) = rows_of(EXPORTER, [record])
    assert row == {
        "id": "p-1",
        "generator": "atlas",
        "problem": "What is 3 + 2?",
        "steps": STEPS,
        "final_answer_correct": None,
        "label": 1,
    }


def test_a_solution_without_an_error_is_minus_one() -> None:
    rows = rows_of(
        EXPORTER,
        [
            solved(STEPS, model=None),
            solved(STEPS, completions=STEPS[:1], first_error=0, verdict="found_error"),
        ],
    )
    assert [(row["label"], row["final_answer_correct"]) for row in rows] == [(-1, True), (0, None)]


def test_what_has_no_steps_or_no_decision_is_left_out_and_counted() -> None:
    records = [
        solved([]),
        solved(STEPS, verdict="bad_problem"),
        solved(STEPS, verdict=None),
        solved(STEPS),
    ]
    converted = convert(EXPORTER, records)
    assert converted.left_out == {"no_steps": 1, "undecided": 2}
    assert len(converted.batch) == 1


def test_rows_can_tell_where_they_come_from() -> None:
    (row,) = rows_of(EXPORTER, [solved(STEPS)], provenance=True)
    assert CARRIED.items() <= row.items()
