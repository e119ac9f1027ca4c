"""Hostile text in every text of an item, of every task type: the browser does nothing it says."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from pydantic import ValidationError

from tests.browser.conftest import ERIN, Server, add_filled_campaign, enter_as, open_task
from tests.hostile import HOSTILE
from workbench.contracts.registry import get_template, task_templates
from workbench.contracts.task_template import AnyTemplate

TEMPLATES = sorted(key for key, one in task_templates().items() if one.examples)
PER_TEXT = 8
"""So that the texts of an item together hold most of them."""

DRAWN_ONLY_FROM_MARKUP = "script, iframe, img, svg, object, embed, form, link, meta, base, video"


def hostile(value: Any, texts: Iterator[str], name: str = "") -> Any:
    """Return an example's item with hostile texts before each of its own."""
    if isinstance(value, Mapping):
        return {key: hostile(inner, texts, key) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [hostile(inner, texts, name) for inner in value]
    if not isinstance(value, str) or name == "role":
        return value
    return "\n\n".join([*itertools.islice(texts, PER_TEXT), value])


def hostile_row(template: AnyTemplate) -> dict[str, Any]:
    storable = [text for text in HOSTILE if text.isprintable() or text.isascii()]
    texts = itertools.cycle(storable)
    for example in template.examples:
        row: dict[str, Any] = hostile(example.item, texts)
        try:
            template.item_model.model_validate(row)
        except ValidationError:
            continue
        return row
    raise AssertionError(f"no example of {template.key} takes other texts")


@pytest.fixture(scope="module")
def hostile_site(
    furnished_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, dict[str, str]]]:
    server = Server(tmp_path_factory.mktemp("hostile"))
    shutil.copytree(furnished_folder, server.folder, dirs_exist_ok=True)
    with server.database() as database:
        campaigns = {
            key: add_filled_campaign(
                database,
                key,
                key,
                {},
                [{"external_id": "h", **hostile_row(get_template(key))}],
            )
            for key in TEMPLATES
        }
    server.start()
    yield server, campaigns
    server.kill()


def test_no_text_of_an_item_runs_loads_or_draws_anything(
    hostile_site: tuple[Server, dict[str, str]], browser: Browser
) -> None:
    server, campaigns = hostile_site
    context = enter_as(ERIN, server, browser)
    asked_for: list[str] = []
    opened: list[str] = []
    refused: list[str] = []
    context.on("request", lambda request: asked_for.append(request.url))
    context.on("dialog", lambda dialog: opened.append(dialog.message))
    context.on("console", lambda message: refused.append(message.text))
    for key, campaign in campaigns.items():
        page = open_task(context, server, campaign)
        assert page.evaluate("[window.x, window.__pwned].every(one => one === undefined)")
        texts = page.locator("#editor .lsf-richtext__container")
        assert texts.count() > 0
        expect(texts.locator(DRAWN_ONLY_FROM_MARKUP)).to_have_count(0)
        handlers = page.locator("#editor .wb-text *").evaluate_all(
            "all => all.flatMap(each => each.getAttributeNames())"
            ".filter(name => name.startsWith('on') || ['style', 'href', 'src'].includes(name))"
        )
        assert handlers == [], key
        sources = " ".join(page.locator("#editor .source").all_text_contents())
        assert "<script>" in sources, "the texts are there, as they were written"
        page.close()
    context.close()
    assert opened == []
    assert [url for url in asked_for if not url.startswith(f"{server.url}/")] == []
    assert [text for text in refused if "Content Security Policy" in text] == []
