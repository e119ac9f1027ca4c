"""What is wrong with a folder is said exactly: the file, the line, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.task_templates.folders import write_folder
from workbench.contracts.folder_templates.loading import load_folder
from workbench.contracts.folder_templates.scaffold import new_folder
from workbench.contracts.registry import get_template, register_folders, task_templates
from workbench.errors import BadRow, TemplateBroken

TOML = """key = "quality"
version = "1.0.0"
title = "Quality"
summary = "Which is better."
prompt = "prompt"
shuffled = ["a", "b"]

[fields.prompt]
kind = "markdown"

[fields.a]
kind = "markdown"

[fields.b]
kind = "markdown"

[controls.better]
level = "ordinal"
swaps = [["A", "B"]]

[controls.score]
level = "interval"

[[records]]
kind = "preference"
field = "better"
first = ["A"]
second = ["B"]
"""
XML = """<View>
  <Text name="prompt" value="$prompt"/>
  <Text name="a" value="$a"/>
  <Text name="b" value="$b"/>
  <Choices name="better" toName="prompt" required="true">
    <Choice value="A"/><Choice value="Same"/><Choice value="B"/>
  </Choices>
  <Number name="score" toName="prompt" min="0" max="10"/>
</View>
"""


def faults(directory: Path, toml: str = TOML, xml: str = XML) -> tuple[BadRow, ...]:
    files = {"template.toml": toml, "label_config.xml": xml, "guidelines.md": "# How\n"}
    folder = write_folder(directory, files, "quality")
    with pytest.raises(TemplateBroken) as refused:
        load_folder(folder)
    assert refused.value.rows
    assert all(row.problem and row.expected for row in refused.value.rows)
    return refused.value.rows


def test_the_folder_that_the_faults_are_made_of_has_none(tmp_path: Path) -> None:
    files = {"template.toml": TOML, "label_config.xml": XML, "guidelines.md": "# How\n"}
    template = load_folder(write_folder(tmp_path, files, "quality"))
    judgment = template.judgment_model.model_validate({"better": "A", "score": 3})
    item = template.item_model.model_validate({"prompt": "?", "a": "1", "b": "2"})
    options = template.options_model()
    (chosen, _) = template.encode(judgment, item, (1, 0), options)
    assert chosen["value"] == {"choices": ["B"]}


CHANGED_TOML = [
    ('level = "ordinal"\n', "", 17, "controls.better.level", "is missing"),
    ('level = "interval"', 'level = "nominal"', 22, "controls.score.level", "is nominal"),
    ("[controls.score]", "[controls.scores]", 21, "controls.scores", "is no control"),
    (
        'kind = "markdown"\n\n[fields.b]',
        'kind = "stored"\n\n[fields.b]',
        12,
        "fields.a.kind",
        "stored",
    ),
    ('"A", "B"]]', '"A", "C"]]', 19, "controls.better.swaps", "C"),
    ('prompt = "prompt"', 'prompt = "question"', 5, "prompt", "no field"),
    ('shuffled = ["a", "b"]', 'shuffled = ["a"]', 6, "shuffled", "no choice of texts"),
    ('first = ["A"]', 'first = ["Z"]', 24, "records[0]", "Z"),
    ('field = "better"', 'field = "best"', 24, "records[0]", "best"),
    ('version = "1.0.0"', 'version = "one"', 2, "version", "one"),
    ('level = "ordinal"', 'level = "ordinal"\norder = ["A", "B"]', 19, "controls.better.order", ""),
    ('level = "ordinal"', 'level = "ordinl"', 18, "controls.better.level", "ordinl"),
    ('level = "interval"', 'level = "interval"\nstep = 0.001', 21, "controls.score", "fine"),
    ('level = "interval"', 'level = "interval"\nfield = "json"', 21, "controls.score", "own"),
    ('level = "interval"', 'level = "interval"\nfield = "better"', 21, "controls.score", "answers"),
    ('key = "quality"', 'key = "other"', 1, "key", "in the folder quality"),
    ('title = "Quality"', 'title = "Quality"\nowner = "x"', 4, "owner", "not a field"),
    ('prompt = "prompt"', 'prompt = "prompt"\noutcome = "why"', 6, "outcome", "is why"),
]


@pytest.mark.parametrize(("old", "new", "line", "path", "problem"), CHANGED_TOML)
def test_a_fault_of_the_declaration_names_its_line(
    tmp_path: Path, old: str, new: str, line: int, path: str, problem: str
) -> None:
    assert old in TOML
    found = faults(tmp_path, TOML.replace(old, new, 1))
    about = [row for row in found if row.field == f"template.toml {path}"]
    assert [row.line for row in about] == [line], found
    assert problem in about[0].problem


CHANGED_XML = [
    ("</View>", '  <TextArea name="why" toName="a"/>\n</View>', 9, "TextArea why", "has no field"),
    ("$prompt", "$question", 2, "Text", "$question"),
    ("<Choice value=", "<Choice valu=", 6, "Choice", "has no value"),
    ('name="b"', 'name="a"', 4, "Text", "used twice"),
    ('toName="prompt" min', 'toName="nobody" min', 8, "Number", "nobody"),
    ("<View>", "<!DOCTYPE View [<!ENTITY x 'y'>]>\n<View>", 1, "XML", "DOCTYPE"),
    ("</Choices>", "</Choice>", 7, "XML", "not well-formed"),
    ('<Text name="b" value="$b"/>', '<Image name="b" value="$b"/>', 4, "Image b", "$b"),
    ('value="$a"', 'value="$a.text"', 3, "Text a", "$a.text"),
    ("<Number", '<Number perRegion="true"', 8, "Number score", "each region"),
    ('<Choices name="better"', '<Choices name="better" value="$a"', 5, "Choices better", "choices"),
    ("<Number name", "<DateTime name", 8, "DateTime score", "cannot use"),
    ('value="Same"', 'value="Same" alias="A"', 6, "Choice", "stored as 'A'"),
]


@pytest.mark.parametrize(("old", "new", "line", "tag", "problem"), CHANGED_XML)
def test_a_fault_of_the_configuration_names_its_line(
    tmp_path: Path, old: str, new: str, line: int, tag: str, problem: str
) -> None:
    assert old in XML
    found = faults(tmp_path, xml=XML.replace(old, new, 1))
    about = [row for row in found if row.field == f"label_config.xml {tag}"]
    assert line in [row.line for row in about], found
    assert any(problem in row.problem for row in about), found


def test_a_comma_in_a_choice_that_decides_what_is_seen_is_explained(tmp_path: Path) -> None:
    xml = XML.replace('value="Same"', 'value="Same, nearly"').replace(
        "<Number", '<Number visibleWhen="choice-selected" whenTagName="better" whenChoiceValue="A"'
    )
    (row,) = faults(tmp_path, xml=xml)
    assert (row.line, row.field) == (8, "label_config.xml Number")
    assert "must hold no comma" in row.problem
    assert "split at commas" in row.expected


def test_a_control_of_a_shuffled_text_has_to_say_so(tmp_path: Path) -> None:
    (row,) = faults(tmp_path, xml=XML.replace('toName="prompt" min', 'toName="a" min'))
    assert row.field == "template.toml controls.score"
    assert 'of = "a"' in row.expected


def test_a_condition_on_choices_that_trade_places_is_refused(tmp_path: Path) -> None:
    condition = '<Number visibleWhen="choice-selected" whenTagName="better" whenChoiceValue="A"'
    (row,) = faults(tmp_path, xml=XML.replace("<Number", condition))
    assert "trade places" in row.problem


def test_an_empty_page_must_not_count(tmp_path: Path) -> None:
    (row,) = faults(tmp_path, xml=XML.replace(' required="true"', ""))
    assert "nothing required" in row.problem


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    toml = TOML.replace('prompt = "prompt"', 'prompt = "question"').replace(
        "[controls.score]", "[controls.x]"
    )
    fields = {row.field for row in faults(tmp_path, toml, XML.replace("$b", "$c"))}
    assert {
        "template.toml prompt",
        "template.toml controls.x",
        "label_config.xml Number score",
        "label_config.xml Text",
        "template.toml fields.b",
    } <= fields


def test_two_faults_of_the_configuration_are_said_at_once(tmp_path: Path) -> None:
    xml = XML.replace('name="b"', 'name="a"').replace('toName="prompt" min', 'toName="z" min')
    assert [row.line for row in faults(tmp_path, xml=xml)] == [4, 8]


def test_broken_toml_names_its_line(tmp_path: Path) -> None:
    (row,) = faults(tmp_path, TOML.replace('title = "Quality"', 'title = "Quality'))
    assert (row.line, row.field) == (3, "template.toml")


@pytest.mark.parametrize("name", ["template.toml", "label_config.xml", "guidelines.md"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    files = dict(new_folder("mine"))
    del files[name]
    with pytest.raises(TemplateBroken, match=name):
        load_folder(write_folder(tmp_path, files, "mine"))


def test_an_example_that_is_not_what_it_says_names_its_line(tmp_path: Path) -> None:
    files = dict(new_folder("mine"))
    files["examples.jsonl"] = files["examples.jsonl"].replace(
        '"verdict": "bad"', '"verdict": "good"'
    )
    with pytest.raises(TemplateBroken) as refused:
        load_folder(write_folder(tmp_path, files, "mine"))
    assert [(row.line, row.field) for row in refused.value.rows] == [(2, "examples.jsonl judgment")]


# Start-up


@pytest.fixture(autouse=True)
def _forget() -> object:
    yield
    register_folders(None)


def test_folders_become_task_types_and_are_forgotten(tmp_path: Path) -> None:
    write_folder(tmp_path, new_folder("mine"), "mine")
    (tmp_path / "notes").mkdir()
    register_folders(tmp_path)
    assert get_template("mine").title == "Mine"
    assert "pairwise_preference" in task_templates()
    register_folders(None)
    assert "mine" not in task_templates()


def test_a_fault_stops_start_up_and_names_its_place(tmp_path: Path) -> None:
    files = dict(new_folder("mine"))
    files["template.toml"] = files["template.toml"].replace('level = "text"', "")
    folder = write_folder(tmp_path, files, "mine")
    with pytest.raises(TemplateBroken) as refused:
        register_folders(tmp_path)
    line = files["template.toml"].split("\n").index("[controls.comment]") + 1
    assert f"{folder / 'template.toml'}, line {line}" in str(refused.value)
    assert "mine" not in task_templates()


def test_a_key_that_is_taken_and_a_missing_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateBroken, match="not there"):
        register_folders(tmp_path / "nowhere")
    write_folder(tmp_path, new_folder("ranking"), "step_grading")
    with pytest.raises(TemplateBroken, match="step_grading already"):
        register_folders(tmp_path)
