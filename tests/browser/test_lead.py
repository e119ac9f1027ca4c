"""Those who look after quality, in a real browser: import, measure, walk, freeze, download."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PASSWORD, Server, SignIn
from tests.factories import comparison

ADA = "ada@example.org"
HOSTILE = (
    "<script>window.owned = 1</script><img src='http://outside.example/x.png' onerror='owned = 1'>"
    "[here](http://outside.example/) <iframe src='http://outside.example/'></iframe> $x^2$"
)


@pytest.fixture
def campaign(server: Server) -> str:
    """A campaign of 6 comparisons, the worst disagreement on c-2, then c-1."""
    server.run(
        "user", "create", "--organization", "Acme", "--email", ADA,
        "--name", "Ada", "--role", "admin", "--password-stdin", stdin=PASSWORD + "\n",
    )  # fmt: skip
    rows = [{"external_id": f"c-{k}", **comparison(k)} for k in range(6)]
    rows[2]["responses"][0]["text"] = HOSTILE
    public_id = server.add_campaign("Pairs", "pairwise_preference", rows, "--overlap", "2")
    strengths = {0: (-2, -2), 1: (-1, 1), 2: (-3, 3), 3: (2, 3), 4: (1, 1), 5: (0, 0)}
    judgments = [
        {
            "external_id": f"c-{item}",
            "annotator": annotator,
            "value": {"strength": strength, "rationale": HOSTILE},
        }
        for item, pair in strengths.items()
        for annotator, strength in zip(("a1", "a2"), pair, strict=True)
    ]
    path = server.folder / "judgments.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in judgments))
    server.run("import", "judgments", "Pairs", str(path))
    server.start()
    return public_id


@contextmanager
def watched(context: BrowserContext, server: Server) -> Iterator[Page]:
    """Give a page on which nothing is blocked, thrown or asked of another host."""
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(server.url) else troubles.append(asked.url),
    )
    yield page
    assert troubles == []


def test_a_lead_measures_and_walks_along_the_disagreements_by_keyboard(
    server: Server, sign_in: SignIn, campaign: str
) -> None:
    with watched(sign_in(ADA), server) as page:
        page.goto(f"{server.url}/campaigns/{campaign}/agreement")
        page.get_by_role("button", name="Measure now").first.click()
        expect(page.get_by_text("Measured 12 judgments on 6 items.")).to_be_visible()
        page.get_by_role("link", name="Items").click()
        page.get_by_role("row").nth(1).get_by_role("link").click()
        title = page.locator("h2.item-title")
        expect(title).to_have_text("c-2")
        page.keyboard.press("j")
        expect(title).to_have_text("c-1")
        page.keyboard.press("k")
        expect(title).to_have_text("c-2")
        source = page.locator(".parts-beside .source").first
        expect(source).to_be_hidden()
        page.keyboard.press("r")
        expect(source).to_be_visible()
        expect(source).to_contain_text("<script>")
        assert page.evaluate("window.owned") is None
        assert page.locator("main :is(script, iframe, img)").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_a_campaign_is_wider_than_a_phone(
    server: Server, sign_in: SignIn, campaign: str, scheme: str
) -> None:
    context = sign_in(ADA)
    with watched(context, server) as page:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"{server.url}/campaigns/{campaign}/agreement")
        page.get_by_role("button", name="Measure now").first.click()
        for tab in (
            "",
            "/agreement?show_all=true",
            "/items",
            "/guidelines",
            "/import",
            "/releases",
        ):
            page.goto(f"{server.url}/campaigns/{campaign}{tab}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), tab


def test_an_engineer_freezes_and_downloads(server: Server, sign_in: SignIn, campaign: str) -> None:
    with watched(sign_in(ADA), server) as page:
        page.goto(f"{server.url}/campaigns/{campaign}/releases")
        page.get_by_label("Drop ties").check()
        page.get_by_role("button", name="Freeze").click()
        expect(page.get_by_text("v1 is frozen.")).to_be_visible()
        page.get_by_role("link", name="TRL preference pairs").click()
        page.get_by_label("Form").select_option("standard")
        page.get_by_label("Margin").uncheck()
        page.get_by_role("button", name="Apply").click()
        expect(page.get_by_label("Margin")).not_to_be_checked()
        with page.expect_download() as started:
            page.get_by_role("link", name="JSONL").click()
        rows = [json.loads(line) for line in started.value.path().read_text().splitlines()]
        assert [set(row) for row in rows] == [{"prompt", "chosen", "rejected"}] * 3
        page.get_by_role("button", name="Verify the files").click()
        expect(page.get_by_text("byte for byte").first).to_be_visible()
