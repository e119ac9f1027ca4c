"""Issuing: a source's newly settled items become items of the campaign that follows it.

A source's item is issued once. When its consensus changes later, what nobody has taken up is
replaced or taken back; what somebody has judged, or has in front of them, is kept and noted. An
item that was handed out and came back is withdrawn, not deleted: an answer to it that is still on
its way is an answer to that item and no other.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from pydantic_core import from_json
from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from workbench.agreement.reliability import batches, list_item_ids
from workbench.audit import record_event
from workbench.clock import Clock
from workbench.database.session import Database
from workbench.follow_ups.starts import (
    KEPT,
    Start,
    Starter,
    list_consensus_hashes,
    list_present_hashes,
)
from workbench.identifiers import Prefix, new_public_id
from workbench.models import (
    Assignment,
    AssignmentStatus,
    Campaign,
    CampaignStatus,
    Flag,
    FollowUp,
    FollowUpItem,
    FollowUpOutcome,
    Item,
    Judgment,
)

ACTOR = "worker"
WRITTEN_AT_ONCE = 25
"""Items of a source that one unit of work deals with: a submit waits for no longer."""

_SHUFFLE_BITS = 44
_LONGEST_ID = 255
_CUT = 220


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What an issuing did: items added and taken back, and what became of the source's items."""

    added: int
    withdrawn: int
    outcomes: Mapping[str, int]


def issue_follow_ups(
    database: Database, *, campaign_id: int, clock: Clock, actor: str = ACTOR
) -> Issued:
    """Bring a follow-up's items up to date with its source's stored consensus.

    Every batch is a short unit of work; broken off, it is completed by the next call. A closed
    campaign gets nothing; that the source is closed makes no difference.
    """
    issuer = _Issuer(campaign_id)
    try:
        for starts in _list_due(database, campaign_id):
            for first in range(0, len(starts), WRITTEN_AT_ONCE):
                with database.write() as session:
                    some = starts[first : first + WRITTEN_AT_ONCE]
                    is_open = issuer.write(session, some, clock)
                if not is_open:
                    return issuer.done()
                issuer.confirm()
    finally:
        issuer.record(database, clock, actor)
    return issuer.done()


def _list_due(database: Database, campaign_id: int) -> Iterator[list[Start]]:
    with database.read() as session:
        follow_up = session.get_one(FollowUp, campaign_id)
        ids = list_item_ids(session, follow_up.source_id)
        starter = Starter(session, follow_up)
    for batch in batches(ids):
        with database.read() as session:
            starts = starter.list_starts(session, batch)
        if starts:
            yield starts


@dataclass(frozen=True, slots=True)
class _Standing:
    """An item issued before."""

    id: int
    public_id: str
    external_id: str
    content_hash: str


