"""Every task type lays out its items and words its judgments for those who look after quality."""

from __future__ import annotations

import pytest

from workbench.contracts.registry import task_templates
from workbench.contracts.task_template import AnyTemplate

TEMPLATES = list(task_templates().values())
COMPARISON, STEPS = task_templates()["pairwise_preference"], task_templates()["step_grading"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.key)
def test_marks_of_every_example_are_on_parts_that_there_are(template: AnyTemplate) -> None:
    assert template.review is not None
    assert template.read is not None
    for example in template.examples:
        review = template.review(template.item_model.model_validate(example.item))
        reading = template.read(template.judgment_model.model_validate(example.judgment))
        assert reading.words
        assert set(reading.marks) <= set(range(len(review.parts)))
        if reading.scale is not None:
            assert 0 <= reading.scale.place <= reading.scale.length - 1


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.key)
def test_every_category_has_a_word_of_its_own(template: AnyTemplate) -> None:
    for measure in template.measures:
        assert measure.word is not None
        words = [measure.word(category) for category in measure.categories or ()]
        assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("strength", "words", "place"),
    [
        (-3, "First is much better", 0),
        (-1, "First is slightly better", 2),
        (0, "About the same", 3),
        (2, "Second is better", 5),
        ("neither", "Neither is acceptable", None),
    ],
)
def test_a_strength_is_worded_and_placed_in_canonical_order(
    strength: int | str, words: str, place: float | None
) -> None:
    assert COMPARISON.read is not None
    reading = COMPARISON.read(COMPARISON.judgment_model.model_validate({"strength": strength}))
    assert reading.words == words
    assert (reading.scale.place if reading.scale else None) == place


@pytest.mark.parametrize(
    ("value", "margin", "place"),
    [("first", 1.5, 1.5), ("second", 1.5, 4.5), ("tie", None, 3), ("neither", None, None)],
)
def test_a_direction_is_placed_by_its_margin(
    value: str, margin: float | None, place: float | None
) -> None:
    assert COMPARISON.read_consensus is not None
    reading = COMPARISON.read_consensus(value, margin)
    assert (reading.scale.place if reading.scale else None) == place


def test_only_the_first_bad_step_is_decisive() -> None:
    assert STEPS.read is not None
    value = {"ratings": [1, -1, 0, -1], "verdict": "found_error", "critiques": {"3": "Also wrong."}}
    reading = STEPS.read(STEPS.judgment_model.model_validate(value))
    assert reading.words == "Found an error: step 2"
    assert [reading.marks[index].is_decisive for index in range(4)] == [False, True, False, False]
    assert [reading.marks[index].symbol for index in range(4)] == ["+1", "−1", "0", "−1"]
    assert reading.marks[3].note == "Also wrong."


def test_a_flawed_problem_is_not_said_to_have_its_error_in_a_step() -> None:
    assert STEPS.read is not None
    value = {"ratings": [1, -1], "verdict": "bad_problem", "critiques": {}}
    reading = STEPS.read(STEPS.judgment_model.model_validate(value))
    assert reading.words == "The problem is flawed"
