"""Ranking and rating several responses by keyboard: what arrives is what was meant."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ERIN, Server, SignIn, open_task, submit

TEXTS = ["Alpha.", "Beta.", "Gamma.", "Delta."]


def rows(*counts: int) -> list[dict[str, Any]]:
    return [
        {
            "external_id": f"i-{number}",
            "prompt": f"Prompt {number}?",
            "responses": [{"text": text} for text in TEXTS[:count]],
        }
        for number, count in enumerate(counts)
    ]


def shown_texts(page: Page) -> list[str]:
    cards = page.locator(".wb-element:visible .rendered")
    return [text.strip() for text in cards.all_inner_texts()]


def press(page: Page, keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def judgments(server: Server) -> list[dict[str, Any]]:
    return [
        json.loads(value) for (value,) in server.query("SELECT value FROM judgment ORDER BY id")
    ]


@pytest.mark.parametrize("width", [1280, 390])
def test_rankings_by_keyboard_mean_the_responses_they_were_given_to(
    server: Server, sign_in: SignIn, width: int
) -> None:
    campaign = server.add_campaign("r", "ranking", rows(4, 3, 4, 4))
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    page.set_viewport_size({"width": width, "height": 800})
    meant = []
    by_count = {3: ["132"], 4: ["2130", "1122", "4321"]}
    for _ in range(4):
        texts = shown_texts(page)
        keys = by_count[len(texts)].pop()
        meant.append(dict(zip(texts, keys, strict=True)))
        press(page, keys)
        page.keyboard.press("Enter")
        page.keyboard.type("Because.")
        submit(page)
    expect(page.locator("#empty")).to_be_visible()
    ranks = {"Alpha.": 0, "Beta.": 1, "Gamma.": 2, "Delta.": 3}
    for found, given in zip(judgments(server), meant, strict=True):
        assert found["rationale"] == "Because."
        for text, key in given.items():
            place = ranks[text]
            assert found["unacceptable"][place] == (key == "0")
        placed = [(found["ranks"][ranks[text]], int(key) or 9) for text, key in given.items()]
        for one, other in pairwise(placed):
            assert (one[0] < other[0]) == (one[1] < other[1])
    orders = server.query("SELECT presentation FROM judgment")
    assert len(set(orders)) > 1


def test_no_rank_is_offered_beyond_the_number_of_responses(server: Server, sign_in: SignIn) -> None:
    campaign = server.add_campaign("r", "ranking", rows(3, 4))
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    for _ in range(2):
        count = len(shown_texts(page))
        first = page.locator('[data-name="rank_0"]')
        assert first.locator(".lsf-choice:visible").count() == count + 1
        press(page, str(count + 1))
        assert page.locator("#editor input[type=radio]:checked").count() == 0
        press(page, "123" + "0" * (count - 3))
        submit(page)
    expect(page.locator("#empty")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_ratings_by_keyboard_mean_the_responses_they_were_given_to(
    server: Server, sign_in: SignIn, width: int
) -> None:
    campaign = server.add_campaign(
        "m", "multi_attribute_rating", rows(2, 1, 3, 2), "--option", "attributes=truth, tone"
    )
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    page.set_viewport_size({"width": width, "height": 800})
    meant = []
    for _ in range(4):
        texts = shown_texts(page)
        ratings = {text: {"truth": place, "tone": 4 - place} for place, text in enumerate(texts)}
        meant.append([ratings[text] for text in TEXTS[: len(texts)]])
        press(page, "".join(f"{one['truth']}{one['tone']}" for one in ratings.values()))
        submit(page)
    expect(page.locator("#empty")).to_be_visible()
    assert [found["ratings"] for found in judgments(server)] == meant
