"""An expert sees the pictures of a task, and their browser asks nobody else for them."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import ERIN, Server, SignIn, open_task, submit
from tests.pictures import png


def test_pictures_of_messages_and_responses_are_drawn(server: Server, sign_in: SignIn) -> None:
    (server.folder / "chart.png").write_bytes(png(1_600, 900, 200))
    (server.folder / "drawn.png").write_bytes(png(40, 30, 90))
    asked = {"role": "user", "content": "What is it?", "images": [{"path": "chart.png"}]}
    drawn = {"text": "This.", "images": [{"path": "drawn.png", "alt": "A small field"}]}
    named = {"text": "![seen](https://elsewhere.example/seen.png) No."}
    rows = [{"external_id": "a", "prompt": [asked], "responses": [drawn, named]}]
    campaign = server.add_campaign("c", "pairwise_preference", rows)
    server.start()
    context = sign_in(ERIN)
    asked_for: list[str] = []
    context.on("request", lambda request: asked_for.append(request.url))
    page = open_task(context, server, campaign)

    pictures = page.locator("#editor .wb-images img:visible")
    expect(pictures).to_have_count(2)
    for index in range(2):
        pictures.nth(index).scroll_into_view_if_needed()
    page.wait_for_function(
        "[...document.querySelectorAll('.wb-images img')].every(image => image.naturalWidth > 0)"
    )
    sizes = pictures.evaluate_all("images => images.map(image => image.naturalWidth)")
    assert sizes == [1_600, 40]
    box = pictures.first.bounding_box()
    assert box is not None
    assert box["width"] <= 1_280
    assert box["height"] <= 512
    expect(page.get_by_alt_text("A small field")).to_be_visible()
    assert page.locator("#editor img[src*=elsewhere]").count() == 0
    assert all(url.startswith((server.url, "data:", "blob:")) for url in asked_for)

    page.keyboard.press("1")
    submit(page)
    expect(page.locator("#empty")).to_be_visible()