class _Issuer:
    def __init__(self, campaign_id: int) -> None:
        self._campaign_id = campaign_id
        self._import_number: int | None = None
        self._counts, self._outcomes = Counter[str](), Counter[str]()
        # What the present unit of work did, which a rollback takes back.
        self._made: list[tuple[Item, int]] = []
        self._taken_back = 0
        self._came_to = Counter[str]()

    def done(self) -> Issued:
        return Issued(
            added=self._counts["added"],
            withdrawn=self._counts["withdrawn"],
            outcomes=dict(self._outcomes),
        )

    def confirm(self) -> None:
        """Count what is committed."""
        self._counts.update(added=len(self._made), withdrawn=self._taken_back)
        self._outcomes.update(self._came_to)
        self._made, self._taken_back = [], 0
        self._came_to.clear()

    def record(self, database: Database, clock: Clock, actor: str) -> None:
        if not self._counts.total():
            return
        with database.write() as session:
            campaign = session.get_one(Campaign, self._campaign_id)
            record_event(
                session,
                organization_id=campaign.organization_id,
                actor=actor,
                action="follow_ups_issued",
                subject=campaign.public_id,
                now=clock.now(),
                detail=asdict(self.done()),
            )

    def write(self, session: Session, starts: Sequence[Start], clock: Clock) -> bool:
        """Deal with some of the source's items; False where the campaign is closed."""
        campaign = session.scalars(
            select(Campaign).where(Campaign.id == self._campaign_id).with_for_update(key_share=True)
        ).one()
        if campaign.status is CampaignStatus.CLOSED:
            return False
        starts = self._still_due(session, starts)
        if not starts:
            return True
        source = session.get_one(Campaign, session.get_one(FollowUp, self._campaign_id).source_id)
        standing = self._list_standing(session, starts)
        names = _Names(session, campaign, starts)
        outcomes = []
        for start in starts:
            outcome = self._settle(
                session, campaign, source, start, standing.get(start.item_id, ()), names, clock
            )
            self._came_to[outcome] += 1
            outcomes.append(
                {
                    "campaign_id": campaign.id,
                    "source_item_id": start.item_id,
                    "consensus_hash": start.consensus_hash,
                    "outcome": outcome,
                }
            )
        session.execute(insert(FollowUpOutcome), outcomes)
        self._insert(session)
        return True

    def _still_due(self, session: Session, starts: Sequence[Start]) -> list[Start]:
        """Leave out what another worker dealt with, or what was settled anew, since it was read.

        Forgets what the others came to before.
        """
        follow_up = session.get_one(FollowUp, self._campaign_id)
        ids = [start.item_id for start in starts]
        known = list_consensus_hashes(session, follow_up, ids)
        present = list_present_hashes(session, follow_up, ids)
        due = [
            start
            for start in starts
            if known.get(start.item_id) != start.consensus_hash
            and present.get(start.item_id) == start.consensus_hash
        ]
        session.execute(
            delete(FollowUpOutcome).where(
                FollowUpOutcome.campaign_id == self._campaign_id,
                FollowUpOutcome.source_item_id.in_([start.item_id for start in due]),
            )
        )
        return due

    def _list_standing(
        self, session: Session, starts: Sequence[Start]
    ) -> dict[int, list[_Standing]]:
        rows = session.execute(
            select(
                FollowUpItem.source_item_id,
                Item.id,
                Item.public_id,
                Item.external_id,
                Item.content_hash,
            )
            .join(Item, Item.id == FollowUpItem.item_id)
            .where(
                FollowUpItem.campaign_id == self._campaign_id,
                FollowUpItem.source_item_id.in_([start.item_id for start in starts]),
            )
            .order_by(Item.id)
        )
        found: dict[int, list[_Standing]] = {}
        for source_item_id, id_, public_id, external_id, content_hash in rows:
            standing = _Standing(id_, public_id, external_id, content_hash)
            found.setdefault(source_item_id, []).append(standing)
        return found

    def _settle(
        self,
        session: Session,
        campaign: Campaign,
        source: Campaign,
        start: Start,
        standing: Sequence[_Standing],
        names: _Names,
        clock: Clock,
    ) -> str:
        wanted = {hashlib.sha256(one.encode()).hexdigest(): one for one in start.contents}
        present = {one.content_hash for one in standing}
        others = [one for one in standing if one.content_hash not in wanted]
        kept = sum(not self._take_back(session, one, names) for one in others)
        # What is kept stands in the place of one that would be issued: an item is issued once.
        missing = [wanted[key] for key in wanted if key not in present]
        for content in missing[: max(0, len(missing) - kept)]:
            self._make(session, campaign, source, start, content, names.draw(start), clock)
        return KEPT if kept else start.outcome

    def _take_back(self, session: Session, item: _Standing, names: _Names) -> bool:
        """Delete or withdraw an item; False where somebody has taken it up."""
        session.execute(select(Item.id).where(Item.id == item.id).with_for_update())
        statuses = session.scalars(
            select(Assignment.status).where(Assignment.item_id == item.id)
        ).all()
        is_judged = session.scalar(select(exists().where(Judgment.item_id == item.id)))
        if is_judged or AssignmentStatus.LEASED in statuses:
            return False
        session.execute(delete(FollowUpItem).where(FollowUpItem.item_id == item.id))
        if statuses:
            name = f"{item.external_id[:_CUT]}~{item.public_id}"
            session.execute(
                update(Item)
                .where(Item.id == item.id)
                .values(open_slots=0, requeued_seq=None, external_id=name)
            )
        else:
            session.execute(delete(Flag).where(Flag.item_id == item.id))
            session.execute(delete(Item).where(Item.id == item.id))
        names.give_back(item.external_id)
        self._taken_back += 1
        return True

    def _make(
        self,
        session: Session,
        campaign: Campaign,
        source: Campaign,
        start: Start,
        content: str,
        external_id: str,
        clock: Clock,
    ) -> None:
        if self._import_number is None:
            campaign.import_count += 1
            session.flush()
            self._import_number = campaign.import_count
        comes_from = {
            "campaign": source.public_id,
            "item": start.public_id,
            "external_id": start.external_id,
        }
        item = Item(
            public_id=new_public_id(Prefix.ITEM),
            campaign_id=campaign.id,
            external_id=external_id,
            content=from_json(content),
            content_hash=hashlib.sha256(content.encode()).hexdigest(),
            item_metadata={**start.metadata, "follows": comes_from},
            shuffle_key=self._import_number << _SHUFFLE_BITS | secrets.randbits(_SHUFFLE_BITS),
            open_slots=campaign.overlap,
            created_at=clock.now(),
        )
        self._made.append((item, start.item_id))

    def _insert(self, session: Session) -> None:
        session.add_all(item for item, _ in self._made)
        session.flush()
        comes_from = [
            {"item_id": item.id, "campaign_id": item.campaign_id, "source_item_id": source_item_id}
            for item, source_item_id in self._made
        ]
        if comes_from:
            session.execute(insert(FollowUpItem), comes_from)


class _Names:
    """Gives items the id of the one they come from, with a number from the second on."""

    def __init__(self, session: Session, campaign: Campaign, starts: Sequence[Start]) -> None:
        likely = [name for start in starts for name in _names(start, len(start.contents))]
        self._session, self._campaign_id = session, campaign.id
        self._taken = set(
            session.scalars(
                select(Item.external_id).where(
                    Item.campaign_id == campaign.id, Item.external_id.in_(likely)
                )
            )
        )

    def give_back(self, external_id: str) -> None:
        self._taken.discard(external_id)

    def draw(self, start: Start) -> str:
        for name in _names(start, len(start.contents)):
            if name not in self._taken:
                self._taken.add(name)
                return name
        return f"{start.external_id[:_CUT]}~{new_public_id(Prefix.ITEM)}"


def _names(start: Start, count: int) -> list[str]:
    base = start.external_id
    if len(base) > _LONGEST_ID - 8:
        base = f"{base[:_CUT]}~{start.public_id}"
    return [base, *(f"{base}#{number}" for number in range(2, count + 1))]
