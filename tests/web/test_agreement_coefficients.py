"""Coefficients besides α, as pages and scripts are given them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from lxml import html

from tests.web.judged import JudgedCampaign, comparison, judged_campaign
from tests.web.site import Site
from workbench.campaigns import pinning
from workbench.contracts.registry import get_template
from workbench.contracts.task_template import Ballot, Coefficient, Settlement, Statistic
from workbench.models import Role

SHARE_OF_FIRST = Coefficient(
    field="firsts",
    title="Share of first",
    note="How many preferred the first response: 0 is nobody.",
    low=0,
    high=1,
    of=lambda _item, judgments: sum(one.strength < 0 for one in judgments) / len(judgments),
)


def unsettled(_item: Any, ballot: Ballot) -> Settlement:
    assert ballot.votes == {}
    return Settlement(value=None, reason="conflict")


def use(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    changed = replace(get_template("pairwise_preference"), configure=None, **changes)
    monkeypatch.setattr(pinning, "get_template", lambda _key: changed)


def with_both(monkeypatch: pytest.MonkeyPatch) -> None:
    measures = [
        replace(one, also=(Statistic.GWET_AC1, Statistic.QUADRATIC_KAPPA))
        for one in get_template("pairwise_preference").measures
    ]
    use(monkeypatch, measures=measures, coefficients=[SHARE_OF_FIRST])


def campaign_of(site: Site, n: int = 24) -> JudgedCampaign:
    values = [[comparison(-2), comparison(2 if k % 4 == 0 else -1)] for k in range(n)]
    return judged_campaign(site, values)


def pictures(page: str, xpath: str) -> Sequence[str]:
    return html.fromstring(page).xpath(f"{xpath}//svg[@role='img']/@aria-label")


def test_each_coefficient_is_drawn_with_its_interval(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_both(monkeypatch)
    made = campaign_of(site)
    page = site.browser(Role.QA_LEAD).get(f"{made.address}/agreement").text
    others = pictures(page, "//section[@aria-labelledby='others']")
    assert len(others) == 4
    assert others[0].startswith("Which response is better: 0.")
    assert "Gwet's AC1, n = 24 items" in others[0]
    assert "κ, quadratic weights" in others[1]
    (share,) = pictures(page, "//section[@aria-label='Share of first']")
    assert share.startswith("Share of first: 0.88, 0.")
    assert "How many preferred the first response" in page
    assert "AC1 (Gwet 2008)" in page
    table = html.fromstring(page).xpath("//details//th[@scope='row']/text()")
    assert table.count("Share of first") == 1


def test_few_items_hide_them_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, measures=(), settle=unsettled, coefficients=[SHARE_OF_FIRST])
    made = campaign_of(site, 8)
    lead = site.browser(Role.QA_LEAD)
    hidden = lead.get(f"{made.address}/agreement").text
    assert "Share of first: hidden" in hidden
    assert "Show them all the same" in hidden
    shown = lead.get(f"{made.address}/agreement?show_all=true").text
    assert "Share of first: 0.88" in shown


def test_scripts_are_given_them(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with_both(monkeypatch)
    made = campaign_of(site)
    answer = (
        site.browser(Role.QA_LEAD)
        .get(f"/api/v1/campaigns/{made.campaign.public_id}/agreement")
        .json()
    )
    assert [one["statistic"] for one in answer["measures"][0]["also"]] == [
        "gwet_ac1",
        "quadratic_kappa",
    ]
    (share,) = answer["coefficients"]
    assert (share["field"], share["n_items"], share["mean"]) == ("firsts", 24, 0.875)


def test_no_page_minds_a_task_on_which_nothing_is_measured(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, measures=(), settle=unsettled)
    made = judged_campaign(site, [[comparison(-2), comparison(2)]] * 3)
    lead = site.browser(Role.QA_LEAD)
    for address in (
        "/campaigns",
        made.address,
        f"{made.address}/agreement",
        f"{made.address}/agreement?show_all=true",
        f"{made.address}/items",
        made.item_address(0),
        f"{made.address}/releases",
    ):
        answer = lead.get(address)
        assert answer.status_code == 200, address
    page = lead.get(f"{made.address}/agreement").text
    assert "each answer stands on its own" in page
    assert "What was answered" not in page
    assert "nothing that two people could agree on" in lead.get(made.address).text
