"""The claim: an expert's own lease first, else the best free item, at the same cost in any queue.

Each expert has a cursor in each tier of the queue, which only moves forward, so a claim never walks
past what was done before it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic_core import from_json
from sqlalchemy import (
    Select,
    bindparam,
    select,
    text,
)
from sqlalchemy.orm import Session

from workbench.assignment.lease import LEASED, expire_due, first_due
from workbench.assignment.policy import draw_presentation
from workbench.assignment.task import Task, task_of
from workbench.assignment.tiers import (
    OPEN_PLACES,
    REQUEUED_PLACES,
    Key,
    Search,
    Standing,
    search_to_end,
    search_window,
)
from workbench.contracts.task_template import ItemModel
from workbench.database.prepared import Prepared
from workbench.database.types import to_micros
from workbench.errors import CampaignClosed, NotFound
from workbench.identifiers import Prefix, canonical_json, new_public_id, new_secret
from workbench.models import Assignment, Campaign, CampaignStatus, Cursor, Item, Position

DUE_PER_CLAIM = 8
"""Leases of others that a claim settles on its way."""

_NO_CAMPAIGN = "there is no such campaign"


@dataclass(frozen=True, slots=True)
class Lease:
    """A task in an expert's hands until `expires_at`, for whoever names its token.

    `is_new` says that they never held it before, so there is no draft of theirs; `length` is that of
    the item's content.
    """

    assignment_id: int
    assignment: str
    token: str
    position: Position
    presentation: tuple[int, ...]
    expires_at: datetime
    item_id: int
    item: ItemModel
    task: Task
    is_new: bool
    length: int

    def show(self) -> dict[str, Any]:
        """Return what the expert's browser may see; rendering needs no open transaction."""
        return self.task.show(self.item, self.presentation)


@dataclass(frozen=True, slots=True)
class _Queue:
    """A campaign's queue as one expert stands in it."""

    campaign_id: int
    campaign: str
    expert_id: int
    status: CampaignStatus
    round: int
    requeue_count: int
    options: str
    cursor: Key
    requeued_cursor: Key
    first_due: int | None
    is_for_others: bool

    @property
    def standing(self) -> Standing:
        return Standing(self.campaign_id, self.expert_id, self.round, self.is_for_others)


_FIND_CAMPAIGN = Prepared(
    select(Campaign.id).where(
        Campaign.public_id == bindparam("campaign"),
        Campaign.organization_id == bindparam("organization_id"),
    )
)
_ENTER = Prepared(
    select(
        Campaign.public_id,
        Campaign.status,
        Campaign.round,
        Campaign.requeue_count,
        Campaign.options,
        Cursor.shuffle_key,
        Cursor.item_id,
        Cursor.requeued_seq,
        first_due(),
        Campaign.is_for_others,
    )
    .join(Cursor, Cursor.campaign_id == Campaign.id)
    .where(
        Campaign.id == bindparam("campaign_id"),
        Cursor.expert_id == bindparam("expert_id"),
    )
    .with_for_update(key_share=True, of=Cursor)
)
_ADD_CURSOR = Prepared(
    text(
        "INSERT INTO cursor (campaign_id, expert_id, shuffle_key, item_id, requeued_seq)"
        " SELECT id, :expert_id, -1, 0, 0 FROM campaign WHERE id = :campaign_id"
        " ON CONFLICT (campaign_id, expert_id) DO NOTHING"
    )
)
_MOVE_CURSOR = Prepared(
    text(
        "UPDATE cursor SET shuffle_key = :shuffle_key, item_id = :item_id,"
        " requeued_seq = :requeued_seq"
        " WHERE campaign_id = :campaign_id AND expert_id = :expert_id"
    )
)


def held_leases() -> Select[*tuple[Any, ...]]:
    """Select the one or two leases that an expert holds in a campaign, the current one first."""
    return (
        select(
            Assignment.id,
            Assignment.public_id,
            Assignment.position,
            Assignment.token,
            Assignment.presentation,
            Assignment.expires_at,
            Assignment.started_at,
            Assignment.item_id,
            Item.content,
        )
        .with_hint(Assignment, "INDEXED BY ix_assignment_live", "sqlite")
        .join(Item, Item.id == Assignment.item_id)
        .where(
            Assignment.expert_id == bindparam("expert_id"),
            Assignment.campaign_id == bindparam("campaign_id"),
            LEASED,
        )
        .order_by(Assignment.position)
    )


