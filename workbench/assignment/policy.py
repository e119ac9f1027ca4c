"""The queue's rules that need no database."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


def draw_presentation(candidates: int, *, seed: bytes) -> tuple[int, ...]:
    """Return the order in which an assignment shows its candidates; the same seed, the same order."""
    order = list(range(candidates))
    random.Random(hashlib.sha256(seed).digest()).shuffle(order)  # noqa: S311
    return tuple(order)


@dataclass(frozen=True, slots=True)
class Place:
    """An open item where an expert meets it in a tier; `key` is its place in the tier's order.

    `is_handled` says that the expert holds it, has judged it or has skipped it in this round.
    """

    item_id: int
    key: tuple[int, ...]
    is_handled: bool


def advance(places: Sequence[Place], taken: int | None) -> tuple[int, ...] | None:
    """Return how far an expert's cursor may move over `places`, None when it stays.

    It passes what the expert is done with and stops before anything still to be done: an item that
    another transaction had locked for the moment must not fall behind the cursor.
    """
    reached = None
    for place in places:
        if not place.is_handled and place.item_id != taken:
            break
        reached = place.key
    return reached


def count_seconds(
    started_at: datetime | None, *, expires_at: datetime, now: datetime
) -> float | None:
    """Return the time on task by the server's clock, None where the task was never put in front.

    Once the lease has run out nobody knows whether the expert was there, so its end is the end.
    """
    if started_at is None:
        return None
    return max(min(now, expires_at) - started_at, timedelta(0)).total_seconds()


def count_active_seconds(claimed: float, *, leased_at: datetime, now: datetime) -> float:
    """Return the page's time without idling, at most the time since the item was first leased."""
    return min(claimed, max(now - leased_at, timedelta(0)).total_seconds())
