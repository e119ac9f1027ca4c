"""Task types made of labeling configurations that nobody touched, answered in the real editor."""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import ERIN, PASSWORD, Server, open_task, submit
from tests.task_templates.folders import CONFIGS, JUDGED, write_folder
from workbench.cli.main import run
from workbench.contracts.folder_templates.label_studio import folder_from_label_studio
from workbench.contracts.registry import register_folders

GRADES = """
<View>
  <Text name="text" value="$text"/>
  <Rating name="clarity" toName="text" required="true"/>
  <Number name="minutes" toName="text" min="0"/>
</View>
"""
SUMMARY = JUDGED["spans"].item["summary"]
ITEMS: dict[str, list[dict[str, Any]]] = {
    "pairwise": [dict(JUDGED["pairwise"].item)] * 3,
    "ranked_answers": [dict(JUDGED["ranked_answers"].item)] * 3,
    "tiers": [dict(JUDGED["tiers"].item)] * 2,
    "spans": [dict(JUDGED["spans"].item)],
    "moderation": [dict(JUDGED["moderation"].item)],
    "grades": [{"text": "One."}, {"text": "Two."}],
}


@dataclass
class Own:
    """One server with a campaign for each folder, and an expert in front of it."""

    server: Server
    context: BrowserContext
    campaigns: dict[str, str]

    def open(self, key: str) -> Page:
        page = open_task(self.context, self.server, self.campaigns[key])
        page.set_default_timeout(10_000)
        return page

    def judgments(self, key: str, n: int) -> list[tuple[dict[str, Any], list[int]]]:
        """Wait for so many judgments and return each with the order that was shown."""
        rows: list[tuple[Any, ...]] = []
        for _ in range(100):
            rows = self.server.query(
                "SELECT judgment.value, judgment.presentation FROM judgment"
                " JOIN campaign ON campaign.id = judgment.campaign_id"
                f" WHERE campaign.name = '{key}' ORDER BY judgment.id"
            )
            if len(rows) >= n:
                break
            time.sleep(0.1)
        assert len(rows) == n
        return [(json.loads(value), json.loads(order)) for value, order in rows]


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("types")
    for key in ITEMS:
        xml = GRADES if key == "grades" else (CONFIGS / f"{key}.xml").read_text()
        write_folder(directory, folder_from_label_studio(xml, key=key), key)
    return directory


def add_campaign(folder: Path, key: str) -> str:
    """Make the campaign of a folder in this process, which takes a fraction of the time."""
    path = folder / f"{key}.jsonl"
    rows = [{"external_id": f"i-{n}", **item} for n, item in enumerate(ITEMS[key])]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with redirect_stdout(io.TextIOWrapper(io.BytesIO())) as said:
        create = "campaign", "create", "--organization", "Acme", "--template", key
        assert run([*create, "--name", key, "--json"]) == 0
    with redirect_stdout(io.TextIOWrapper(io.BytesIO())):
        assert run(["import", "items", key, str(path), "--json"]) == 0
    public_id: str = json.loads(said.detach().getvalue())["id"]
    return public_id


