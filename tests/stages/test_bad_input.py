"""What does not fit is refused where it enters: which file, line and field, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CommandLine
from workbench.contracts.registry import register_folders

ASK = [{"role": "user", "content": "Which?"}]
ANSWERS = [{"text": "One."}, {"text": "Two."}, {"text": "Three."}]
ATTRIBUTES = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")
ALTERNATE = "at most one system message, then user and assistant in turn, a user's message last"


def create(line: CommandLine, template: str) -> None:
    wanted = ("--organization", "Lab", "--create-organization", "--name", "first")
    line.ok("campaign", "create", *wanted, "--template", template)


def stored(line: CommandLine) -> tuple[int, int]:
    (campaign,) = line.ok("campaign", "list")["campaigns"]
    progress = campaign["progress"]
    return progress["items"], progress["judgments"]


def conversation(*roles: str) -> list[dict[str, str]]:
    return [{"role": role, "content": f"By the {role}."} for role in roles]


def rubric(*criteria: dict[str, Any]) -> dict[str, Any]:
    return {"prompt": ASK, "response": {"text": "An answer."}, "rubric": list(criteria)}


BAD_ITEMS = {
    "a rubric with no criteria": (
        "rubric_grading",
        rubric({"criterion": "It answers.", "points": 1}),
        rubric(),
        ("rubric", "has no criteria", "at least one"),
    ),
    "a ranking with one response": (
        "ranking",
        {"prompt": ASK, "responses": ANSWERS},
        {"prompt": ASK, "responses": ANSWERS[:1]},
        ("responses", "has 1", "rate it with multi_attribute_rating"),
    ),
    "a ranking with the same response twice": (
        "ranking",
        {"prompt": ASK, "responses": ANSWERS},
        {"prompt": ASK, "responses": [*ANSWERS, ANSWERS[1]]},
        ("responses", "have the same text at index 1 and 3", "leave one of the two out"),
    ),
    "a rating with the same response twice": (
        "multi_attribute_rating",
        {"prompt": ASK, "responses": ANSWERS},
        {"prompt": ASK, "responses": [ANSWERS[0], ANSWERS[0]]},
        ("responses", "have the same text at index 0 and 1", "leave one of the two out"),
    ),
    "a comparison of one response": (
        "pairwise_preference",
        {"prompt": ASK, "responses": ANSWERS[:2]},
        {"prompt": ASK, "responses": ANSWERS[:1]},
        ("responses", "has 1", "exactly two responses"),
    ),
    "a solution without steps": (
        "step_grading",
        {"problem": "1 + 1?", "steps": ["It is 2."]},
        {"problem": "1 + 1?", "steps": []},
        ("steps", "has 0 entries", "at least 1 entry"),
    ),
}


@pytest.mark.parametrize(
    ("template", "good", "bad", "said"), BAD_ITEMS.values(), ids=BAD_ITEMS.keys()
)
def test_an_item_that_nobody_could_judge_is_refused(
    command_line: CommandLine,
    template: str,
    good: dict[str, Any],
    bad: dict[str, Any],
    said: tuple[str, str, str],
) -> None:
    create(command_line, template)
    rows = ({"external_id": "a", **good}, {"external_id": "b", **bad})
    assert_refused(command_line, "items", rows, *said)
    assert stored(command_line) == (0, 0)


CONVERSATIONS = {
    "an empty conversation": ([], "has no message of a user"),
    "a system message alone": (conversation("system"), "has no message of a user"),
    "two system messages": (
        conversation("system", "system", "user"),
        "has a message of the system as number 2",
    ),
    "a late system message": (
        conversation("user", "assistant", "system", "user"),
        "has a message of the system as number 3",
    ),
    "an assistant who begins": (
        conversation("assistant", "user"),
        "has a message of the assistant as number 1",
    ),
    "a user twice in a row": (
        conversation("system", "user", "user"),
        "has a message of the user as number 3",
    ),
    "an assistant who ends": (
        conversation("user", "assistant"),
        "ends with a message of the assistant",
    ),
}
WITH_CONVERSATIONS = {
    "pairwise_preference": {"responses": ANSWERS[:2]},
    "ranking": {"responses": ANSWERS},
    "multi_attribute_rating": {"responses": ANSWERS},
    "rubric_grading": rubric({"criterion": "It answers.", "points": 1}),
    "critique_and_edit": {"response": ANSWERS[0]},
    "demonstration": {},
    "binary_feedback": {"response": ANSWERS[0]},
    "safety_review": {"response": ANSWERS[0]},
}


@pytest.mark.parametrize("template", WITH_CONVERSATIONS)
def test_a_conversation_that_no_trainer_takes_is_refused(
    command_line: CommandLine, template: str
) -> None:
    """LLaMA-Factory skips roles out of order in silence; other chat templates fail on them."""
    create(command_line, template)
    for prompt, problem in CONVERSATIONS.values():
        rest = WITH_CONVERSATIONS[template]
        good = {"external_id": "a", **rest, "prompt": conversation("system", "user")}
        bad = {"external_id": "b", **rest, "prompt": prompt}
        assert_refused(command_line, "items", (good, bad), "prompt", problem, ALTERNATE)
    assert stored(command_line) == (0, 0)


BAD_JUDGMENTS = {
    "a rating above the highest": (
        "multi_attribute_rating",
        {"prompt": ASK, "responses": ANSWERS[:1]},
        {"ratings": [{**dict.fromkeys(ATTRIBUTES, 4), "coherence": 5}]},
        ("value.ratings.0.coherence", "is 5", "a whole number from 0 to 4"),
    ),
    "a rank beyond the number of responses": (
        "ranking",
        {"prompt": ASK, "responses": ANSWERS},
        {"ranks": [1, 2, 7]},
        ("value.ranks", "hold 7 for 3 responses", "whole numbers from 1 to 3"),
    ),
    "a grade of a step that is none": (
        "step_grading",
        {"problem": "1 + 1?", "steps": ["It is 2."]},
        {"ratings": [2], "verdict": "solution"},
        ("value.ratings[0]", "is 2", '1, 0, -1 or "unsure"'),
    ),
    "a strength beyond the strongest": (
        "pairwise_preference",
        {"prompt": ASK, "responses": ANSWERS[:2]},
        {"strength": 4},
        ("value.strength", "is 4", "a whole number from -3"),
    ),
    "a severity that is none": (
        "safety_review",
        {"prompt": ASK, "response": ANSWERS[0]},
        {"severities": {"violence": 4}},
        ("value.severities.violence", "is 4", "0 (none), 1 (low), 2 or 3 (high)"),
    ),
    "grades for more criteria than there are": (
        "rubric_grading",
        rubric({"criterion": "It answers.", "points": 1}),
        {"outcomes": ["met", "met"], "points": [1]},
        ("value.outcomes", "are 2 for 1 criteria", "one for each criterion"),
    ),
}


@pytest.mark.parametrize(
    ("template", "item", "value", "said"), BAD_JUDGMENTS.values(), ids=BAD_JUDGMENTS.keys()
)
def test_a_judgment_outside_its_range_is_refused(
    command_line: CommandLine,
    template: str,
    item: dict[str, Any],
    value: dict[str, Any],
    said: tuple[str, str, str],
) -> None:
    create(command_line, template)
    file = command_line.write("items.jsonl", {"external_id": "a", **item})
    command_line.ok("import", "items", "first", file)
    row = {"external_id": "a", "annotator": "rater", "value": value}
    assert_refused(command_line, "judgments", (row,), *said)
    assert stored(command_line) == (1, 0)


def assert_refused(
    line: CommandLine,
    what: str,
    rows: tuple[dict[str, Any], ...],
    field: str,
    problem: str,
    expected: str,
) -> None:
    """Assert that the last row is refused, by its file, line and field, and with a remedy."""
    error = line.refused("import", what, "first", line.write(f"{what}.jsonl", *rows))
    assert error["code"] == "import_rejected"
    assert f"1 of {len(rows)} rows of {what}.jsonl" in error["message"]
    first = error["rows"][0]
    assert (first["line"], first["field"]) == (len(rows), field), error
    assert problem in first["problem"], error
    assert first["expected"], error
    assert expected in first["expected"], error


def test_a_step_list_that_changed_after_it_was_graded_is_refused(command_line: CommandLine) -> None:
    create(command_line, "step_grading")
    steps = ["1 and 1.", "It is 2."]
    item = {"external_id": "a", "problem": "1 + 1?", "steps": steps}
    judgment = {
        "external_id": "a",
        "annotator": "rater",
        "value": {"ratings": [1, 1], "verdict": "solution"},
    }
    line = command_line
    line.ok("import", "items", "first", line.write("items.jsonl", item))
    line.ok("import", "judgments", "first", line.write("judgments.jsonl", judgment))
    for others in (steps[:1], ["1 and 1.", "It is 3."], [*steps, "So it is."]):
        changed = {**item, "steps": others}
        differs = "differs from the item, which has been judged"
        assert_refused(line, "items", (changed,), "steps", differs, "a new external_id")
    again = line.ok("import", "items", "first", line.write("items.jsonl", item))
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 1)
    assert stored(line) == (1, 1)


CONFIG = """<View>
  <Text name="text" value="$text"/>
  <Choices name="label" toName="text">
    <Choice value="Yes"/><Choice value="No"/>
  </Choices>
