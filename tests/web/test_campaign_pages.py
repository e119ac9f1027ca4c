"""A lead's campaigns: the list, a new one, its overview, guidelines and imports."""

from __future__ import annotations

import json

from sqlalchemy import select

from tests.factories import make_campaign, make_items
from tests.web.judged import comparison, judged_campaign
from tests.web.site import Site, location
from workbench.models import Assignment, AssignmentStatus, Campaign, CampaignStatus, Guideline, Role


def test_the_empty_list_says_how_to_begin_in_the_browser_and_on_the_command_line(
    site: Site,
) -> None:
    page = site.browser(Role.QA_LEAD).get("/campaigns").text
    assert "No campaign yet" in page
    assert "workbench campaign create" in page
    assert "/campaigns/new" in page


def test_the_list_shows_progress_agreement_with_its_interval_and_simulation(site: Site) -> None:
    made = judged_campaign(
        site, [[comparison(-2), comparison(2 if n % 4 else -2)] for n in range(24)]
    )
    with site.database.write() as session:
        session.get_one(Campaign, made.campaign.id).is_simulated = True
    page = site.browser(Role.QA_LEAD).get("/campaigns").text
    assert made.campaign.name in page
    assert "48 / 48" in page
    assert "n = 24 items" in page
    assert "badge-simulated" in page


def test_the_list_keeps_a_coefficient_over_few_items_to_itself(site: Site) -> None:
    judged_campaign(site, [[comparison(-2), comparison(-1 if n else 2)] for n in range(5)])
    page = site.browser(Role.QA_LEAD).get("/campaigns").text
    assert "only 5 of 20 judged twice" in page


def test_the_list_is_paged_and_narrowed_by_status(site: Site) -> None:
    with site.database.write() as session:
        for number in range(23):
            campaign = make_campaign(session, site.clock, site.organization, name=f"Run {number}")
            if number == 7:
                campaign.status = CampaignStatus.CLOSED
    lead = site.browser(Role.QA_LEAD)
    assert "1–20 of 23" in lead.get("/campaigns").text
    assert "21–23 of 23" in lead.get("/campaigns?page=2").text
    closed = lead.get("/campaigns?status=closed").text
    assert "Run 7" in closed
    assert "Run 8" not in closed


def test_a_campaign_is_made_with_the_options_of_its_task_type(site: Site) -> None:
    lead = site.browser(Role.QA_LEAD)
    form = lead.get("/campaigns/new?template=step_grading").text
    assert "option.stop_at_first_error" in form
    response = lead.post(
        "/campaigns",
        data={
            "name": "Steps",
            "template": "step_grading",
            "overlap": "2",
            "option.stop_at_first_error": ["false", "true"],
            "option.show_reference": "false",
            "guidelines": "Be kind.\r\nBe exact.",
        },
    )
    with site.database.read() as session:
        campaign = session.scalars(select(Campaign)).one()
        guideline = session.scalars(select(Guideline)).one()
    assert location(response) == f"/campaigns/{campaign.public_id}/import"
    assert campaign.options["stop_at_first_error"] is True
    assert campaign.options["show_reference"] is False
    assert campaign.overlap == 2
    assert guideline.text == "Be kind.\nBe exact."


def test_a_refused_campaign_leads_back_to_the_form_with_the_reason(site: Site) -> None:
    lead = site.browser(Role.QA_LEAD)
    form = {
        "name": "Bad",
        "template": "pairwise_preference",
        "overlap": "1",
        "option.min_rationale_chars": "many",
    }
    response = lead.post("/campaigns", data=form)
    assert location(response) == "/campaigns/new"
    assert "min_rationale_chars" in lead.get("/campaigns/new").text
    with site.database.read() as session:
        assert session.scalars(select(Campaign)).all() == []


def test_the_overview_counts_items_by_how_far_they_are(site: Site) -> None:
    made = judged_campaign(site, [[comparison(-2), comparison(2)]] * 3 + [[None, None]] * 2)
    page = site.browser(Role.QA_LEAD).get(made.address).text
    assert "Ada Lovelace" in page
    assert "6 of 10 judgments" in page
    assert "Worst disagreement" in page
    assert f"{made.address}/items/" in page


def test_engineers_know_experts_by_pseudonyms_everywhere(site: Site) -> None:
    values = [[comparison(-2, f"Reason {n}."), comparison(2 if n % 3 else -2)] for n in range(24)]
    made = judged_campaign(site, values)
    engineer, lead = site.browser(Role.ENGINEER), site.browser(Role.QA_LEAD)
    addresses = [
        made.address,
        f"{made.address}/agreement?show_all=true",
        f"{made.address}/items",
        made.item_address(1),
    ]
    for address in addresses:
        seen = engineer.get(address).text
        assert "Lovelace" not in seen, address
        assert "Hopper" not in seen, address
        for annotator in made.annotators:
            assert annotator.public_id not in seen, address
    assert "Reason 1." in engineer.get(made.item_address(1)).text
    assert "Ada Lovelace" in lead.get(made.item_address(1)).text
    one, other = (engineer.get(address).text for address in addresses[:2])
    pseudonym = one.split("Expert ", 1)[1][:5]
    assert pseudonym in other


def test_an_engineer_may_not_ask_who_judged_what(site: Site) -> None:
    made = judged_campaign(site, [[comparison(-2), comparison(2)]] * 2)
    query = f"?judged_by={made.annotators[0].public_id}"
    assert site.browser(Role.ENGINEER).get(f"{made.address}/items{query}").status_code == 403


