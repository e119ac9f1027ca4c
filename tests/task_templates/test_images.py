"""Every task type shows the images of the messages and responses that it shows."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from workbench.contracts.images import find_images
from workbench.contracts.registry import task_templates
from workbench.contracts.task_template import AnyTemplate

HASH = "ab" * 32
PICTURE = {"sha256": HASH, "alt": "A field"}


def illustrated(value: Any) -> Any:
    """Put a picture into every message and response of an item."""
    if isinstance(value, dict):
        changed = {name: illustrated(part) for name, part in value.items()}
        is_shown = {"role", "content"} <= value.keys() or "text" in value
        return changed | {"images": [PICTURE]} if is_shown else changed
    if isinstance(value, list | tuple):
        return [illustrated(part) for part in value]
    return value


def illustrated_item(template: AnyTemplate) -> Any:
    given = dict(template.examples[0].item)
    if isinstance(given.get("prompt"), str):
        given["prompt"] = [{"role": "user", "content": given["prompt"]}]
    return template.item_model.model_validate(illustrated(given))


SHOWN = [
    template
    for template in task_templates().values()
    if list(find_images(illustrated_item(template)))
]


def test_all_task_types_but_one_of_plain_texts_take_images() -> None:
    assert {template.key for template in SHOWN} == task_templates().keys() - {"step_grading"}


@pytest.mark.parametrize("template", SHOWN, ids=lambda template: template.key)
def test_a_task_and_its_review_draw_them(template: AnyTemplate) -> None:
    item = illustrated_item(template)
    n_images = len(list(find_images(item)))
    example = template.examples[0]
    options = template.options_model(**example.options)
    shown = json.dumps(template.show(item, example.presentation, options))
    assert f'<img src=\\"/images/{HASH}\\"' in shown
    assert template.review is not None
    review = json.dumps(asdict(template.review(item)))
    # A response that is shown to leads alone, as one rejected before, is not in the task.
    assert review.count("<img ") == n_images
    assert 1 <= shown.count("<img ") <= n_images
    responses = [place for place, _ in find_images(item) if place[0] != "prompt"]
    prompts = n_images - len(responses)
    assert shown.count("<img ") > prompts or not responses


@pytest.mark.parametrize("template", SHOWN, ids=lambda template: template.key)
def test_other_images_make_another_prompt(template: AnyTemplate) -> None:
    item = illustrated_item(template)
    stored = item.model_dump(mode="json")
    other = json.loads(json.dumps(stored).replace(HASH, "cd" * 32))
    renamed = json.loads(json.dumps(stored).replace("A field", "Grass"))
    key = template.prompt_text(item)
    assert template.prompt_text(template.item_model.model_validate(other)) != key
    assert template.prompt_text(template.item_model.model_validate(renamed)) == key
