"""An expert at work in a real browser: by keyboard alone, blind, and losing nothing."""

from __future__ import annotations

import json
import time

from lxml import etree
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import ERIN, OTTO, PASSWORD, Server, SignIn, open_task, ready, submit
from tests.factories import comparison, solution
from workbench.contracts.registry import get_template


def comparisons(n: int) -> list[dict[str, object]]:
    return [{"external_id": f"c-{k}", **comparison(k)} for k in range(n)]


def solutions(n: int) -> list[dict[str, object]]:
    return [{"external_id": f"s-{k}", **solution(k)} for k in range(n)]


def judgments(server: Server) -> list[dict[str, object]]:
    rows = server.query("SELECT value FROM judgment ORDER BY id")
    return [json.loads(value) for (value,) in rows]


def wait_for_judgments(server: Server, n: int) -> list[dict[str, object]]:
    for _ in range(100):
        if len(judgments(server)) >= n:
            break
        time.sleep(0.1)
    found = judgments(server)
    assert len(found) == n
    return found


def rationale(page: Page) -> str:
    return page.locator('textarea[name="rationale"]').input_value()


def test_five_comparisons_by_keyboard_alone(server: Server, sign_in: SignIn) -> None:
    campaign = server.add_campaign("c", "pairwise_preference", comparisons(5))
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    for number, key in enumerate("12470"):
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        page.keyboard.type(f"Reason {number}.")
        submit(page)
    expect(page.locator("#empty")).to_be_visible()
    found = wait_for_judgments(server, 5)
    assert [value["rationale"] for value in found] == [f"Reason {n}." for n in range(5)]
    shown = [-3, -2, 0, 3, "neither"]
    orders = [
        json.loads(o) for (o,) in server.query("SELECT presentation FROM judgment ORDER BY id")
    ]
    for value, strength, order in zip(found, shown, orders, strict=True):
        meant = strength if strength == "neither" else strength * (1 if order == [0, 1] else -1)
        assert value["strength"] == meant


def test_three_step_gradings_by_keyboard_alone(server: Server, sign_in: SignIn) -> None:
    campaign = server.add_campaign(
        "s", "step_grading", solutions(3), "--option", "stop_at_first_error=true"
    )
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    grade = keys_of("step_{{idx}}")
    for _ in range(2):
        for _ in range(3):
            page.keyboard.press(grade["1"])
        page.keyboard.press(keys_of("verdict")["solution"])
        submit(page)
    page.keyboard.press(grade["1"])
    page.keyboard.press(grade["-1"])
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.locator('textarea[name^="critique_"]:visible').wait_for()
    page.locator('textarea[name^="critique_"]:visible').fill("The sum is wrong.")
    page.keyboard.press("Escape")
    choose_verdict(page, "found_error")
    submit(page)
    found = wait_for_judgments(server, 3)
    assert [value["ratings"] for value in found] == [[1, 1, 1], [1, 1, 1], [1, -1]]
    assert [value["verdict"] for value in found] == ["solution", "solution", "found_error"]
    assert found[2]["critiques"] == {"1": "The sum is wrong."}


def choose_verdict(page: Page, verdict: str) -> None:
    for _ in range(10):
        if page.locator(".wb-current").get_attribute("data-name") == "verdict":
            break
        page.keyboard.press("j")
    page.keyboard.press(keys_of("verdict")[verdict])


def keys_of(control: str) -> dict[str, str]:
    """Return which key stands for which choice, from the labelling configuration itself."""
    template = get_template("step_grading")
    config = etree.fromstring(template.label_config(template.options_model()).encode())
    choices = config.xpath(f'//Choices[@name="{control}"]/Choice')
    return {choice.get("alias"): choice.get("hotkey") for choice in choices}


