"""What changed from one release to another, from their frozen files alone.

Items are the same by their id, or between two campaigns by their external id. Annotators cannot be
joined: each release draws their pseudonyms anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic_core import to_json

from workbench.contracts.record_schemas import record_schema
from workbench.contracts.records import RecordKind
from workbench.releases.manifest import read_release_manifest
from workbench.releases.snapshot import CONSENSUS, records_file

SHOWN = 20

_BATCH = 4_096
_PREFIX = "records_"
# What a row tells of its item, and the judgments it rests on under pseudonyms of one release.
_NOT_COMPARED = frozenset(
    {
        *("item_id", "external_id", "prompt_hash", "split_group", "method", "confidence"),
        *("disagreement", "n_judgments", "simulated", "judgments", "annotations"),
    }
)

Hashes = NDArray[np.uint64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relabelled:
    """An item whose consensus changed; values are canonical JSON."""

    external_id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusChange:
    """Items with a released consensus; the lists are the first ones by external id.

    Attributes:
        outcomes: (before, after, items) of those that are relabelled, most first. Both are the same
            where the value changed but not what it comes to, as with a stronger preference.
    """

    added: int
    removed: int
    relabelled: int
    unchanged: int
    outcomes: Sequence[tuple[str, str, int]]
    first_added: Sequence[str]
    first_removed: Sequence[str]
    first_relabelled: Sequence[Relabelled]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """The rows of one kind of record.

    Attributes:
        added: Rows of items that had none.
        removed: Rows of items that have none any more.
        relabelled: Items whose rows say something else.
        rescored: Items whose rows say the same with other margins, scores or soft labels.
    """

    record: str
    rows_before: int
    rows_after: int
    added: int
    removed: int
    relabelled: int
    rescored: int
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureChange:
    """Agreement on one field; None where a release has no such field or it is undefined there."""

    field: str
    title: str
    alpha_before: float | None
    alpha_after: float | None
    interval_before: Sequence[float] | None
    interval_after: Sequence[float] | None
    units_before: int
    units_after: int
    judgments_before: int
    judgments_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDiff:
    """What changed; `settings` has what was asked for differently, as (what, before, after)."""

    before: str
    after: str
    joined_by: str
    settings: Sequence[tuple[str, str, str]]
    counts: Sequence[tuple[str, int, int]]
    consensus: ConsensusChange
    records: Sequence[RecordChange]
    agreement: Sequence[MeasureChange]
    note: str = (
        "Annotators cannot be joined across releases: each release draws their pseudonyms anew."
    )

    def as_document(self) -> dict[str, Any]:
        return asdict(self)


def compare_releases(
    before: Path,
    after: Path,
    *,
    before_sha256: str | None = None,
    after_sha256: str | None = None,
) -> ReleaseDiff:
    """Compare two releases by their folders; memory holds some 50 bytes for each row.

    Raises:
        VerificationFailed: A manifest is not what was frozen.
    """
    old = read_release_manifest(before, expected_sha256=before_sha256)
    new = read_release_manifest(after, expected_sha256=after_sha256)
    key = "item_id" if old["campaign"]["id"] == new["campaign"]["id"] else "external_id"
    return ReleaseDiff(
        before=old["id"],
        after=new["id"],
        joined_by=key,
        settings=_settings(old, new),
        counts=[
            (name, old["counts"][name], new["counts"][name])
            for name in ("items", "judgments", "current", "people", "models")
        ],
        consensus=_compare_consensus(before / CONSENSUS, after / CONSENSUS, key),
        records=[_compare_records(kind, before, after, key) for kind in _kinds(old, new)],
        agreement=_compare_agreement(old["agreement"], new["agreement"]),
    )


def _settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    def settings(manifest: Mapping[str, Any]) -> dict[str, Any]:
        campaign = manifest["campaign"]
        return {
            "campaign": campaign["id"],
            "template": f"{campaign['template']['key']} {campaign['template']['version']}",
            "guidelines": campaign["guideline_version"],
            "options": campaign["options"],
            "consensus": manifest["consensus"]["method"],
            **manifest["filters"],
        }

    first, second = settings(old), settings(new)
    names = [*first, *(name for name in second if name not in first)]
    return [
        (name, _shown(first.get(name)), _shown(second.get(name)))
        for name in names
        if first.get(name) != second.get(name)
    ]


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value).decode()


def _kinds(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[RecordKind]:
    names = old["files"].keys() | new["files"].keys()
    skipped = RecordKind.LABEL_STUDIO_TASK
    return [
        kind
        for kind in RecordKind
        if kind is not skipped
        and (name := records_file(kind)).startswith(_PREFIX)
        and name in names
    ]


@dataclass(frozen=True, slots=True)
class _Consensus:
    keys: Hashes
    values: Hashes
    outcomes: Integers


def _compare_consensus(before: Path, after: Path, key: str) -> ConsensusChange:
    words: dict[str, int] = {}
    old, new = (_read_consensus(path, key, words) for path in (before, after))
    _, left, right = np.intersect1d(old.keys, new.keys, assume_unique=True, return_indices=True)
    differs = old.values[left] != new.values[right]
    left, right = left[differs], right[differs]
    named = list(words)
    outcomes = Counter(zip(old.outcomes[left].tolist(), new.outcomes[right].tolist(), strict=True))
    n_both = len(differs)
    added = new.keys[~np.isin(new.keys, old.keys)]
    removed = old.keys[~np.isin(old.keys, new.keys)]
    relabelled = new.keys[np.sort(right)][:SHOWN]
    was, now = (_values(path, key, relabelled) for path in (before, after))
    return ConsensusChange(
        added=len(added),
        removed=len(removed),
        relabelled=len(left),
        unchanged=n_both - len(left),
        outcomes=[
            (named[one], named[other], count) for (one, other), count in outcomes.most_common()
        ],
        first_added=[id_ for id_, _ in _values(after, key, added[:SHOWN]).values()],
        first_removed=[id_ for id_, _ in _values(before, key, removed[:SHOWN]).values()],
        first_relabelled=[
            Relabelled(external_id=now[one][0], before=was[one][1], after=now[one][1])
            for one in relabelled.tolist()
        ],
    )


def _read_consensus(path: Path, key: str, words: dict[str, int]) -> _Consensus:
    keys, values, outcomes = [], [], []
    for batch in _batches(path, [key, "value", "outcome"]):
        keys.append(_hash(batch.column(key)))
        values.append(_hash(batch.column("value")))
        outcomes.append(
            [
                words.setdefault(word or "none", len(words))
                for word in batch.column("outcome").to_pylist()
            ]
        )
    return _Consensus(
        _joined(keys),
        _joined(values),
        np.array([one for part in outcomes for one in part], dtype=np.int64),
    )


def _values(path: Path, key: str, wanted: Hashes) -> dict[int, tuple[str, str]]:
    """Return external id and value of some items, in the file's order."""
    found: dict[int, tuple[str, str]] = {}
    if not len(wanted):
        return found
    for batch in _batches(path, list(dict.fromkeys([key, "external_id", "value"]))):
        keys = _hash(batch.column(key))
        for place in np.flatnonzero(np.isin(keys, wanted)).tolist():
            row = batch.slice(place, 1).to_pylist()[0]
            found[int(keys[place])] = (row["external_id"], row["value"])
    return found


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of items, put together so that their order does not count."""

    keys: Hashes
    counts: Integers
    labels: Hashes
    scores: Hashes

    @property
    def n_rows(self) -> int:
        return int(self.counts.sum())


def _compare_records(kind: RecordKind, before: Path, after: Path, key: str) -> RecordChange:
    old, new = (_read_rows(folder / records_file(kind), kind, key) for folder in (before, after))
    _, left, right = np.intersect1d(old.keys, new.keys, assume_unique=True, return_indices=True)
    is_relabelled = old.labels[left] != new.labels[right]
    is_rescored = ~is_relabelled & (old.scores[left] != new.scores[right])
    return RecordChange(
        record=str(kind),
        rows_before=old.n_rows,
        rows_after=new.n_rows,
        added=new.n_rows - int(new.counts[right].sum()),
        removed=old.n_rows - int(old.counts[left].sum()),
        relabelled=int(is_relabelled.sum()),
        rescored=int(is_rescored.sum()),
        unchanged=int((~is_relabelled & ~is_rescored).sum()),
    )


def _read_rows(path: Path, kind: RecordKind, key: str) -> _Rows:
    keys, labels, scores = [], [], []
    own = [field for field in record_schema(kind) if field.name not in _NOT_COMPARED]
    if path.exists():
        names = [field.name for field in own if not pa.types.is_floating(field.type)]
        numbers = [field.name for field in own if pa.types.is_floating(field.type)]
        for batch in _batches(path, [key, *names, *numbers]):
            keys.append(_hash(batch.column(key)))
            labels.append(_hash_rows(batch.select(names)))
            scores.append(_hash_rows(batch.select(numbers)) if numbers else _zeros(batch))
    every, inverse, counts = np.unique(_joined(keys), return_inverse=True, return_counts=True)
    sums = [np.zeros(len(every), dtype=np.uint64) for _ in range(2)]
    for total, hashes in zip(sums, (labels, scores), strict=True):
        np.add.at(total, inverse, _joined(hashes))
    return _Rows(every, counts, *sums)


def _batches(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(batch_size=_BATCH, columns=list(columns))


def _hash_rows(batch: pa.RecordBatch) -> Hashes:
    rows = [to_json(row).decode() for row in batch.to_pylist()]
    return _hash(pa.array(rows, pa.string()))


def _zeros(batch: pa.RecordBatch) -> Hashes:
    return np.zeros(len(batch), dtype=np.uint64)


def _hash(texts: pa.Array) -> Hashes:
    """Return 64 bits of each text: two of a million are the same once in 40 million times."""
    from pandas.util import hash_array

    found: Hashes = hash_array(texts.to_numpy(zero_copy_only=False), categorize=False)
    return found


def _joined(parts: Sequence[Hashes]) -> Hashes:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)


def _compare_agreement(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> list[MeasureChange]:
    before, after = ({one["field"]: one for one in measures} for measures in (old, new))
    fields = [*before, *(field for field in after if field not in before)]
    nothing = {"alpha": None, "interval": None, "n_units": 0, "n_judgments": 0}
    changes = []
    for field in fields:
        was, now = before.get(field, nothing), after.get(field, nothing)
        changes.append(
            MeasureChange(
                field=field,
                title=(after.get(field) or before[field])["title"],
                alpha_before=was["alpha"],
                alpha_after=now["alpha"],
                interval_before=was["interval"],
                interval_after=now["interval"],
                units_before=was["n_units"],
                units_after=now["n_units"],
                judgments_before=was["n_judgments"],
                judgments_after=now["n_judgments"],
            )
        )
    return changes
