"""A labeling configuration is described exactly, or refused with the place that is wrong."""

from __future__ import annotations

import pytest

from workbench.contracts.label_config import (
    Choice,
    parse_label_config,
    with_attributes,
    with_choices,
    without_question,
    written_out,
)
from workbench.errors import TemplateBroken

COMPARISON = """<View>
  <HyperText name="ctx" value="$conversation"/>
  <Choices name="strength" toName="ctx" choice="single-radio" required="true">
    <Choice alias="-1" value="A is better"/>
    <Choice value="same"/>
  </Choices>
  <TextArea name="why" toName="ctx"/>
</View>"""

STEPS = """<View>
  <Header value="Step $steps[{{idx}}].number"/>
  <Repeater on="$steps" indexFlag="{{idx}}">
    <HyperText name="text_{{idx}}" value="$steps[{{idx}}].text"/>
    <Choices name="step_{{idx}}" toName="text_{{idx}}">
      <Choice alias="1" value="Good"/><Choice alias="-1" value="Bad"/>
    </Choices>
    <View visibleWhen="choice-selected" whenTagName="step_{{idx}}" whenChoiceValue="Bad">
      <TextArea name="critique_{{idx}}" toName="text_{{idx}}"/>
    </View>
  </Repeater>
</View>"""


def test_controls_and_objects_are_described() -> None:
    config = parse_label_config(COMPARISON)
    assert list(config.controls) == ["strength", "why"]
    strength = config.get_control("strength")
    assert (strength.tag, strength.to_name, strength.line) == ("Choices", ("ctx",), 3)
    assert strength.choices == (
        Choice(value="A is better", alias="-1"),
        Choice(value="same", alias=None),
    )
    assert [choice.stored for choice in strength.choices] == ["-1", "same"]
    assert strength.is_required
    assert not config.get_control("why").is_required
    assert config.objects["ctx"].tag == "HyperText"
    assert config.data_fields == {"conversation"}


def test_names_in_a_repeater_are_found_by_their_number() -> None:
    config = parse_label_config(STEPS)
    control = config.get_control("step_{{idx}}")
    assert config.find_control("step_0") == (control, 0)
    assert config.find_control("step_12") == (control, 12)
    assert control.named(3) == "step_3"
    assert control.to_named(3) == "text_3"
    assert config.data_fields == {"steps"}


@pytest.mark.parametrize(
    "name",
    ["step_", "step_01", "step_-1", "step_x", "step_{{idx}}", "xstep_0", "step_0\n", "step_٣"],
)
def test_a_name_that_no_repetition_has_is_not_found(name: str) -> None:
    assert parse_label_config(STEPS).find_control(name) is None


BROKEN = {
    "a DOCTYPE": '<!DOCTYPE View [<!ENTITY x "y">]><View/>',
    "DOCTYPE": "<!doctype View SYSTEM 'file:///etc/passwd'><View/>",
    "not well-formed": "<View><Text></View>",
    "outermost tag must be View": "<Choices/>",
    "used twice": '<View><Text name="a" value="$a"/><Text name="a" value="$b"/></View>',
    "which is not there": '<View><TextArea name="a" toName="b"/></View>',
    "needs toName": '<View><TextArea name="a"/></View>',
    "needs name": '<View><Text name="b"/><TextArea toName="b"/></View>',
    "has no choices": '<View><Text name="b"/><Choices name="a" toName="b"/></View>',
    "not in the community editor": '<View><Chat name="a"/></View>',
    "cannot be read": '<View><Text name="b"/><Magic name="a" toName="b"/></View>',
    "are stored as 'x'": (
        '<View><Text name="b"/><Choices name="a" toName="b">'
        '<Choice value="x"/><Choice value="y" alias="x"/></Choices></View>'
    ),
    "has no value": '<View><Text name="b"/><Choices name="a" toName="b"><Choice/></Choices></View>',
    "must hold no comma": (
        '<View><Text name="b"/><Choices name="a" toName="b"><Choice value="yes, no"/></Choices>'
        '<View visibleWhen="choice-selected" whenTagName="a" whenChoiceValue="yes, no"/></View>'
    ),
    "has no choice 'no'": (
        '<View><Text name="b"/><Choices name="a" toName="b"><Choice value="yes"/></Choices>'
        '<View visibleWhen="choice-selected" whenTagName="a" whenChoiceValue="no"/></View>'
    ),
    "'c' is not a control": (
        '<View><View visibleWhen="choice-selected" whenTagName="c" whenChoiceValue="x"/></View>'
    ),
    "must hold {{idx}} once": (
        '<View><Text name="b"/><Repeater on="$s"><TextArea name="a" toName="b"/></Repeater></View>'
    ),
    "indexFlag must be {{idx}}": (
        '<View><Text name="b"/><Repeater on="$s" indexFlag="@">'
        '<TextArea name="a_{{idx}}" toName="b"/></Repeater></View>'
    ),
    "a Repeater in a Repeater": (
        '<View><Text name="b"/><Repeater on="$s"><Repeater on="$t">'
        '<TextArea name="a_{{idx}}" toName="b"/></Repeater></Repeater></View>'
    ),
}


