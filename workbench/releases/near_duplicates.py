"""Prompts that are nearly the same, found by MinHash and joined into groups.

Two prompts are nearly the same if the sets of their runs of three words overlap by 0.8 or more
(Jaccard). Candidates are found by locality-sensitive hashing: 21 bands of 6 rows each, which miss
a pair at 0.8 with a probability of 0.2 % and one at 0.9 with less than 10⁻⁶; each candidate is then
held to its exact overlap. Source: Broder, On the resemblance and containment of documents (1997);
Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, chapter 3.

Words and signatures wait in files, so that memory holds some 100 bytes for each prompt whatever its
length.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

THRESHOLD = 0.8
WORDS = 3
BANDS, ROWS = 21, 6
VERSION = "1"

_PERMUTATIONS = BANDS * ROWS
# A pair at the threshold is estimated this low once in 10,000 times.
_PROMISING = THRESHOLD - 0.135
# Prompts that share a band are compared with as many of their neighbours in it.
_NEIGHBOURS = 32
_PAIRS = 4_096
_SHINGLES = 2**20
_VOCABULARY = 2**20

# Scripts that put no space between words: each character is a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W{_UNSPACED}]+")
_MESSAGES = '[{"content": '

Integers = NDArray[np.int64]
Hashes = NDArray[np.uint64]
_Shingles = NDArray[np.uint32]

_DRAWN = np.random.default_rng(20_240_229)
_FACTORS: Hashes = _DRAWN.integers(0, 2**63, _PERMUTATIONS, dtype=np.uint64) * np.uint64(
    2
) + np.uint64(1)
_SHIFTS: Hashes = _DRAWN.integers(0, 2**63, _PERMUTATIONS, dtype=np.uint64)
_PLACES: Hashes = _DRAWN.integers(0, 2**63, max(WORDS, ROWS), dtype=np.uint64) * np.uint64(
    2
) + np.uint64(1)


def said(prompt: str) -> str:
    """Return what a prompt's messages say, without the system's, which many prompts share.

    A prompt is its text, or else its messages as `contracts.conversation.prompt_key` has them.
    """
    if not prompt.startswith(_MESSAGES):
        return prompt
    try:
        messages = json.loads(prompt)
        return "\n".join(one["content"] for one in messages if one["role"] != "system")
    except (ValueError, KeyError, TypeError):
        return prompt


class PromptIndex:
    """Prompts, added a batch at a time and grouped at the end; they are known by their order."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="workbench-prompts-")
        folder = Path(self._folder.name)
        self._shingles: BinaryIO = (folder / "shingles").open("w+b")
        self._signatures: BinaryIO = (folder / "signatures").open("w+b")
        self._lengths: list[Integers] = []
        self._words = _Words()
        self._n = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._shingles.close()
        self._signatures.close()
        self._folder.cleanup()

    def __len__(self) -> int:
        return self._n

    def add(self, prompts: Sequence[str]) -> None:
        """Add prompts after those there are."""
        batch: list[_Shingles] = []
        size = 0
        for prompt in prompts:
            batch.append(self._shingled(said(prompt)))
            size += len(batch[-1])
            if size >= _SHINGLES:
                self._store(batch)
                batch, size = [], 0
        if batch:
            self._store(batch)

    def groups(self, same: Integers | None = None) -> Integers:
        """Return for each prompt the first one of its group.

        Args:
            same: For each prompt, one that is known to be the same; none by default.
        """
        self._shingles.flush()
        self._signatures.flush()
        joined = _Joined(np.arange(self._n) if same is None else same)
        if self._n:
            signatures: _Shingles = np.memmap(
                self._signatures, dtype=np.uint32, mode="r", shape=(self._n, _PERMUTATIONS)
            )
            sets = _Sets(self._shingles, np.concatenate(self._lengths))
            for left, right in _candidates(signatures, joined):
                near = sets.overlaps(left, right) >= THRESHOLD
                joined.join(left[near], right[near])
        return joined.roots()

    def _shingled(self, text: str) -> _Shingles:
        """Return the sorted hashes of the runs of words, each once."""
        words = _WORD.findall(text.casefold())
        if not words:
            return np.array([_hash(text) & 0xFFFFFFFF], dtype=np.uint32)
        hashes = np.fromiter(map(self._words.__getitem__, words), np.uint64, len(words))
        n = max(1, len(words) - WORDS + 1)
        runs = np.zeros(n, dtype=np.uint64)
        for place in range(min(WORDS, len(words))):
            runs = (runs ^ hashes[place : place + n]) * _PLACES[place]
            runs ^= runs >> np.uint64(29)
        return np.unique((runs >> np.uint64(32)).astype(np.uint32))

    def _store(self, batch: list[_Shingles]) -> None:
        lengths = np.fromiter(map(len, batch), np.int64, len(batch))
        together = np.concatenate(batch)
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        signatures = np.empty((len(batch), _PERMUTATIONS), dtype=np.uint32)
        wide = together.astype(np.uint64)
        for place in range(_PERMUTATIONS):
            hashed = wide * _FACTORS[place] + _SHIFTS[place] >> np.uint64(32)
            signatures[:, place] = np.minimum.reduceat(hashed.astype(np.uint32), starts)
        self._shingles.write(together.tobytes())
        self._signatures.write(signatures.tobytes())
        self._lengths.append(lengths)
        self._n += len(batch)


