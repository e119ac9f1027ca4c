"""What campaigns may ask for beside the plain task, done by keyboard alone."""

from __future__ import annotations

import json
import time

from playwright.sync_api import Page, expect

from tests.browser.conftest import ERIN, Server, SignIn, open_task, submit
from tests.factories import comparison

LENGTH = 60


def long_solution() -> dict[str, object]:
    """A solution of sixty steps of some lines each, with formulae."""
    steps = [
        f"Step {number} takes $x_{{{number}}} = x_{{{number - 1}}} + {number}$, "
        "which holds since every term before it is known. " * 3
        for number in range(1, LENGTH + 1)
    ]
    return {"external_id": "long", "problem": "Add up $1$ to $60$.", "steps": steps}


def the_judgment(server: Server) -> tuple[dict[str, object], list[int]]:
    for _ in range(100):
        rows = server.query("SELECT value, presentation FROM judgment")
        if rows:
            break
        time.sleep(0.1)
    ((value, presentation),) = rows
    return json.loads(value), json.loads(presentation or "[]")


def question(page: Page) -> str | None:
    return page.locator(".wb-current").get_attribute("data-name")


def write(page: Page, text: str) -> None:
    page.keyboard.press("Enter")
    page.keyboard.type(text)
    page.keyboard.press("Escape")


def test_sixty_steps_are_graded_by_keyboard_with_a_better_step_for_the_bad_one(
    server: Server, sign_in: SignIn
) -> None:
    campaign = server.add_campaign(
        "s", "step_grading", [long_solution()], "--option", "ask_for_alternative=true"
    )
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    for _ in range(LENGTH - 1):
        page.keyboard.press("1")
    assert question(page) == f"step_{LENGTH - 1}"
    expect(page.locator(".wb-current")).to_be_in_viewport()
    page.keyboard.press("3")
    page.keyboard.press("j")
    assert question(page) == f"critique_{LENGTH - 1}"
    write(page, "The sum is wrong.")
    assert question(page) == f"alternative_{LENGTH - 1}"
    write(page, "So the sum is 1830.")
    assert question(page) == "verdict"
    page.keyboard.press("2")
    submit(page)
    value, _ = the_judgment(server)
    assert value["ratings"] == [1] * (LENGTH - 1) + [-1]
    assert value["verdict"] == "found_error"
    assert value["critiques"] == {str(LENGTH - 1): "The sum is wrong."}
    assert value["alternatives"] == {str(LENGTH - 1): "So the sum is 1830."}


def test_flags_and_wrong_claims_arrive_at_the_response_they_were_meant_for(
    server: Server, sign_in: SignIn
) -> None:
    campaign = server.add_campaign(
        "c", "pairwise_preference", [{"external_id": "c", **comparison(1)}],
        "--option", "flags=incorrect, unsafe", "--option", "ask_for_wrong_claims=true",
    )  # fmt: skip
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    assert question(page) == "flags_a"
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.keyboard.press("j")
    assert question(page) == "wrong_a"
    page.keyboard.press("j")
    assert question(page) == "flags_b"
    page.keyboard.press("2")
    page.keyboard.press("j")
    words = str(page.locator(".wb-candidate .source").nth(1).text_content()).strip()
    write(page, words)
    assert question(page) == "strength"
    page.keyboard.press("1")
    submit(page)
    value, order = the_judgment(server)
    by_shown = [value["flags"][index] for index in order]
    assert by_shown == [["incorrect", "unsafe"], ["unsafe"]]
    claims = [[one["text"] for one in value["wrong_claims"][index]] for index in order]
    assert claims == [[], [words]]
    assert value["strength"] == (-3 if order == [0, 1] else 3)