def test_pausing_gives_back_what_was_prefetched(site: Site) -> None:
    with site.database.write() as session:
        campaign = make_campaign(session, site.clock, site.organization)
        make_items(session, site.clock, campaign, 3)
    expert = site.browser(Role.EXPERT)
    for position in ("current", "next"):
        url = f"/api/v1/campaigns/{campaign.public_id}/claim"
        assert expert.post(url, json={"position": position}).status_code == 200
    lead = site.browser(Role.QA_LEAD)
    address = f"/campaigns/{campaign.public_id}"
    assert location(lead.post(f"{address}/status", data={"status": "paused"})) == address
    with site.database.read() as session:
        states = sorted(session.scalars(select(Assignment.status)))
        assert session.get_one(Campaign, campaign.id).status is CampaignStatus.PAUSED
    assert states == [AssignmentStatus.LEASED, AssignmentStatus.RELEASED]
    assert "Open again" in lead.get(address).text


def test_guidelines_go_on_by_versions_that_can_all_be_read(site: Site) -> None:
    with site.database.write() as session:
        campaign = make_campaign(session, site.clock, site.organization)
    lead = site.browser(Role.QA_LEAD)
    address = f"/campaigns/{campaign.public_id}/guidelines"
    response = lead.post(address, data={"text": "# Second thoughts\r\n\r\nRead **twice**."})
    assert location(response) == address
    page = lead.get(address).text
    assert "<strong>twice</strong>" in page
    assert "Version 2" in page
    assert "<strong>twice</strong>" not in lead.get(f"{address}?version=1").text
    assert lead.get(f"{address}?version=3").status_code == 404


def test_guidelines_with_a_script_are_only_text(site: Site) -> None:
    with site.database.write() as session:
        campaign = make_campaign(session, site.clock, site.organization)
    lead = site.browser(Role.QA_LEAD)
    address = f"/campaigns/{campaign.public_id}/guidelines"
    lead.post(address, data={"text": "Hello <script>alert(1)</script>"})
    assert "<script>alert" not in lead.get(address).text


def test_an_upload_of_items_ends_on_a_page_with_its_counts(site: Site) -> None:
    with site.database.write() as session:
        campaign = make_campaign(session, site.clock, site.organization)
    address = f"/campaigns/{campaign.public_id}/import"
    rows = [_item_row("a"), _item_row("b")]
    lead = site.browser(Role.QA_LEAD)
    outcome = location(lead.post(f"{address}/items", files={"file": ("items.jsonl", _jsonl(rows))}))
    page = lead.get(outcome).text
    assert "items.jsonl" in page
    assert "<dt>Added</dt><dd>2</dd>" in page
    again = location(lead.post(f"{address}/items", files={"file": ("items.jsonl", _jsonl(rows))}))
    assert "<dt>Unchanged</dt><dd>2</dd>" in lead.get(again).text


def test_a_file_with_bad_rows_is_refused_with_every_one_of_them(site: Site) -> None:
    with site.database.write() as session:
        campaign = make_campaign(session, site.clock, site.organization)
    address = f"/campaigns/{campaign.public_id}/import"
    bad = {"external_id": "b", "prompt": "x", "responses": [{"text": "only one"}]}
    rows = [_item_row("a"), bad, {**bad, "external_id": "c"}]
    lead = site.browser(Role.QA_LEAD)
    sent = {"file": ("items.jsonl", _jsonl(rows))}
    page = lead.get(location(lead.post(f"{address}/items", files=sent))).text
    assert "Nothing was imported" in page
    assert '<td class="num">2</td><td><code>responses</code></td>' in page
    assert '<td class="num">3</td><td><code>responses</code></td>' in page
    kept = lead.post(f"{address}/items", files=sent, data={"skip_bad_rows": "true"})
    page = lead.get(location(kept)).text
    assert "<dt>Added</dt><dd>1</dd>" in page
    assert "<dt>Rejected</dt><dd>2</dd>" in page


def test_what_became_of_an_upload_is_not_for_another_campaign(site: Site) -> None:
    with site.database.write() as session:
        one = make_campaign(session, site.clock, site.organization)
        other = make_campaign(session, site.clock, site.organization)
    lead = site.browser(Role.QA_LEAD)
    sent = {"file": ("secret.jsonl", _jsonl([_item_row("a")]))}
    address = location(lead.post(f"/campaigns/{one.public_id}/import/items", files=sent))
    assert "secret.jsonl" in lead.get(address).text
    elsewhere = address.replace(one.public_id, other.public_id)
    assert "secret.jsonl" not in lead.get(elsewhere).text
    crooked = f"/campaigns/{one.public_id}/import?outcome=../../workbench"
    assert lead.get(crooked).status_code == 200


def test_judgments_collected_elsewhere_are_uploaded_too(site: Site) -> None:
    with site.database.write() as session:
        campaign = make_campaign(session, site.clock, site.organization)
        (item,) = make_items(session, site.clock, campaign, 1)
    row = {"external_id": item.external_id, "annotator": "a7", "value": {"strength": -2}}
    address = f"/campaigns/{campaign.public_id}"
    lead = site.browser(Role.QA_LEAD)
    sent = {"file": ("judgments.jsonl", _jsonl([row]))}
    page = lead.get(location(lead.post(f"{address}/import/judgments", files=sent))).text
    assert "<dt>Added</dt><dd>1</dd>" in page
    assert "Imported" in lead.get(f"{address}/items/{item.public_id}").text


def _item_row(name: str) -> dict[str, object]:
    return {
        "external_id": name,
        "prompt": f"Question {name}",
        "responses": [{"text": "Yes."}, {"text": "No."}],
    }


def _jsonl(rows: list[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)
