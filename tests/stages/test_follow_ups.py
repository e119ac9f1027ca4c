"""Follow-ups: items made from what another campaign settles, issued once and by what it settles."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from tests.judged_campaigns import make_compared
from tests.stages.followed import LEASE_FOR, Pair
from workbench.aggregation.refresh import refresh_campaign
from workbench.assignment.lease import expire_due, release_lease
from workbench.assignment.progress import measure_progress
from workbench.campaigns.campaign import set_status
from workbench.clock import FixedClock
from workbench.contracts.records import RecordKind
from workbench.contracts.task_template import ConsensusMethod
from workbench.database.session import Database
from workbench.errors import BadRequest
from workbench.follow_ups import issue
from workbench.follow_ups.follow import Following, follow_campaign
from workbench.follow_ups.issue import issue_follow_ups
from workbench.follow_ups.queries import find_followed, list_follow_ups
from workbench.identifiers import Prefix, new_public_id
from workbench.models import (
    AuditEvent,
    Campaign,
    CampaignStatus,
    Item,
    Judgment,
)
from workbench.settings import Settings
from workbench.worker import Worker


def test_the_winner_of_each_settled_comparison_becomes_an_item(
    database: Database, clock: FixedClock
) -> None:
    pair = Pair(database, clock, [[-2, -1], [2, 3], [0, 0], [None, None]])
    issued = pair.issue()
    assert (issued.added, issued.withdrawn) == (2, 0)
    assert pair.texts() == {pair.id_of(0): "First", pair.id_of(1): "Second"}
    assert pair.outcomes() == {"issued": 2, "tie": 1}


def test_issuing_again_changes_nothing(database: Database, clock: FixedClock) -> None:
    pair = Pair(database, clock, [[-2, -1], [2, 3]])
    pair.issue()
    before = [(item.id, item.public_id) for item in pair.items()]
    again = pair.issue()
    assert (again.added, again.withdrawn, again.outcomes) == (0, 0, {})
    assert [(item.id, item.public_id) for item in pair.items()] == before


def test_what_is_settled_later_is_issued_later_and_comes_after_everyones_cursor(
    database: Database, clock: FixedClock
) -> None:
    pair = Pair(database, clock, [[-2], [None]])
    pair.issue()
    expert = pair.expert()
    first = pair.must_claim(expert)
    pair.submit(expert, first)
    assert pair.claim(expert) is None
    pair.judge(1, "late", 3)
    assert pair.issue().added == 1
    second = pair.must_claim(expert)
    assert second.item_id != first.item_id


def test_items_carry_the_metadata_of_their_source_and_name_it(
    database: Database, clock: FixedClock
) -> None:
    pair = Pair(database, clock, [[-2]])
    with database.write() as session:
        session.execute(update(Item).values(item_metadata={"domain": "law"}))
    pair.issue()
    (item,) = pair.items()
    assert item.item_metadata == {
        "domain": "law",
        "follows": {
            "campaign": pair.source.public_id,
            "item": pair.source_items[0].public_id,
            "external_id": pair.id_of(0),
        },
    }


def test_experts_of_a_follow_up_see_no_model_and_not_what_lost(
    database: Database, clock: FixedClock
) -> None:
    pair = Pair(database, clock, [[-2]])
    pair.issue()
    seen = str(pair.must_claim(pair.expert()).show())
    assert "First answer" in seen
    for hidden in ("atlas", "borealis", "Second answer", pair.source.public_id, pair.id_of(0)):
        assert hidden not in seen


@pytest.mark.parametrize(
    ("following", "outcome"),
    [
        (Following(min_judgments=3), "below_min_judgments"),
        (Following(min_judgments=1, min_confidence=0.8), "below_min_confidence"),
        (Following(min_judgments=1, min_margin=2.5), "below_min_margin"),
    ],
)
def test_a_filter_holds_back_what_does_not_pass_it_yet(
    database: Database, clock: FixedClock, following: Following, outcome: str
) -> None:
    strengths = [[-3, 3]] if outcome == "below_min_confidence" else [[-2, -2]]
    if outcome == "below_min_confidence":
        strengths = [[-3, -3, 1]]
    pair = Pair(database, clock, strengths, following=following)
    assert pair.issue().added == 0
    assert pair.outcomes() == {outcome: 1}
    for name in ("p", "q", "r", "s", "t", "u"):
        pair.judge(0, name, -3)
    assert pair.issue().added == 1
    assert pair.outcomes() == {"issued": 1}


def test_by_default_an_item_waits_for_all_judgments_that_its_source_wants(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        source, _, _ = make_compared(session, clock, [[-2]])
        source.overlap = 2
        session.flush()
        campaign = follow_campaign(
            session,
            source=source,
            name="Edits",
            template_key="critique_and_edit",
            options={},
            following=Following(),
            now=clock.now(),
            actor="cli",
        )
    refresh_campaign(database, campaign_id=source.id, clock=clock)
    issued = issue_follow_ups(database, campaign_id=campaign.id, clock=clock)
    assert (issued.added, issued.outcomes) == (0, {"below_min_judgments": 1})


def test_when_the_consensus_turns_before_anybody_saw_the_item_it_is_replaced(
    database: Database, clock: FixedClock
) -> None:
    pair = Pair(database, clock, [[-2]])
    pair.issue()
    pair.overturn(0)
    issued = pair.issue()
    assert (issued.added, issued.withdrawn) == (1, 1)
    assert pair.texts() == {pair.id_of(0): "Second"}
    assert len(pair.items()) == 1
    assert pair.outcomes() == {"issued": 1}


def test_when_the_consensus_is_lost_what_nobody_took_up_is_taken_back(
    database: Database, clock: FixedClock
) -> None:
    pair = Pair(database, clock, [[-2]])
    pair.issue()
    pair.judge(0, "other", 2)
    issued = pair.issue()
    assert (issued.added, issued.withdrawn) == (0, 1)
    assert pair.items() == []
    assert pair.outcomes() == {"tied": 1}


@pytest.mark.parametrize("is_judged", [False, True])
def test_what_somebody_took_up_is_kept_when_the_consensus_turns_and_is_noted(
    database: Database, clock: FixedClock, is_judged: bool
) -> None:
    pair = Pair(database, clock, [[-2]])
    pair.issue()
    expert = pair.expert()
    lease = pair.must_claim(expert)
    if is_judged:
        pair.submit(expert, lease)
    pair.overturn(0)
    issued = pair.issue()
    assert (issued.added, issued.withdrawn, issued.outcomes) == (0, 0, {"kept": 1})
    (item,) = pair.items()
    assert item.content["response"]["text"].startswith("First")
    assert pair.outcomes() == {"kept": 1}


def test_an_answer_on_its_way_to_a_replaced_item_is_kept_with_what_it_was_given_for(
    database: Database, clock: FixedClock
) -> None:
    pair = Pair(database, clock, [[-2]])
    pair.issue()
    expert = pair.expert()
    lease = pair.must_claim(expert)
    clock.advance(LEASE_FOR + timedelta(seconds=1))
    with database.write() as session:
        expire_due(session, now=clock.now())
    pair.overturn(0)
    pair.issue()
    assert pair.texts() == {pair.id_of(0): "Second"}
    pair.submit(expert, lease)
    with database.read() as session:
        judgment = session.scalars(
            select(Judgment).where(Judgment.campaign_id == pair.campaign.id)
        ).one()
        item = session.get_one(Item, judgment.item_id)
    assert item.content["response"]["text"].startswith("First")
    assert judgment.is_surplus


def test_an_item_that_came_back_unanswered_is_replaced(
    database: Database, clock: FixedClock
) -> None:
    pair = Pair(database, clock, [[-2]])
    pair.issue()
    expert = pair.expert()
    lease = pair.must_claim(expert)
    with database.write() as session:
        release_lease(
            session,
            assignment=lease.assignment,
            expert_id=expert.id,
            token=lease.token,
            now=clock.now(),
        )
    pair.overturn(0)
    assert pair.issue().withdrawn == 1
    assert pair.must_claim(expert).item_id != lease.item_id


def test_several_records_of_an_item_are_told_apart_by_a_number(
    database: Database, clock: FixedClock
) -> None:
    following = Following(record=RecordKind.RESPONSE, min_judgments=1)
    pair = Pair(database, clock, [[-2]], template="binary_feedback", following=following)
    pair.issue()
    assert pair.texts() == {pair.id_of(0): "First", f"{pair.id_of(0)}#2": "Second"}


def test_an_id_that_is_taken_is_not_given_twice(database: Database, clock: FixedClock) -> None:
    following = Following(record=RecordKind.RESPONSE, min_judgments=1)
    pair = Pair(database, clock, [[-2], [2]], template="binary_feedback", following=following)
    with database.write() as session:
        session.execute(
            update(Item)
            .where(Item.id == pair.source_items[1].id)
            .values(external_id=f"{pair.id_of(0)}#2")
        )
        session.execute(
            update(Item).where(Item.id == pair.source_items[0].id).values(external_id="x" * 255)
        )
    assert pair.issue().added == 4
    names = [item.external_id for item in pair.items()]
    assert len(set(names)) == 4
    assert max(map(len, names)) <= 255


def test_issuing_that_was_broken_off_is_completed_by_the_next(
    database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = Pair(database, clock, [[-2]] * 5)
    refresh_campaign(database, campaign_id=pair.source.id, clock=clock)
    monkeypatch.setattr(issue, "WRITTEN_AT_ONCE", 2)
    calls = [0]

    def fail_at_the_fourth(prefix: Prefix) -> str:
        calls[0] += 1
        if calls[0] == 4:
            raise OSError("no space left")
        return new_public_id(prefix)

    monkeypatch.setattr(issue, "new_public_id", fail_at_the_fourth)
    with pytest.raises(OSError, match="no space left"):
        issue_follow_ups(database, campaign_id=pair.campaign.id, clock=clock)
    assert len(pair.items()) == 2
    assert issue_follow_ups(database, campaign_id=pair.campaign.id, clock=clock).added == 3
    assert len(pair.items()) == 5
    with database.read() as session:
        actions = select(func.count()).where(AuditEvent.action == "follow_ups_issued")
        assert session.scalar(actions) == 2


def test_those_who_judged_the_source_may_get_the_follow_up_unless_it_is_for_others(
    database: Database, clock: FixedClock
) -> None:
    pair = Pair(database, clock, [[-2]])
    pair.issue()
    assert pair.claim(pair.raters[0]) is not None


def test_a_follow_up_for_others_passes_by_those_who_judged_the_source(
    database: Database, clock: FixedClock
) -> None:
    following = Following(min_judgments=1, only_others=True)
    pair = Pair(database, clock, [[-2, None], [None, -2]], following=following)
    pair.issue()
    ada, grace = pair.raters
    for rater, other in ((ada, 1), (grace, 0)):
        with database.read() as session:
            progress = measure_progress(session, campaign_id=pair.campaign.id, expert_id=rater.id)
        assert progress.remaining == 1
        lease = pair.must_claim(rater)
        with database.read() as session:
            assert session.get_one(Item, lease.item_id).external_id == pair.id_of(other)
        pair.submit(rater, lease)
        assert pair.claim(rater) is None
    third = pair.judge(0, "third", -1)
    assert pair.claim(third) is None, "both items have their judgment"


def test_a_closed_source_still_has_what_it_settled_issued(
    database: Database, clock: FixedClock
) -> None:
    pair = Pair(database, clock, [[-2], [2]])
    with database.write() as session:
        source = session.get_one(Campaign, pair.source.id)
        set_status(session, source, CampaignStatus.CLOSED, now=clock.now(), actor="cli")
    assert pair.issue().added == 2


def test_a_closed_follow_up_gets_nothing_until_it_is_opened_again(
    database: Database, clock: FixedClock, settings: Settings
) -> None:
    pair = Pair(database, clock, [[-2]])
    worker = Worker(database, clock, settings)
    for status in (CampaignStatus.CLOSED, CampaignStatus.OPEN):
        with database.write() as session:
            campaign = session.get_one(Campaign, pair.campaign.id)
            set_status(session, campaign, status, now=clock.now(), actor="cli")
        if status is CampaignStatus.CLOSED:
            assert pair.issue().added == 0
            assert pair.items() == []
    while worker.run_once():
        pass
    assert len(pair.items()) == 1


def test_the_worker_issues_after_it_refreshed_the_source_and_a_chain_goes_on(
    database: Database, clock: FixedClock, settings: Settings
) -> None:
    pair = Pair(database, clock, [[-2, -2]])
    with database.write() as session:
        third = follow_campaign(
            session,
            source=session.get_one(Campaign, pair.campaign.id),
            name="Feedback on the edits",
            template_key="binary_feedback",
            options={},
            following=Following(),
            now=clock.now(),
            actor="cli",
        )
    worker = Worker(database, clock, settings)

    def work() -> None:
        clock.advance(timedelta(minutes=1))
        while worker.run_once():
            pass

    work()
    expert = pair.expert()
    pair.submit(expert, pair.must_claim(expert))
    work()
    with database.read() as session:
        items = session.scalars(select(Item).where(Item.campaign_id == third.id)).all()
    assert [item.external_id for item in items] == [pair.id_of(0)]
    assert items[0].content["response"]["text"].startswith("First")


def test_both_campaigns_know_of_each_other(database: Database, clock: FixedClock) -> None:
    following = Following(method=ConsensusMethod.DAWID_SKENE, min_judgments=2, min_margin=0.5)
    pair = Pair(database, clock, [[-2, -2]], following=following)
    pair.issue()
    with database.read() as session:
        source = session.get_one(Campaign, pair.source.id)
        (after,) = list_follow_ups(session, source)
        assert find_followed(session, source) is None
        assert find_followed(session, session.get_one(Campaign, pair.campaign.id)) == after
    assert (after.source, after.campaign) == (pair.source.public_id, pair.campaign.public_id)
    assert (after.record, after.consensus, after.items) == ("preference", "dawid_skene", 1)
    assert (after.min_judgments, after.min_margin, after.only_others) == (2, 0.5, False)


def test_a_task_type_that_cannot_follow_says_which_can(
    sqlite_database: Database, clock: FixedClock
) -> None:
    pair = Pair(sqlite_database, clock, [[-2]])
    with sqlite_database.write() as session:
        source = session.get_one(Campaign, pair.source.id)
        wish: dict[str, Any] = {
            "source": source,
            "name": "More",
            "options": {},
            "now": clock.now(),
            "actor": "cli",
        }
        with pytest.raises(BadRequest, match=r"these can: .*critique_and_edit"):
            follow_campaign(session, template_key="rubric_grading", following=Following(), **wish)
        with pytest.raises(BadRequest, match="it can from preference"):
            follow_campaign(
                session,
                template_key="critique_and_edit",
                following=Following(record=RecordKind.RANKING),
                **wish,
            )
        for wrong in (
            Following(min_judgments=0),
            Following(min_confidence=1.5),
            Following(min_margin=-1.0),
        ):
            with pytest.raises(BadRequest, match="it is"):
                follow_campaign(session, template_key="critique_and_edit", following=wrong, **wish)


def test_a_follow_up_of_a_simulated_campaign_is_simulated(
    sqlite_database: Database, clock: FixedClock
) -> None:
    pair = Pair(sqlite_database, clock, [[-2]])
    with sqlite_database.write() as session:
        source = session.get_one(Campaign, pair.source.id)
        source.is_simulated = True
        campaign = follow_campaign(
            session,
            source=source,
            name="More",
            template_key="critique_and_edit",
            options={},
            following=Following(),
            now=clock.now(),
            actor="cli",
        )
        assert campaign.is_simulated
