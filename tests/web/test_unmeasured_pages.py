"""The lead's pages on a campaign whose task type measures nothing."""

from __future__ import annotations

import pytest

from tests.web.judged import judged_campaign
from tests.web.site import Site
from workbench.models import Role

WRITTEN = [
    [{"response": "One **way**.", "sources": "A handbook."}, {"response": "Another way."}]
] * 2


@pytest.mark.parametrize("show_all", ["", "?show_all=true", "?matrix=kappa&field=direction"])
def test_the_agreement_page_shows_how_far_texts_lie_apart_and_no_agreement(
    site: Site, show_all: str
) -> None:
    made = judged_campaign(site, WRITTEN, template="demonstration")
    answer = site.browser(Role.QA_LEAD).get(f"{made.address}/agreement{show_all}")
    assert answer.status_code == 200
    assert "How far the responses lie apart" in answer.text
    assert "Krippendorff" not in answer.text
    assert "Annotators against each other" not in answer.text


def test_the_campaigns_pages_are_there(site: Site) -> None:
    made = judged_campaign(site, WRITTEN, template="demonstration")
    lead = site.browser(Role.QA_LEAD)
    for address in (made.address, f"{made.address}/items", "/campaigns"):
        assert lead.get(address).status_code == 200


def test_an_item_shows_every_demonstration(site: Site) -> None:
    made = judged_campaign(site, WRITTEN, template="demonstration")
    page = site.browser(Role.QA_LEAD).get(made.item_address(0)).text
    assert "One <strong>way</strong>." in page
    assert "A handbook." in page
    assert "Another way." in page
    assert "2 demonstrations" in page
    assert "Steps" not in page