</View>
"""
CHOICES = CONFIG[CONFIG.index("  <Choices") : CONFIG.index("</View>")]
BAD_CONFIGS = {
    "a document type": (f"<!DOCTYPE View>\n{CONFIG}", 1, "DOCTYPE", "without a DOCTYPE"),
    "an entity": (
        f'<!DOCTYPE View [\n<!ENTITY file SYSTEM "file:///etc/passwd">\n]>\n{CONFIG}',
        1,
        "DOCTYPE",
        "texts in place of the entities",
    ),
    "a control named twice": (
        CONFIG.replace("</View>", f"{CHOICES}</View>"),
        6,
        "the name 'label' is used twice",
        "a name of its own",
    ),
}


@pytest.fixture
def own_line(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    """The command line of a lab with a folder for task types of its own."""
    folder = command_line.folder / "task-types"
    folder.mkdir()
    monkeypatch.setenv("WORKBENCH_TEMPLATE_DIR", str(folder))
    yield command_line
    register_folders(None)


@pytest.mark.parametrize(
    ("config", "number", "problem", "remedy"), BAD_CONFIGS.values(), ids=BAD_CONFIGS.keys()
)
def test_a_labeling_configuration_that_is_not_safe_or_not_clear_is_refused(
    own_line: CommandLine, config: str, number: int, problem: str, remedy: str
) -> None:
    file = own_line.folder / "task.xml"

    def assert_broken(named: str, *command: object) -> None:
        error = own_line.refused(*command)
        assert error["code"] == "template_broken"
        assert named in error["message"]
        assert problem in error["message"]
        (row,) = error["rows"]
        assert row["line"] == number
        assert problem in row["problem"]
        assert remedy in row["expected"]

    file.write_text(config)
    assert_broken("task.xml", "template", "from-label-studio", file)
    assert list((own_line.folder / "task-types").iterdir()) == []

    file.write_text(CONFIG)
    made = Path(own_line.ok("template", "from-label-studio", file)["folder"])
    (made / "label_config.xml").write_text(config)
    assert_broken("label_config.xml", "template", "check", made)
    wanted = ("--organization", "Lab", "--create-organization", "--name", "first")
    create = ("campaign", "create", *wanted, "--template", "task")
    assert_broken("label_config.xml", *create)
    (made / "label_config.xml").write_text(CONFIG)
    assert own_line.ok("campaign", "list")["campaigns"] == []
