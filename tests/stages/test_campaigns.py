"""Campaigns: created with checked options, found by id or name, pinned, paused and closed."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import make_campaign, make_expert, make_items, make_organization
from tests.imports import Desk, comparison_row, judgment_row
from workbench.assignment.queue import claim_next
from workbench.campaigns.campaign import (
    create_campaign,
    get_campaign,
    revise_guidelines,
    set_status,
)
from workbench.campaigns.pinning import guidelines_of, options_of, template_of
from workbench.campaigns.queries import list_campaigns, summarize_campaign
from workbench.clock import FixedClock
from workbench.contracts import registry
from workbench.contracts.registry import get_template
from workbench.database.session import Database
from workbench.errors import (
    AmbiguousName,
    BadRequest,
    CampaignClosed,
    Conflict,
    NotFound,
    OptionInvalid,
    TemplateBroken,
)
from workbench.models import AuditEvent, Campaign, CampaignStatus, Organization, Position


def create(
    session: Session, clock: FixedClock, organization_id: int, **changes: object
) -> Campaign:
    given = {
        "name": "First",
        "template_key": "pairwise_preference",
        "options": {},
        "now": clock.now(),
        "actor": "cli",
    }
    return create_campaign(session, organization_id=organization_id, **{**given, **changes})  # type: ignore[arg-type]


def test_a_campaign_is_pinned_to_its_template_and_the_templates_guidelines(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        organization = make_organization(session, clock)
        made = create(session, clock, organization.id, overlap=3)
    with database.read() as session:
        found = session.get_one(Campaign, made.id)
        template = get_template("pairwise_preference")
        assert (found.template_key, found.template_version) == (template.key, template.version)
        assert found.status is CampaignStatus.OPEN
        assert found.overlap == 3
        assert found.guideline_version == 1
        assert guidelines_of(session, found) == template.guidelines
        assert template_of(found).key == template.key
        assert options_of(found) == template.options_model()


def test_creation_is_audited(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        made = create(session, clock, make_organization(session, clock).id)
    with database.read() as session:
        events = session.scalars(select(AuditEvent).filter_by(action="campaign_created")).all()
    assert [event.subject for event in events] == [made.public_id]


def test_options_may_be_text_and_are_stored_as_what_they_are(
    sqlite_database: Database, clock: FixedClock
) -> None:
    with sqlite_database.write() as session:
        organization = make_organization(session, clock)
        options = {"require_rationale": "true", "min_rationale_chars": "20"}
        made = create(session, clock, organization.id, options=options)
    assert made.options == {
        "require_rationale": True,
        "min_rationale_chars": 20,
        "flags": "",
        "ask_for_wrong_claims": False,
        "allow_identical": False,
    }


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ({"require_rationale": "perhaps"}, "require_rationale", ["perhaps", "true or false"]),
        ({"min_rationale_chars": "few"}, "min_rationale_chars", ["few", "a whole number"]),
        ({"min_rationale_chars": "-1"}, "min_rationale_chars", ["-1", "at least 0"]),
        ({"colour": "red"}, "colour", ["no option 'colour'"]),
    ],
)
def test_a_wrong_option_is_named_with_those_there_are(
    sqlite_database: Database, clock: FixedClock, options: dict, field: str, words: list[str]
) -> None:
    with sqlite_database.write() as session:
        organization_id = make_organization(session, clock).id
    with sqlite_database.write() as session, pytest.raises(OptionInvalid) as refusal:
        create(session, clock, organization_id, options=options)
    assert [row.field for row in refusal.value.rows] == [field]
    for word in [*words, "require_rationale, min_rationale_chars"]:
        assert word in refusal.value.message


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"overlap": 0}, BadRequest),
        ({"overlap": -2}, BadRequest),
        ({"name": ""}, BadRequest),
        ({"name": "   "}, BadRequest),
        ({"name": "x" * 201}, BadRequest),
        ({"name": "two\nlines"}, BadRequest),
        ({"name": "nul\0"}, BadRequest),
        ({"template_key": "essay"}, BadRequest),
    ],
)
def test_what_cannot_be_a_campaign_is_refused(
    sqlite_database: Database, clock: FixedClock, changes: dict, error: type[Exception]
) -> None:
    with sqlite_database.write() as session:
        organization_id = make_organization(session, clock).id
    with sqlite_database.write() as session, pytest.raises(error):
        create(session, clock, organization_id, **changes)


def test_an_unknown_template_is_answered_with_those_there_are(
    sqlite_database: Database, clock: FixedClock
) -> None:
    with sqlite_database.write() as session:
        organization_id = make_organization(session, clock).id
    with (
        sqlite_database.write() as session,
        pytest.raises(BadRequest, match=r"pairwise_preference, .*step_grading"),
    ):
        create(session, clock, organization_id, template_key="essay")


def test_a_name_is_taken_within_an_organization_only(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        one, other = make_organization(session, clock), make_organization(session, clock, "Other")
        create(session, clock, one.id)
        create(session, clock, other.id)
    with database.write() as session, pytest.raises(Conflict, match="already"):
        create(session, clock, one.id)


def test_a_campaign_is_found_by_id_and_by_name_within_its_organization(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        one, other = make_organization(session, clock), make_organization(session, clock, "Other")
        mine = create(session, clock, one.id)
        theirs = create(session, clock, other.id)
        disguised = create(session, clock, other.id, name=mine.public_id)
    with database.read() as session:
        assert get_campaign(session, reference=mine.public_id).id == mine.id
        assert get_campaign(session, reference="First", organization_id=other.id).id == theirs.id
        found = get_campaign(session, reference=mine.public_id, organization_id=other.id)
        assert found.id == disguised.id
        with pytest.raises(AmbiguousName, match="--organization"):
            get_campaign(session, reference="First")
        with pytest.raises(NotFound):
            get_campaign(session, reference=theirs.public_id, organization_id=one.id)
        with pytest.raises(NotFound):
            get_campaign(session, reference="Nothing")


def test_a_change_of_status_is_audited_once(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        made = create(session, clock, make_organization(session, clock).id)
        for status in (CampaignStatus.PAUSED, CampaignStatus.PAUSED, CampaignStatus.OPEN):
            set_status(session, made, status, now=clock.now(), actor="cli")
        set_status(session, made, CampaignStatus.CLOSED, now=clock.now(), actor="cli")
    with database.read() as session:
        actions = session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions[-3:] == ["campaign_paused", "campaign_opened", "campaign_closed"]


def test_old_guidelines_stay_readable(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        made = create(session, clock, make_organization(session, clock).id, guidelines="Old.")
        revise_guidelines(session, made, "New.", now=clock.now(), actor="cli")
        assert made.guideline_version == 2
        assert guidelines_of(session, made) == "New."
        assert guidelines_of(session, made, version=1) == "Old."
        with pytest.raises(BadRequest):
            revise_guidelines(session, made, " \n", now=clock.now(), actor="cli")
        set_status(session, made, CampaignStatus.CLOSED, now=clock.now(), actor="cli")
        with pytest.raises(CampaignClosed):
            revise_guidelines(session, made, "Newer.", now=clock.now(), actor="cli")


def test_a_campaign_whose_template_is_gone_says_so(
    sqlite_database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite_database.write() as session:
        made = create(session, clock, make_organization(session, clock).id)
    monkeypatch.setattr(registry, "task_templates", dict)
    with pytest.raises(TemplateBroken, match="First"):
        template_of(made)


def test_a_template_that_refuses_old_options_says_so(
    sqlite_database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite_database.write() as session:
        made = create(session, clock, make_organization(session, clock).id)
    other = get_template("step_grading")
    changed = dataclasses.replace(
        get_template("pairwise_preference"), options_model=other.options_model
    )
    monkeypatch.setattr(registry, "task_templates", lambda: {changed.key: changed})
    with pytest.raises(TemplateBroken, match="refuses the options"):
        options_of(made)


def test_the_list_shows_how_far_each_campaign_is(desk: Desk) -> None:
    desk.items(comparison_row("p-1"), comparison_row("p-2"), comparison_row("p-3"))
    desk.judgments(
        judgment_row("p-1", "a1"),
        judgment_row("p-1", "a2"),
        judgment_row("p-1", "m", annotator_kind="model"),
        judgment_row("p-2", "a1"),
        judgment_row("p-2", "a1", value={"strength": 1}),
    )
    with desk.database.read() as session:
        summary = summarize_campaign(session, desk.campaign)
    assert (summary.items, summary.finished_items, summary.judgments) == (3, 1, 4)


def test_an_item_whose_last_slot_is_being_worked_on_is_not_finished(desk: Desk) -> None:
    desk.items(comparison_row("p-1"))
    desk.judgments(judgment_row("p-1", "a1"))
    with desk.database.write() as session:
        organization = session.get_one(Organization, desk.campaign.organization_id)
        lease = claim_next(
            session,
            campaign_id=desk.campaign_id,
            expert_id=make_expert(session, desk.clock, organization).id,
            position=Position.CURRENT,
            now=desk.clock.now(),
            lease_for=timedelta(minutes=5),
        )
        assert lease is not None
        summary = summarize_campaign(session, desk.campaign)
    assert (summary.items, summary.finished_items) == (1, 0)


def test_lists_are_paged_newest_first_and_stay_within_an_organization(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        one, other = make_organization(session, clock), make_organization(session, clock, "Other")
        names = [f"c{number}" for number in range(5)]
        for name in names:
            make_campaign(session, clock, one, name=name)
        paused = make_campaign(session, clock, other, name="theirs")
        set_status(session, paused, CampaignStatus.PAUSED, now=clock.now(), actor="cli")
    with database.read() as session:
        first = list_campaigns(session, organization_id=one.id, page=1, page_size=3)
        second = list_campaigns(session, organization_id=one.id, page=2, page_size=3)
        everything = list_campaigns(session, organization_id=None)
        halted = list_campaigns(session, organization_id=None, status=CampaignStatus.PAUSED)
    assert [row.name for row in (*first.rows, *second.rows)] == names[::-1]
    assert (first.total, first.pages) == (5, 2)
    assert everything.total == 6
    assert [row.name for row in halted.rows] == ["theirs"]


def test_a_summary_names_ids_and_names(sqlite_database: Database, clock: FixedClock) -> None:
    with sqlite_database.write() as session:
        organization = make_organization(session, clock)
        campaign = make_campaign(session, clock, organization, name="First")
        make_items(session, clock, campaign, 2)
        document = summarize_campaign(session, campaign).as_document()
    assert (document["id"], document["name"]) == (campaign.public_id, "First")
    assert document["organization"] == {"id": organization.public_id, "name": organization.name}
    assert document["progress"] == {"items": 2, "finished_items": 0, "judgments": 0}
