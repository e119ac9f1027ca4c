"""The editor on the page: one tree for tasks of any length, nothing of one task in the next."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.browser.conftest import ERIN, Server, SignIn, open_task, ready, submit
from tests.factories import comparison

LENGTHS = (2, 11, 3, 9)


def solution_of(length: int) -> dict[str, object]:
    return {
        "external_id": f"s-{length}",
        "problem": f"A problem in {length} steps.",
        "steps": [f"Step {number} of {length}." for number in range(1, length + 1)],
    }


def shown_steps(page: Page) -> int:
    return page.locator(".wb-element:visible").count()


def checked(page: Page) -> int:
    return page.locator("#editor input[type=radio]:checked").count()


def test_tasks_of_different_lengths_follow_each_other_clean(
    server: Server, sign_in: SignIn
) -> None:
    rows = [solution_of(length) for length in LENGTHS]
    campaign = server.add_campaign(
        "s", "step_grading", rows, "--option", "stop_at_first_error=true"
    )
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    lengths = []
    for _ in LENGTHS:
        length = shown_steps(page)
        lengths.append(length)
        assert checked(page) == 0
        assert page.locator(".wb-closed").count() == 0
        texts = page.locator("#editor textarea").evaluate_all("boxes => boxes.map(b => b.value)")
        assert not any(texts)
        for _ in range(length - 1):
            page.keyboard.press("1")
        page.keyboard.press("3")
        assert checked(page) == length
        page.keyboard.press("Enter")
        page.keyboard.type(f"Wrong in the last of {length}.")
        page.keyboard.press("Escape")
        page.keyboard.press("2")
        submit(page)
    assert sorted(lengths) == sorted(LENGTHS)
    expect(page.locator("#empty")).to_be_visible()
    stored = [json.loads(row[0]) for row in server.query("SELECT value FROM judgment ORDER BY id")]
    assert [value["ratings"] for value in stored] == [[1] * (n - 1) + [-1] for n in lengths]
    assert [value["critiques"] for value in stored] == [
        {str(n - 1): f"Wrong in the last of {n}."} for n in lengths
    ]


def test_steps_after_the_first_bad_one_are_closed_and_open_again_when_it_is_taken_back(
    server: Server, sign_in: SignIn
) -> None:
    campaign = server.add_campaign(
        "s", "step_grading", [solution_of(4)], "--option", "stop_at_first_error=true"
    )
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    page.keyboard.press("1")
    page.keyboard.press("3")
    expect(page.locator(".wb-closed:visible")).to_have_count(2)
    page.keyboard.press("1")
    expect(page.locator(".wb-closed:visible")).to_have_count(0)


def test_two_quick_submits_bring_two_answers_and_no_finished_task_again(
    server: Server, sign_in: SignIn
) -> None:
    rows = [{"external_id": f"c-{k}", **comparison(k)} for k in range(4)]
    campaign = server.add_campaign("c", "pairwise_preference", rows)
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    page.wait_for_timeout(500)  # The next task is fetched meanwhile.
    slow_down(page)
    first = ready(page)
    page.keyboard.press("2")
    submit(page)
    second = ready(page)
    page.keyboard.press("6")
    submit(page)
    third = ready(page)
    assert len({first, second, third}) == 3
    expect(page.locator("#unsent")).to_be_hidden()
    handed_in = server.query("SELECT count(*), count(DISTINCT assignment_id) FROM judgment")
    assert handed_in == [(2, 2)]


def slow_down(page: Page) -> None:
    """Let every answer of the server take a while, so that the next key comes before it."""
    network = page.context.new_cdp_session(page)
    network.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 300, "downloadThroughput": -1, "uploadThroughput": -1},
    )
