"""A campaign's two tiers: where its open items stand, and how an expert's cursor walks them.

In the first tier are items whose slot came back, in the order of `requeued_seq`; in the second all
open items, in the order of the shuffle. A search looks at a window of places at a time and takes a
slot of the first one that is open to the expert.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from workbench.assignment.policy import Place, advance
from workbench.database.prepared import Prepared
from workbench.models import Assignment, FollowUpItem, Item, Judgment

WINDOW = 32
"""Places of a tier that are looked at together; usually the first one is taken."""

Key = tuple[int, ...]
"""A place in a tier: (shuffle key, item) or (requeued number,)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose search it is, and where; in a follow-up perhaps for other experts than the source's."""

    campaign_id: int
    expert_id: int
    round: int
    is_for_others: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """What looking through a tier came to: the slot taken as (item, content), the cursor after it."""

    taken: tuple[int, str] | None
    cursor: Key
    is_last: bool


def is_handled() -> ColumnElement[bool]:
    """Say of an item whether the expert holds it, has judged it or has skipped it in the round.

    A scalar subquery, not an EXISTS: PostgreSQL may answer that from a hash of all that the expert
    ever did, which is anything but flat.
    """
    handled = select(Assignment.id).where(
        Assignment.item_id == Item.id,
        Assignment.expert_id == bindparam("expert_id"),
        Assignment.round == bindparam("round"),
        literal_column("assignment.status IN ('leased', 'submitted', 'skipped')"),
    )
    return handled.correlate(Item).scalar_subquery().is_not(None)


def _judgments_of_source() -> Select[int]:
    """Select the expert's judgments on the item that another item comes from."""
    return (
        select(Judgment.id)
        .join(FollowUpItem, FollowUpItem.source_item_id == Judgment.item_id)
        .where(Judgment.annotator_id == bindparam("expert_id"))
    )


def has_judged_source() -> ColumnElement[bool]:
    """Say of a follow-up's item whether the expert has judged the one that it comes from."""
    judged = _judgments_of_source().where(FollowUpItem.item_id == Item.id).limit(1)
    return judged.correlate(Item).scalar_subquery().is_not(None)


_JUDGED_SOURCE = Prepared(
    _judgments_of_source().where(FollowUpItem.item_id == bindparam("item_id")).limit(1)
)


IS_OPEN: ColumnElement[bool] = literal_column("item.open_slots > 0")


def open_places() -> Select[*tuple[Any, ...]]:
    """Select (item, is handled, key…) after a place in the shuffled order."""
    return (
        select(Item.id, is_handled(), Item.shuffle_key, Item.id)
        .with_hint(Item, "INDEXED BY ix_item_open", "sqlite")
        .where(
            Item.campaign_id == bindparam("campaign_id"),
            IS_OPEN,
            tuple_(Item.shuffle_key, Item.id)
            > tuple_(bindparam("after_key"), bindparam("after_id")),
        )
        .order_by(Item.shuffle_key, Item.id)
        .limit(bindparam("most"))
    )


def requeued_places() -> Select[*tuple[Any, ...]]:
    """Select (item, is handled, key) after a place in the first tier."""
    return (
        select(Item.id, is_handled(), Item.requeued_seq)
        .with_hint(Item, "INDEXED BY ix_item_requeued", "sqlite")
        .where(
            Item.campaign_id == bindparam("campaign_id"),
            IS_OPEN,
            literal_column("item.requeued_seq IS NOT NULL"),
            Item.requeued_seq > bindparam("after_key"),
        )
        .order_by(Item.requeued_seq, Item.id)
        .limit(bindparam("most"))
    )


OPEN_PLACES = Prepared(open_places())
REQUEUED_PLACES = Prepared(requeued_places())


def _take(*, skip_locked: bool) -> Prepared:
    wanted = select(Item.id).where(Item.id == bindparam("wanted"), IS_OPEN)
    if skip_locked:
        wanted = wanted.with_for_update(skip_locked=True, key_share=True)
    return Prepared(
        update(Item)
        .where(Item.id == wanted.scalar_subquery(), IS_OPEN)
        .values(open_slots=Item.open_slots - 1)
        .returning(Item.content)
    )


_TAKE = _take(skip_locked=True)
_WAIT_AND_TAKE = _take(skip_locked=False)


def search_to_end(session: Session, standing: Standing, tier: Prepared, cursor: Key) -> Search:
    search = search_window(session, standing, tier, cursor)
    while search.taken is None and not search.is_last:
        search = search_window(session, standing, tier, search.cursor)
    return search


def search_window(session: Session, standing: Standing, tier: Prepared, after: Key) -> Search:
    """Take a slot of the first item in a window that is open to the expert.

    What another transaction has locked is passed by for the moment, and waited for when the window
    holds nothing else: it may still have a slot when that transaction is done.
    """
    rows = tier.run(
        session,
        campaign_id=standing.campaign_id,
        expert_id=standing.expert_id,
        round=standing.round,
        after_key=after[0],
        after_id=after[-1],
        most=WINDOW,
    )
    places: list[Place] = []
    locked: int | None = None
    taken: tuple[int, str] | None = None
    for item_id, was_handled, *key in rows:
        is_closed = bool(was_handled) or _is_for_others(session, standing, item_id)
        places.append(Place(item_id, tuple(key), is_closed))
        if is_closed:
            continue
        taken = _take_slot(session, _TAKE, item_id)
        if taken is not None:
            break
        locked = locked or item_id
    rows.close()
    if taken is None and locked is not None:
        taken = _take_slot(session, _WAIT_AND_TAKE, locked)
    reached = advance(places, None if taken is None else taken[0])
    is_last = locked is None and len(places) < WINDOW
    return Search(taken, after if reached is None else reached, is_last)


def _is_for_others(session: Session, standing: Standing, item_id: int) -> bool:
    if not standing.is_for_others:
        return False
    judged = _JUDGED_SOURCE.run(session, expert_id=standing.expert_id, item_id=item_id)
    return judged.fetchone() is not None


def _take_slot(session: Session, statement: Prepared, item_id: int) -> tuple[int, str] | None:
    row = statement.run(session, wanted=item_id).fetchone()
    return None if row is None else (item_id, row[0])
