"""A judged campaign and one that follows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from tests.judged_campaigns import judge, make_annotators, make_compared
from workbench.aggregation.refresh import refresh_campaign
from workbench.assignment.queue import Lease, claim_next
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.follow_ups.follow import Following, follow_campaign
from workbench.follow_ups.issue import Issued, issue_follow_ups
from workbench.follow_ups.queries import find_followed
from workbench.judging.submission import submit_judgment
from workbench.models import (
    Annotator,
    Campaign,
    Item,
    Position,
)

LEASE_FOR = timedelta(minutes=15)


class Pair:
    """A judged comparison campaign, and one that follows it."""

    def __init__(
        self,
        database: Database,
        clock: FixedClock,
        strengths: Sequence[Sequence[int | str | None]],
        *,
        template: str = "critique_and_edit",
        following: Following | None = None,
    ) -> None:
        self.database, self.clock = database, clock
        with database.write() as session:
            self.source, self.source_items, self.raters = make_compared(session, clock, strengths)
            self.campaign = follow_campaign(
                session,
                source=self.source,
                name="Edits",
                template_key=template,
                options={},
                following=following or Following(min_judgments=1),
                now=clock.now(),
                actor="cli",
            )

    def issue(self) -> Issued:
        refresh_campaign(self.database, campaign_id=self.source.id, clock=self.clock)
        return issue_follow_ups(self.database, campaign_id=self.campaign.id, clock=self.clock)

    def judge(self, number: int, name: str, strength: int) -> Annotator:
        with self.database.write() as session:
            (rater,) = make_annotators(session, self.clock, self.source, [name])
            judge(session, self.clock, self.source_items[number], rater, {"strength": strength})
        return rater

    def overturn(self, number: int) -> None:
        """Let three more prefer the second response of an item of the source."""
        for rater in ("x", "y", "z"):
            self.judge(number, f"{rater} {number}", 2)

    def items(self) -> list[Item]:
        with self.database.read() as session:
            of_campaign = select(Item).where(Item.campaign_id == self.campaign.id)
            return list(session.scalars(of_campaign.order_by(Item.id)))

    def texts(self) -> dict[str, str]:
        """The responses that can be claimed, by the item's id."""
        return {
            item.external_id: item.content["response"]["text"].split(" ")[0]
            for item in self.items()
            if item.open_slots
        }

    def outcomes(self) -> dict[str, int]:
        with self.database.read() as session:
            view = find_followed(session, session.get_one(Campaign, self.campaign.id))
        assert view is not None
        return dict(view.outcomes)

    def id_of(self, number: int) -> str:
        return self.source_items[number].external_id

    def expert(self) -> Annotator:
        with self.database.write() as session:
            organization = session.get_one(Campaign, self.source.id).organization_id
            return make_annotators(session, self.clock, self.source, [f"expert of {organization}"])[
                0
            ]

    def claim(self, expert: Annotator) -> Lease | None:
        with self.database.write() as session:
            return claim_next(
                session,
                campaign_id=self.campaign.id,
                expert_id=expert.id,
                position=Position.CURRENT,
                now=self.clock.now(),
                lease_for=LEASE_FOR,
            )

    def must_claim(self, expert: Annotator) -> Lease:
        lease = self.claim(expert)
        assert lease is not None
        return lease

    def submit(self, expert: Annotator, lease: Lease) -> None:
        with self.database.write() as session:
            submit_judgment(
                session,
                assignment=lease.assignment,
                expert_id=expert.id,
                actor="per_test",
                token=lease.token,
                result=NO_CHANGE,
                active_seconds=5.0,
                now=self.clock.now(),
                lease_for=LEASE_FOR,
            )


NO_CHANGE: list[dict[str, Any]] = [
    {
        "id": "a",
        "from_name": "verdict",
        "to_name": "response",
        "type": "choices",
        "value": {"choices": ["no_change"]},
    }
]
