"""Krippendorff's α with a 1,000-fold bootstrap interval against one bare counting pass.

The limit is what any implementation must do at least once: count items × categories by one
``np.bincount`` over ready-made keys in sorted order. Both are timed in turn, in one process.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.statistics.simulated import simulated_ratings
from workbench.statistics import Level, krippendorff_alpha

LIMIT = 4.0


def measure(
    *,
    n_items: int = 1_000_000,
    overlap: int = 4,
    n_categories: int = 5,
    n_annotators: int = 200,
    bootstrap: int = 1000,
    level: Level = Level.NOMINAL,
    rounds: int = 9,
) -> dict[str, Any]:
    ratings = simulated_ratings(
        n_items, overlap=overlap, n_categories=n_categories, n_annotators=n_annotators
    )
    keys = ratings.units * n_categories + ratings.values
    bare: list[float] = []
    ours: list[float] = []
    for _ in range(rounds):
        bare.append(_seconds(lambda: np.bincount(keys, minlength=n_items * n_categories)))
        ours.append(_seconds(lambda: krippendorff_alpha(ratings, level, bootstrap=bootstrap)))
    ratio = statistics.median(ours) / statistics.median(bare)
    return {
        "benchmark": "krippendorff_alpha_bootstrap",
        "level": level.value,
        "n_items": n_items,
        "overlap": overlap,
        "n_categories": n_categories,
        "bootstrap": bootstrap,
        "rounds": rounds,
        "bincount_seconds": statistics.median(bare),
        "alpha_seconds": statistics.median(ours),
        "ratio": ratio,
        "limit": LIMIT,
        "passed": ratio <= LIMIT,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line and nothing else")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--level", type=Level, default=Level.NOMINAL, choices=list(Level))
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    result = measure(n_items=arguments.items, level=arguments.level, rounds=arguments.rounds)
    if arguments.json:
        print(json.dumps(result))
    else:
        print(
            f"α ({result['level']}) with {result['bootstrap']} bootstrap replicates on "
            f"{result['n_items']:,} items × {result['overlap']} judgments: "
            f"{result['alpha_seconds'] * 1e3:.1f} ms = {result['ratio']:.2f} × bare np.bincount "
            f"({result['bincount_seconds'] * 1e3:.1f} ms), limit {LIMIT:.0f} ×"
        )
    return 0 if result["passed"] else 1


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    raise SystemExit(main())