_HELD = Prepared(held_leases())
_HOLD_AGAIN = Prepared(
    text(
        "UPDATE assignment SET position = :position, token = :token, expires_at = :expires_at,"
        " started_at = :started_at WHERE id = :id"
    )
)


_LEASE = Prepared(
    text(
        "INSERT INTO assignment (public_id, campaign_id, item_id, expert_id, round, status,"
        " position, token, presentation, leased_at, expires_at, started_at)"
        " VALUES (:public_id, :campaign_id, :item_id, :expert_id, :round, 'leased',"
        " :position, :token, :presentation, :leased_at, :expires_at, :started_at)"
        " ON CONFLICT (item_id, expert_id, round) DO UPDATE SET status = 'leased',"
        " position = excluded.position, token = excluded.token,"
        " expires_at = excluded.expires_at, started_at = excluded.started_at, ended_at = NULL"
        " RETURNING id, public_id, presentation"
    )
)


# Public ids are drawn at random and never given to another campaign.
_campaign_ids: dict[tuple[str, int], int] = {}
_MOST_REMEMBERED = 4_096


def get_campaign_id(session: Session, *, campaign: str, organization_id: int) -> int:
    """Return the id of an organization's campaign, as the path that every task takes needs it.

    Raises:
        NotFound: The organization has no campaign of that public id.
    """
    found = _campaign_ids.get((campaign, organization_id))
    if found is not None:
        return found
    row = _FIND_CAMPAIGN.run(session, campaign=campaign, organization_id=organization_id).fetchone()
    if row is None:
        raise NotFound(_NO_CAMPAIGN)
    if len(_campaign_ids) >= _MOST_REMEMBERED:
        _campaign_ids.clear()
    campaign_id: int = row[0]
    _campaign_ids[campaign, organization_id] = campaign_id
    return campaign_id


def claim_next(
    session: Session,
    *,
    campaign_id: int,
    expert_id: int,
    position: Position,
    now: datetime,
    lease_for: timedelta,
) -> Lease | None:
    """Lease the expert their next task, None when nothing is left for them.

    What they hold at `position` already comes first, and an item that they held before keeps its
    presentation. A claim of the current task takes the prefetched one when there is no current one.

    Raises:
        NotFound: There is no such campaign.
        CampaignClosed: The campaign is paused or closed.
    """
    queue = _enter(session, campaign_id, expert_id)
    if queue.status is not CampaignStatus.OPEN:
        message = f"this campaign is {queue.status}"
        raise CampaignClosed(message)
    held = _hold_again(session, queue, position, now=now, lease_for=lease_for)
    if held is not None:
        return held
    if queue.first_due is not None and queue.first_due <= to_micros(now):
        expire_due(session, now=now, limit=DUE_PER_CLAIM, campaign_id=campaign_id)
        queue = _enter(session, campaign_id, expert_id)
    taken = _take_first(session, queue)
    if taken is None:
        return None
    item_id, content = taken
    return _lease(session, queue, item_id, content, position, now=now, lease_for=lease_for)


def _enter(session: Session, campaign_id: int, expert_id: int) -> _Queue:
    """Read the queue, with the expert's cursor locked against their other claims."""
    who = {"campaign_id": campaign_id, "expert_id": expert_id}
    row = _ENTER.run(session, **who).fetchone()
    if row is None:
        _ADD_CURSOR.run(session, **who)
        row = _ENTER.run(session, **who).fetchone()
    if row is None:
        raise NotFound(_NO_CAMPAIGN)
    return _Queue(
        campaign_id=campaign_id,
        campaign=row[0],
        expert_id=expert_id,
        status=CampaignStatus(row[1]),
        round=row[2],
        requeue_count=row[3],
        options=row[4],
        cursor=(row[5], row[6]),
        requeued_cursor=(row[7],),
        first_due=row[8],
        is_for_others=bool(row[9]),
    )


