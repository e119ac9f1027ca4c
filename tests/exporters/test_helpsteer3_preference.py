"""HelpSteer3's preferences: conversations, a score that may be even, and up to three reasons."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from exporters.helpsteer3_preference import EXPORTER
from tests.exporter_batches import ARABIC, TALK, convert, rows_of
from tests.judged_records import compared


def test_a_row_is_one_of_helpsteer3s() -> None:
    record = compared([(-2, "1 runs."), (-2, ARABIC), (3, "No!"), (-1, "")], TALK)
    (row,) = rows_of(EXPORTER, [record], domain="code", language="python")
    assert row == {
        "domain": "code",
        "language": "python",
        "context": TALK,
        "response1": "C# is a language.",
        "response2": "C#: a note.",
        "overall_preference": -2,
        "individual_preference": [
            {"score": -2, "reasoning": "1 runs."},
            {"score": -2, "reasoning": ARABIC},
            {"score": -1, "reasoning": ""},
        ],
    }


def test_an_even_comparison_stays() -> None:
    (row,) = rows_of(EXPORTER, [compared([1, -1, 0])])
    assert row["overall_preference"] == 0
    assert (row["domain"], row["language"]) == ("general", "english")


def test_what_cannot_be_settled_is_left_out_and_counted() -> None:
    converted = convert(EXPORTER, [compared([-3, 1]), compared([None]), compared([1])])
    assert converted.left_out == {"strengths_apart": 1, "neither": 1}
    assert len(converted.batch) == 1


def test_a_domain_that_helpsteer3_does_not_have_is_refused() -> None:
    with pytest.raises(ValidationError, match="domain"):
        EXPORTER.options(domain="cooking")