@pytest.mark.parametrize(("problem", "xml"), BROKEN.items(), ids=BROKEN)
def test_a_broken_configuration_is_refused_by_name(problem: str, xml: str) -> None:
    with pytest.raises(TemplateBroken) as refused:
        parse_label_config(xml)
    assert problem in refused.value.message


def test_a_refusal_names_the_line() -> None:
    with pytest.raises(TemplateBroken, match="line 3, TextArea"):
        parse_label_config('<View>\n<Text name="a"/>\n<TextArea name="a" toName="a"/></View>')


def test_a_doctype_hidden_by_an_encoding_is_refused() -> None:
    hidden = "<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE View+AD4-<View/>"
    with pytest.raises(TemplateBroken):
        parse_label_config(hidden)


def test_entities_are_not_expanded_into_choices() -> None:
    with pytest.raises(TemplateBroken):
        parse_label_config('<View><Text name="b" value="&nbsp;"/></View>')


def test_attributes_are_set_on_a_tag_or_on_a_choice() -> None:
    required = parse_label_config(with_attributes(COMPARISON, "why", required="true"))
    assert required.get_control("why").is_required
    ends = with_attributes(STEPS, "step_{{idx}}", choice="-1", endsSequence="true")
    assert '<Choice alias="-1" value="Bad" endsSequence="true"/>' in ends
    assert ends.count("endsSequence") == 1


@pytest.mark.parametrize(("name", "choice"), [("nobody", None), ("strength", "7"), ("why", "-1")])
def test_an_attribute_of_nothing_is_refused(name: str, choice: str | None) -> None:
    with pytest.raises(TemplateBroken, match="has no"):
        with_attributes(COMPARISON, name, choice=choice, required="true")


def test_the_choices_of_a_control_are_those_that_a_campaign_lists() -> None:
    listed = (Choice(value="Wrong & unsafe", alias="bad"), Choice(value="fine"))
    config = parse_label_config(with_choices(COMPARISON, "strength", listed))
    assert config.get_control("strength").choices == listed
    assert config.get_control("strength").is_required


def test_a_question_is_left_out_with_the_view_that_asks_it() -> None:
    left = parse_label_config(without_question(STEPS, "critique_{{idx}}"))
    assert list(left.controls) == ["step_{{idx}}"]
    for name, problem in (("why", "no View around 'why'"), ("nobody", "has no 'nobody'")):
        with pytest.raises(TemplateBroken, match=problem):
            without_question(COMPARISON, name)


def test_a_list_of_a_campaign_is_written_out_with_a_name_for_each_control() -> None:
    repeated = """<View><Text name="x" value="$x"/><Repeater on="{{kinds}}"><View>
      <Header value="{{title}} of {{code}}"/>
      <Choices name="is_{{code}}" toName="x"><Choice value="yes"/></Choices>
    </View></Repeater><TextArea name="why" toName="x"/></View>"""
    kinds = [{"code": "a", "title": 'Say "<a>"'}, {"code": "b", "title": "B & {{idx}}"}]
    xml = written_out(repeated, "{{kinds}}", kinds)
    config = parse_label_config(xml)
    assert list(config.controls) == ["is_a", "is_b", "why"]
    assert not any(control.is_repeated for control in config.controls.values())
    assert "Say &quot;&lt;a&gt;&quot; of a" in xml
    with pytest.raises(TemplateBroken, match="no Repeater on '\\$kinds'"):
        written_out(repeated, "$kinds", kinds)


def test_what_a_text_box_begins_with_is_told_from_what_is_drawn() -> None:
    drafted = COMPARISON.replace('name="why"', 'name="why" value="$draft"')
    config = parse_label_config(drafted)
    assert config.data_fields == {"conversation", "draft"}
    assert config.draft_fields == {"draft"}