def _hold_again(
    session: Session, queue: _Queue, position: Position, *, now: datetime, lease_for: timedelta
) -> Lease | None:
    """Return the lease that the expert holds already, extended; a lapsed one under a new token."""
    rows = _HELD.run(session, expert_id=queue.expert_id, campaign_id=queue.campaign_id).fetchall()
    row = next((row for row in rows if row[2] == position), None)
    if row is None and position is Position.CURRENT and rows:
        row = rows[0]
    if row is None:
        return None
    has_lapsed = row[5] <= to_micros(now)
    starts = position is Position.CURRENT and (has_lapsed or row[6] is None)
    lease = Lease(
        assignment_id=row[0],
        assignment=row[1],
        token=new_secret() if has_lapsed else row[3],
        position=position,
        presentation=tuple(from_json(row[4])),
        expires_at=now + lease_for,
        item_id=row[7],
        item=(task := _task(session, queue)).read_item(row[8]),
        task=task,
        is_new=False,
        length=len(row[8]),
    )
    _HOLD_AGAIN.run(
        session,
        id=lease.assignment_id,
        position=position.value,
        token=lease.token,
        expires_at=to_micros(lease.expires_at),
        started_at=to_micros(now) if starts else row[6],
    )
    return lease


def _task(session: Session, queue: _Queue) -> Task:
    return task_of(
        session, campaign_id=queue.campaign_id, public_id=queue.campaign, options=queue.options
    )


def _take_first(session: Session, queue: _Queue) -> tuple[int, str] | None:
    """Take a slot of the first item that the expert may have, as (item, content).

    One window of the first tier is looked at, then the second tier; the rest of the first tier only
    when the second has nothing, so that a claim costs the same however much was requeued.
    """
    requeued = _search_requeued(session, queue)
    cursor, taken = queue.cursor, requeued.taken
    if taken is None:
        opened = search_to_end(session, queue.standing, OPEN_PLACES, cursor)
        cursor, taken = opened.cursor, opened.taken
    if taken is None and not requeued.is_last:
        requeued = search_to_end(session, queue.standing, REQUEUED_PLACES, requeued.cursor)
        taken = requeued.taken
    if (cursor, requeued.cursor) != (queue.cursor, queue.requeued_cursor):
        _MOVE_CURSOR.run(
            session,
            campaign_id=queue.campaign_id,
            expert_id=queue.expert_id,
            shuffle_key=cursor[0],
            item_id=cursor[1],
            requeued_seq=requeued.cursor[0],
        )
    return taken


def _search_requeued(session: Session, queue: _Queue) -> Search:
    newest = (queue.requeue_count,)
    if newest <= queue.requeued_cursor:
        return Search(None, queue.requeued_cursor, is_last=True)
    search = search_window(session, queue.standing, REQUEUED_PLACES, queue.requeued_cursor)
    if search.taken is None and search.is_last:
        # What has a number up to the newest and is not open now gets another when it opens again.
        return Search(None, max(newest, search.cursor), is_last=True)
    return search


def _lease(
    session: Session,
    queue: _Queue,
    item_id: int,
    content: str,
    position: Position,
    *,
    now: datetime,
    lease_for: timedelta,
) -> Lease:
    task = _task(session, queue)
    item = task.read_item(content)
    order = draw_presentation(task.template.candidates(item), seed=secrets.token_bytes(16))
    expires_at = now + lease_for
    public_id, token = new_public_id(Prefix.ASSIGNMENT), new_secret()
    row = _LEASE.run(
        session,
        public_id=public_id,
        campaign_id=queue.campaign_id,
        item_id=item_id,
        expert_id=queue.expert_id,
        round=queue.round,
        position=position.value,
        token=token,
        presentation=canonical_json(order).decode(),
        leased_at=to_micros(now),
        expires_at=to_micros(expires_at),
        started_at=to_micros(now) if position is Position.CURRENT else None,
    ).fetchone()
    return Lease(
        assignment_id=row[0],
        assignment=row[1],
        token=token,
        position=position,
        presentation=tuple(from_json(row[2])),
        expires_at=expires_at,
        item_id=item_id,
        item=item,
        task=task,
        is_new=row[1] == public_id,
        length=len(content),
    )
