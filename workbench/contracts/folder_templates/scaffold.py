"""A folder to begin with: it works as it is, and its comments teach."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workbench.contracts.folder_templates.checking import XML
from workbench.contracts.folder_templates.declaration import TOML
from workbench.contracts.folder_templates.loading import EXAMPLES, GUIDELINES

_TOML = """\
# What `label_config.xml` asks, in the workbench's words.
# `workbench template check` says what is wrong, `workbench template preview` opens it.

key = "{key}"                 # the folder's name; campaigns are created with it
version = "1.0.0"             # raise it whenever a file here changes: judgments name it
title = "{title}"
summary = "One response: is it good, how good, and what is wrong with it."
prompt = "prompt"             # the field that is the prompt: splits keep a prompt together
outcome = "verdict"           # the field that decides whether an item is settled

# The fields of an item: a row of an import has these, `external_id` and `metadata`.
#   conversation  a list of {{"role", "content"}}, or one text
#   markdown      text; Markdown, code and LaTeX are drawn, HTML is shown as text
#   text          text, letter for letter (a Labels control needs this)
#   candidates    a list of {{"text", "model"}}, shuffled for each expert; shown by a <List>
#   stored        anything; kept with the item and never shown

[fields.prompt]
kind = "conversation"

[fields.response]
kind = "markdown"

[fields.reference]
kind = "markdown"
required = false

# The controls of label_config.xml by name. Each answers a field of the judgment (`field`, its own
# name by default) at a level of measurement:
#   nominal   names; two answers are the same or not
#   ordinal   an order; `order` lists choices from low to high
#   interval  numbers whose distances count; settled by the mean
#   text      kept as given, not measured

[controls.verdict]
title = "Good or bad"
level = "nominal"

[controls.helpfulness]
level = "ordinal"             # a Rating of 1 to 5

[controls.problems]           # several choices: agreement is measured on each
level = "nominal"

[controls.comment]
level = "text"

# What a settled item yields for training, as many as you like: preference, ranking,
# unpaired_preference, rated_response, prompt_completion.

[[records]]
kind = "unpaired_preference"
field = "verdict"
good = ["good"]
bad = ["bad"]
completion = "response"
reasons = "problems"

[[records]]
kind = "rated_response"
fields = ["helpfulness"]
completion = "response"
"""

_XML = """\
<View>
  <!-- Every field is shown through the workbench's own renderer, whichever of Text, HyperText,
       Markdown, Paragraphs or Header you write: what a model wrote is inert. -->
  <HyperText name="prompt" value="$prompt"/>
  <Collapse><Panel value="Reference answer">
    <HyperText name="reference" value="$reference"/>
  </Panel></Collapse>
  <View className="wb-candidate">
    <HyperText name="response" value="$response"/>
  </View>
  <View className="wb-question wb-scale">
    <Header value="Is this a good response?" size="5"/>
    <!-- `alias` is what is stored; `hotkey` is the key. -->
    <Choices name="verdict" toName="response" choice="single-radio" required="true">
      <Choice alias="good" value="Good" hotkey="1"/>
      <Choice alias="bad" value="Bad" hotkey="2"/>
    </Choices>
  </View>
  <!-- Seen, and asked for, only after "Bad". No comma in a choice that is named here. -->
  <View className="wb-question" visibleWhen="choice-selected" whenTagName="verdict"
        whenChoiceValue="Bad">
    <Header value="What is wrong with it?" size="5"/>
    <Choices name="problems" toName="response" choice="multiple" required="true">
      <Choice alias="wrong" value="Wrong"/>
      <Choice alias="unsafe" value="Unsafe"/>
      <Choice alias="off_topic" value="Beside the point"/>
    </Choices>
  </View>
  <View className="wb-question">
    <Header value="How helpful is it?" size="5"/>
    <Rating name="helpfulness" toName="response" maxRating="5" required="true"/>
  </View>
  <View className="wb-question">
    <Header value="Comment" size="5"/>
    <TextArea name="comment" toName="response" rows="3"/>
  </View>
</View>
"""

_GUIDELINES = """\
# {title}

You see a prompt and one response to it. Say whether you would be content to have given it.

## Good or bad

**Good**: it does what was asked, and nothing in it is wrong in a way that matters.
**Bad**: anything else; say what is wrong with it. More than one thing may be.

## How helpful

1 is of no use, 3 helps after some work, 5 leaves nothing to wish for. A response can be correct and
still help little.

## When you are not sure

Skip what is not your field, and flag an item that is broken (a prompt cut off, a response in the
wrong place). Do not guess.
"""


def _choice(name: str, *chosen: str) -> dict[str, Any]:
    return _result(name, "choices", {"choices": list(chosen)})


def _result(name: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "from_name": name, "to_name": "response", "type": kind, "value": value}


def _example(
    title: str, item: dict[str, Any], result: list[dict[str, Any]], judgment: dict[str, Any]
) -> dict[str, Any]:
    return {
        "title": title,
        "item": item,
        "options": {},
        "presentation": [],
        "result": result,
        "judgment": judgment,
        "records": {"prompt": 1, "unpaired_preference": 1, "rated_response": 1},
    }


_EXAMPLES = (
    _example(
        "A good response",
        {"prompt": "What is 2 + 2?", "response": "**4**", "reference": "4"},
        [_choice("verdict", "good"), _result("helpfulness", "rating", {"rating": 5})],
        {"verdict": "good", "helpfulness": 5},
    ),
    _example(
        "A bad response to a conversation, with what is wrong with it",
        {
            "prompt": [
                {"role": "user", "content": "Name a prime number."},
                {"role": "assistant", "content": "7"},
                {"role": "user", "content": "A larger one?"},
            ],
            "response": "9",
        },
        [
            _choice("verdict", "bad"),
            _choice("problems", "wrong"),
            _result("helpfulness", "rating", {"rating": 1}),
            _result("comment", "textarea", {"text": ["9 is 3 times 3."]}),
        ],
        {"verdict": "bad", "problems": ["wrong"], "helpfulness": 1, "comment": "9 is 3 times 3."},
    ),
)


def new_folder(key: str) -> Mapping[str, str]:
    """Return the files of a folder by name."""
    title = key.replace("_", " ").capitalize()
    return {
        TOML: _TOML.format(key=key, title=title),
        XML: _XML,
        GUIDELINES: _GUIDELINES.format(title=title),
        EXAMPLES: "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in _EXAMPLES),
    }
