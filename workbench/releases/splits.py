"""Splits of an export: train, test and so on, by a hash of what may not straddle two of them."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from workbench.errors import BadRequest, BadRow
from workbench.releases.snapshot import ITEMS

GROUP = "split_group"
MAX_SPLITS = 16

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_NAMES = "1 to 32 of a-z, 0-9 and _, a letter first"
_EXAMPLE = "train=0.9,test=0.1"
_ITEM = "item_id"


@dataclass(frozen=True, slots=True)
class Splits:
    """Names and ratios, by name; no ratios mean that the export is not split.

    A group's place between 0 and 1 is a hash of its name, and the splits take up that line in the
    order of their names: which split a group is in depends on the ratios and on nothing else.
    """

    ratios: tuple[tuple[str, float], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ratios)

    @property
    def names(self) -> tuple[str | None, ...]:
        """The splits; one without a name where the export is not split."""
        return tuple(name for name, _ in self.ratios) or (None,)

    def as_document(self) -> dict[str, float]:
        return dict(self.ratios)

    def as_text(self) -> str:
        """Return what a command line gives."""
        return ",".join(f"{name}={ratio:g}" for name, ratio in self.ratios)

    def places(self, groups: pa.Array) -> pa.Array:
        """Return the number of each group's split, in the order of `names`."""
        encoded = groups.dictionary_encode()
        bounds = np.cumsum([ratio for _, ratio in self.ratios])[:-1]
        at = np.fromiter(map(_place, encoded.dictionary.to_pylist()), dtype=np.float64)
        places = np.searchsorted(bounds, at, side="right").astype(np.int8)
        return pa.array(places).take(encoded.indices)


def _place(group: str) -> float:
    # The group's own name is the least hash of its prompts, which would favour the first split.
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:8]) / 2**64


def read_splits(given: str | Mapping[str, float]) -> Splits:
    """Read `train=0.9,test=0.1`, or names with their ratios; nothing means not to split.

    Raises:
        BadRequest: A name or a ratio makes no sense, or the ratios do not sum to 1.
    """
    ratios = _parse(given) if isinstance(given, str) else dict(given)
    for name, ratio in ratios.items():
        if not _NAME.fullmatch(name):
            problem = f"{name!r} cannot name a split"
            raise _refused(problem, _NAMES)
        if not (math.isfinite(ratio) and 0 < ratio <= 1):
            problem = f"the ratio of {name} is {ratio:g}"
            raise _refused(problem, "more than 0 and at most 1")
    if len(ratios) > MAX_SPLITS:
        problem = f"there are {len(ratios)} splits"
        raise _refused(problem, f"at most {MAX_SPLITS}")
    total = math.fsum(ratios.values())
    if ratios and abs(total - 1) > 1e-9:
        problem = f"the ratios sum to {total:g}"
        raise _refused(problem, f"ratios that sum to 1, as in {_EXAMPLE}")
    return Splits(tuple(sorted(ratios.items())))


def _parse(text: str) -> dict[str, float]:
    ratios: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, ratio = (piece.strip() for piece in part.partition("="))
        if name in ratios:
            problem = f"the split {name} is named twice"
            raise _refused(problem, "each split once")
        try:
            ratios[name] = float(ratio)
        except ValueError:
            problem = f"{part!r} is not a split"
            raise _refused(problem, f"NAME=RATIO, as in {_EXAMPLE}") from None
    return ratios


def _refused(problem: str, expected: str) -> BadRequest:
    message = f"{problem}; expected {expected}"
    return BadRequest(message, rows=[BadRow(field="splits", problem=problem, expected=expected)])


class GroupReader(Protocol):
    """Tells what of each row may not straddle two splits."""

    def __call__(self, rows: pa.Table) -> pa.Array: ...


def group_reader(folder: Path, schema: pa.Schema) -> GroupReader:
    """Return how the rows of a release's file get their groups: by a column, else by their item."""
    if GROUP in schema.names:
        return _by_column
    return _ByItem(folder / ITEMS)


def _by_column(rows: pa.Table) -> pa.Array:
    return rows.column(GROUP).combine_chunks()


class _ByItem:
    """Looks up the groups of items; it holds the ids of all of them and their groups."""

    def __init__(self, items: Path) -> None:
        read = pq.read_table(items, columns=[_ITEM, GROUP])
        self._ids = read.column(_ITEM).combine_chunks()
        self._groups = read.column(GROUP).combine_chunks().dictionary_encode()

    def __call__(self, rows: pa.Table) -> pa.Array:
        ids = rows.column(_ITEM).combine_chunks().dictionary_encode()
        found = pc.index_in(ids.dictionary, value_set=self._ids)
        return self._groups.take(found).cast(pa.string()).take(ids.indices)
