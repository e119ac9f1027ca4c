"""Export of pairs to Parquet, from a frozen release, against the bare pyarrow writer.

The bare writer is handed batches that are already in memory and in the export's schema: it reads,
converts, hashes and verifies nothing. It is timed with its own defaults and with the settings of our
exports, and the faster of the two is the limit. Memory is the peak of a process of its own, for a
quarter of the pairs and for all of them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.export.simulated import freeze_simulated
from workbench.contracts.exporter import AnyExporter, ExportFormat, ExportOptions
from workbench.contracts.records import RecordKind
from workbench.contracts.registry import get_exporter
from workbench.releases.export import export_release, read_options
from workbench.releases.files import CODEC, CODEC_LEVEL, dictionary_columns
from workbench.releases.snapshot import records_file

LIMIT = 0.6
# Four times the pairs may not take a third more memory.
MEMORY_LIMIT = 1.33

_OPTIONS: dict[str, Any] = {}


def measure(
    *, n_pairs: int = 1_000_000, pair_bytes: int = 2_000, rounds: int = 2
) -> dict[str, Any]:
    exporter = get_exporter("trl_preference")
    options = read_options(exporter, _OPTIONS)
    with tempfile.TemporaryDirectory() as scratch:
        whole, quarter = Path(scratch) / "whole", Path(scratch) / "quarter"
        for folder, pairs in ((whole, n_pairs), (quarter, n_pairs // 4)):
            folder.mkdir()
            freeze_simulated(folder, pairs, pair_bytes)
        bare_default, bare_same, ours, peaks = [], [], [], []
        for _ in range(rounds):
            bare_default.append(_bare_seconds(whole, exporter, options, same_settings=False))
            bare_same.append(_bare_seconds(whole, exporter, options, same_settings=True))
            seconds, peak = _exported(whole)
            ours.append(seconds)
            peaks.append(peak)
        _, small_peak = _exported(quarter)
    bare = min(*bare_default, *bare_same)
    ratio = bare / min(ours)
    growth = max(peaks) / small_peak
    return {
        "benchmark": "export_preference_parquet",
        "n_pairs": n_pairs,
        "pair_bytes": pair_bytes,
        "rounds": rounds,
        "bare_default_seconds": min(bare_default),
        "bare_same_settings_seconds": min(bare_same),
        "export_seconds": min(ours),
        "pairs_per_second": n_pairs / min(ours),
        "peak_mebibytes": max(peaks),
        "peak_mebibytes_of_a_quarter": small_peak,
        "memory_growth": growth,
        "ratio": ratio,
        "limit": LIMIT,
        "passed": ratio >= LIMIT and growth <= MEMORY_LIMIT,
    }


def _bare_seconds(
    folder: Path, exporter: AnyExporter, options: ExportOptions, *, same_settings: bool
) -> float:
    """Time the writer alone: what it is handed is made ready outside the clock."""
    schema = exporter.schema(options)
    settings: dict[str, Any] = {"compression": CODEC}
    if same_settings:
        settings |= {
            "compression_level": CODEC_LEVEL,
            "use_dictionary": dictionary_columns(schema),
        }
    path = folder / "bare.parquet"
    source = pq.ParquetFile(folder / records_file(RecordKind.PREFERENCE))
    seconds = 0.0
    with source, pq.ParquetWriter(path, schema, **settings) as writer:
        for index in range(source.num_row_groups):
            batch = source.read_row_group(index).combine_chunks().to_batches()[0]
            converted = exporter.convert(batch, options).batch
            start = time.perf_counter()
            writer.write_batch(converted, row_group_size=len(converted))
            seconds += time.perf_counter() - start
        start = time.perf_counter()
        writer.close()
        seconds += time.perf_counter() - start
    path.unlink()
    return seconds


def _exported(folder: Path) -> tuple[float, float]:
    """Export in a process of its own: seconds from the first byte read to the last written, MiB."""
    child = [sys.executable, "-m", "benchmarks.export.preference", "--child", str(folder)]
    done = subprocess.run(child, check=True, capture_output=True, text=True)
    measured = json.loads(done.stdout)
    return measured["seconds"], measured["peak_mebibytes"]


def _child(folder: Path) -> None:
    exporter = get_exporter("trl_preference")
    with tempfile.TemporaryDirectory(dir=folder) as to:
        start = time.perf_counter()
        export_release(
            folder,
            manifest_sha256=None,
            exporter=exporter,
            options=read_options(exporter, _OPTIONS),
            format=ExportFormat.PARQUET,
            to=Path(to),
        )
        seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "peak_mebibytes": _peak_mebibytes()}))


def _peak_mebibytes() -> float:
    """Peak resident memory since exec; `getrusage` would tell the parent's where that was more."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line and nothing else")
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        _child(arguments.child)
        return 0
    result = measure(n_pairs=arguments.pairs, rounds=arguments.rounds)
    if arguments.json:
        print(json.dumps(result))
    else:
        print(
            f"{result['n_pairs']:,} pairs of {result['pair_bytes']:,} bytes to Parquet: "
            f"{result['export_seconds']:.1f} s, {result['ratio']:.2f} of the bare writer "
            f"({result['bare_default_seconds']:.1f} s by default, "
            f"{result['bare_same_settings_seconds']:.1f} s with our settings), limit {LIMIT}; "
            f"peak {result['peak_mebibytes']:.0f} MiB, a quarter of the pairs "
            f"{result['peak_mebibytes_of_a_quarter']:.0f} MiB"
        )
    return 0 if result["passed"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
