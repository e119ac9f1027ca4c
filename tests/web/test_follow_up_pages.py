"""A lead makes a follow-up, and both campaigns lead to each other."""

from __future__ import annotations

from sqlalchemy import select

from tests.web.judged import JudgedCampaign, comparison, judged_campaign
from tests.web.site import Site, location
from workbench.follow_ups.issue import issue_follow_ups
from workbench.models import Campaign, FollowUp, Role


def made_follow_up(site: Site, source: JudgedCampaign, **changes: str) -> str:
    form = {
        "name": "Edits",
        "template": "critique_and_edit",
        "overlap": "1",
        "follows": source.campaign.public_id,
        "record": "preference",
        "consensus": "mean",
        "min_judgments": "2",
        "min_confidence": "0.5",
        "min_margin": "",
        "only_others": "true",
    }
    return location(site.browser(Role.QA_LEAD).post("/campaigns", data=form | changes))


def test_the_form_offers_the_task_types_that_can_follow_the_chosen_campaign(site: Site) -> None:
    source = judged_campaign(site, [[comparison(-2), comparison(-2)]])
    lead = site.browser(Role.QA_LEAD)
    assert source.campaign.name in lead.get("/campaigns/new").text
    page = lead.get(f"/campaigns/new?follows={source.campaign.public_id}").text
    assert "template=critique_and_edit" in page
    assert "template=rubric_grading" not in page
    assert f'value="{source.campaign.public_id}"' in page
    graded = lead.get(
        f"/campaigns/new?template=step_grading&follows={source.campaign.public_id}"
    ).text
    assert '<option value="preference">Preference</option>' in graded
    assert "option.stop_at_first_error" in graded


def test_a_follow_up_is_made_by_the_form_and_the_two_campaigns_link_to_each_other(
    site: Site,
) -> None:
    source = judged_campaign(site, [[comparison(-2), comparison(-2)], [comparison(0)] * 2])
    address = made_follow_up(site, source)
    with site.database.read() as session:
        follow_up = session.scalars(select(FollowUp)).one()
        campaign = session.get_one(Campaign, follow_up.campaign_id)
    assert address == f"/campaigns/{campaign.public_id}"
    assert (follow_up.method, follow_up.min_judgments, follow_up.min_margin) == ("mean", 2, None)
    assert (follow_up.min_confidence, campaign.is_for_others) == (0.5, True)
    lead = site.browser(Role.QA_LEAD)
    empty = lead.get(address).text
    assert f'href="http://testserver{source.address}"' in empty
    assert "They come on their own" in empty
    issue_follow_ups(site.database, campaign_id=campaign.id, clock=site.clock)
    page = lead.get(address).text
    assert "1 items from there" in page
    assert "Tie" in page
    back = lead.get(source.address).text
    assert f'href="http://testserver{address}"' in back
    assert "1 items issued" in back


def test_a_task_type_that_cannot_follow_is_refused_on_the_form(site: Site) -> None:
    source = judged_campaign(site, [[comparison(-2), comparison(-2)]])
    assert made_follow_up(site, source, template="rubric_grading") == "/campaigns/new"
    with site.database.read() as session:
        assert session.scalars(select(FollowUp)).all() == []


def test_a_campaign_of_another_organization_cannot_be_followed(site: Site) -> None:
    source = judged_campaign(site, [[comparison(-2), comparison(-2)]])
    stranger = site.add_member(Role.QA_LEAD, site.add_organization("Other"))
    browser = site.browser(stranger)
    reference = source.campaign.public_id
    assert browser.get(f"/campaigns/new?follows={reference}").status_code == 404
    form = {"name": "x", "template": "critique_and_edit", "overlap": "1", "follows": reference}
    assert browser.post("/campaigns", data=form).status_code == 404
    assert source.campaign.name not in browser.get("/campaigns/new").text
