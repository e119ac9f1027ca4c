"""What becomes of an answer: kept once, kept late, kept as surplus, revised, drafted, flagged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.answers import comparison_result
from tests.stages.world import LEASE_FOR, PAST_LEASE, World
from workbench.assignment.queue import Lease
from workbench.campaigns.campaign import set_status
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.errors import (
    CampaignClosed,
    Conflict,
    DraftStale,
    JudgmentInvalid,
    LeaseLost,
    NotFound,
)
from workbench.judging.draft import SavedDraft, find_draft
from workbench.judging.flag import flag_item
from workbench.judging.judgment import CAMPAIGN_JUDGED
from workbench.judging.queries import get_own_judgment, list_own_judgments
from workbench.judging.revision import revise_judgment
from workbench.models import AuditEvent, Campaign, CampaignStatus, Flag, Job, Position


@pytest.fixture
def world(database: Database, clock: FixedClock) -> World:
    return World.make(database, clock, items=4, experts=2)


def test_the_value_is_canonical_whatever_order_was_shown(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=24, experts=1)
    (expert,) = world.experts
    orders = set()
    for _ in world.items:
        lease = world.must_claim(expert)
        orders.add(lease.presentation)
        first_is_left = lease.presentation == (0, 1)
        world.submit(expert, lease, strength=-2 if first_is_left else 2)
    assert orders == {(0, 1), (1, 0)}
    for judgment in world.judgments():
        assert judgment.value["strength"] == -2
        assert judgment.raw is not None


def test_what_was_sent_is_kept_beside_the_value(world: World) -> None:
    expert = world.experts[0]
    lease = world.must_claim(expert)
    result = comparison_result("neither", "Both are wrong.\nعربي")
    world.submit(expert, lease, result=result)
    (judgment,) = world.judgments()
    assert judgment.raw == result
    assert judgment.value == {
        "strength": "neither",
        "rationale": "Both are wrong.\nعربي",
        "flags": [[], []],
        "wrong_claims": [[], []],
    }
    assert tuple(judgment.presentation or ()) == lease.presentation
    assert judgment.took_slot
    assert not judgment.is_surplus


def test_the_same_answer_twice_is_one_judgment(world: World) -> None:
    expert = world.experts[0]
    lease = world.must_claim(expert)
    first = world.submit(expert, lease, -1)
    again = world.submit(expert, lease, 3)
    assert (again.judgment, again.is_duplicate) == (first.judgment, True)
    assert [judgment.public_id for judgment in world.judgments()] == [first.judgment]


def test_a_duplicate_does_not_promote_twice(world: World) -> None:
    expert = world.experts[0]
    current = world.must_claim(expert)
    world.must_claim(expert, Position.NEXT)
    assert world.submit(expert, current).promotion is not None
    world.must_claim(expert, Position.NEXT)
    assert world.submit(expert, current).promotion is None


def test_an_invalid_answer_is_refused_with_its_faults_and_the_lease_stays(world: World) -> None:
    expert = world.experts[0]
    lease = world.must_claim(expert)
    with pytest.raises(JudgmentInvalid) as refusal:
        world.submit(expert, lease, result=[])
    assert [row.field for row in refusal.value.rows] == ["strength"]
    assert world.judgments() == []
    assert not world.submit(expert, lease).is_duplicate


def test_a_late_answer_takes_the_slot_that_nobody_took(world: World, clock: FixedClock) -> None:
    expert = world.experts[0]
    lease = world.must_claim(expert)
    clock.advance(PAST_LEASE)
    world.expire()
    submission = world.submit(expert, lease)
    assert not submission.is_surplus
    assert world.judgments()[0].took_slot
    assert world.open_slots()[lease.item_id] == 0


def test_a_late_answer_is_kept_as_surplus_when_the_slot_is_taken(
    world: World, clock: FixedClock
) -> None:
    late, quick = world.experts
    lease = world.must_claim(late)
    clock.advance(PAST_LEASE)
    assert world.judge(quick) == lease.item_id
    submission = world.submit(late, lease)
    assert submission.is_surplus
    assert not submission.is_duplicate
    kept = world.judgments()[-1]
    assert (kept.took_slot, kept.is_surplus) == (False, True)
    assert world.open_slots()[lease.item_id] == 0


def test_an_answer_under_an_older_token_is_kept(world: World, clock: FixedClock) -> None:
    expert = world.experts[0]
    old = world.must_claim(expert)
    clock.advance(PAST_LEASE)
    new = world.must_claim(expert)
    assert new.assignment == old.assignment
    assert not world.submit(expert, old, 3).is_duplicate
    assert world.submit(expert, new, -3).is_duplicate
    assert world.count_slots_taken()[old.item_id] == 1


def test_an_answer_to_a_skipped_or_released_item_is_kept(world: World) -> None:
    expert = world.experts[0]
    for give_up in (world.skip, world.release):
        lease = world.must_claim(expert)
        give_up(expert, lease)
        assert not world.submit(expert, lease).is_surplus
    assert len(world.judgments()) == 2


@pytest.mark.parametrize("status", [CampaignStatus.PAUSED, CampaignStatus.CLOSED])
def test_a_campaign_that_was_closed_meanwhile_keeps_what_was_at_work(
    world: World, status: CampaignStatus
) -> None:
    expert = world.experts[0]
    lease = world.must_claim(expert)
    _set_status(world, status)
    assert not world.submit(expert, lease).is_surplus


def test_a_submission_leaves_one_job_and_a_row_in_the_audit(world: World) -> None:
    expert = world.experts[0]
    kept = [world.submit(expert, world.must_claim(expert)).judgment for _ in range(2)]
    with world.database.read() as session:
        jobs = session.scalars(select(Job).where(Job.kind == CAMPAIGN_JUDGED)).all()
        assert [job.subject_id for job in jobs] == [world.campaign_id]
        audit = session.scalars(select(AuditEvent).where(AuditEvent.action == "judgment_submitted"))
        assert [(event.actor, event.subject) for event in audit] == [
            ("per_test", judgment) for judgment in kept
        ]


def test_time_on_task_ends_where_the_lease_ended(world: World, clock: FixedClock) -> None:
    expert = world.experts[0]
    lease = world.must_claim(expert)
    clock.advance(timedelta(hours=5))
    world.submit(expert, lease, active_seconds=90.0)
    (judgment,) = world.judgments()
    assert judgment.seconds == LEASE_FOR.total_seconds()
    assert judgment.active_seconds == 90.0


def test_the_page_cannot_claim_more_time_than_has_passed(world: World, clock: FixedClock) -> None:
    expert = world.experts[0]
    lease = world.must_claim(expert)
    clock.advance(timedelta(seconds=30))
    world.submit(expert, lease, active_seconds=1e9)
    assert world.judgments()[0].active_seconds == 30.0


def test_a_task_never_put_in_front_has_no_time_by_the_server(world: World) -> None:
    expert = world.experts[0]
    world.must_claim(expert)
    world.submit(expert, world.must_claim(expert, Position.NEXT))
    assert world.judgments()[0].seconds is None


# Drafts


def test_of_two_drafts_the_newer_revision_wins(world: World) -> None:
    expert = world.experts[0]
    lease = world.must_claim(expert)
    assert world.draft(expert, lease, 2, strength=2) == 2
    with pytest.raises(DraftStale) as refusal:
        world.draft(expert, lease, 1, strength=-1)
    assert refusal.value.extra["draft"]["revision"] == 2
    assert refusal.value.extra["draft"]["result"] == comparison_result(2)
    assert world.draft(expert, lease, 3, strength=3) == 3
    draft = _draft(world, lease)
    assert draft is not None
    assert (draft.revision, draft.result) == (3, comparison_result(3))


def test_the_same_draft_again_is_no_conflict_and_another_of_its_number_is(world: World) -> None:
    expert = world.experts[0]
    lease = world.must_claim(expert)
    world.draft(expert, lease, 1, strength=1)
    assert world.draft(expert, lease, 1, strength=1) == 1
    with pytest.raises(DraftStale):
        world.draft(expert, lease, 1, strength=2)


def test_a_draft_outlives_its_lease_and_ends_with_the_submission(
    world: World, clock: FixedClock
) -> None:
    expert = world.experts[0]
    lease = world.must_claim(expert)
    clock.advance(PAST_LEASE)
    world.expire()
    world.draft(expert, lease, 1)
    again = world.must_claim(expert)
    assert _draft(world, again) is not None
    with pytest.raises(LeaseLost):
        world.draft(expert, lease, 2)
    world.submit(expert, again)
    assert _draft(world, again) is None
    with pytest.raises(LeaseLost):
        world.draft(expert, again, 3)


# Flags


def test_a_flag_reaches_the_lead_and_takes_the_item_from_the_expert(world: World) -> None:
    expert, other = world.experts
    lease = world.must_claim(expert)
    world.write(
        flag_item,
        assignment=lease.assignment,
        expert_id=expert,
        actor="per_test",
        token=lease.token,
        reason="unreadable",
        note="The table is cut off.",
        lease_for=LEASE_FOR,
    )
    with world.database.read() as session:
        flag = session.scalars(select(Flag)).one()
        assert (flag.item_id, flag.annotator_id) == (lease.item_id, expert)
        assert flag.note == "The table is cut off."
    assert world.must_claim(expert).item_id != lease.item_id
    assert world.must_claim(other).item_id == lease.item_id


# History and revision


def test_a_revision_supersedes_and_the_old_judgment_stays(world: World, clock: FixedClock) -> None:
    expert = world.experts[0]
    lease = world.must_claim(expert)
    old = world.submit(expert, lease, 1).judgment
    clock.advance(timedelta(minutes=2))
    new = _revise(world, expert, old, strength=-3)
    first, second = world.judgments()
    assert (first.public_id, second.public_id) == (old, new)
    assert second.supersedes_id == first.id
    assert second.value != first.value
    assert (second.took_slot, second.presentation) == (first.took_slot, first.presentation)
    assert world.open_slots()[lease.item_id] == 0
    assert world.count_slots_taken()[lease.item_id] == 1


def test_a_judgment_is_revised_once_and_its_revision_after_it(world: World) -> None:
    expert = world.experts[0]
    old = world.submit(expert, world.must_claim(expert), 1).judgment
    new = _revise(world, expert, old, strength=2)
    with pytest.raises(Conflict):
        _revise(world, expert, old, strength=3)
    newest = _revise(world, expert, new, strength=3)
    with world.database.read() as session:
        history = list_own_judgments(session, annotator_id=expert, campaign_id=world.campaign_id)
    assert [(entry.judgment, entry.is_revision) for entry in history.judgments] == [(newest, True)]


def test_an_invalid_revision_and_one_in_a_closed_campaign_are_refused(world: World) -> None:
    expert = world.experts[0]
    old = world.submit(expert, world.must_claim(expert)).judgment
    with pytest.raises(JudgmentInvalid):
        _revise(world, expert, old, result=[])
    _set_status(world, CampaignStatus.CLOSED)
    with pytest.raises(CampaignClosed):
        _revise(world, expert, old, strength=2)
    assert len(world.judgments()) == 1


def test_history_is_one_s_own_newest_first_and_paged(world: World) -> None:
    expert, other = world.experts
    kept = [world.submit(expert, world.must_claim(expert)).judgment for _ in range(3)]
    world.judge(other)
    with world.database.read() as session:
        pages = []
        before = None
        while True:
            page = list_own_judgments(
                session,
                annotator_id=expert,
                campaign_id=world.campaign_id,
                before=before,
                limit=2,
            )
            pages.append([entry.judgment for entry in page.judgments])
            before = page.before
            if before is None:
                break
        shown = get_own_judgment(session, judgment=kept[0], annotator_id=expert)
        assert shown.result == comparison_result(-1)
        assert "atlas" not in str(shown.show())
        with pytest.raises(NotFound):
            get_own_judgment(session, judgment=kept[0], annotator_id=other)
    assert pages == [[kept[2], kept[1]], [kept[0]]]


def test_what_is_submitted_is_shown_as_it_was_given(world: World) -> None:
    expert = world.experts[0]
    lease = world.must_claim(expert)
    kept = world.submit(expert, lease).judgment
    with world.database.read() as session:
        own = get_own_judgment(session, judgment=kept, annotator_id=expert)
        assert own.show() == lease.show()


def _revise(
    world: World,
    expert: int,
    judgment: str,
    *,
    strength: int = 1,
    result: list[dict[str, Any]] | None = None,
) -> str:
    return world.write(
        revise_judgment,
        judgment=judgment,
        annotator_id=expert,
        actor="per_test",
        result=comparison_result(strength) if result is None else result,
        active_seconds=2.0,
    )


def _draft(world: World, lease: Lease) -> SavedDraft | None:
    with world.database.read() as session:
        return find_draft(session, lease.assignment_id)


def _set_status(world: World, status: CampaignStatus) -> None:
    with world.database.write() as session:
        campaign = session.get_one(Campaign, world.campaign_id)
        set_status(session, campaign, status, now=world.clock.now(), actor="cli")
