"""An editor's result is read in full, or refused with every fault in it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from workbench.contracts.editor_result import ResultReader, ResultWriter
from workbench.contracts.label_config import parse_label_config
from workbench.errors import JudgmentInvalid, TemplateBroken

CONFIG = parse_label_config(
    """<View>
  <HyperText name="ctx" value="$conversation"/>
  <Choices name="strength" toName="ctx"><Choice alias="1" value="x"/><Choice value="y"/></Choices>
  <Choices name="flags" toName="ctx" choice="multiple"><Choice value="p"/><Choice value="q"/></Choices>
  <TextArea name="why" toName="ctx"/>
  <Rating name="stars" toName="ctx"/>
  <Repeater on="$steps">
    <HyperText name="text_{{idx}}" value="$steps[{{idx}}].text"/>
    <TextArea name="note_{{idx}}" toName="text_{{idx}}"/>
  </Repeater>
</View>"""
)


class Answer(BaseModel):
    strength: str | None = None
    why: str = Field(default="", max_length=5)


def choice(value: Any, name: str = "strength", kind: Any = "choices") -> dict[str, Any]:
    return {"from_name": name, "to_name": "ctx", "type": kind, "value": {"choices": value}}


def text(value: Any, name: str = "why") -> dict[str, Any]:
    return {"from_name": name, "to_name": "ctx", "type": "textarea", "value": {"text": value}}


def faults(raw: Any, **answers: Any) -> list[tuple[str, str]]:
    reader = ResultReader(raw, CONFIG, repeats=2)
    with pytest.raises(JudgmentInvalid) as refused:
        reader.build(Answer, **answers)
    assert refused.value.message
    return [(row.field, row.problem) for row in refused.value.rows]


def test_answers_are_read_by_the_name_of_their_control() -> None:
    reader = ResultReader(
        [choice(["1"]), text(["one", "two"]), text(["n"], name="note_1")], CONFIG, repeats=2
    )
    assert reader.read_choice("strength") == "1"
    assert reader.read_text("why") == "one\ntwo"
    assert reader.read_text("note_{{idx}}", 1) == "n"
    assert reader.read_text("note_{{idx}}", 0) == ""
    assert reader.read_choice("flags") is None
    assert reader.build(Answer, strength="1") == Answer(strength="1")


@pytest.mark.parametrize(
    ("raw", "field", "problem"),
    [
        ("nonsense", "result", 'is "nonsense"'),
        (None, "result", "is null"),
        ([7], "result[0]", "is 7"),
        ([{}], "result[0].from_name", "is null"),
        ([choice(["1"], name="direction")], "result[0].from_name", 'is "direction"'),
        ([choice(["1"], name=["strength"])], "result[0].from_name", 'is ["strength"]'),
        ([text(["x"], name="note_2")], "result[0].from_name", 'is "note_2"'),
        ([choice(["1"], kind="rating")], "strength", 'has the type "rating"'),
        ([choice(["x"])], "strength", 'is "x"'),
        ([choice("1")], "strength", 'has the value {"choices":"1"}'),
        ([choice([1])], "strength", 'has the value {"choices":[1]}'),
        ([choice([])], "strength", "has 0 choices"),
        ([choice(["1", "y"])], "strength", "has 2 choices"),
        ([choice(["p", "p"], name="flags")], "flags", "has 2 choices"),
        ([choice([], name="flags")], "flags", "has 0 choices"),
        ([choice(["p", "z"], name="flags")], "flags", 'is "z"'),
        ([text("bare")], "why", 'has the value {"text":"bare"}'),
        ([choice(["\ud800"])], "strength", "is '\\ud800'"),
        ([text([None])], "why", 'has the value {"text":[null]}'),
        ([{**text(["x"]), "value": ["x"]}], "why", 'has the value ["x"]'),
        ([text(["x"]), text(["y"])], "why", "is answered twice"),
    ],
)
def test_a_fault_is_named(raw: Any, field: str, problem: str) -> None:
    assert faults(raw) == [(field, problem)]


def test_every_fault_is_reported_at_once() -> None:
    raw = [choice(["x"]), text("bare"), 7]
    assert [field for field, _ in faults(raw)] == ["strength", "why", "result[2]"]


def test_a_required_choice_that_is_missing_is_a_fault_and_a_wrong_one_is_one_fault() -> None:
    missing, wrong = ResultReader([], CONFIG), ResultReader([choice(["x"])], CONFIG)
    for reader, problem in ((missing, "is not answered"), (wrong, 'is "x"')):
        assert reader.read_choice("strength", is_required=True) is None
        with pytest.raises(JudgmentInvalid) as refused:
            reader.build(Answer)
        assert [row.problem for row in refused.value.rows] == [problem]
        assert refused.value.rows[0].expected == "one of 1, y"


def test_what_the_judgment_model_refuses_is_a_fault() -> None:
    assert faults([], why="too long") == [("why", "has 8 characters")]


def test_several_choices_are_read_in_the_order_of_the_configuration() -> None:
    for chosen, read in ((["q", "p"], ("p", "q")), (["q"], ("q",))):
        assert ResultReader([choice(chosen, name="flags")], CONFIG).read_choices("flags") == read
    assert ResultReader([], CONFIG).read_choices("flags") == ()


def test_keys_that_the_editor_adds_are_ignored() -> None:
    entry = {**choice(["1"]), "id": "x", "origin": "manual", "parentID": None, "score": 0.5}
    assert ResultReader([entry], CONFIG).read_choice("strength") == "1"


def test_a_control_of_another_kind_is_the_templates_fault() -> None:
    reader = ResultReader([], CONFIG)
    for read in (
        lambda: reader.read_choice("why"),
        lambda: reader.read_text("strength"),
        lambda: reader.read_text("note_{{idx}}"),
        lambda: reader.read_text("why", 0),
        lambda: reader.read_text("nobody"),
        lambda: ResultReader([{"from_name": "stars", "type": "rating"}], CONFIG),
    ):
        with pytest.raises(TemplateBroken):
            read()


def test_what_is_written_is_read_back() -> None:
    writer = ResultWriter(CONFIG)
    writer.write_choice("strength", "y")
    writer.write_text("why", "because")
    writer.write_text("note_{{idx}}", "n", 1)
    writer.write_text("note_{{idx}}", "", 0)
    writer.write_choices("flags", ["p", "q"])
    names = [result["from_name"] for result in writer.results]
    assert names == ["strength", "why", "note_1", "flags"]
    assert [result["to_name"] for result in writer.results] == ["ctx", "ctx", "text_1", "ctx"]
    reader = ResultReader(writer.results, CONFIG, repeats=2)
    assert reader.read_choice("strength") == "y"
    assert reader.read_text("why") == "because"
    assert reader.read_text("note_{{idx}}", 1) == "n"
    assert reader.read_choices("flags") == ("p", "q")


def test_choices_of_which_none_is_made_yield_no_result() -> None:
    writer = ResultWriter(CONFIG)
    writer.write_choices("flags", ())
    assert writer.results == []
