"""Consensus of a unit's judgments alone: the majority's category, and the mean."""

from __future__ import annotations

import numpy as np

from workbench.statistics.coincidence import category_counts
from workbench.statistics.ratings import FloatArray, IntArray, Ratings, numeric_categories
from workbench.statistics.results import Consensus, UnitMeans

# Posteriors that are equal by symmetry differ by the rounding of their sums.
_TIE = 1e-9


def majority(ratings: Ratings) -> Consensus:
    """The category with most votes on each unit, its share of the votes as the confidence."""
    counts = category_counts(ratings)
    n_judgments = counts.sum(axis=1)
    return first_place(counts / np.maximum(n_judgments, 1)[:, np.newaxis], n_judgments)


def mean(ratings: Ratings) -> UnitMeans:
    """The mean of each unit's judgments.

    Raises:
        ValueError: The categories are not numbers in increasing order.
    """
    numbers = numeric_categories(ratings)
    n_judgments = np.bincount(ratings.units, minlength=ratings.n_units)
    sums = np.bincount(ratings.units, weights=numbers[ratings.values], minlength=ratings.n_units)
    values = sums / np.maximum(n_judgments, 1)
    return UnitMeans(
        values=np.ma.masked_array(values, mask=n_judgments == 0), n_judgments=n_judgments
    )


def first_place(shares: FloatArray, n_judgments: IntArray) -> Consensus:
    """The category with the largest share of each unit; equal largest shares have no winner.

    Args:
        shares: float64[n_units, K], vote shares or posteriors.
        n_judgments: int64[n_units].
    """
    highest = shares.max(axis=1, initial=0.0)
    is_tied = np.count_nonzero(shares >= highest[:, np.newaxis] - _TIE, axis=1) > 1
    winners = shares.argmax(axis=1) if shares.shape[1] else np.zeros(len(shares), dtype=np.int64)
    unjudged = n_judgments == 0
    return Consensus(
        winners=np.where(is_tied | unjudged, -1, winners),
        confidence=np.ma.masked_array(np.where(unjudged, 0.0, highest), mask=unjudged),
        n_judgments=n_judgments,
    )
