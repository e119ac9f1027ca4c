"""The queue's pure rules."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from workbench.assignment.policy import (
    Place,
    advance,
    count_active_seconds,
    count_seconds,
    draw_presentation,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_presentation_is_repeated_by_its_seed_and_every_order_is_as_likely() -> None:
    drawn = [draw_presentation(3, seed=str(number).encode()) for number in range(3_000)]
    assert drawn == [draw_presentation(3, seed=str(number).encode()) for number in range(3_000)]
    counts = Counter(drawn)
    assert len(counts) == 6
    # Six standard deviations of a binomial count with p = 1/6.
    assert all(abs(count - 500) < 6 * (3_000 * 5 / 36) ** 0.5 for count in counts.values())


def test_what_is_not_shuffled_has_no_presentation() -> None:
    assert draw_presentation(0, seed=b"any") == ()


def test_a_cursor_passes_what_is_handled_or_taken_and_stops_before_the_rest() -> None:
    handled, waiting, taken = Place(1, (1,), True), Place(2, (2,), False), Place(3, (3,), False)
    assert advance([], None) is None
    assert advance([waiting, taken], 3) is None
    assert advance([handled, waiting, taken], 3) == (1,)
    assert advance([handled, taken], 3) == (3,)


def test_time_on_task_is_bounded_by_the_lease_and_never_negative() -> None:
    ends = NOON + timedelta(minutes=15)
    assert count_seconds(None, expires_at=ends, now=NOON) is None
    assert count_seconds(NOON, expires_at=ends, now=NOON + timedelta(seconds=30)) == 30.0
    assert count_seconds(NOON, expires_at=ends, now=NOON + timedelta(days=2)) == 900.0
    assert count_seconds(NOON, expires_at=ends, now=NOON - timedelta(seconds=1)) == 0.0


def test_active_time_is_bounded_by_the_time_since_the_first_lease() -> None:
    later = NOON + timedelta(seconds=10)
    assert count_active_seconds(4.0, leased_at=NOON, now=later) == 4.0
    assert count_active_seconds(40.0, leased_at=NOON, now=later) == 10.0
