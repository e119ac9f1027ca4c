"""Units grouped by their pattern: how many of their judgments fall into each category.

Coefficients see a unit only through its pattern, and patterns are few (four judgments in five
categories have 70), so that a million units are counted once and everything after that, a thousand
bootstrap replicates included, works on the distinct patterns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from workbench.statistics.ratings import BoolArray, FloatArray, IntArray, Ratings

# Integers up to here are exact in the doubles that np.bincount adds up.
_EXACT = 2**53


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Rows grouped by how often each value occurs in them.

    Attributes:
        counts: int64 csr[P, V], occurrences of each value in each distinct pattern.
        multiplicity: int64[P], rows with that pattern.
        keys: int64[rows], equal where the patterns are.
        distinct: int64[P], the keys of the patterns, increasing.
    """

    counts: sparse.csr_array
    multiplicity: IntArray
    keys: IntArray
    distinct: IntArray

    def membership(self) -> IntArray:
        """int64[rows], index of each row's pattern."""
        return np.searchsorted(self.distinct, self.keys).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """The distinct patterns of the units that have at least so many judgments (mostly two).

    Attributes:
        counts: int64 csr[P, K], judgments of each category.
        sizes: int64[P], judgments altogether.
        multiplicity: int64[P], units with that pattern.
        resampled: int64[Q], how often each distinct thing that a bootstrap draws occurs.
        composition: int64 csr[Q, P], units of each pattern in such a thing; None where it is the
            unit itself, so that Q = P.
    """

    counts: sparse.csr_array
    sizes: IntArray
    multiplicity: IntArray
    resampled: IntArray
    composition: sparse.csr_array | None

    @property
    def n_units(self) -> int:
        """Units with at least two judgments."""
        return int(self.multiplicity[self.is_pairable].sum())

    @property
    def n_pairable(self) -> int:
        """Judgments in those units."""
        return int((self.multiplicity * self.sizes)[self.is_pairable].sum())

    @property
    def is_pairable(self) -> BoolArray:
        """bool[P], whether the pattern has at least two judgments."""
        return self.sizes >= 2

    @property
    def n_pairable_drawn(self) -> int:
        """How many of the things that a bootstrap draws have a unit with at least two judgments."""
        if self.composition is None:
            return self.n_units
        return int(self.resampled[self.composition @ self.is_pairable > 0].sum())


def pairable_patterns(ratings: Ratings, clusters: IntArray | None = None) -> Patterns:
    """Group the units with at least two judgments by pattern.

    Args:
        ratings: The judgments.
        clusters: int64[n_units], the item that each unit is part of, where units of one item
            depend on each other and must be drawn together. Clusters without such a unit are left
            out.

    Raises:
        ValueError: ``clusters`` has not one code, 0 or above, per unit.
    """
    return _patterns(ratings, ratings.values, len(ratings.categories), clusters, at_least=2)


def judged_patterns(ratings: Ratings, clusters: IntArray | None = None) -> Patterns:
    """Group the units with at least one judgment by pattern, as ``pairable_patterns`` does.

    For coefficients whose chance agreement rests on every judgment, pairable or not.
    """
    return _patterns(ratings, ratings.values, len(ratings.categories), clusters, at_least=1)


def attributed_patterns(ratings: Ratings, clusters: IntArray | None = None) -> Patterns:
    """Group the units with at least one judgment by who gave which category.

    Returns:
        Patterns whose counts are int64 csr[P, A * K]: annotator a's category k is column a * K + k.
    """
    n_categories = len(ratings.categories)
    answers = ratings.annotators * n_categories + ratings.values
    return _patterns(ratings, answers, ratings.n_annotators * n_categories, clusters, at_least=1)


def _patterns(
    ratings: Ratings,
    values: IntArray,
    n_values: int,
    clusters: IntArray | None,
    *,
    at_least: int,
) -> Patterns:
    grouping = group_rows(ratings.units, values, ratings.n_units, n_values)
    sizes = np.asarray(grouping.counts.sum(axis=1), dtype=np.int64).ravel()
    large = np.flatnonzero(sizes >= at_least)
    counts = grouping.counts[large]
    multiplicity = grouping.multiplicity[large]
    if clusters is None:
        return Patterns(counts, sizes[large], multiplicity, multiplicity, None)

    clusters = np.asarray(clusters)
    if clusters.shape != (ratings.n_units,) or (len(clusters) and clusters.min() < 0):
        message = "clusters must hold one code, 0 or above, per unit"
        raise ValueError(message)
    position = np.full(len(sizes), -1, dtype=np.int64)
    position[large] = np.arange(len(large))
    patterns = position[grouping.membership()]
    kept = patterns >= 0
    present, members = np.unique(clusters[kept], return_inverse=True)
    drawn = group_rows(members.astype(np.int64), patterns[kept], len(present), len(large))
    return Patterns(counts, sizes[large], multiplicity, drawn.multiplicity, drawn.counts)


