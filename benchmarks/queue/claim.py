"""What a claim costs in a short and a long queue, and for a new expert and one of long standing.

Each round claims once in every setting, in turn, in a unit of work of its own on SQLite; the answers
are submitted outside the clock. Medians are compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic_core import to_json
from sqlalchemy import text

from benchmarks.queue.seeded import Seeded, contents, seed
from workbench.assignment.queue import Lease, claim_next
from workbench.clock import SystemClock
from workbench.database.session import Database
from workbench.judging.submission import submit_judgment
from workbench.models import Position

LIMIT = 1.2
LEASE = timedelta(minutes=15)

_FILL = text(
    """
    INSERT INTO item (public_id, campaign_id, external_id, content, content_hash, metadata,
                      shuffle_key, open_slots, created_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :items)
    SELECT 'itm_' || i, :campaign, 'item-' || i, :content, 'hash', '{}',
           (1 << 44) | (i * 2654435761 % 4294967296), 2, 0 FROM n
    """
)
_HISTORY = (
    """
    INSERT INTO assignment (public_id, campaign_id, item_id, expert_id, round, status, position,
                            token, presentation, leased_at, expires_at)
    SELECT 'asg_' || id, campaign_id, id, :expert, 1, 'submitted', 'current', '', '[0,1]', 0, 0
    FROM (SELECT id, campaign_id FROM item ORDER BY shuffle_key, id LIMIT :behind)
    """,
    """
    INSERT INTO judgment (public_id, campaign_id, item_id, annotator_id, assignment_id, round, value,
                          template_version, origin, took_slot, is_surplus, created_at)
    SELECT 'jdg_' || id, campaign_id, item_id, expert_id, id, 1, :value, '1.0.0',
           'submitted', 1, 0, 0 FROM assignment
    """,
    """
    UPDATE item SET open_slots = 1 WHERE id IN (SELECT item_id FROM assignment)
    """,
    """
    INSERT INTO cursor (campaign_id, expert_id, shuffle_key, item_id, requeued_seq)
    SELECT campaign_id, :expert, shuffle_key, id, 0 FROM item
    ORDER BY shuffle_key, id LIMIT 1 OFFSET :behind - 1
    """,
)


def measure(
    *, short: int = 1_000, long: int = 1_000_000, behind: int = 50_000, rounds: int = 400
) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        small, in_small = _filled(Path(folder) / "small.db", short)
        large, in_large = _filled(Path(folder) / "large.db", long)
        veteran = in_large.annotators[1]
        values = {"expert": veteran, "behind": behind, "value": '{"strength": 1}'}
        with large.write() as session:
            for statement in _HISTORY:
                session.execute(text(statement), values)
        settings: dict[str, Callable[[], float]] = {
            "short": lambda: _claim(small, in_small, in_small.annotators[0]),
            "long": lambda: _claim(large, in_large, in_large.annotators[0]),
            "veteran": lambda: _claim(large, in_large, veteran),
        }
        times: dict[str, list[float]] = {name: [] for name in settings}
        for _ in range(rounds):
            for name, claim in settings.items():
                times[name].append(claim())
        small.dispose()
        large.dispose()
    median = {name: statistics.median(values[rounds // 10 :]) for name, values in times.items()}
    return [
        _compared(f"claim with {long:,} items against {short:,}", median["long"], median["short"]),
        _compared(
            f"claim after {behind:,} judgments against the first", median["veteran"], median["long"]
        ),
    ]


def _filled(path: Path, items: int) -> tuple[Database, Seeded]:
    database = Database.open(f"sqlite:///{path}", pool_size=2)
    seeded = seed(database, items=0, experts=2, overlap=2)
    content = to_json(next(contents(1))).decode()
    with database.write() as session:
        values = {"items": items, "campaign": seeded.campaign_id, "content": content}
        session.execute(_FILL, values)
    return database, seeded


def _claim(database: Database, seeded: Seeded, expert: int) -> float:
    clock = SystemClock()
    started = time.perf_counter()
    with database.write() as session:
        lease = claim_next(
            session,
            campaign_id=seeded.campaign_id,
            expert_id=expert,
            position=Position.CURRENT,
            now=clock.now(),
            lease_for=LEASE,
        )
    took = time.perf_counter() - started
    if lease is None:
        raise SystemExit("the queue ran out")
    _submit(database, lease, expert, clock)
    return took


def _submit(database: Database, lease: Lease, expert: int, clock: SystemClock) -> None:
    template = lease.task.template
    judgment = template.judgment_model.model_validate({"strength": 1})
    with database.write() as session:
        submit_judgment(
            session,
            assignment=lease.assignment,
            expert_id=expert,
            actor="bench",
            token=lease.token,
            result=template.encode(judgment, lease.item, lease.presentation, lease.task.options),
            active_seconds=0.0,
            now=clock.now(),
            lease_for=LEASE,
        )


def _compared(name: str, ours: float, other: float) -> dict[str, Any]:
    return {
        "benchmark": name,
        "ratio": ours / other,
        "limit": LIMIT,
        "passed": ours / other <= LIMIT,
        "median_ms": ours * 1000,
        "other_median_ms": other * 1000,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line")
    parser.add_argument("--rounds", type=int, default=400)
    arguments = parser.parse_args()
    results = measure(rounds=arguments.rounds)
    if arguments.json:
        print(json.dumps(results))
    else:
        for result in results:
            print(
                f"{result['benchmark']}: {result['ratio']:.3f} (limit {LIMIT}); "
                f"{result['median_ms']:.2f} ms against {result['other_median_ms']:.2f} ms"
            )
    return 0 if all(result["passed"] for result in results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
