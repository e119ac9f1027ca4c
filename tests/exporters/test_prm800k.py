"""PRM800K: one row per labeler's grading, from which its steps and their fate can be rebuilt."""

from __future__ import annotations

from typing import Any

import pytest

from exporters.prm800k import EXPORTER
from tests.exporter_batches import ARABIC, convert, rows_of
from tests.judged_records import given_steps, solved
from workbench.contracts.exporter import ExportFormat

STEPS = ["3 + 2 = 5.", ARABIC, "So 6.", "Done."]


def step(text: str, rating: int | None, chosen: int | None, human: str | None = None) -> Any:
    return {
        "completions": [{"text": text, "rating": rating, "flagged": None}],
        "human_completion": None if human is None else {"text": human},
        "chosen_completion": chosen,
    }


def test_a_row_is_one_of_prm800ks() -> None:
    (row,) = rows_of(EXPORTER, [solved(STEPS, [given_steps([1, None, -1])])])
    expected = {
        "labeler": "annotator-1",
        "timestamp": "2026-05-01T10:00:07.052924",
        "generation": None,
        "is_quality_control_question": False,
        "is_initial_screening_question": False,
        "question": {
            "problem": "What is 3 + 2?",
            "ground_truth_solution": None,
            "ground_truth_answer": "5",
            "pre_generated_steps": STEPS,
            "pre_generated_answer": None,
            "pre_generated_verifier_score": None,
        },
        "label": {
            "steps": [
                step(STEPS[0], 1, 0),
                step(STEPS[1], None, 0),
                step(STEPS[2], -1, None),
            ],
            "total_time": 278_270,
            "finish_reason": "found_error",
        },
    }
    assert row == expected
    assert list(row) == list(expected)


def test_it_is_written_as_lines_of_json_only() -> None:
    assert EXPORTER.formats == (ExportFormat.JSONL,)


def test_each_labeler_has_a_row_that_ends_with_the_first_error_of_theirs() -> None:
    judgments = [
        given_steps([1, 1, 1, 1], "solution", annotator="annotator-1"),
        given_steps([-1, 1, -1], annotator="annotator-2", seconds=None),
        given_steps([], "give_up", annotator="annotator-3"),
    ]
    other = solved(["Only."], [given_steps([0], "solution", annotator="annotator-2")])
    converted = convert(EXPORTER, [solved(STEPS, judgments), other])
    labels = [row["label"] for row in converted.batch.to_pylist()]
    assert labels == [
        {
            "steps": [step(text, 1, 0) for text in STEPS],
            "total_time": 278_270,
            "finish_reason": "solution",
        },
        {
            "steps": [step(STEPS[0], -1, None)],
            "total_time": None,
            "finish_reason": "found_error",
        },
        {"steps": [], "total_time": 278_270, "finish_reason": "give_up"},
        {"steps": [step("Only.", 0, 0)], "total_time": 278_270, "finish_reason": "solution"},
    ]
    assert converted.sources is not None
    assert converted.sources.to_pylist() == [0, 0, 0, 1]


def test_what_was_written_in_place_of_a_bad_step_is_its_human_completion() -> None:
    judgments = [
        given_steps([1, -1, 1], alternatives={1: "So 5.", 2: "too late"}),
        given_steps([-1], alternatives={0: ARABIC}),
    ]
    rows = rows_of(EXPORTER, [solved(STEPS, judgments)])
    assert rows[0]["label"]["steps"] == [step(STEPS[0], 1, 0), step(ARABIC, -1, None, "So 5.")]
    assert rows[1]["label"]["steps"] == [step(STEPS[0], -1, None, ARABIC)]


def test_the_steps_after_the_first_error_can_be_kept() -> None:
    judgments = [given_steps([-1, 1, -1, -1], alternatives={2: "So 5."})]
    (row,) = rows_of(EXPORTER, [solved(STEPS, judgments)], after_first_error=True)
    assert row["label"]["steps"] == [
        step(STEPS[0], -1, 0),
        step(STEPS[1], 1, 0),
        step(STEPS[2], -1, 0, "So 5."),
        step(STEPS[3], -1, None),
    ]


def test_what_cannot_be_rebuilt_is_left_out_and_counted() -> None:
    records = [
        solved(STEPS),
        solved([], [given_steps([-1])]),
        solved(STEPS, [given_steps([1, -1])]),
    ]
    converted = convert(EXPORTER, records)
    assert converted.left_out == {"no_judgments": 1, "no_steps": 1}
    assert len(converted.batch) == 1


def rebuilt(row: dict[str, Any]) -> list[tuple[list[str], list[bool]]]:
    """Rebuild trajectories as TRL's converter of PRM800K does."""
    found, texts, labels = [], list[str](), list[bool]()
    for one in row["label"]["steps"]:
        for place, completion in enumerate(one["completions"]):
            if place != one["chosen_completion"]:
                is_good = completion["rating"] == 1
                found.append(([*texts, completion["text"]], [*labels, is_good]))
        if one["chosen_completion"] is None:
            break
        chosen = one["completions"][one["chosen_completion"]]
        texts.append(chosen["text"])
        labels.append(chosen["rating"] == 1)
    return [*found, (texts, labels)]


@pytest.mark.parametrize(
    ("ratings", "verdict", "labels"),
    [
        ([1, 0, -1], "found_error", [[True, False, False], [True, False]]),
        ([1, 1, 1, 0], "solution", [[True, True, True, False]]),
    ],
)
def test_a_reader_of_prm800k_gets_the_grades(
    ratings: list[int], verdict: str, labels: list[list[bool]]
) -> None:
    (row,) = rows_of(EXPORTER, [solved(STEPS, [given_steps(ratings, verdict)])])
    trajectories = rebuilt(row)
    assert [given for _, given in trajectories] == labels
    assert trajectories[0][0] == STEPS[: len(ratings)]
