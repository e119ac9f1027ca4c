"""The life of a lease after its claim: renewed, promoted, ended, expired.

An assignment holds one of its item's slots exactly while its status is `leased`. A lease is live
until `expires_at`; one that has run out keeps its slot until somebody settles it, so that an expert
who comes back first finds the task still theirs.

Locks are taken in one order, so that no two transactions wait for each other: the expert's cursor,
assignments, the campaign, items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from pydantic_core import from_json
from sqlalchemy import (
    BigInteger,
    ScalarSelect,
    Select,
    bindparam,
    literal_column,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session

from workbench.assignment.policy import count_active_seconds, count_seconds
from workbench.assignment.task import Task, task_of
from workbench.database.prepared import Prepared
from workbench.database.types import from_micros, to_micros
from workbench.errors import LeaseLost, NotFound
from workbench.models import Assignment, AssignmentStatus, Campaign, Cursor, Draft, Item, Position

SWEEP = 500
"""Leases that one unit of work settles at most."""

# Written out, not bound: a partial index serves a statement only when its condition is in the text.
LEASED = literal_column("assignment.status") == literal_column("'leased'")


@dataclass(frozen=True, slots=True)
class OwnAssignment:
    """An expert's own assignment, with what is needed to judge it."""

    id: int
    public_id: str
    status: AssignmentStatus
    position: Position
    token: str
    presentation: tuple[int, ...]
    leased_at: datetime
    expires_at: datetime
    started_at: datetime | None
    round: int
    item_id: int
    content: str
    expert_id: int
    campaign_id: int
    campaign_public_id: str
    organization_id: int
    guideline_version: int
    task: Task
    has_draft: bool

    def is_live(self, now: datetime) -> bool:
        return self.status is AssignmentStatus.LEASED and now < self.expires_at

    def seconds(self, now: datetime) -> float | None:
        return count_seconds(self.started_at, expires_at=self.expires_at, now=now)

    def active_seconds(self, claimed: float, now: datetime) -> float:
        return count_active_seconds(claimed, leased_at=self.leased_at, now=now)


@dataclass(frozen=True, slots=True)
class Promotion:
    """The expert's next lease, now their current one."""

    assignment: str
    token: str
    expires_at: datetime


_OWN = Prepared(
    select(
        Assignment.id,
        Assignment.public_id,
        Assignment.status,
        Assignment.position,
        Assignment.token,
        Assignment.presentation,
        Assignment.leased_at,
        Assignment.expires_at,
        Assignment.started_at,
        Assignment.round,
        Assignment.item_id,
        Item.content,
        Assignment.expert_id,
        Assignment.campaign_id,
        Campaign.public_id,
        Campaign.organization_id,
        Campaign.guideline_version,
        Campaign.options,
        select(Draft.revision)
        .where(Draft.assignment_id == Assignment.id)
        .scalar_subquery()
        .is_not(None),
    )
    .join(Item, Item.id == Assignment.item_id)
    .join(Campaign, Campaign.id == Assignment.campaign_id)
    .join(
        Cursor,
        (Cursor.campaign_id == Assignment.campaign_id) & (Cursor.expert_id == Assignment.expert_id),
    )
    .where(
        Assignment.public_id == bindparam("assignment"),
        Assignment.expert_id == bindparam("expert_id"),
    )
    .with_for_update(key_share=True, of=[Cursor, Assignment])
)
_RENEW = Prepared(
    update(Assignment)
    .where(
        Assignment.expert_id == bindparam("of_expert"),
        Assignment.campaign_id == bindparam("of_campaign"),
        LEASED,
        Assignment.expires_at > bindparam("now"),
    )
    .values(expires_at=bindparam("expires_at"))
)
_PROMOTE = Prepared(
    update(Assignment)
    .where(
        Assignment.expert_id == bindparam("of_expert"),
        Assignment.campaign_id == bindparam("of_campaign"),
        LEASED,
        literal_column("assignment.position") == literal_column("'next'"),
        Assignment.expires_at > bindparam("now"),
    )
    .values(
        position=Position.CURRENT,
        started_at=bindparam("started_at"),
        expires_at=bindparam("expires_at"),
    )
    .returning(Assignment.public_id, Assignment.token, Assignment.expires_at)
)
_END = Prepared(
    update(Assignment)
    .where(Assignment.id == bindparam("ended_id"))
    .values(
        status=bindparam("status"),
        ended_at=bindparam("ended_at"),
        skip_reason=bindparam("skip_reason"),
        skip_note=bindparam("skip_note"),
    )
)


