"""Gwet's AC1: agreement beyond chance that stays steady where nearly everybody says the same.

Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of high
agreement. British Journal of Mathematical and Statistical Psychology 61, 29-48; with judgments
missing as in Gwet, K. L. (2014). Handbook of Inter-Rater Reliability, 4th ed., chapter 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.statistics.bootstrap import percentile_interval, resample
from workbench.statistics.coincidence import judged_patterns
from workbench.statistics.distances import nominal_sums
from workbench.statistics.results import BeyondChance, Reason, undefined_beyond_chance

if TYPE_CHECKING:
    from workbench.statistics.ratings import FloatArray, IntArray, Ratings


def gwet_ac1(
    ratings: Ratings,
    *,
    clusters: IntArray | None = None,
    bootstrap: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> BeyondChance:
    """AC1 of any number of annotators on nominal categories, with judgments missing as they may.

    The observed disagreement is 1 - percent agreement, over units with two judgments. The expected
    one is 1 - Σ π(1 - π) / (K - 1), where a category's π is the mean over units of its share of the
    unit's judgments. Unlike in α, a unit with one judgment counts in π. K is the number of
    categories there are, whether or not they were used.

    Args:
        ratings: The judgments.
        clusters: int64[n_units], the item each unit belongs to, where units are its dependent parts
            (steps); None where units are independent.
        bootstrap: Replicates; 0 for no interval.
        seed: Seed of the replicates.
        confidence: Coverage of the interval.

    Returns:
        AC1, undefined without a unit of two judgments, or where there is only one category.

    Raises:
        ValueError: ``clusters`` does not suit the ratings.
    """
    patterns = judged_patterns(ratings, clusters)
    n_categories = len(ratings.categories)
    if patterns.n_units == 0:
        return undefined_beyond_chance(Reason.NO_PAIRABLE_UNITS, n_units=0)
    if n_categories < 2:
        return undefined_beyond_chance(Reason.NO_VARIATION, n_units=patterns.n_units)
    pairs = np.maximum(patterns.sizes * (patterns.sizes - 1), 1)
    disagreement = nominal_sums(patterns.counts) / pairs
    shares = patterns.counts.multiply(1 / patterns.sizes[:, np.newaxis]).tocsr()

    def measure(weights: IntArray) -> tuple[FloatArray, FloatArray]:
        """Observed and expected disagreement of B replicates, int64[B, P] units of each pattern.

        Those without a unit of two judgments are left out.
        """
        n_pairable = weights @ patterns.is_pairable.astype(np.int64)
        weights, n_pairable = weights[n_pairable > 0], n_pairable[n_pairable > 0]
        pi = (weights @ shares) / weights.sum(axis=1, keepdims=True)
        by_chance = (pi * (1 - pi)).sum(axis=1) / (n_categories - 1)
        return (weights @ disagreement) / n_pairable, 1 - by_chance

    observed, expected = measure(patterns.multiplicity[np.newaxis])
    chunks = [1 - o / e for o, e in map(measure, resample(patterns, bootstrap, seed))]
    replicates = np.concatenate([np.empty(0), *chunks])
    interval, interval_reason = percentile_interval(
        replicates, patterns, drawn=bootstrap, confidence=confidence
    )
    return BeyondChance(
        value=float(1 - observed[0] / expected[0]),
        reason=None,
        n_units=patterns.n_units,
        observed=float(observed[0]),
        expected=float(expected[0]),
        interval=interval,
        interval_reason=interval_reason,
        n_dropped=bootstrap - len(replicates),
    )
