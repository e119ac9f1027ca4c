"""Demonstration: what an item, a written response and a consensus are."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.ballots import ballot
from workbench.contracts.label_config import parse_label_config
from workbench.contracts.records import Message, Prompt, PromptCompletion
from workbench.contracts.registry import get_template
from workbench.contracts.task_template import ConsensusMethod, Settlement
from workbench.errors import JudgmentInvalid

TEMPLATE = get_template("demonstration")
DEFAULTS = TEMPLATE.options_model()
ITEM = TEMPLATE.item_model(prompt="Capital?")
PROMPT: list[Message] = [{"role": "user", "content": "Capital?"}]


def judgment(response: str, sources: str = "") -> Any:
    return TEMPLATE.judgment_model(response=response, sources=sources)


def options(**given: Any) -> Any:
    return TEMPLATE.options_model.model_validate(given)


def settle(*responses: str) -> Settlement:
    given = [judgment(response) for response in responses]
    return TEMPLATE.settle(ITEM, ballot(TEMPLATE, ConsensusMethod.MAJORITY, given))


def written(response: str) -> list[dict[str, Any]]:
    return [{"from_name": "response", "type": "textarea", "value": {"text": [response]}}]


@pytest.mark.parametrize("notes", [None, "", " \n"])
def test_an_item_without_notes_shows_none(notes: str | None) -> None:
    item = TEMPLATE.item_model(prompt="Capital?", notes=notes)
    assert TEMPLATE.show(item, (), DEFAULTS)["notes"] == ""


def test_the_expert_sees_the_notes() -> None:
    item = TEMPLATE.item_model(prompt="Capital?", notes="Not **Sydney**.")
    assert "Not <strong>Sydney</strong>." in TEMPLATE.show(item, (), DEFAULTS)["notes"]


@pytest.mark.parametrize("blank", ["", " ", "\n\t\n"])
def test_a_response_must_be_written(blank: str) -> None:
    with pytest.raises(JudgmentInvalid) as refused:
        TEMPLATE.decode(written(blank), ITEM, (), DEFAULTS)
    assert [(row.field, row.problem) for row in refused.value.rows] == [("response", "is empty")]


def test_blank_lines_around_a_response_go_and_its_indentation_stays() -> None:
    decoded = TEMPLATE.decode(written("\n \n    code\n\n    more \n\n"), ITEM, (), DEFAULTS)
    assert decoded.response == "    code\n\n    more"


@pytest.mark.parametrize(
    ("length", "problem"),
    [(9, "has 9 characters"), (10, None), (1_000, None), (1_001, "has 1,001 characters")],
)
def test_the_campaign_says_how_long_a_response_is(length: int, problem: str | None) -> None:
    asked = options(min_chars=10, max_chars=1_000)
    if problem is None:
        TEMPLATE.check(judgment("x" * length), ITEM, asked)
        return
    with pytest.raises(JudgmentInvalid) as refused:
        TEMPLATE.check(judgment("x" * length), ITEM, asked)
    (row,) = refused.value.rows
    assert (row.problem, row.expected) == (problem, "10 to 1,000 characters")


def test_a_response_of_twenty_thousand_characters_is_taken_whole() -> None:
    response = "é" * 20_000
    decoded = TEMPLATE.decode(written(response), ITEM, (), DEFAULTS)
    TEMPLATE.check(decoded, ITEM, DEFAULTS)
    assert decoded.response == response


def test_bounds_that_leave_no_room_are_refused() -> None:
    with pytest.raises(ValidationError, match="allow 10 characters and ask for 20"):
        options(min_chars=20, max_chars=10)


def test_the_editor_tells_the_bounds_and_what_is_required() -> None:
    asked = options(min_chars=200, max_chars=4_000, require_sources=True)
    xml = TEMPLATE.label_config(asked)
    assert "200 to 4,000 characters" in xml
    config = parse_label_config(xml)
    assert config.get_control("response").is_required
    assert config.get_control("sources").is_required
    with pytest.raises(JudgmentInvalid) as refused:
        TEMPLATE.check(judgment("x" * 300), ITEM, asked)
    assert [row.field for row in refused.value.rows] == ["sources"]


def test_every_different_response_is_a_completion() -> None:
    settled = settle("Canberra.", "It is Canberra.", "Canberra.")
    assert settled.value == {"responses": ["Canberra.", "It is Canberra."]}
    assert TEMPLATE.records(ITEM, settled, ()) == (
        Prompt(prompt=PROMPT),
        PromptCompletion(prompt=PROMPT, completion="Canberra."),
        PromptCompletion(prompt=PROMPT, completion="It is Canberra."),
    )


def test_sources_are_no_part_of_what_is_trained_on() -> None:
    given = [judgment("Canberra.", sources="Constitution, s 125")]
    settled = TEMPLATE.settle(ITEM, ballot(TEMPLATE, ConsensusMethod.MAJORITY, given))
    assert "s 125" not in repr(TEMPLATE.records(ITEM, settled, ()))


def test_the_spread_tells_copies_from_texts_of_their_own() -> None:
    (spread,) = TEMPLATE.coefficients
    assert spread.of(ITEM, [judgment("Canberra.")]) is None
    assert spread.of(ITEM, [judgment("Canberra."), judgment("Canberra.")]) == 0
    assert spread.of(ITEM, [judgment("Canberra"), judgment("Kanberra")]) == pytest.approx(1 / 8)


def test_a_prompt_of_another_campaign_can_be_answered() -> None:
    (start,) = TEMPLATE.starts_from.values()
    item = TEMPLATE.item_model.model_validate(
        start(Prompt(prompt=PROMPT, reference_answer="Canberra"))
    )
    assert TEMPLATE.prompt_text(item) == "Capital?"
    assert item.notes == "Canberra"


def test_a_demonstration_is_read_with_what_it_rests_on() -> None:
    assert TEMPLATE.read is not None
    reading = TEMPLATE.read(judgment("Canberra.", sources="An atlas."))
    assert reading.words == "9 characters"
    assert "Canberra." in reading.note
    assert "An atlas." in reading.note
