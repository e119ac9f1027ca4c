"""The lease rules under any sequence of what experts, clocks and leads can do.

A model in plain Python says what must come back; the database's own counts are compared with it
after every step, and in the end everybody works until nothing is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.answers import comparison_result
from tests.stages.world import LEASE_FOR, World
from workbench.assignment.lease import release_all
from workbench.assignment.queue import Lease
from workbench.campaigns.campaign import set_status
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.errors import CampaignClosed, Conflict, LeaseLost
from workbench.judging.revision import revise_judgment
from workbench.models import AssignmentStatus, Campaign, CampaignStatus, Position

EXPERTS = st.integers(0, 2)
POSITIONS = st.sampled_from(Position)
STRENGTHS = st.sampled_from([-3, -1, 0, 2, "neither"])
LEASED, SUBMITTED = AssignmentStatus.LEASED, AssignmentStatus.SUBMITTED
SKIPPED, RELEASED = AssignmentStatus.SKIPPED, AssignmentStatus.RELEASED
EXPIRED = AssignmentStatus.EXPIRED


@dataclass
class Claimed:
    """The model's record of one expert's assignment."""

    expert: int
    item_id: int
    presentation: tuple[int, ...]
    token: str
    position: Position
    expires_at: datetime
    status: AssignmentStatus = LEASED


@dataclass
class Model:
    overlap: int
    slots_judged: dict[int, int]
    assignments: dict[str, Claimed] = field(default_factory=dict)
    judgments: set[str] = field(default_factory=set)
    superseded: set[str] = field(default_factory=set)
    is_open: bool = True

    def leased(self, expert: int, position: Position) -> str | None:
        for public_id, claimed in self.assignments.items():
            if (claimed.expert, claimed.position, claimed.status) == (expert, position, LEASED):
                return public_id
        return None

    def open_slots(self, item_id: int) -> int:
        leases = sum(
            claimed.item_id == item_id and claimed.status is LEASED
            for claimed in self.assignments.values()
        )
        return self.overlap - self.slots_judged[item_id] - leases

    def eligible(self, expert: int) -> set[int]:
        done = {
            claimed.item_id
            for claimed in self.assignments.values()
            if claimed.expert == expert and claimed.status in (LEASED, SUBMITTED, SKIPPED)
        }
        return {item for item in self.slots_judged if self.open_slots(item) > 0} - done

    def expire(self, now: datetime) -> int:
        due = [
            claimed
            for claimed in self.assignments.values()
            if claimed.status is LEASED and claimed.expires_at <= now
        ]
        for claimed in due:
            claimed.status = EXPIRED
        return len(due)


class LeaseMachine(RuleBasedStateMachine):
    database: ClassVar[Database]

    leases: Bundle[tuple[int, Lease]] = Bundle("leases")
    answers: Bundle[tuple[int, str]] = Bundle("answers")

    @initialize(items=st.integers(1, 5), overlap=st.integers(1, 3))
    def start(self, items: int, overlap: int) -> None:
        self.clock = FixedClock(datetime(2026, 5, 1, tzinfo=UTC))
        self.world = World.make(self.database, self.clock, items=items, experts=3, overlap=overlap)
        self.model = Model(overlap, dict.fromkeys(self.world.items, 0))

    def is_live(self, expert: int, lease: Lease) -> bool:
        """Say whether the lease may still be used under the token that came with it."""
        claimed = self.model.assignments[lease.assignment]
        return (
            claimed.status is LEASED
            and claimed.token == lease.token
            and claimed.expires_at > self.clock.now()
        )

    @rule(target=leases, expert=EXPERTS, position=POSITIONS)
    def claim(self, expert: int, position: Position) -> Any:
        who = self.world.experts[expert]
        if not self.model.is_open:
            with pytest.raises(CampaignClosed):
                self.world.claim(who, position)
            return multiple()
        lease = self.world.claim(who, position)
        if lease is None:
            self.model.expire(self.clock.now())
            assert self.model.leased(expert, position) is None
            assert self.model.eligible(expert) == set()
            return multiple()
        held = self.model.leased(expert, position)
        if held is None and position is Position.CURRENT:
            held = self.model.leased(expert, Position.NEXT)
        if held is not None:
            self.check_held_again(held, lease)
        else:
            self.check_claimed(expert, lease)
        assert lease.position is position
        assert lease.expires_at == self.clock.now() + LEASE_FOR
        return expert, lease

    @rule(expert=EXPERTS, strength=STRENGTHS, minutes=st.sampled_from([0, 14, 16]))
    def work(self, expert: int, strength: int | str, minutes: int) -> None:
        """Claim two tasks as the page does, take some time, and hand the first one in."""
        current = self.claim(expert, Position.CURRENT) if self.model.is_open else multiple()
        if current == multiple():
            return
        self.claim(expert, Position.NEXT)
        self.clock.advance(timedelta(minutes=minutes))
        self.submit(current, strength)

    def check_held_again(self, held: str, lease: Lease) -> None:
        claimed = self.model.assignments[held]
        assert lease.assignment == held
        assert lease.presentation == claimed.presentation
        assert (lease.token == claimed.token) == (claimed.expires_at > self.clock.now())
        claimed.token, claimed.position = lease.token, lease.position
        claimed.expires_at = lease.expires_at

    def check_claimed(self, expert: int, lease: Lease) -> None:
        self.model.expire(self.clock.now())
        assert lease.item_id in self.model.eligible(expert)
        before = self.model.assignments.get(lease.assignment)
        if before is not None:
            assert before.status in (RELEASED, EXPIRED)
            assert before.token != lease.token
            assert before.presentation == lease.presentation
        self.model.assignments[lease.assignment] = Claimed(
            expert,
            lease.item_id,
            lease.presentation,
            lease.token,
            lease.position,
            lease.expires_at,
        )

    @rule(target=answers, claimed=leases, strength=STRENGTHS)
    def submit(self, claimed: tuple[int, Lease], strength: int | str) -> Any:
        expert, lease = claimed
        record = self.model.assignments[lease.assignment]
        was, item_id = record.status, record.item_id
        may_take = was is LEASED or self.model.open_slots(item_id) > 0
        starts = was is LEASED and record.position is Position.CURRENT
        submission = self.world.submit(self.world.experts[expert], lease, strength)
        assert submission.is_duplicate == (was is SUBMITTED)
        if was is SUBMITTED:
            assert submission.judgment in self.model.judgments
            assert submission.promotion is None
            return multiple()
        assert submission.is_surplus == (not may_take)
        record.status = SUBMITTED
        self.model.slots_judged[item_id] += may_take
        self.model.judgments.add(submission.judgment)
        self.check_promotion(expert, submission.promotion, starts=starts)
        return expert, submission.judgment

    def check_promotion(self, expert: int, promotion: Any, *, starts: bool) -> None:
        waiting = self.model.leased(expert, Position.NEXT) if starts else None
        if waiting is not None:
            record = self.model.assignments[waiting]
            if record.expires_at > self.clock.now():
                assert (promotion.assignment, promotion.token) == (waiting, record.token)
                record.position = Position.CURRENT
                record.expires_at = promotion.expires_at
                return
        assert promotion is None

    @rule(claimed=leases)
    def renew(self, claimed: tuple[int, Lease]) -> None:
        expert, lease = claimed
        if not self.is_live(expert, lease):
            with pytest.raises(LeaseLost):
                self.world.renew(self.world.experts[expert], lease)
            return
        self.world.renew(self.world.experts[expert], lease)
        for record in self.model.assignments.values():
            is_theirs = record.expert == expert and record.status is LEASED
            if is_theirs and record.expires_at > self.clock.now():
                record.expires_at = self.clock.now() + LEASE_FOR

    @rule(claimed=leases)
    def skip(self, claimed: tuple[int, Lease]) -> None:
        expert, lease = claimed
        if not self.is_live(expert, lease):
            with pytest.raises(LeaseLost):
                self.world.skip(self.world.experts[expert], lease)
            return
        record = self.model.assignments[lease.assignment]
        promotion = self.world.skip(self.world.experts[expert], lease)
        record.status = SKIPPED
        self.check_promotion(expert, promotion, starts=record.position is Position.CURRENT)

    @rule(claimed=leases)
    def release(self, claimed: tuple[int, Lease]) -> None:
        expert, lease = claimed
        if not self.is_live(expert, lease):
            with pytest.raises(LeaseLost):
                self.world.release(self.world.experts[expert], lease)
            return
        self.world.release(self.world.experts[expert], lease)
        self.model.assignments[lease.assignment].status = RELEASED

    @rule(answer=answers, strength=STRENGTHS, target=answers)
    def revise(self, answer: tuple[int, str], strength: int | str) -> Any:
        expert, judgment = answer
        given = {
            "judgment": judgment,
            "annotator_id": self.world.experts[expert],
            "actor": "per_test",
            "result": comparison_result(strength),
            "active_seconds": 1.0,
        }
        if judgment in self.model.superseded:
            with pytest.raises(Conflict):
                self.world.write(revise_judgment, **given)
            return multiple()
        revised = self.world.write(revise_judgment, **given)
        self.model.superseded.add(judgment)
        self.model.judgments.add(revised)
        return expert, revised

    @rule(expert=EXPERTS)
    def sign_out(self, expert: int) -> None:
        self.world.write(release_all, expert_id=self.world.experts[expert])
        for record in self.model.assignments.values():
            if record.expert == expert and record.status is LEASED:
                record.status = RELEASED

    @rule()
    def sweep(self) -> None:
        assert self.world.expire() >= self.model.expire(self.clock.now())

    @rule(minutes=st.sampled_from([1, 8, 16]))
    def wait(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @rule()
    def pause_or_open(self) -> None:
        self.model.is_open = not self.model.is_open
        self.set_status()

    def set_status(self) -> None:
        status = CampaignStatus.OPEN if self.model.is_open else CampaignStatus.PAUSED
        with self.database.write() as session:
            campaign = session.get_one(Campaign, self.world.campaign_id)
            set_status(session, campaign, status, now=self.clock.now(), actor="cli")

    @invariant()
    def every_slot_is_accounted_for(self) -> None:
        taken = self.world.count_slots_taken()
        for item_id, open_slots in self.world.open_slots().items():
            assert open_slots == self.model.open_slots(item_id)
            assert open_slots + taken[item_id] == self.model.overlap

    @invariant()
    def nothing_finished_is_lost(self) -> None:
        kept = {judgment.public_id for judgment in self.world.judgments()}
        assert kept == self.model.judgments

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.model.is_open = True
        self.set_status()
        self.clock.advance(2 * LEASE_FOR)
        self.world.expire()
        self.model.expire(self.clock.now())
        for expert, who in enumerate(self.world.experts):
            left = self.model.eligible(expert)
            judged = set()
            while (item_id := self.world.judge(who)) is not None:
                judged.add(item_id)
                self.model.slots_judged[item_id] += 1
            assert judged == left


def test_leases_keep_their_rules_whatever_happens(database: Database) -> None:
    run_state_machine_as_test(
        type("Machine", (LeaseMachine,), {"database": database}),
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
