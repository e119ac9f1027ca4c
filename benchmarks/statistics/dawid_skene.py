"""One EM iteration of Dawid-Skene against crowd-kit's, on the same judgments.

Each fits twice, with few and with more iterations (tolerance 0, so that both do as many as asked);
the difference over the number of further iterations is the cost of one, set-up left out on both
sides. Medians of rounds in which they take turns. Each starts from the form it is made for: integer codes here, a DataFrame of integers there.
Whole fits are reported beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import Any

import pandas as pd
from crowdkit.aggregation import DawidSkene as CrowdKitDawidSkene

from benchmarks.statistics.simulated import simulated_ratings
from workbench.statistics import Ratings, dawid_skene

LIMIT = 10.0


def measure(
    *,
    n_items: int = 1_000_000,
    overlap: int = 4,
    n_categories: int = 5,
    n_annotators: int = 200,
    few: int = 1,
    more: int = 4,
    rounds: int = 3,
) -> dict[str, Any]:
    ratings = simulated_ratings(
        n_items, overlap=overlap, n_categories=n_categories, n_annotators=n_annotators
    )
    frame = pd.DataFrame(
        {"task": ratings.units, "worker": ratings.annotators, "label": ratings.values}
    )
    ours: dict[int, list[float]] = {few: [], more: []}
    theirs: dict[int, list[float]] = {few: [], more: []}
    for _ in range(rounds):
        for iterations in (few, more):
            ours[iterations].append(_fit(ratings, iterations))
            theirs[iterations].append(_fit_crowd_kit(frame, iterations))
    our_few, our_more = statistics.median(ours[few]), statistics.median(ours[more])
    their_few, their_more = statistics.median(theirs[few]), statistics.median(theirs[more])
    our_iteration = (our_more - our_few) / (more - few)
    their_iteration = (their_more - their_few) / (more - few)
    ratio = their_iteration / our_iteration
    return {
        "benchmark": "dawid_skene_iteration",
        "n_items": n_items,
        "overlap": overlap,
        "n_categories": n_categories,
        "iterations": [few, more],
        "rounds": rounds,
        "iteration_seconds": our_iteration,
        "crowd_kit_iteration_seconds": their_iteration,
        "fit_seconds": our_more,
        "crowd_kit_fit_seconds": their_more,
        "fit_ratio": their_more / our_more,
        "ratio": ratio,
        "limit": LIMIT,
        "passed": ratio >= LIMIT,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line and nothing else")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    result = measure(n_items=arguments.items, rounds=arguments.rounds)
    if arguments.json:
        print(json.dumps(result))
    else:
        print(
            f"Dawid-Skene on {result['n_items']:,} items × {result['overlap']} judgments: "
            f"{result['iteration_seconds'] * 1e3:.0f} ms per EM iteration, crowd-kit "
            f"{result['crowd_kit_iteration_seconds']:.2f} s: {result['ratio']:.0f} × faster "
            f"(whole fit of {result['iterations'][-1]} iterations {result['fit_ratio']:.0f} ×), "
            f"limit {LIMIT:.0f} ×"
        )
    return 0 if result["passed"] else 1


def _fit(ratings: Ratings, iterations: int) -> float:
    start = time.perf_counter()
    fit = dawid_skene(ratings, max_iterations=iterations, tolerance=0.0)
    seconds = time.perf_counter() - start
    return _checked(seconds, done=fit.iterations, asked=iterations)


def _fit_crowd_kit(frame: pd.DataFrame, iterations: int) -> float:
    start = time.perf_counter()
    fit = CrowdKitDawidSkene(n_iter=iterations, tol=0.0).fit(frame)
    seconds = time.perf_counter() - start
    return _checked(seconds, done=len(fit.loss_history_), asked=iterations)


def _checked(seconds: float, *, done: int, asked: int) -> float:
    if done != asked:
        raise RuntimeError(f"stopped after {done} of {asked} iterations")
    return seconds


if __name__ == "__main__":
    raise SystemExit(main())
