"""Axolotl reads graded steps as TRL does."""

from __future__ import annotations

import pytest

from exporters.axolotl_stepwise import EXPORTER
from tests.exporter_batches import ARABIC, CARRIED, convert, graded, rows_of
from workbench.contracts.step_labels import NO_GRADED_STEP


@pytest.mark.parametrize("neutral", [True, False])
def test_a_neutral_step_becomes_what_the_option_says(neutral: bool) -> None:
    records = [graded(["a", "", ARABIC], [1, 0, -1]), graded(["b"], [1])]
    assert rows_of(EXPORTER, records, neutral=neutral) == [
        {
            "prompt": "9.8 or 9.11?",
            "completions": ["a", "", ARABIC],
            "labels": [True, neutral, False],
        },
        {"prompt": "9.8 or 9.11?", "completions": ["b"], "labels": [True]},
    ]


def test_a_solution_without_a_graded_step_is_left_out() -> None:
    converted = convert(EXPORTER, [graded([], []), graded(["a"], [-1])], provenance=True)
    assert converted.left_out == {NO_GRADED_STEP: 1}
    (row,) = converted.batch.to_pylist()
    assert list(row) == ["prompt", "completions", "labels", *CARRIED]
