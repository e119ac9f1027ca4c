"""Every task type, a third party's too, is done by keyboard alone, and arrives as it was meant.

The written examples are the script: what their result holds is pressed and typed, and what the
server stores must be their judgment, in whatever order the candidates were shown.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import (
    ERIN,
    Server,
    add_filled_campaign,
    enter_as,
    open_task,
    ready,
    submit,
)
from tests.browser.script import Script
from workbench.contracts.registry import get_template, task_templates
from workbench.contracts.task_template import AnyTemplate, Example
from workbench.database.session import Database

TEMPLATES = sorted(key for key, one in task_templates().items() if one.examples)
WIDTHS = (1280, 390)
BETWEEN = 720
"""A width at which the page is narrow and no telephone's."""
MOST = 2


@dataclass(frozen=True)
class Site:
    """A running server with a campaign for each task type and width, and an expert there."""

    server: Server
    context: BrowserContext
    campaigns: dict[tuple[str, int], str]


@pytest.fixture(scope="module")
def site(
    furnished_folder: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    server = Server(tmp_path_factory.mktemp("every"))
    shutil.copytree(furnished_folder, server.folder, dirs_exist_ok=True)
    with server.database() as database:
        campaigns = {
            (key, width): add_examples(database, f"{key} at {width}", get_template(key), width)
            for key in TEMPLATES
            for width in WIDTHS
        }
    server.start()
    context = enter_as(ERIN, server, browser)
    yield Site(server, context, campaigns)
    context.close()
    server.kill()


def add_examples(database: Database, name: str, template: AnyTemplate, width: int) -> str:
    examples = chosen_examples(template, width)
    rows = [{"external_id": name, **example.item} for name, example in examples.items()]
    options = next(iter(examples.values())).options
    return add_filled_campaign(database, name, template.key, options, rows)


def chosen_examples(template: AnyTemplate, width: int) -> dict[str, Example]:
    """Return some of the examples that share their options, others for each width."""
    options = Counter(json.dumps(dict(one.options)) for one in template.examples).most_common(1)
    shared = [one for one in template.examples if json.dumps(dict(one.options)) == options[0][0]]
    shuffled = [template.candidates(template.item_model(**one.item)) > 1 for one in shared]
    if sum(shuffled) >= len(WIDTHS) * MOST:
        shared = [one for one, is_shuffled in zip(shared, shuffled, strict=True) if is_shuffled]
    own = shared[WIDTHS.index(width) :: len(WIDTHS)][:MOST]
    return {f"e-{number}": one for number, one in enumerate(own)}


def candidate_texts(example: Example, count: int) -> list[str]:
    """Return the texts of what is shuffled: the list of the item that is as long."""
    for value in example.item.values():
        if isinstance(value, list) and len(value) == count and "text" in value[0]:
            return [one["text"] for one in value]
    raise AssertionError("the item has no such list")


def shown_candidates(page: Page, texts: list[str]) -> list[int]:
    """Return which candidates are on the page, in reading order."""
    sources = page.locator("#editor .source").evaluate_all(
        "all => all.filter(each => each.closest('.wb-element, .wb-candidate')"
        "?.checkVisibility()).map(each => each.textContent)"
    )
    canonical = [text.strip() for text in texts]
    return [canonical.index(text.strip()) for text in sources if text.strip() in canonical]


def order_of(server: Server, assignment: str) -> list[int]:
    rows = server.query(f"SELECT presentation FROM assignment WHERE public_id = '{assignment}'")
    order: list[int] = json.loads(rows[0][0] or "[]")
    return order


def shown_in(server: Server, page: Page, wanted: list[int]) -> None:
    """Have the task shown in an order of ours, as if that one had been drawn."""
    assignment = ready(page)
    if order_of(server, assignment) != wanted:
        server.change(
            "UPDATE assignment SET presentation = ? WHERE public_id = ?",
            [json.dumps(wanted, separators=(",", ":")), assignment],
        )
        page.reload()
        page.wait_for_selector(f'#editor[data-ready="{assignment}"]')


def external_id(server: Server, assignment: str) -> str:
    rows = server.query(
        "SELECT external_id FROM item JOIN assignment ON item.id = assignment.item_id "
        f"WHERE assignment.public_id = '{assignment}'"
    )
    return str(rows[0][0])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("key", TEMPLATES)
def test_the_judgment_that_arrives_is_the_one_that_was_meant(
    site: Site, key: str, width: int
) -> None:
    server, template = site.server, get_template(key)
    examples = chosen_examples(template, width)
    options = template.options_model.model_validate(next(iter(examples.values())).options)
    script = Script(template.label_config(options))
    page = open_task(site.context, server, site.campaigns[key, width])
    for window in (BETWEEN, width):
        page.set_viewport_size({"width": window, "height": 800})
        assert_fits(page)
    meant: dict[str, Any] = {}
    orders: list[list[int]] = []
    for _ in examples:
        assignment = ready(page)
        example = examples[external_id(server, assignment)]
        item = template.item_model.model_validate(example.item)
        judgment = template.judgment_model.model_validate(example.judgment)
        order = list(range(template.candidates(item)))
        if len(order) > 1:
            order = order if len(orders) % 2 else order[1:] + order[:1]
            shown_in(server, page, order)
            assert shown_candidates(page, candidate_texts(example, len(order))) == order
            orders.append(order)
        meant[assignment] = json.loads(judgment.model_dump_json())
        script.perform(page, template.encode(judgment, item, order, options))
        assert_fits(page)
        submit(page)
    expect(page.locator("#empty")).to_be_visible()
    page.close()
    assert {name: stored(server, name) for name in meant} == meant
    assert not orders or {order == sorted(order) for order in orders} == {True, False}


def assert_fits(page: Page) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"the page is {wide} pixels wider than the window"


def stored(server: Server, assignment: str) -> Any:
    [(value,)] = server.query(
        "SELECT value FROM judgment JOIN assignment ON assignment.id = judgment.assignment_id "
        f"WHERE assignment.public_id = '{assignment}'"
    )
    return json.loads(value)