class _Words(dict[str, int]):
    """The hashes of words, kept while there are not too many."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _VOCABULARY:
            self.clear()
        self[word] = found = _hash(word)
        return found


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest)


class _Sets:
    """The shingles of prompts, read back for the pairs that are compared."""

    def __init__(self, file: BinaryIO, lengths: Integers) -> None:
        self._all: _Shingles = np.memmap(file, dtype=np.uint32, mode="r")
        self._lengths = lengths
        self._starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])

    def overlaps(self, left: Integers, right: Integers) -> NDArray[np.float64]:
        """Return the Jaccard index of each pair."""
        sizes = self._lengths[left] + self._lengths[right]
        both = np.empty(len(left))
        # Long prompts are compared few at a time.
        ends = np.searchsorted(
            np.cumsum(sizes), np.arange(1, sizes.sum() // _SHINGLES + 1) * _SHINGLES
        )
        for part in np.split(np.arange(len(left)), np.unique(ends)):
            both[part] = self._shared(left[part], right[part])
        return both / (sizes - both)

    def _shared(self, left: Integers, right: Integers) -> Integers:
        if not len(left):
            return np.empty(0, dtype=np.int64)
        members = np.concatenate([left, right])
        lengths = self._lengths[members]
        pairs = np.repeat(np.tile(np.arange(len(left)), 2), lengths)
        first = np.repeat(self._starts[members] - np.cumsum(lengths) + lengths, lengths)
        values = self._all[first + np.arange(lengths.sum())]
        keys = np.sort((pairs.astype(np.uint64) << np.uint64(32)) | values)
        doubled = keys[1:][keys[1:] == keys[:-1]] >> np.uint64(32)
        return np.bincount(doubled.astype(np.int64), minlength=len(left))


class _Joined:
    """Disjoint sets whose root is their first member."""

    def __init__(self, same: Integers) -> None:
        self._parents = np.minimum(same, np.arange(len(same)))

    def roots(self) -> Integers:
        while not np.array_equal(further := self._parents[self._parents], self._parents):
            self._parents = further
        return self._parents

    def join(self, left: Integers, right: Integers) -> None:
        parents = self._parents
        for one, other in zip(left.tolist(), right.tolist(), strict=True):
            first, second = sorted((self._root(one), self._root(other)))
            parents[second] = first

    def _root(self, member: int) -> int:
        parents = self._parents
        while (parent := int(parents[member])) != member:
            parents[member] = parents[parent]
            member = parent
        return member


def _candidates(signatures: _Shingles, joined: _Joined) -> Iterator[tuple[Integers, Integers]]:
    """Yield pairs that share a band, are not joined yet and whose signatures are much alike."""
    following = _band(signatures, 0)
    for band in range(BANDS):
        keys, following = following, _band(signatures, (band + 1) % BANDS)
        # Among those that share a band, the ones that share the next as well come side by side.
        order = np.lexsort((following, keys))
        ordered = keys[order]
        for distance in range(1, _NEIGHBOURS + 1):
            starts = np.flatnonzero(ordered[distance:] == ordered[:-distance])
            if not len(starts):
                break
            for part in np.split(starts, range(_PAIRS, len(starts), _PAIRS)):
                left, right = order[part], order[part + distance]
                roots = joined.roots()
                apart = roots[left] != roots[right]
                left, right = left[apart], right[apart]
                alike = (signatures[left] == signatures[right]).mean(axis=1) >= _PROMISING
                yield left[alike], right[alike]


def _band(signatures: _Shingles, band: int) -> Hashes:
    """Return a hash of each prompt's rows of a band."""
    columns: NDArray[Any] = signatures[:, band * ROWS : (band + 1) * ROWS]
    keys = np.zeros(len(columns), dtype=np.uint64)
    for place in range(ROWS):
        keys = (keys ^ columns[:, place]) * _PLACES[place]
        keys ^= keys >> np.uint64(31)
    return keys
