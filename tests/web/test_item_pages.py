"""Items as a lead looks through them, and one with all its judgments."""

from __future__ import annotations

from lxml import html
from sqlalchemy import select

from tests.judged_campaigns import judge
from tests.web.judged import comparison, judged_campaign
from tests.web.site import Site
from workbench.models import Flag, Item, Judgment, Role


def _listed(page: str) -> list[str]:
    return [
        text.split()[0]
        for text in html.fromstring(page).xpath("//span[@class='item-id']/text()")
        if text.strip()
    ]


def test_the_worst_disagreement_comes_first_and_the_unjudged_last(site: Site) -> None:
    made = judged_campaign(
        site,
        [
            [comparison(-1), comparison(-2)],
            [None, None],
            [comparison(-3), comparison(3)],
            [comparison(2), comparison(2)],
        ],
    )
    lead = site.browser(Role.QA_LEAD)
    expected = [made.items[number].external_id for number in (2, 0, 3, 1)]
    assert _listed(lead.get(f"{made.address}/items").text) == expected


def test_the_list_is_narrowed_by_status_and_id(site: Site) -> None:
    made = judged_campaign(
        site,
        [[comparison(-3), comparison(3)], [comparison(1), comparison(1)], [None, None]],
    )
    with site.database.write() as session:
        item = session.get_one(Item, made.items[2].id)
        item.external_id = "odd_100%_name"
        session.add(
            Flag(
                campaign_id=item.campaign_id,
                item_id=item.id,
                annotator_id=made.annotators[0].id,
                reason="broken",
                note="No question in it.",
                created_at=site.clock.now(),
            )
        )
    lead = site.browser(Role.QA_LEAD)
    names = [item.external_id for item in made.items[:2]] + ["odd_100%_name"]
    found = {
        query: _listed(lead.get(f"{made.address}/items", params=query_parameters).text)
        for query, query_parameters in {
            "disputed": {"status": "disputed"},
            "unanimous": {"status": "unanimous"},
            "unsettled": {"status": "unsettled"},
            "unjudged": {"status": "unjudged"},
            "flagged": {"status": "flagged"},
            "percent": {"search": "100%"},
            "underscore": {"search": "d_1"},
            "nothing": {"search": "1__"},
        }.items()
    }
    assert found == {
        "disputed": [names[0]],
        "unanimous": [names[1]],
        "unsettled": [names[0]],
        "unjudged": [names[2]],
        "flagged": [names[2]],
        "percent": [names[2]],
        "underscore": [names[2]],
        "nothing": [],
    }
    assert "No question in it." in lead.get(made.item_address(2)).text


def test_an_item_shows_candidates_in_canonical_order_with_their_models(site: Site) -> None:
    made = judged_campaign(site, [[comparison(-2, "Shorter."), comparison(1)]], presentation=[1, 0])
    page = html.fromstring(site.browser(Role.QA_LEAD).get(made.item_address(0)).text)
    assert page.xpath("//div[@class='parts-beside']/section/@aria-label") == ["First", "Second"]
    models = page.xpath("//div[@class='parts-beside']//h3/span/text()")
    assert models == ["atlas", "borealis"]
    words = page.xpath("//article//p[contains(@class, 'judgment-words')]/text()")
    assert words == ["First is better", "Second is slightly better"]
    text = page.text_content()
    assert "Shorter." in text
    assert "saw Second, First" in text
    for method in ("Majority", "Mean", "Dawid-Skene"):
        assert method in text


def test_what_experts_wrote_is_drawn_and_harmless(site: Site) -> None:
    rationale = "$x^2$ is **right** <img src=x onerror=alert(1)>"
    made = judged_campaign(site, [[comparison(-2, rationale), comparison(1)]])
    page = html.fromstring(site.browser(Role.QA_LEAD).get(made.item_address(0)).text)
    (written,) = page.xpath("//blockquote[@class='rationale']")
    assert written.xpath(".//strong/text()") == ["right"]
    assert written.xpath(".//math")
    assert not written.xpath(".//img")


def test_a_revised_judgment_shows_its_latest_value_and_folds_the_earlier_ones(site: Site) -> None:
    made = judged_campaign(site, [[comparison(-2, "First thought."), comparison(1)]])
    with site.database.write() as session:
        first = session.scalars(
            select(Judgment).where(Judgment.annotator_id == made.annotators[0].id)
        ).one()
        judge(
            session,
            site.clock,
            made.items[0],
            made.annotators[0],
            comparison(3, "Second thought."),
            supersedes=first,
        )
    page = html.fromstring(site.browser(Role.QA_LEAD).get(made.item_address(0)).text)
    assert len(page.xpath("//article[@class='judgment']")) == 2
    (folded,) = page.xpath("//details[@class='earlier']")
    assert "First thought." in folded.text_content()
    assert "Second thought." not in folded.text_content()


def test_graded_steps_stand_beside_each_other_with_critiques_and_the_first_error(
    site: Site,
) -> None:
    values = [
        {"ratings": [1, -1], "verdict": "found_error", "critiques": {"1": "Sign lost."}},
        {"ratings": [1, -1], "verdict": "found_error", "critiques": {}},
        {"ratings": [1, 0, "unsure"], "verdict": "solution", "critiques": {}},
    ]
    made = judged_campaign(site, [values], template="step_grading")
    page = html.fromstring(site.browser(Role.QA_LEAD).get(made.item_address(0)).text)
    rows = page.xpath("//table[contains(@class, 'parts')]/tbody/tr")
    marks = [
        [mark.text for mark in row.xpath("./td[contains(@class, 'parts-mark')]/span")]
        for row in rows
    ]
    # Who found an error comes before who did not; the majority is the last column.
    assert marks == [["+1", "+1", "+1", "+1"], ["−1", "−1", "0", "−1"], ["·", "·", "?", "–"]]
    assert [row.get("class") for row in rows] == [None, "is-decisive", None]
    assert "Sign lost." in rows[1].text_content()
    assert "Reference answer" in page.text_content()


def test_next_and_previous_walk_along_the_disagreements(site: Site) -> None:
    made = judged_campaign(
        site,
        [
            [comparison(-1), comparison(-2)],
            [comparison(-3), comparison(3)],
            [comparison(2), comparison(2)],
            [comparison(-1), comparison(-2)],
        ],
    )
    lead = site.browser(Role.QA_LEAD)

    def step(address: str, key: str) -> str | None:
        page = html.fromstring(lead.get(address).text)
        found = page.xpath(f"//a[@data-key='{key}']/@href")
        return found[0].removeprefix("http://testserver") if found else None

    walk = [made.item_address(number) for number in (1, 0, 3)]
    assert step(walk[0], "k") is None
    assert step(walk[0], "j") == walk[1]
    assert step(walk[1], "j") == walk[2]
    assert step(walk[2], "j") is None
    assert step(walk[2], "k") == walk[1]
    assert step(made.item_address(2), "j") == walk[0]