@pytest.fixture(scope="module")
def own(
    types: Path, furnished_folder: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Own]:
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(furnished_folder, folder, dirs_exist_ok=True)
    server = Server(folder)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WORKBENCH_TEMPLATE_DIR", str(types))
        for name, value in server.environment.items():
            environment.setenv(name, value)
        campaigns = {key: add_campaign(folder, key) for key in ITEMS}
        register_folders(None)
        try:
            server.start()
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            page = context.new_page()
            page.goto(f"{server.url}/sign-in")
            page.fill("input[name=email]", ERIN)
            page.fill("input[name=password]", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url(lambda url: "/sign-in" not in url)
            yield Own(server, context, campaigns)
            context.close()
        finally:
            server.kill()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def problems(page: Page) -> Locator:
    return page.locator("#problems li")


def shown(page: Page) -> list[str]:
    """Return the responses in the order shown, from the list that is ranked."""
    items = page.locator(".htx-ranker-item")
    expect(items).to_have_count(3)
    return [item.locator(".rendered").inner_text().strip() for item in items.all()]


def test_a_pair_is_chosen_by_arrows_and_its_texts_are_rated_by_digits(own: Own) -> None:
    page = own.open("pairwise")
    left_texts = []
    for _ in ITEMS["pairwise"]:
        left = page.locator(".col .rendered").first.inner_text().strip()
        left_texts.append(left)
        if left == "Canberra.":
            press(page, "ArrowRight", "ArrowLeft", "j", "5", "2")
        else:
            press(page, "ArrowRight", "j", "2", "5")
        submit(page)
    expect(page.locator("#empty")).to_be_visible()
    for left, (value, order) in zip(left_texts, own.judgments("pairwise", 3), strict=True):
        assert (value["better"], value["help"]) == ("first", [5, 2])
        assert ("Canberra.", "Sydney.")[order[0]] == left


def test_responses_are_named_from_the_best_to_the_worst(own: Own) -> None:
    page = own.open("ranked_answers")
    best_first = ["Three.", "One.", "Two."]
    press(page, "Control+Enter")
    expect(problems(page)).to_have_text(["“Rank” has no answer yet."])
    press(page, str(1 + shown(page).index("Two.")))
    press(page, "Control+Enter")
    expect(problems(page)).to_have_text(["“Rank” has no answer yet."])
    press(page, "Backspace")
    for _ in ITEMS["ranked_answers"]:
        keys = [str(1 + shown(page).index(text)) for text in best_first]
        press(page, *keys)
        assert shown(page) == best_first
        submit(page)
    expect(page.locator("#empty")).to_be_visible()
    assert [value["rank"] for value, _ in own.judgments("ranked_answers", 3)] == [[2, 3, 1]] * 3


def test_each_response_is_put_into_a_column_and_none_is_left(own: Own) -> None:
    page = own.open("tiers")
    meant = {"1": "2", "2": "1", "3": "3"}
    for _ in ITEMS["tiers"]:
        first, second, third = (meant[text] for text in shown(page))
        press(page, first, second, "Control+Enter")
        expect(problems(page)).to_have_text(["“Tiers” has no answer yet."])
        press(page, third)
        submit(page)
    expect(page.locator("#empty")).to_be_visible()
    tiers = [value["tiers"] for value, _ in own.judgments("tiers", 2)]
    assert tiers == [["usable", "good", "bad"]] * 2


def mark(page: Page, word: str) -> None:
    """Drag the mouse over a word of the last text."""
    box = page.locator(".lsf-richtext__container").last.evaluate(
        """(text, word) => {
          const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const at = walker.currentNode.data.indexOf(word);
            if (at < 0) continue;
            const range = document.createRange();
            range.setStart(walker.currentNode, at);
            range.setEnd(walker.currentNode, at + word.length);
            const { left, right, top, bottom } = range.getBoundingClientRect();
            return { left, right, middle: (top + bottom) / 2 };
          }
        }""",
        word,
    )
    page.mouse.move(box["left"] + 1, box["middle"])
    page.mouse.down()
    page.mouse.move(box["right"] - 1, box["middle"], steps=3)
    page.mouse.up()


def test_marked_spans_lie_in_the_text_of_the_item(own: Own) -> None:
    page = own.open("spans")
    marked = page.locator("#editor .htx-highlight")
    expect(page.locator("#key-bar")).to_contain_text("mark text with the mouse")
    for key, word in (("1", "wine"), ("2", "𝔘"), ("1", "rained")):
        press(page, key)
        mark(page, word)
    expect(marked).to_have_count(3)
    press(page, "Backspace")
    expect(marked).to_have_text(["𝔘", "wine"])
    press(page, "j", "3", "7", "Enter", "1", ".", "0", "5", "Escape", "4", "Control+Enter")
    expect(problems(page)).to_contain_text(["“Faithfulness”"])
    press(page, "3", "5", "Enter")
    expect(page.locator("#saved")).to_have_text("Saved")
    page.reload()
    page.wait_for_selector("#editor[data-ready]")
    expect(marked).to_have_text(["𝔘", "wine"])
    submit(page)
    ((value, _),) = own.judgments("spans", 1)
    parts = [(SUMMARY[one["start"] : one["end"]], one["label"]) for one in value.pop("errors")]
    assert parts == [("𝔘", "omitted"), ("wine", "Hallucination")]
    assert value == {"faithfulness": 35, "minutes": 1.05, "fluency": 4}


def test_a_path_of_a_taxonomy_is_chosen_in_its_list(own: Own) -> None:
    page = own.open("moderation")
    press(page, "Enter")
    expect(page.locator("input[name=taxonomy-search-input]")).to_be_focused()
    press(page, "ArrowDown", "Enter", "Escape", "j", "2", "Control+Enter")
    expect(problems(page)).to_contain_text(["choose what is below Harm", "no answer yet"])
    press(page, "Backspace", "Enter")
    expect(page.locator("input[name=taxonomy-search-input]")).to_be_focused()
    press(page, "ArrowRight", "ArrowDown", "Enter", "Escape", "j", "Enter")
    page.keyboard.type("It asks for too much.")
    submit(page)
    ((value, _),) = own.judgments("moderation", 1)
    assert value == {
        "policy": [["Harm", "Weapons"]],
        "verdict": "Refuse",
        "reason": "It asks for too much.",
    }


def test_a_rating_and_a_number_can_be_taken_back_and_do_not_reach_the_next_task(own: Own) -> None:
    page = own.open("grades")
    box, stars = page.locator("input[name=minutes]"), page.locator("#editor .ant-rate-star-full")
    press(page, "2", "9", "0", "Escape", "Backspace")
    expect(box).to_have_value("")
    press(page, "3", "Enter", "k")
    expect(stars).to_have_count(2)
    press(page, "Backspace")
    expect(stars).to_have_count(0)
    press(page, "4")
    submit(page)
    expect(box).to_have_value("")
    expect(stars).to_have_count(0)
    press(page, "5", "7", "Enter", "Enter", "Backspace", "Escape")
    submit(page)
    expect(page.locator("#empty")).to_be_visible()
    values = [value for value, _ in own.judgments("grades", 2)]
    assert values == [{"clarity": 4, "minutes": 3}, {"clarity": 5, "minutes": None}]