def due_leases() -> Select[int, int, int]:
    """Select (assignment, campaign, item) of leases that have run out, the longest due first."""
    return (
        select(Assignment.id, Assignment.campaign_id, Assignment.item_id)
        .with_hint(Assignment, "INDEXED BY ix_assignment_due", "sqlite")
        .where(LEASED, Assignment.expires_at <= bindparam("now"))
        .order_by(Assignment.expires_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, key_share=True)
    )


def first_due() -> ScalarSelect[int | None]:
    """Select when the next lease runs out, in its stored form."""
    return (
        select(type_coerce(Assignment.expires_at, BigInteger))
        .with_hint(Assignment, "INDEXED BY ix_assignment_due", "sqlite")
        .where(LEASED)
        .order_by(Assignment.expires_at)
        .limit(literal_column("1"))
        .scalar_subquery()
    )


_DUE = Prepared(due_leases())
_DUE_IN_CAMPAIGN = Prepared(due_leases().where(Assignment.campaign_id == bindparam("campaign_id")))
_NUMBER_REQUEUED = Prepared(
    text(
        "UPDATE campaign SET requeue_count = requeue_count + :requeued WHERE id = :campaign_id"
        " RETURNING requeue_count"
    )
)
_REOPEN = Prepared(
    update(Item)
    .where(Item.id == bindparam("item_id"))
    .values(open_slots=Item.open_slots + 1, requeued_seq=bindparam("requeued_seq"))
)
_TAKE_FREE_SLOT = Prepared(
    text(
        "UPDATE item SET open_slots = open_slots - 1 WHERE id = :item_id AND open_slots > 0"
        " RETURNING id"
    )
)


def get_assignment(session: Session, *, assignment: str, expert_id: int) -> OwnAssignment:
    """Return an expert's own assignment, locked against everything else they do in the campaign.

    Raises:
        NotFound: There is none, or it is another expert's.
    """
    row = _OWN.run(session, assignment=assignment, expert_id=expert_id).fetchone()
    if row is None:
        message = "there is no such assignment"
        raise NotFound(message)
    return OwnAssignment(
        id=row[0],
        public_id=row[1],
        status=AssignmentStatus(row[2]),
        position=Position(row[3]),
        token=row[4],
        presentation=tuple(from_json(row[5])),
        leased_at=from_micros(row[6]),
        expires_at=from_micros(row[7]),
        started_at=None if row[8] is None else from_micros(row[8]),
        round=row[9],
        item_id=row[10],
        content=row[11],
        expert_id=row[12],
        campaign_id=row[13],
        campaign_public_id=row[14],
        organization_id=row[15],
        guideline_version=row[16],
        task=task_of(session, campaign_id=row[13], public_id=row[14], options=row[17]),
        has_draft=bool(row[18]),
    )


def get_leased(
    session: Session, *, assignment: str, expert_id: int, token: str, now: datetime
) -> OwnAssignment:
    """Return an expert's own assignment, which they hold under this token.

    Raises:
        LeaseLost: The lease has run out or has ended, or the item was claimed again since.
    """
    own = get_assignment(session, assignment=assignment, expert_id=expert_id)
    if not own.is_live(now) or own.token != token:
        message = "this lease has ended or was given out again"
        raise LeaseLost(message, status_of_assignment=str(own.status))
    return own


def renew_lease(
    session: Session,
    *,
    assignment: str,
    expert_id: int,
    token: str,
    now: datetime,
    lease_for: timedelta,
) -> datetime:
    """Extend a live lease, and with it the expert's other one in the campaign.

    Raises:
        LeaseLost: The lease is not live under this token.
    """
    own = get_leased(session, assignment=assignment, expert_id=expert_id, token=token, now=now)
    expires_at = now + lease_for
    _RENEW.run(
        session,
        of_expert=expert_id,
        of_campaign=own.campaign_id,
        now=to_micros(now),
        expires_at=to_micros(expires_at),
    )
    return expires_at


def release_lease(
    session: Session, *, assignment: str, expert_id: int, token: str, now: datetime
) -> None:
    """Give a lease back unjudged; the expert may get the item again.

    Raises:
        LeaseLost: The lease is not live under this token.
    """
    own = get_leased(session, assignment=assignment, expert_id=expert_id, token=token, now=now)
    _end_and_reopen(session, own, AssignmentStatus.RELEASED, now=now)


def skip_assignment(
    session: Session,
    *,
    assignment: str,
    expert_id: int,
    token: str,
    reason: str,
    note: str | None,
    now: datetime,
    lease_for: timedelta,
) -> Promotion | None:
    """Leave an item to others for good in this round; return the expert's promoted next lease.

    Raises:
        LeaseLost: The lease is not live under this token.
    """
    own = get_leased(session, assignment=assignment, expert_id=expert_id, token=token, now=now)
    _end_and_reopen(
        session, own, AssignmentStatus.SKIPPED, now=now, skip_reason=reason, skip_note=note
    )
    return promote_next(session, own, now=now, lease_for=lease_for)


