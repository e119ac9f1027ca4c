"""Who is given which item, in which order, and what happens when they leave."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_expert, make_items, make_organization
from tests.stages.world import LEASE_FOR, PAST_LEASE, World
from workbench.assignment.lease import expire_due, release_all, release_prefetched
from workbench.assignment.progress import measure_progress
from workbench.assignment.queue import DUE_PER_CLAIM, claim_next
from workbench.assignment.tiers import WINDOW
from workbench.campaigns.campaign import set_status
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.errors import CampaignClosed, LeaseLost, NotFound
from workbench.models import Assignment, AssignmentStatus, Campaign, CampaignStatus, Position


def test_items_are_given_in_the_order_of_the_shuffle_and_never_again(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=5, experts=1)
    (expert,) = world.experts
    assert [world.judge(expert) for _ in range(6)] == [*world.items, None]


def test_each_item_is_given_to_as_many_experts_as_the_overlap_says(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=3, experts=3, overlap=2)
    first, second, third = world.experts
    assert [world.judge(first) for _ in range(4)] == [*world.items, None]
    assert [world.judge(second) for _ in range(4)] == [*world.items, None]
    assert world.judge(third) is None


def test_a_reload_gets_the_same_lease_back_with_its_life_extended(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=2, experts=1)
    (expert,) = world.experts
    first = world.must_claim(expert)
    clock.advance(timedelta(minutes=10))
    again = world.must_claim(expert)
    assert (again.assignment, again.token) == (first.assignment, first.token)
    assert again.presentation == first.presentation
    assert again.expires_at == clock.now() + LEASE_FOR


def test_one_task_is_held_and_one_prefetched_and_no_more(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=5, experts=1)
    (expert,) = world.experts
    current = world.must_claim(expert)
    prefetched = world.must_claim(expert, Position.NEXT)
    assert current.item_id != prefetched.item_id
    assert world.must_claim(expert, Position.NEXT).assignment == prefetched.assignment
    assert sum(world.open_slots().values()) == 3


def test_submitting_starts_the_prefetched_task(database: Database, clock: FixedClock) -> None:
    world = World.make(database, clock, items=3, experts=1)
    (expert,) = world.experts
    current = world.must_claim(expert)
    prefetched = world.must_claim(expert, Position.NEXT)
    clock.advance(timedelta(seconds=40))
    promotion = world.submit(expert, current).promotion
    assert promotion is not None
    assert (promotion.assignment, promotion.token) == (prefetched.assignment, prefetched.token)
    clock.advance(timedelta(seconds=25))
    world.submit(expert, prefetched)
    assert [judgment.seconds for judgment in world.judgments()] == [40.0, 25.0]


def test_a_page_without_its_current_task_takes_the_prefetched_one(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=3, experts=1)
    (expert,) = world.experts
    prefetched = world.must_claim(expert, Position.NEXT)
    current = world.must_claim(expert)
    assert current.assignment == prefetched.assignment
    assert current.position is Position.CURRENT


def test_a_lease_that_ran_out_goes_to_somebody_else_before_fresh_items(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=3, experts=2)
    absent, present = world.experts
    left = world.must_claim(absent)
    assert world.judge(present) == world.items[1]
    clock.advance(PAST_LEASE)
    assert world.judge(present) == left.item_id


def test_whoever_comes_back_first_finds_their_own_task_under_a_new_token(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=3, experts=1)
    (expert,) = world.experts
    left = world.must_claim(expert)
    clock.advance(PAST_LEASE)
    found = world.must_claim(expert)
    assert found.assignment == left.assignment
    assert found.presentation == left.presentation
    assert found.token != left.token


def test_an_expired_item_can_come_back_to_the_same_expert_with_the_same_presentation(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=1, experts=1)
    (expert,) = world.experts
    left = world.must_claim(expert)
    clock.advance(PAST_LEASE)
    assert world.expire() == 1
    found = world.must_claim(expert)
    assert (found.assignment, found.presentation) == (left.assignment, left.presentation)
    assert found.token != left.token


def test_a_released_item_comes_back_and_a_skipped_one_does_not(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=2, experts=2)
    expert, other = world.experts
    released = world.must_claim(expert)
    world.release(expert, released)
    skipped = world.must_claim(expert)
    assert skipped.item_id == released.item_id
    world.skip(expert, skipped)
    assert [world.judge(expert), world.judge(expert)] == [world.items[1], None]
    assert world.judge(other) == skipped.item_id


def test_skipping_starts_the_prefetched_task(database: Database, clock: FixedClock) -> None:
    world = World.make(database, clock, items=2, experts=1)
    (expert,) = world.experts
    current = world.must_claim(expert)
    prefetched = world.must_claim(expert, Position.NEXT)
    promotion = world.skip(expert, current)
    assert promotion is not None
    assert promotion.assignment == prefetched.assignment
    assert world.must_claim(expert).assignment == prefetched.assignment


def test_items_requeued_past_many_that_the_expert_has_done_are_found(
    database: Database, clock: FixedClock
) -> None:
    """More than one window of the first tier lies between the expert and what is left."""
    many = 2 * WINDOW + 3
    world = World.make(database, clock, items=many + 1, experts=2, overlap=2)
    diligent, hesitant = world.experts
    for _ in range(many):
        world.judge(diligent)
    for _ in range(many):
        world.skip(hesitant, world.must_claim(hesitant))
    last = world.must_claim(hesitant)
    world.release(hesitant, last)
    assert world.judge(diligent) == last.item_id
    assert world.judge(diligent) is None


def test_a_claim_settles_only_so_many_due_leases(database: Database, clock: FixedClock) -> None:
    crowd = DUE_PER_CLAIM + 3
    world = World.make(database, clock, items=crowd + 1, experts=crowd + 1)
    *absent, present = world.experts
    for expert in absent:
        world.must_claim(expert)
    clock.advance(PAST_LEASE)
    world.must_claim(present)
    assert sum(world.open_slots().values()) == DUE_PER_CLAIM
    assert world.expire() == 3


def test_the_heartbeat_renews_both_leases(database: Database, clock: FixedClock) -> None:
    world = World.make(database, clock, items=3, experts=1)
    (expert,) = world.experts
    current = world.must_claim(expert)
    prefetched = world.must_claim(expert, Position.NEXT)
    for _ in range(3):
        clock.advance(LEASE_FOR - timedelta(seconds=1))
        world.renew(expert, current)
    assert world.expire() == 0
    assert world.must_claim(expert, Position.NEXT).token == prefetched.token


def test_nothing_is_done_under_a_token_that_is_no_longer_the_lease_s(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=2, experts=1)
    (expert,) = world.experts
    old = world.must_claim(expert)
    clock.advance(PAST_LEASE)
    with pytest.raises(LeaseLost):
        world.renew(expert, old)
    new = world.must_claim(expert)
    for use in (world.renew, world.release, world.skip):
        with pytest.raises(LeaseLost):
            use(expert, old)
    world.renew(expert, new)


def test_another_expert_s_assignment_does_not_exist(database: Database, clock: FixedClock) -> None:
    world = World.make(database, clock, items=2, experts=2)
    owner, other = world.experts
    lease = world.must_claim(owner)
    for use in (world.renew, world.release, world.skip, world.submit):
        with pytest.raises(NotFound):
            use(other, lease)
    world.renew(owner, lease)


@pytest.mark.parametrize("status", [CampaignStatus.PAUSED, CampaignStatus.CLOSED])
def test_a_campaign_that_is_not_open_gives_nothing_out(
    database: Database, clock: FixedClock, status: CampaignStatus
) -> None:
    world = World.make(database, clock, items=2, experts=1)
    (expert,) = world.experts
    _set_status(world, status)
    with pytest.raises(CampaignClosed):
        world.claim(expert)


def test_a_pause_gives_the_prefetched_tasks_back_and_leaves_the_others(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=4, experts=2)
    for expert in world.experts:
        world.must_claim(expert)
    prefetched = world.must_claim(world.experts[0], Position.NEXT)
    _set_status(world, CampaignStatus.PAUSED)
    assert world.write(release_prefetched, campaign_id=world.campaign_id) == 1
    assert world.open_slots()[prefetched.item_id] == 1
    assert sum(world.open_slots().values()) == 2


def test_signing_out_gives_everything_back(database: Database, clock: FixedClock) -> None:
    world = World.make(database, clock, items=4, experts=2)
    leaving, staying = world.experts
    current = world.must_claim(leaving)
    world.must_claim(leaving, Position.NEXT)
    kept = world.must_claim(staying)
    assert world.write(release_all, expert_id=leaving) == 2
    assert world.write(release_all, expert_id=leaving) == 0
    assert world.must_claim(staying, Position.NEXT).item_id == current.item_id
    assert world.must_claim(staying).token == kept.token


def test_items_imported_later_reach_experts_who_had_finished(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=1, experts=1)
    (expert,) = world.experts
    world.judge(expert)
    assert world.judge(expert) is None
    with database.write() as session:
        campaign = session.get_one(Campaign, world.campaign_id)
        added = [item.id for item in make_items(session, clock, campaign, 2)]
    assert [world.judge(expert) for _ in range(3)] == [*added, None]


def test_leases_of_two_campaigns_expire_in_one_sweep(database: Database, clock: FixedClock) -> None:
    worlds = [World.make(database, clock, items=2, experts=1) for _ in range(2)]
    for world in worlds:
        world.must_claim(world.experts[0])
        world.must_claim(world.experts[0], Position.NEXT)
    clock.advance(PAST_LEASE)
    with database.write() as session:
        assert expire_due(session, now=clock.now(), limit=3) == 3
        assert expire_due(session, now=clock.now(), limit=3) == 1
    for world in worlds:
        assert set(world.open_slots().values()) == {1}


def test_a_skip_keeps_its_reason(database: Database, clock: FixedClock) -> None:
    world = World.make(database, clock, items=1, experts=1)
    world.skip(world.experts[0], world.must_claim(world.experts[0]))
    with database.read() as session:
        row = session.scalars(select(Assignment)).one()
        assert (row.status, row.skip_reason) == (AssignmentStatus.SKIPPED, "not_my_field")


def test_an_unknown_campaign_is_not_found(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        expert = make_expert(session, clock, make_organization(session, clock))
        with pytest.raises(NotFound):
            claim_next(
                session,
                campaign_id=404,
                expert_id=expert.id,
                position=Position.CURRENT,
                now=clock.now(),
                lease_for=LEASE_FOR,
            )


def test_progress_counts_what_is_done_and_what_is_left_for_oneself(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=6, experts=2, overlap=2)
    expert, other = world.experts
    assert _progress(world, expert) == (0, 6)
    world.judge(expert)
    world.skip(expert, world.must_claim(expert))
    world.must_claim(expert)
    assert _progress(world, expert) == (1, 4)
    requeued = world.must_claim(other)
    world.release(other, requeued)
    assert _progress(world, other) == (0, 6)
    while world.judge(expert) is not None:
        pass
    assert _progress(world, expert) == (5, 0)
    _set_status(world, CampaignStatus.CLOSED)
    assert _progress(world, other) == (0, 0)


def _progress(world: World, expert: int) -> tuple[int, int]:
    with world.database.read() as session:
        progress = measure_progress(session, campaign_id=world.campaign_id, expert_id=expert)
        assert not progress.has_more
        return progress.done, progress.remaining


def _set_status(world: World, status: CampaignStatus) -> None:
    with world.database.write() as session:
        campaign = session.get_one(Campaign, world.campaign_id)
        set_status(session, campaign, status, now=world.clock.now(), actor="cli")
