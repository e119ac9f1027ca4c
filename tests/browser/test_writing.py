"""Thumbs with reasons, demonstrations and edits, done by keyboard alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ERIN, Server, SignIn, open_task, submit

WIDTHS = pytest.mark.parametrize("width", [1280, 390])
LONG = "A paragraph with *markup* & <b>tags</b>.\n\n" * 500


def opened(server: Server, sign_in: SignIn, width: int, template: str, *contents: Any) -> Page:
    rows = [{"external_id": f"i-{place}", **content} for place, content in enumerate(contents)]
    campaign = server.add_campaign("c", template, rows)
    server.start()
    context = sign_in(ERIN)
    page = open_task(context, server, campaign)
    page.set_viewport_size({"width": width, "height": 800})
    return page


def stored(server: Server) -> list[Any]:
    return [json.loads(row[0]) for row in server.query("SELECT value FROM judgment ORDER BY id")]


def assert_fits(page: Page) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"the page is {wide} pixels wider than the window"


@WIDTHS
def test_reasons_are_chosen_and_taken_back_by_their_keys(
    server: Server, sign_in: SignIn, width: int
) -> None:
    item = {"prompt": "Capital?", "response": {"text": "Sydney."}}
    page = opened(server, sign_in, width, "binary_feedback", item)
    expect(page.locator("#editor input[type=checkbox]:visible")).to_have_count(0)
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.keyboard.press("k")
    page.keyboard.press("2")
    for key in ("1", "3", "2", "3"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.keyboard.type("Not the capital: 1 of 2.")
    assert_fits(page)
    submit(page)
    assert stored(server) == [
        {
            "feedback": "down",
            "reasons": ["incorrect", "unhelpful"],
            "comment": "Not the capital: 1 of 2.",
        }
    ]


@WIDTHS
def test_a_demonstration_is_written_with_its_sources(
    server: Server, sign_in: SignIn, width: int
) -> None:
    page = opened(server, sign_in, width, "demonstration", {"prompt": "Capital?"})
    page.keyboard.press("Control+Enter")
    expect(page.locator("#problems")).to_contain_text("Write the response.")
    page.keyboard.press("Enter")
    page.keyboard.type("Canberra.\n\n- since 1913")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.keyboard.type("An atlas.")
    assert_fits(page)
    submit(page)
    assert stored(server) == [
        {"response": "Canberra.\n\n- since 1913", "sources": "An atlas."},
    ]


@WIDTHS
def test_an_edit_begins_with_the_response_and_is_refused_unchanged(
    server: Server, sign_in: SignIn, width: int
) -> None:
    item = {"prompt": "Capital?", "response": {"text": "**Sydney** </textarea><b>x</b>"}}
    page = opened(server, sign_in, width, "critique_and_edit", item)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.keyboard.type("It is Canberra.")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    box = page.locator("textarea[name=edited]")
    expect(box).to_be_focused()
    expect(box).to_have_value("**Sydney** </textarea><b>x</b>")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#problems")).to_contain_text("is the response unchanged")
    box.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("**Canberra**")
    assert_fits(page)
    submit(page)
    assert stored(server) == [
        {"verdict": "edited", "critique": "It is Canberra.", "edited": "**Canberra**"}
    ]


def test_an_edit_survives_the_page_and_does_not_reach_the_next_task(
    server: Server, sign_in: SignIn
) -> None:
    items = [
        {"prompt": f"Question {number}?", "response": {"text": f"Answer {number}. {LONG}"}}
        for number in (1, 2)
    ]
    page = opened(server, sign_in, 1280, "critique_and_edit", *items)
    box = page.locator("textarea[name=edited]")
    page.keyboard.press("1")
    first = box.input_value()
    assert len(first) > 20_000
    page.keyboard.press("Enter")
    page.keyboard.type("One word is wrong.")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Home")
    page.keyboard.type("Changed. ")
    expect(page.locator("#saved")).to_contain_text("Saved")
    page.reload()
    page.wait_for_selector("#editor[data-ready]")
    expect(box).to_have_value(f"Changed. {first}")
    submit(page)
    page.keyboard.press("1")
    second = box.input_value()
    assert second.startswith("Answer ")
    assert second != first
    page.keyboard.press("2")
    submit(page)
    assert [(one["verdict"], one["edited"]) for one in stored(server)] == [
        ("edited", f"Changed. {first}".rstrip()),
        ("no_change", None),
    ]