def test_a_draft_survives_a_reload_a_closed_tab_and_a_killed_server(
    server: Server, sign_in: SignIn
) -> None:
    campaign = server.add_campaign("c", "pairwise_preference", comparisons(2))
    server.start()
    context = sign_in(ERIN)
    page = open_task(context, server, campaign)
    first = ready(page)
    page.keyboard.press("6")
    page.keyboard.press("Enter")
    page.keyboard.type("Half a thought")
    page.reload()
    page.wait_for_selector("#editor[data-ready]")
    assert (ready(page), rationale(page)) == (first, "Half a thought")

    page.close()
    page = open_task(context, server, campaign)
    assert (ready(page), rationale(page)) == (first, "Half a thought")

    server.kill()
    page.locator('textarea[name="rationale"]').fill("Half a thought, and the other half")
    server.start()
    page.reload()
    page.wait_for_selector("#editor[data-ready]")
    assert (ready(page), rationale(page)) == (first, "Half a thought, and the other half")
    submit(page)
    (found,) = wait_for_judgments(server, 1)
    assert found["rationale"] == "Half a thought, and the other half"


def test_a_draft_follows_the_expert_to_another_browser(server: Server, sign_in: SignIn) -> None:
    campaign = server.add_campaign("c", "pairwise_preference", comparisons(1))
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    page.keyboard.press("Enter")
    page.keyboard.type("Begun at the office")
    expect(page.locator("#saved")).to_have_text("Saved")
    elsewhere = open_task(sign_in(ERIN), server, campaign)
    assert rationale(elsewhere) == "Begun at the office"


def test_answers_given_offline_are_sent_once_when_the_connection_is_back(
    server: Server, sign_in: SignIn
) -> None:
    campaign = server.add_campaign("c", "pairwise_preference", comparisons(3))
    server.start()
    context = sign_in(ERIN)
    page = open_task(context, server, campaign)
    page.wait_for_timeout(1000)
    context.set_offline(True)
    page.keyboard.press("1")
    submit(page)
    expect(page.locator("#unsent")).to_be_visible()
    assert judgments(server) == []
    context.set_offline(False)
    wait_for_judgments(server, 1)
    expect(page.locator("#unsent")).to_be_hidden()
    page.reload()
    page.wait_for_selector("#editor[data-ready]")
    wait_for_judgments(server, 1)


def test_an_answer_to_a_killed_server_is_kept_and_sent_after_its_restart(
    server: Server, sign_in: SignIn
) -> None:
    campaign = server.add_campaign("c", "pairwise_preference", comparisons(3))
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    page.wait_for_timeout(1000)
    server.kill()
    page.keyboard.press("2")
    submit(page)
    expect(page.locator("#unsent")).to_be_visible()
    server.start()
    page.reload()
    wait_for_judgments(server, 1)


def test_an_unsent_answer_is_never_sent_under_another_persons_name(
    server: Server, sign_in: SignIn
) -> None:
    campaign = server.add_campaign("c", "pairwise_preference", comparisons(3), "--overlap", "2")
    server.start()
    context = sign_in(ERIN)
    page = open_task(context, server, campaign)
    page.wait_for_timeout(1000)
    context.set_offline(True)
    page.keyboard.press("1")
    submit(page)
    expect(page.locator("#unsent")).to_be_visible()
    page.close()
    context.clear_cookies()
    context.set_offline(False)
    sign_in_again(context, server, OTTO)
    page = open_task(context, server, campaign)
    page.wait_for_timeout(1500)
    assert judgments(server) == []
    page.close()
    context.clear_cookies()
    sign_in_again(context, server, ERIN)
    open_task(context, server, campaign)
    wait_for_judgments(server, 1)
    assert server.query(
        "SELECT person.email FROM judgment JOIN annotator ON annotator.id = annotator_id"
        " JOIN person ON person.id = annotator.person_id"
    ) == [(ERIN,)]


def sign_in_again(context: BrowserContext, server: Server, email: str) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/sign-in")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.close()


