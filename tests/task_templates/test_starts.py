"""What task types make of another campaign's records, and how a response is cut into steps."""

from __future__ import annotations

from typing import Any

import pytest

from task_templates.step_grading.steps import split_steps
from workbench.contracts.records import (
    Message,
    Preference,
    PromptCompletion,
    RecordKind,
    Response,
)
from workbench.contracts.registry import get_template, task_templates

PROMPT: list[Message] = [{"role": "user", "content": "Solve $2x + 6 = 10$."}]
SOLUTION = "Subtract 6: $2x = 4$.\n\nHalve: $x = 2$."
RECORDS: dict[RecordKind, Any] = {
    RecordKind.PREFERENCE: Preference(
        prompt=PROMPT, chosen=SOLUTION, rejected="No idea.", chosen_model="m1", rejected_model="m2"
    ),
    RecordKind.PROMPT_COMPLETION: PromptCompletion(prompt=PROMPT, completion=SOLUTION),
    RecordKind.RESPONSE: Response(prompt=PROMPT, response_index=1, response=SOLUTION, model="m1"),
}
STARTS = [
    (key, kind)
    for key, template in task_templates().items()
    for kind in template.starts_from
    if kind in RECORDS
]


@pytest.mark.parametrize(("key", "kind"), STARTS)
def test_a_record_becomes_an_item_of_the_same_prompt_with_the_response_and_its_model(
    key: str, kind: RecordKind
) -> None:
    template = get_template(key)
    row = template.starts_from[kind](RECORDS[kind])
    item = template.item_model.model_validate(row)
    assert template.prompt_text(item) == PROMPT[0]["content"]
    written = item.model_dump_json()
    assert "Halve" in written
    assert ("m1" in written) == (kind is not RecordKind.PROMPT_COMPLETION)


@pytest.mark.parametrize("key", ["binary_feedback", "critique_and_edit", "safety_review"])
def test_the_images_of_a_prompt_come_along(key: str) -> None:
    prompt: list[Message] = [{**PROMPT[0], "images": [{"sha256": "0" * 64, "alt": "A graph"}]}]
    template = get_template(key)
    record = Preference(prompt=prompt, chosen=SOLUTION, rejected="No idea.")
    item = template.item_model.model_validate(template.starts_from[RecordKind.PREFERENCE](record))
    assert item.messages == prompt


def test_the_winner_can_be_edited_graded_rated_reviewed_and_given_feedback() -> None:
    able = {key for key, kind in STARTS if kind is RecordKind.PREFERENCE}
    assert able == {
        "binary_feedback",
        "critique_and_edit",
        "multi_attribute_rating",
        "safety_review",
        "step_grading",
    }


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("One.\n\nTwo.", ["One.", "Two."]),
        ("One.\r\n \r\nTwo.\n\n\n", ["One.", "Two."]),
        (
            "1. One\n2. Two\n   more of two\n3) Three",
            ["1. One", "2. Two\n   more of two", "3) Three"],
        ),
        ("1. One\n\n   still one\n\n2. Two", ["1. One\n\n   still one", "2. Two"]),
        ("**Step 1:** One\n**Step 2:** Two", ["**Step 1:** One", "**Step 2:** Two"]),
        ("## Step 1\n\nOne.\n\n## Step 2\n\nTwo.", ["## Step 1\n\nOne.", "## Step 2\n\nTwo."]),
        ("Let us see:\n1. One\n2. Two", ["Let us see:", "1. One", "2. Two"]),
        ("```\na\n\n1. b\n```\n\nSo b.", ["```\na\n\n1. b\n```", "So b."]),
        ("We have\n$$\nx\n\n= 2\n$$\n\nDone.", ["We have\n$$\nx\n\n= 2\n$$", "Done."]),
        (
            "We have\n\\[\nx\n\n= 2\n\\]\nso far.\n\nDone.",
            ["We have\n\\[\nx\n\n= 2\n\\]\nso far.", "Done."],
        ),
        ("2.5 is the mean.\nIt is.", ["2.5 is the mean.\nIt is."]),
        ("  Led by spaces.\n\nTwo.", ["  Led by spaces.", "Two."]),
        ("", []),
    ],
)
def test_a_response_is_cut_at_blank_lines_and_numbered_lines(text: str, steps: list[str]) -> None:
    assert split_steps(text) == steps


@pytest.mark.parametrize(
    ("prompt", "chosen"),
    [
        (PROMPT, "It is 2."),
        (PROMPT, "```\nx = 2\n\nprint(x)\n```"),
        ([{"role": "system", "content": "Be brief."}, *PROMPT], SOLUTION),
        ([{**PROMPT[0], "images": [{"sha256": "0" * 64, "alt": "A graph"}]}], SOLUTION),
    ],
    ids=["one step", "one block of code", "not one message", "a picture"],
)
def test_what_has_no_steps_or_no_single_problem_is_left_out_of_step_grading(
    prompt: list[Message], chosen: str
) -> None:
    start = get_template("step_grading").starts_from[RecordKind.PREFERENCE]
    assert start(Preference(prompt=prompt, chosen=chosen, rejected="x")) is None
