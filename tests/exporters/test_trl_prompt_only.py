"""Prompts alone, with the answers that TRL's rewards compare with if they are wanted."""

from __future__ import annotations

from exporters.trl_prompt_only import EXPORTER
from tests.exporter_batches import ARABIC, TALK, convert, prompt_of, rows_of, user
from workbench.contracts.row_selection import NO_REFERENCE_ANSWER
from workbench.contracts.training_text import NEEDS_CONVERSATIONAL


def test_prompts_alone_are_the_default() -> None:
    assert rows_of(EXPORTER, [prompt_of(TALK, "4"), prompt_of(ARABIC)]) == [
        {"prompt": TALK},
        {"prompt": [user(ARABIC)]},
    ]


def test_prompts_without_an_answer_are_left_out_where_the_answer_is_wanted() -> None:
    records = [prompt_of("a"), prompt_of("b", "4"), prompt_of(TALK), prompt_of("c", "")]
    converted = convert(EXPORTER, records, solution=True, form="standard")
    assert converted.batch.to_pylist() == [
        {"prompt": "b", "solution": "4"},
        {"prompt": "c", "solution": ""},
    ]
    assert converted.left_out == {NEEDS_CONVERSATIONAL: 1, NO_REFERENCE_ANSWER: 1}