def test_two_experts_are_blind_to_each_other_and_to_the_models(
    server: Server, sign_in: SignIn
) -> None:
    # So many that two experts draw the same orders by chance once in four thousand runs.
    many = 12
    campaign = server.add_campaign("c", "pairwise_preference", comparisons(many), "--overlap", "2")
    server.start()
    received: dict[str, list[str]] = {}
    for email in (ERIN, OTTO):
        texts = received[email] = []
        page = sign_in(email).new_page()
        page.on(
            "response",
            lambda response, texts=texts: (
                texts.append(response.text())
                if "/api/" in response.url or "/work" in response.url
                else None
            ),
        )
        page.goto(f"{server.url}/work/{campaign}")
        page.wait_for_selector("#editor[data-ready]")
        for number in range(many):
            page.keyboard.press("3")
            page.keyboard.press("Enter")
            page.keyboard.type(f"Secret of {email} {number}")
            submit(page)
        page.goto(f"{server.url}/work/{campaign}/answers")
    wait_for_judgments(server, 2 * many)
    assert not any(f"Secret of {ERIN}" in text for text in received[OTTO])
    for texts in received.values():
        seen = "".join(texts)
        assert "First answer to" in seen
        for hidden in ("atlas", "borealis", "presentation", "external_id", "c-1"):
            assert hidden not in seen
    orders = {
        email: [
            order
            for (order,) in server.query(
                "SELECT assignment.presentation FROM assignment"
                " JOIN annotator ON annotator.id = expert_id"
                " JOIN person ON person.id = annotator.person_id"
                f" WHERE person.email = '{email}' ORDER BY item_id"
            )
        ]
        for email in (ERIN, OTTO)
    }
    assert orders[ERIN] != orders[OTTO]


def test_hostile_text_is_inert_and_the_task_still_renders(server: Server, sign_in: SignIn) -> None:
    hostile = (
        "Before <script>window.struck=1</script><img src=x onerror='window.struck=2'>"
        '<iframe srcdoc="<script>parent.struck=3</script>"></iframe>'
        '<form action="https://evil.example"><button>Press</button><input></form>'
        "[link](javascript:window.struck=4) ![pixel](https://evil.example/p.png) after"
    )
    row = {
        "external_id": "h-1",
        "prompt": hostile,
        "responses": [{"text": hostile, "model": "m"}, {"text": "Fine.", "model": "n"}],
    }
    campaign = server.add_campaign("c", "pairwise_preference", [row])
    server.start()
    page = sign_in(ERIN).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.url}/work/{campaign}")
    page.wait_for_selector("#editor[data-ready]")
    page.wait_for_timeout(500)
    assert page.evaluate("window.struck === undefined")
    editor = page.locator("#editor")
    expect(editor).to_contain_text("Fine.")
    for forbidden in ("iframe", "form[action]", ".rendered img", ".rendered button", ".rendered a"):
        assert editor.locator(forbidden).count() == 0
    assert [url for url in asked if not url.startswith(server.url)] == []
    page.keyboard.press("1")
    submit(page)
    wait_for_judgments(server, 1)


def test_a_skip_asks_for_a_reason_and_a_flag_reaches_the_lead(
    server: Server, sign_in: SignIn
) -> None:
    campaign = server.add_campaign("c", "pairwise_preference", comparisons(3))
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    for key, dialog in (("s", "#skip-dialog"), ("f", "#flag-dialog")):
        before = ready(page)
        page.keyboard.press(key)
        expect(page.locator(dialog)).to_be_visible()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        page.wait_for_selector(f'#editor[data-ready]:not([data-ready="{before}"])')
    assert server.query("SELECT count(*) FROM assignment WHERE status = 'skipped'") == [(2,)]
    assert server.query("SELECT count(*) FROM flag") == [(1,)]


def test_an_own_answer_can_be_revised_and_the_old_one_stays(
    server: Server, sign_in: SignIn
) -> None:
    campaign = server.add_campaign("c", "pairwise_preference", comparisons(1))
    server.start()
    page = open_task(sign_in(ERIN), server, campaign)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.keyboard.type("First thought.")
    submit(page)
    wait_for_judgments(server, 1)
    page.goto(f"{server.url}/work/{campaign}/answers")
    page.get_by_role("link", name="Open").first.click()
    page.wait_for_selector("#editor[data-ready]")
    assert rationale(page) == "First thought."
    page.locator('textarea[name="rationale"]').fill("Second thought.")
    page.keyboard.press("Control+Enter")
    first, second = wait_for_judgments(server, 2)
    assert (first["rationale"], second["rationale"]) == ("First thought.", "Second thought.")
    assert first["strength"] == second["strength"]
    assert server.query("SELECT supersedes_id FROM judgment ORDER BY id") == [(None,), (1,)]
