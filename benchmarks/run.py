"""Run every benchmark, one after the other, and print its ratio against its limit.

`python -m benchmarks.run` measures at full size; `python -m benchmarks.run quick` runs everything
small, to see that it runs: its figures are of no use. `--json FILE` keeps the results.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A module with `measure(**sizes) -> dict`; `quick` are the sizes of a short run."""

    module: str
    quick: Mapping[str, Any] = field(default_factory=dict)


BENCHMARKS: Sequence[Benchmark] = (
    Benchmark(module="statistics.alpha", quick={"n_items": 50_000, "rounds": 3}),
    Benchmark(module="statistics.dawid_skene", quick={"n_items": 20_000, "rounds": 1}),
    Benchmark(module="statistics.loading", quick={"n_items": 5_000, "rounds": 1}),
    Benchmark(module="browser.submit", quick={"tasks": 4}),
    Benchmark(
        module="queue.http",
        quick={"items": 20_000, "clients": 4, "seconds": 1.0, "warm_up": 0.5, "rounds": 1},
    ),
    Benchmark(
        module="queue.claim", quick={"short": 200, "long": 2_000, "behind": 100, "rounds": 20}
    ),
    Benchmark(module="export.preference", quick={"n_pairs": 20_000, "rounds": 1}),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", nargs="?", choices=["quick", "full"], default="full")
    parser.add_argument("--json", type=Path, help="write the results here")
    arguments = parser.parse_args()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"
    print(f"{datetime.now(UTC):%Y-%m-%d} on {machine}", flush=True)
    results = []
    for benchmark in BENCHMARKS:
        print(f"… {benchmark.module}", flush=True)
        module = importlib.import_module(f"benchmarks.{benchmark.module}")
        measured = module.measure(**(benchmark.quick if arguments.size == "quick" else {}))
        for result in measured if isinstance(measured, list) else [measured]:
            results.append(result)
            word = "within" if result["passed"] else "OUTSIDE"
            print(
                f"  {result['benchmark']}: ratio {result['ratio']:.3f}, limit {result['limit']}: {word}",
                flush=True,
            )
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine, "results": results}, indent=1))
    outside = [result["benchmark"] for result in results if not result["passed"]]
    return 1 if outside and arguments.size == "full" else 0


if __name__ == "__main__":
    raise SystemExit(main())
