"""Claim and submit over HTTP, 32 experts at once, against a bare app with the same transactions.

The server is `workbench serve` as it comes: SQLite, one process, the worker beside the requests,
sign-ins, validation, rendering, audit, logs. The limit (`limit.py`) has none of that. Both serve the
same number of items with the same `synchronous` setting and are loaded in turn by the same client.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.queue.seeded import Seeded, seed, write_bare
from workbench.database.session import Database

LIMIT = 0.25
LIMIT_P99 = 6.0
SYNCHRONOUS = "NORMAL"
WORKBENCH = Path(sys.executable).parent / "workbench"
_RATIONALE = "The first answers what was asked and gives the case in which it does not hold."
_RESULT = [
    {
        "id": "aB3dE6gH9j",
        "from_name": "strength",
        "to_name": "conversation",
        "type": "choices",
        "origin": "manual",
        "value": {"choices": ["-2"]},
    },
    {
        "id": "kL2nP5rS8u",
        "from_name": "rationale",
        "to_name": "conversation",
        "type": "textarea",
        "origin": "manual",
        "value": {"text": [_RATIONALE]},
    },
]
_SUBMIT_BODY = json.dumps({"token": "TOKEN", "result": _RESULT, "active_seconds": 0.004})


def measure(
    *,
    items: int = 100_000,
    clients: int = 32,
    seconds: float = 10.0,
    warm_up: float = 3.0,
    rounds: int = 3,
) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        ours_path, bare_path = Path(folder) / "workbench.db", Path(folder) / "bare.db"
        database = Database.open(f"sqlite:///{ours_path}", pool_size=2)
        seeded = seed(database, items=items, experts=clients)
        with database.read() as session:
            mode = session.connection().exec_driver_sql("PRAGMA synchronous").scalar_one()
        assert mode == {"NORMAL": 1, "FULL": 2}[SYNCHRONOUS]
        database.dispose()
        write_bare(bare_path, items=items)
        ours: list[dict[str, Any]] = []
        bare: list[dict[str, Any]] = []
        with _serving(Path(folder), ours_path, bare_path) as (our_port, bare_port):
            load = {"seconds": seconds, "warm_up": warm_up, "submit_body": _SUBMIT_BODY}
            our_plan = {**load, **_our_plan(seeded, our_port)}
            bare_plan = {**load, **_bare_plan(clients, bare_port)}
            for _ in range(rounds):
                ours.append(_load(our_plan))
                bare.append(_load(bare_plan))
        _check_nothing_twice(ours_path)
    return _report(ours, bare, seconds=seconds, clients=clients, items=items)


def _our_plan(seeded: Seeded, port: int) -> dict[str, Any]:
    return {
        "port": port,
        "claim_body": '{"position":"current"}',
        "experts": [
            {
                "claim": f"/api/v1/campaigns/{seeded.campaign}/claim",
                "submit": "/api/v1/assignments/ASSIGNMENT/submit",
                "headers": f"cookie: workbench_session={secret}\r\nsec-fetch-site: same-origin\r\n",
            }
            for secret in seeded.secrets
        ],
    }


def _bare_plan(clients: int, port: int) -> dict[str, Any]:
    return {
        "port": port,
        "claim_body": "{}",
        "experts": [
            {"claim": f"/claim/{number}", "submit": "/submit/ASSIGNMENT", "headers": ""}
            for number in range(clients)
        ],
    }


@contextmanager
def _serving(folder: Path, ours: Path, bare: Path) -> Iterator[tuple[int, int]]:
    our_port, bare_port = _free_port(), _free_port()
    environment = {
        **os.environ,
        "WORKBENCH_DATA_DIR": str(folder / "data"),
        "WORKBENCH_DATABASE_URL": f"sqlite:///{ours}",
    }
    with (folder / "server.log").open("wb") as log:
        servers = [
            subprocess.Popen(
                [WORKBENCH, "serve", "--port", str(our_port)],
                env=environment,
                stdout=log,
                stderr=log,
            ),
            subprocess.Popen(
                [
                    sys.executable, "-m", "benchmarks.queue.limit",
                    str(bare), str(bare_port), SYNCHRONOUS,
                ],
                stdout=log,
                stderr=log,
            ),
        ]  # fmt: skip
        try:
            _wait_for(f"http://127.0.0.1:{our_port}/readyz", folder / "server.log")
            _wait_for(f"http://127.0.0.1:{bare_port}/", folder / "server.log")
            yield our_port, bare_port
        finally:
            for server in servers:
                server.terminate()
            for server in servers:
                server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(url: str, log: Path) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(log.read_text())


def _load(plan: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.queue.client"],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    if measured["failures"]:
        message = f"{measured['failures']} requests failed"
        raise SystemExit(message)
    return measured


def _check_nothing_twice(path: Path) -> None:
    """Compare what was issued, held and judged, item by item."""
    with sqlite3.connect(path) as connection:
        twice = connection.execute(
            "SELECT count(*) FROM (SELECT item_id FROM assignment GROUP BY item_id"
            " HAVING count(*) > 1)"
        ).fetchone()[0]
        wrong = connection.execute(
            "SELECT count(*) FROM item WHERE open_slots + (SELECT count(*) FROM judgment"
            " WHERE judgment.item_id = item.id) + (SELECT count(*) FROM assignment"
            " WHERE assignment.item_id = item.id AND status = 'leased') <> 1"
        ).fetchone()[0]
    if twice or wrong:
        message = f"{twice} items were issued twice, {wrong} have the wrong number of slots"
        raise SystemExit(message)


def _report(
    ours: list[dict[str, Any]],
    bare: list[dict[str, Any]],
    *,
    seconds: float,
    clients: int,
    items: int,
) -> list[dict[str, Any]]:
    our_rate = statistics.median(run["loops"] / seconds for run in ours)
    bare_rate = statistics.median(run["loops"] / seconds for run in bare)
    waits = sorted(wait for run in ours for wait in (*run["claims"], *run["submits"]))
    median, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
    shared = {"items": items, "clients": clients}
    return [
        {
            "benchmark": "claim and submit over HTTP, loops a second against a bare app",
            "ratio": our_rate / bare_rate,
            "limit": LIMIT,
            "passed": our_rate / bare_rate >= LIMIT,
            "loops_per_second": our_rate,
            "bare_loops_per_second": bare_rate,
            "our_runs": [run["loops"] / seconds for run in ours],
            "bare_runs": [run["loops"] / seconds for run in bare],
            **shared,
        },
        {
            "benchmark": "claim and submit over HTTP, p99 against the median",
            "ratio": p99 / median,
            "limit": LIMIT_P99,
            "passed": p99 / median <= LIMIT_P99,
            "median_ms": median * 1000,
            "p99_ms": p99 * 1000,
            "claim_median_ms": statistics.median(w for run in ours for w in run["claims"]) * 1000,
            "submit_median_ms": statistics.median(w for run in ours for w in run["submits"]) * 1000,
            **shared,
        },
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON line")
    arguments = parser.parse_args()
    results = measure(
        items=arguments.items,
        clients=arguments.clients,
        seconds=arguments.seconds,
        rounds=arguments.rounds,
    )
    if arguments.json:
        print(json.dumps(results))
    else:
        for result in results:
            print(f"{result['benchmark']}: {result['ratio']:.3f} (limit {result['limit']})")
            for key, value in result.items():
                if key not in {"benchmark", "ratio", "limit", "passed"}:
                    print(f"  {key}: {value}")
    return 0 if all(result["passed"] for result in results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
