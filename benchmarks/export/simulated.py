"""A frozen release of any number of pairs, written by the code that freezes real ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from workbench.contracts.record_schemas import record_schema
from workbench.contracts.records import RecordKind
from workbench.releases.files import GroupedParquet
from workbench.releases.manifest import FORMAT, MANIFEST, render
from workbench.releases.snapshot import records_file

SCHEMA = record_schema(RecordKind.PREFERENCE)
BATCH = 8_192

_VOCABULARY = 30_000
_POOL_BYTES = 64 * 2**20


class Texts:
    """Slices of a long text of random words, whose frequencies fall off as a language's do."""

    def __init__(self, seed: int) -> None:
        self.generator = np.random.default_rng(seed)
        letters = np.frombuffer(b"etaoinshrdlucmfwypvbgkjqxz", dtype=np.uint8)
        lengths = self.generator.integers(2, 11, _VOCABULARY)
        words = [bytes(self.generator.choice(letters[:20], length).tobytes()) for length in lengths]
        shares = 1 / np.arange(1, _VOCABULARY + 1)
        drawn = self.generator.choice(_VOCABULARY, size=_POOL_BYTES // 6, p=shares / shares.sum())
        self._pool: NDArray[np.uint8] = np.frombuffer(
            b" ".join([words[number] for number in drawn]), dtype=np.uint8
        )

    def draw(self, n: int, mean_bytes: int) -> pa.StringArray:
        sizes = self.generator.integers(mean_bytes // 2, mean_bytes * 3 // 2, n)
        ends = np.cumsum(sizes)
        starts = self.generator.integers(0, len(self._pool) - 2 * mean_bytes, n)
        places = np.arange(ends[-1]) + np.repeat(starts - (ends - sizes), sizes)
        offsets = np.concatenate([[0], ends]).astype(np.int32)
        return pa.StringArray.from_buffers(
            n, pa.py_buffer(offsets), pa.py_buffer(self._pool[places])
        )


def simulated_batches(n_pairs: int, pair_bytes: int, *, seed: int = 1) -> Iterator[pa.RecordBatch]:
    """Yield preference records of about `pair_bytes` of text each."""
    texts = Texts(seed)
    for start in range(0, n_pairs, BATCH):
        yield _batch(texts, start, min(BATCH, n_pairs - start), pair_bytes)


def _batch(texts: Texts, start: int, n: int, pair_bytes: int) -> pa.RecordBatch:
    message = SCHEMA.field("prompt").type.value_type
    users = pa.StructArray.from_arrays(
        [pa.repeat("user", n), texts.draw(n, pair_bytes * 3 // 10)], fields=list(message)
    )
    names = pa.array([f"item-{start + number}" for number in range(n)])
    strings = {
        "chosen_model": pa.repeat("atlas", n),
        "rejected_model": pa.repeat("borealis", n),
        "item_id": names,
        "external_id": names,
        "prompt_hash": (hashes := pa.array(texts.generator.bytes(32).hex() for _ in range(n))),
        "split_group": hashes,
        "method": pa.repeat("majority", n),
    }
    columns = {
        "prompt": pa.ListArray.from_arrays(pa.array(np.arange(n + 1, dtype=np.int32)), users),
        "chosen": texts.draw(n, pair_bytes * 35 // 100),
        "rejected": texts.draw(n, pair_bytes * 35 // 100),
        "margin": pa.array(texts.generator.integers(1, 4, n).astype(np.float64)),
        "confidence": pa.array(texts.generator.random(n)),
        "disagreement": pa.array(texts.generator.random(n)),
        "soft_label": pa.array(texts.generator.random(n)),
        "n_judgments": pa.array(np.full(n, 3, dtype=np.int32)),
        "simulated": pa.array(np.zeros(n, dtype=np.bool_)),
        **strings,
    }
    arrays = [
        columns[field.name] if field.name in columns else pa.nulls(n, field.type)
        for field in SCHEMA
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def freeze_simulated(folder: Path, n_pairs: int, pair_bytes: int) -> None:
    """Write the part of a release that an export of pairs reads."""
    file = GroupedParquet(folder / records_file(RecordKind.PREFERENCE), SCHEMA)
    for batch in simulated_batches(n_pairs, pair_bytes):
        file.add_batch(batch)
    written = file.finish()
    manifest = {
        "format": FORMAT,
        "id": "rel_simulated",
        "name": "simulated",
        "campaign": {"template": {"key": "pairwise_preference"}},
        "simulated": False,
        "files": {written.name: written.as_entry()},
    }
    (folder / MANIFEST).write_bytes(render(manifest))