def category_counts(ratings: Ratings) -> IntArray:
    """int64[n_units, K], judgments of each category on each unit."""
    n_categories = len(ratings.categories)
    keys = ratings.units * n_categories + ratings.values
    counts = np.bincount(keys, minlength=ratings.n_units * n_categories)
    return counts.reshape(ratings.n_units, n_categories)


def group_rows(rows: IntArray, values: IntArray, n_rows: int, n_values: int) -> Grouping:
    """Group rows by their pattern, whatever the order of the input.

    A pattern is packed into one integer by a single weighted ``np.bincount``: its counts are the
    digits to a base above any of them. The base is first guessed from the mean row, which spares a
    pass to find the largest: where it is too small, digits carry, their sum falls short, and the
    largest row decides. Where so many digits do not fit, the row's values in increasing order are
    the digits. Where those do not fit either, every row stays a pattern of its own, which is as
    exact and only slower.

    Args:
        rows: int64[n], 0 … n_rows - 1.
        values: int64[n], 0 … n_values - 1.
        n_rows: Number of rows.
        n_values: Number of values.
    """
    guess = 2 * (len(rows) // max(n_rows, 1)) + 3
    grouping = _by_counts(rows, values, n_rows, n_values, base=guess, largest=len(rows))
    if grouping is not None:
        return grouping
    sizes = np.bincount(rows, minlength=n_rows)
    largest = int(sizes.max(initial=0))
    grouping = _by_counts(rows, values, n_rows, n_values, base=largest + 1, largest=largest)
    if grouping is not None:
        return grouping
    if (n_values + 1) ** largest <= _EXACT:
        return _by_sequence(rows, values, sizes, n_values)
    own = np.arange(n_rows, dtype=np.int64)
    return Grouping(_count_matrix(rows, values, n_rows, n_values), np.ones_like(own), own, own)


def _by_counts(
    rows: IntArray, values: IntArray, n_rows: int, n_values: int, *, base: int, largest: int
) -> Grouping | None:
    """Patterns by their counts as digits; None where they do not fit or a count exceeds a digit."""
    if largest * base ** max(n_values - 1, 0) > _EXACT:
        return None
    powers = base ** np.arange(n_values, dtype=np.int64)
    keys = _packed(rows, powers.astype(np.float64).take(values), n_rows)
    distinct, multiplicity = _tally(keys)
    digits = distinct[:, np.newaxis] // powers % base
    if multiplicity @ digits.sum(axis=1) != len(rows):
        return None
    return Grouping(sparse.csr_array(digits), multiplicity, keys, distinct)


def _by_sequence(rows: IntArray, values: IntArray, sizes: IntArray, n_values: int) -> Grouping:
    """Patterns by their values in increasing order as digits, each one more than the value."""
    rows, values = np.divmod(np.sort(rows * n_values + values), n_values)
    slots = np.arange(len(rows)) - (np.cumsum(sizes) - sizes)[rows]
    powers = (n_values + 1) ** np.arange(sizes.max(initial=0), dtype=np.int64)
    keys = _packed(rows, (powers[slots] * (values + 1)).astype(np.float64), len(sizes))
    distinct, multiplicity = _tally(keys)
    digits = distinct[:, np.newaxis] // powers % (n_values + 1)
    patterns, slots = np.nonzero(digits)
    counts = _count_matrix(patterns, digits[patterns, slots] - 1, len(distinct), n_values)
    return Grouping(counts, multiplicity, keys, distinct)


def _packed(rows: IntArray, weights: FloatArray, n_rows: int) -> IntArray:
    return np.bincount(rows, weights=weights, minlength=n_rows).astype(np.int64)


def _tally(keys: IntArray) -> tuple[IntArray, IntArray]:
    """Distinct keys and how often each occurs, without a sort while a table of them is small."""
    if keys.max(initial=0) > max(4 * len(keys), 2**16):
        distinct, multiplicity = np.unique(keys, return_counts=True)
        return distinct, multiplicity.astype(np.int64)
    table = np.bincount(keys)
    distinct = np.flatnonzero(table).astype(np.int64)
    return distinct, table[distinct]


def _count_matrix(rows: IntArray, values: IntArray, n_rows: int, n_values: int) -> sparse.csr_array:
    ones = np.ones(len(rows), dtype=np.int64)
    # Occurrences of one value in one row are summed on conversion.
    return sparse.csr_array((ones, (rows, values)), shape=(n_rows, n_values))
