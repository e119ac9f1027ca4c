"""Squared distances between categories, summed over the pairs within a row of counts.

With n_c judgments of category c in a row, every function returns Σ_c Σ_k n_c n_k δ²(c, k), both
orders of a pair counted. Krippendorff's observed disagreement needs that sum for every unit, his
expected disagreement for the marginals: one function serves both. Sums of squares take the place of
the matrix of distances wherever δ² allows it, so that the cost is linear in the number of categories.

Krippendorff, K. (2011). Computing Krippendorff's Alpha-Reliability. University of Pennsylvania.
Krippendorff, K. (2013). Content Analysis, 3rd ed., chapter 12. Sage.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import numpy as np
from scipy import sparse

from workbench.statistics.ratings import FloatArray, IntArray

Counts: TypeAlias = IntArray | sparse.csr_array


class Level(StrEnum):
    """The level of measurement, which decides how far apart two categories are."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"
    RATIO = "ratio"


def nominal_sums(counts: Counts) -> FloatArray:
    """δ² is 0 for the same category, else 1.

    Args:
        counts: [rows, K] judgments of each category.

    Returns:
        float64[rows].
    """
    return row_totals(counts) ** 2 - row_totals(counts**2)


def interval_sums(counts: Counts, scores: FloatArray) -> FloatArray:
    """δ² is the squared difference of the categories' scores.

    Args:
        counts: [rows, K] judgments of each category.
        scores: float64[K].

    Returns:
        float64[rows].
    """
    centred = scores - scores.mean()
    return _spread(row_totals(counts), counts @ centred, counts @ centred**2)


def ratio_sums(counts: Counts, scores: FloatArray) -> FloatArray:
    """δ² is the squared difference of two scores over their squared sum, 0 where both are 0.

    Args:
        counts: [rows, K] judgments of each category.
        scores: float64[K], none negative.

    Returns:
        float64[rows].

    Raises:
        ValueError: A score is negative, but a ratio scale starts at its zero.
    """
    if np.any(scores < 0):
        message = "a ratio level needs categories that are not negative"
        raise ValueError(message)
    sums = scores[:, np.newaxis] + scores
    differences = scores[:, np.newaxis] - scores
    ratios = np.divide(differences, sums, out=np.zeros_like(sums), where=sums > 0)
    return row_totals(sparse.csr_array(counts).multiply(counts @ ratios**2))


def ordinal_sums(counts: Counts, marginals: IntArray) -> FloatArray:
    """δ(c, k) counts the judgments from c to k in the marginals, those of c and k by half.

    Args:
        counts: [rows, K] judgments of each category.
        marginals: int64[S, K], any number of marginals to take the distances from.

    Returns:
        float64[rows, S].
    """
    ranks = _midranks(marginals).T
    totals = row_totals(counts)[:, np.newaxis]
    return _spread(totals, counts @ ranks, counts @ ranks**2)


def ordinal_marginal_sums(marginals: IntArray) -> FloatArray:
    """The ordinal sums of marginals, each at its own distances.

    Args:
        marginals: int64[S, K].

    Returns:
        float64[S].
    """
    ranks = _midranks(marginals)
    first = np.einsum("sk,sk->s", marginals, ranks)
    second = np.einsum("sk,sk->s", marginals, ranks**2)
    return _spread(row_totals(marginals), first, second)


def row_totals(counts: Counts) -> FloatArray:
    """float64[rows], sums of the rows of a dense or sparse matrix."""
    return np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()


def _midranks(marginals: IntArray) -> FloatArray:
    """The scores whose differences are the ordinal δ: mean ranks among all judgments.

    Centred on 0, which changes no difference and keeps the sums of squares from cancelling.
    """
    cumulative = np.cumsum(marginals, axis=1)
    ranks: FloatArray = cumulative - marginals / 2.0 - cumulative[:, -1:] / 2.0
    return ranks


def _spread(totals: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    """Σ_c Σ_k n_c n_k (s_c - s_k)² from Σ n, Σ n s and Σ n s², kept from falling below 0."""
    spread: FloatArray = 2.0 * np.maximum(totals * second - first**2, 0.0)
    return spread
