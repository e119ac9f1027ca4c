"""Sixteen threads at one queue: no overlap is broken, and nobody is given an item twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.stages.world import World
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.models import Position

THREADS = 16


def test_every_expert_is_given_every_item_once_when_the_overlap_wants_them_all(
    database: Database, clock: FixedClock
) -> None:
    """An item that others held for a moment must not fall behind anybody's cursor."""
    world = World.make(database, clock, items=12, experts=THREADS, overlap=THREADS)
    given = _in_threads(world, lambda number: _work(world, world.experts[number]))
    for items in given:
        assert sorted(items) == world.items
    assert set(world.open_slots().values()) == {0}


def test_items_given_back_meanwhile_are_finished_by_others(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=80, experts=THREADS, overlap=2)
    given = _in_threads(
        world, lambda number: _work(world, world.experts[number], gives_back=number % 4 == 0)
    )
    for items in given:
        assert max(Counter(items).values(), default=1) == 1
    for expert in world.experts:
        _work(world, expert)
    assert _count_by_item(world) == dict.fromkeys(world.items, 2)


def test_two_windows_of_one_expert_share_their_tasks(database: Database, clock: FixedClock) -> None:
    world = World.make(database, clock, items=60, experts=THREADS // 2, overlap=2)
    _in_threads(world, lambda number: _work(world, world.experts[number // 2], is_alone=False))
    by_expert = Counter((judgment.annotator_id, judgment.item_id) for judgment in world.judgments())
    assert set(by_expert.values()) == {1}
    assert _count_by_item(world) == dict.fromkeys(world.items, 2)
    assert not any(judgment.is_surplus for judgment in world.judgments())


def _in_threads(world: World, work: Callable[[int], list[int]]) -> list[list[int]]:
    start = Barrier(THREADS)

    def run(number: int) -> list[int]:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        given = list(pool.map(run, range(THREADS)))
    taken = world.count_slots_taken()
    for item_id, open_slots in world.open_slots().items():
        assert open_slots >= 0
        assert open_slots + taken[item_id] == world.overlap
    return given


def _work(
    world: World, expert: int, *, gives_back: bool = False, is_alone: bool = True
) -> list[int]:
    """Claim and submit, the next task prefetched, until nothing is left; return the items."""
    judged: list[int] = []
    while (lease := world.claim(expert)) is not None:
        prefetched = world.claim(expert, Position.NEXT)
        if gives_back and prefetched is not None and lease.item_id % 3 == 0:
            world.release(expert, prefetched)
        submission = world.submit(expert, lease)
        if is_alone:
            assert not submission.is_duplicate
        if not submission.is_duplicate:
            judged.append(lease.item_id)
    return judged


def _count_by_item(world: World) -> dict[int, int]:
    return dict(Counter(judgment.item_id for judgment in world.judgments()))
