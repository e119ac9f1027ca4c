"""One campaign and its experts, driven as the work page drives them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import func, select

from tests.answers import comparison_result
from tests.factories import make_campaign, make_expert, make_items, make_organization
from workbench.assignment.lease import (
    Promotion,
    expire_due,
    release_lease,
    renew_lease,
    skip_assignment,
)
from workbench.assignment.queue import Lease, claim_next
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.judging.draft import save_draft
from workbench.judging.submission import Submission, submit_judgment
from workbench.models import Assignment, AssignmentStatus, Item, Judgment, Position

LEASE_FOR = timedelta(minutes=15)
PAST_LEASE = LEASE_FOR + timedelta(seconds=1)

R = TypeVar("R")

_numbers = itertools.count(1)


@dataclass
class World:
    """`items` and `experts` are database ids, items in the order of the shuffle."""

    database: Database
    clock: FixedClock
    overlap: int = 1
    campaign_id: int = 0
    items: list[int] = field(default_factory=list)
    experts: list[int] = field(default_factory=list)

    @classmethod
    def make(
        cls, database: Database, clock: FixedClock, *, items: int, experts: int, overlap: int = 1
    ) -> World:
        world = cls(database, clock, overlap)
        with database.write() as session:
            organization = make_organization(session, clock, f"Lab {next(_numbers)}")
            campaign = make_campaign(session, clock, organization, overlap=overlap)
            world.campaign_id = campaign.id
            world.items = [item.id for item in make_items(session, clock, campaign, items)]
            world.experts = [make_expert(session, clock, organization).id for _ in range(experts)]
        return world

    def write(self, use_case: Callable[..., R], **given: Any) -> R:
        with self.database.write() as session:
            return use_case(session, now=self.clock.now(), **given)

    def claim(self, expert: int, position: Position = Position.CURRENT) -> Lease | None:
        return self.write(
            claim_next,
            campaign_id=self.campaign_id,
            expert_id=expert,
            position=position,
            lease_for=LEASE_FOR,
        )

    def must_claim(self, expert: int, position: Position = Position.CURRENT) -> Lease:
        lease = self.claim(expert, position)
        assert lease is not None
        return lease

    def submit(
        self, expert: int, lease: Lease | Promotion, strength: int | str = -1, **given: Any
    ) -> Submission:
        return self.write(
            submit_judgment,
            **{
                "assignment": lease.assignment,
                "expert_id": expert,
                "actor": "per_test",
                "token": lease.token,
                "result": comparison_result(strength),
                "active_seconds": 5.0,
                "lease_for": LEASE_FOR,
                **given,
            },
        )

    def judge(self, expert: int) -> int | None:
        """Claim and submit; return the item judged, None when nothing was left."""
        lease = self.claim(expert)
        if lease is None:
            return None
        assert not self.submit(expert, lease).is_duplicate
        return lease.item_id

    def renew(self, expert: int, lease: Lease) -> None:
        self.write(
            renew_lease,
            assignment=lease.assignment,
            expert_id=expert,
            token=lease.token,
            lease_for=LEASE_FOR,
        )

    def release(self, expert: int, lease: Lease) -> None:
        self.write(release_lease, assignment=lease.assignment, expert_id=expert, token=lease.token)

    def skip(self, expert: int, lease: Lease) -> Promotion | None:
        return self.write(
            skip_assignment,
            assignment=lease.assignment,
            expert_id=expert,
            token=lease.token,
            reason="not_my_field",
            note=None,
            lease_for=LEASE_FOR,
        )

    def draft(self, expert: int, lease: Lease, revision: int, strength: int = 1) -> int:
        return self.write(
            save_draft,
            assignment=lease.assignment,
            expert_id=expert,
            token=lease.token,
            revision=revision,
            result=comparison_result(strength),
            active_seconds=3.0,
        )

    def expire(self) -> int:
        return self.write(expire_due)

    def open_slots(self) -> dict[int, int]:
        with self.database.read() as session:
            rows = select(Item.id, Item.open_slots).where(Item.campaign_id == self.campaign_id)
            return dict(session.execute(rows).all())

    def count_slots_taken(self) -> dict[int, int]:
        """Judgments that took a slot and leases not settled, by item."""
        taken = dict.fromkeys(self.items, 0)
        judged = (
            select(Judgment.item_id, func.count())
            .where(
                Judgment.campaign_id == self.campaign_id,
                Judgment.took_slot,
                Judgment.supersedes_id.is_(None),
            )
            .group_by(Judgment.item_id)
        )
        leased = (
            select(Assignment.item_id, func.count())
            .where(
                Assignment.campaign_id == self.campaign_id,
                Assignment.status == AssignmentStatus.LEASED,
            )
            .group_by(Assignment.item_id)
        )
        with self.database.read() as session:
            for rows in (judged, leased):
                for item_id, count in session.execute(rows):
                    taken[item_id] += count
        return taken

    def judgments(self) -> list[Judgment]:
        with self.database.read() as session:
            rows = select(Judgment).where(Judgment.campaign_id == self.campaign_id)
            return list(session.scalars(rows.order_by(Judgment.id)))
