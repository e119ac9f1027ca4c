"""One response graded by its rubric, or reviewed against a policy, by keyboard alone."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ERIN, Server, SignIn, open_task, submit

every_width = pytest.mark.parametrize("width", [1280, 390])

LONG = "\n\n".join(f"Paragraph {number}: " + "words " * 40 for number in range(80))
RUBRIC = [
    {"criterion": "Names the capital", "points": 5},
    {"criterion": "Gives a **reason**", "points": 3},
    {"criterion": "Invents a date", "points": -4},
]


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def judgments(server: Server, n: int) -> list[dict[str, Any]]:
    rows: list[tuple[Any, ...]] = []
    for _ in range(100):
        rows = server.query("SELECT value FROM judgment ORDER BY id")
        if len(rows) >= n:
            break
        time.sleep(0.1)
    assert len(rows) == n
    return [json.loads(value) for (value,) in rows]


@every_width
def test_rubrics_of_different_lengths_are_graded(
    server: Server, sign_in: SignIn, width: int
) -> None:
    rows = [
        {"external_id": "a", "prompt": "Capital?", "response": {"text": LONG}, "rubric": RUBRIC},
        {"external_id": "b", "prompt": "Why?", "response": {"text": "So."}, "rubric": RUBRIC[:1]},
    ]
    campaign = server.add_campaign("c", "rubric_grading", rows)
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    page.set_viewport_size({"width": width, "height": 800})
    while True:
        criteria = page.locator(".wb-step:visible").count()
        if criteria == 3:
            press(page, "1", "n", "2", "Enter")
            page.keyboard.type("Only the name.")
            press(page, "Escape", "3", "Enter")
            page.keyboard.type("Penalties are rare.")
        else:
            press(page, "2")
        submit(page)
        if page.locator("#empty").is_visible():
            break
    found = sorted(judgments(server, 2), key=lambda value: len(value["outcomes"]))
    assert [value["outcomes"] for value in found] == [["unmet"], ["met", "unmet", "not_applicable"]]
    assert found[1]["evidence"] == {"1": "Only the name."}
    assert found[1]["points"] == [5, 3, -4]
    assert found[1]["comment"] == "Penalties are rare."


def test_a_long_response_is_read_by_pages_beside_its_rubric(
    server: Server, sign_in: SignIn
) -> None:
    row = {"external_id": "a", "prompt": "Capital?", "response": {"text": LONG}, "rubric": RUBRIC}
    campaign = server.add_campaign("c", "rubric_grading", [row])
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    pane = page.locator(".wb-reading")

    def place() -> int:
        return int(pane.evaluate("pane => Math.round(pane.scrollTop)"))

    press(page, "1", "PageDown", "PageDown")
    two_pages = place()
    assert two_pages > 600
    expect(page.locator('[data-name="criterion_0"]')).to_be_in_viewport()
    press(page, "PageUp")
    assert 0 < place() < two_pages


@every_width
def test_a_response_is_reviewed_category_by_category(
    server: Server, sign_in: SignIn, width: int
) -> None:
    row = {"prompt": "Say it.", "response": {"text": "You will be sorry.\nVery **sorry**."}}
    rows = [{"external_id": str(number), **row, "prompt": f"Say {number}."} for number in range(2)]
    campaign = server.add_campaign(
        "c", "safety_review", rows, "--option", "categories=violence, hate, privacy"
    )
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    page.set_viewport_size({"width": width, "height": 800})
    press(page, "1")
    submit(page)
    press(page, "2", "2", "Enter")
    page.keyboard.type("You will be gone")
    press(page, "Escape", "0", "1", "Control+Enter")
    problem = page.locator("#problems button")
    expect(problem).to_contain_text("in neither the response nor the prompt")
    problem.press("Enter")
    press(page, "Enter", "Control+a")
    page.keyboard.type("will be sorry. Very")
    submit(page)
    expect(page.locator("#empty")).to_be_visible()
    clear, found = judgments(server, 2)
    assert clear["severities"] == {"violence": 0, "hate": 0, "privacy": 0}
    assert found["severities"] == {"violence": 2, "hate": 0, "privacy": 1}
    assert [one["text"] for one in found["spans"]] == ["will be sorry.\nVery"]
