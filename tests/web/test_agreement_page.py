"""Agreement as a lead reads it: pictures with titles, words, and what is held back."""

from __future__ import annotations

import re

import pytest
from lxml import html

from tests.judged_campaigns import judge
from tests.web.judged import JudgedCampaign, comparison, judged_campaign
from tests.web.site import Site, location
from workbench.models import Role
from workbench.worker import Worker


def _many(site: Site, n: int = 24) -> JudgedCampaign:
    values = [[comparison(-2), comparison(2 if k % 4 == 0 else -1)] for k in range(n)]
    return judged_campaign(site, values, presentation=[1, 0])


def test_before_the_first_measurement_the_page_says_what_to_do(site: Site) -> None:
    made = judged_campaign(site, [[comparison(-2), comparison(2)]], measured=False)
    lead = site.browser(Role.QA_LEAD)
    assert "Not measured yet" in lead.get(f"{made.address}/agreement").text
    assert location(lead.post(f"{made.address}/measure")) == f"{made.address}/agreement"
    page = lead.get(f"{made.address}/agreement").text
    assert "Measured 2 judgments on 1 items." in page
    assert "up to date" in page


def test_every_figure_of_a_chart_can_be_read_as_text(site: Site) -> None:
    made = _many(site)
    page = html.fromstring(site.browser(Role.QA_LEAD).get(f"{made.address}/agreement").text)
    rows = page.xpath("//section[@aria-labelledby='coefficients']//svg[@role='img']/@aria-label")
    assert len(rows) == 2
    assert re.match(
        r"Which response is better: −?\d\.\d\d, −?\d\.\d\d to −?\d\.\d\d, .*n = 24 items",
        rows[0],
    )
    for picture in page.xpath("//svg[@role='img']"):
        assert picture.get("aria-label")


def test_coefficients_over_few_items_are_hidden_until_asked_for(site: Site) -> None:
    made = _many(site, 8)
    lead = site.browser(Role.QA_LEAD)
    page = lead.get(f"{made.address}/agreement").text
    assert "hidden" in page
    assert "Show them all the same" in page
    assert "The figures as a table" not in page
    shown = lead.get(f"{made.address}/agreement?show_all=true").text
    assert "Hide them" in shown
    assert "The figures as a table" in shown


def test_an_undefined_coefficient_has_its_reason(site: Site) -> None:
    made = judged_campaign(site, [[comparison(-2), comparison(-2)]] * 24)
    page = site.browser(Role.QA_LEAD).get(f"{made.address}/agreement").text
    assert "undefined" in page
    assert "everybody always gave the same answer" in page


def test_the_matrix_switches_between_percent_and_kappa_and_leads_to_the_items(site: Site) -> None:
    made = _many(site)
    lead = site.browser(Role.QA_LEAD)
    percent = html.fromstring(lead.get(f"{made.address}/agreement").text)
    kappa = html.fromstring(lead.get(f"{made.address}/agreement?matrix=kappa").text)
    cell = "//svg//g[@class='chart-pair']/text/text()"
    assert percent.xpath(cell) == ["75", "75"]
    assert kappa.xpath(cell) != percent.xpath(cell)
    titles = percent.xpath("//svg//g[@class='chart-pair']/title/text()")
    assert "Ada Lovelace and Grace Hopper: 0.75, n = 24 shared" in titles
    address = percent.xpath("//a[g[@class='chart-pair']]/@href")[0]
    behind = lead.get(address.removeprefix("http://testserver")).text
    assert "Judged by all of" in behind
    assert "1–24 of 24" in behind


def test_position_bias_is_drawn_and_put_in_words(site: Site) -> None:
    # Everybody saw the second response first and mostly preferred the first one.
    made = _many(site)
    page = site.browser(Role.QA_LEAD).get(f"{made.address}/agreement").text
    assert "Position bias" in page
    assert "First-shown winners" in page
    assert "n = 48 judgments" in page


def test_a_report_says_that_newer_judgments_are_not_in_it(site: Site) -> None:
    made = _many(site)
    with site.database.write() as session:
        judge(session, site.clock, made.items[0], made.annotators[0], comparison(3))
    for address in (made.address, f"{made.address}/agreement"):
        assert "newer judgments are not in it" in site.browser(Role.QA_LEAD).get(address).text


def test_outcomes_have_the_words_of_their_task_type(site: Site) -> None:
    steps = [
        {"ratings": [1, -1], "verdict": "found_error", "critiques": {}},
        {"ratings": [1, 1, 1], "verdict": "solution", "critiques": {}},
    ]
    made = judged_campaign(site, [steps] * 3, template="step_grading")
    page = site.browser(Role.QA_LEAD).get(f"{made.address}/agreement?show_all=true").text
    for words in ("Grade of a step", "No error", "Step 2", "Solves the problem", "Votes tied"):
        assert words in page, words


def test_a_large_campaign_is_left_to_the_worker(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.web.pages.agreement.MEASURED_AT_ONCE", 1)
    made = judged_campaign(site, [[comparison(-2), comparison(2)]], measured=False)
    lead = site.browser(Role.QA_LEAD)
    lead.post(f"{made.address}/measure")
    assert "2 judgments are being measured" in lead.get(f"{made.address}/agreement").text
    worker = Worker(site.database, site.clock, site.app.state.settings)
    assert worker.run_once()
    assert "up to date" in lead.get(f"{made.address}/agreement").text