def submit_assignment(session: Session, own: OwnAssignment, *, now: datetime) -> bool:
    """Mark an assignment as judged; return whether its judgment took one of the item's slots.

    A lease keeps its slot. Without one the judgment is late, and takes a slot if one is free.
    """
    takes_slot = True
    if own.status is not AssignmentStatus.LEASED:
        free = _TAKE_FREE_SLOT.run(session, item_id=own.item_id).fetchone()
        takes_slot = free is not None
    _end(session, own.id, AssignmentStatus.SUBMITTED, now=now)
    return takes_slot


def promote_next(
    session: Session, own: OwnAssignment, *, now: datetime, lease_for: timedelta
) -> Promotion | None:
    """Make the expert's live next lease the current one, when `own` was current, and start it."""
    if own.status is not AssignmentStatus.LEASED or own.position is not Position.CURRENT:
        return None
    row = _PROMOTE.run(
        session,
        of_expert=own.expert_id,
        of_campaign=own.campaign_id,
        now=to_micros(now),
        started_at=to_micros(now),
        expires_at=to_micros(now + lease_for),
    ).fetchone()
    return None if row is None else Promotion(row[0], row[1], from_micros(row[2]))


def expire_due(
    session: Session, *, now: datetime, limit: int = SWEEP, campaign_id: int | None = None
) -> int:
    """Settle up to `limit` leases that have run out, the longest due first; return how many."""
    if campaign_id is None:
        due = _DUE.run(session, now=to_micros(now), most=limit)
    else:
        due = _DUE_IN_CAMPAIGN.run(session, now=to_micros(now), most=limit, campaign_id=campaign_id)
    return _end_all(session, due.fetchall(), AssignmentStatus.EXPIRED, now=now)


def release_all(session: Session, *, expert_id: int, now: datetime) -> int:
    """Give back whatever an expert holds, as at sign-out; return how many leases that were."""
    held = (
        select(Assignment.id, Assignment.campaign_id, Assignment.item_id)
        .where(LEASED, Assignment.expert_id == expert_id)
        .order_by(Assignment.id)
        .with_for_update(key_share=True)
    )
    return _end_all(session, session.execute(held).all(), AssignmentStatus.RELEASED, now=now)


def release_prefetched(session: Session, *, campaign_id: int, now: datetime) -> int:
    """Give back the next leases of a campaign, as at a pause; return how many.

    What an expert has in front of them stays theirs to finish.
    """
    held = (
        select(Assignment.id, Assignment.campaign_id, Assignment.item_id)
        .where(
            LEASED,
            Assignment.campaign_id == campaign_id,
            Assignment.position == Position.NEXT,
        )
        .order_by(Assignment.id)
        .with_for_update(key_share=True)
    )
    return _end_all(session, session.execute(held).all(), AssignmentStatus.RELEASED, now=now)


def _end_and_reopen(
    session: Session,
    own: OwnAssignment,
    status: AssignmentStatus,
    *,
    now: datetime,
    skip_reason: str | None = None,
    skip_note: str | None = None,
) -> None:
    _end(session, own.id, status, now=now, skip_reason=skip_reason, skip_note=skip_note)
    _reopen(session, own.campaign_id, [own.item_id])


def _end_all(
    session: Session, leases: Sequence[Any], status: AssignmentStatus, *, now: datetime
) -> int:
    """End leases given as (assignment, campaign, item) and open their slots again."""
    for assignment_id, _, _ in leases:
        _end(session, assignment_id, status, now=now)
    by_campaign = itemgetter(1)
    for campaign_id, group in groupby(sorted(leases, key=by_campaign), key=by_campaign):
        _reopen(session, campaign_id, [item_id for _, _, item_id in group])
    return len(leases)


def _end(
    session: Session,
    assignment_id: int,
    status: AssignmentStatus,
    *,
    now: datetime,
    skip_reason: str | None = None,
    skip_note: str | None = None,
) -> None:
    _END.run(
        session,
        ended_id=assignment_id,
        status=status.value,
        ended_at=to_micros(now),
        skip_reason=skip_reason,
        skip_note=skip_note,
    )


def _reopen(session: Session, campaign_id: int, item_ids: Sequence[int]) -> None:
    """Open a slot of each item again, behind everything that was requeued before.

    The campaign's counter is locked until the commit, so numbers become visible in their order and
    no cursor passes one that is still to come.
    """
    row = _NUMBER_REQUEUED.run(session, campaign_id=campaign_id, requeued=len(item_ids)).fetchone()
    first = row[0] - len(item_ids) + 1
    for number, item_id in enumerate(item_ids, start=first):
        _REOPEN.run(session, item_id=item_id, requeued_seq=number)
