"""Cohen's κ, weighted or not, pooled over all pairs of annotators.

Conger, A. J. (1980). Integration and generalization of kappas for multiple raters. Psychological
Bulletin 88, 322-328; with weights and with judgments missing as in Gwet, K. L. (2014). Handbook of
Inter-Rater Reliability, 4th ed., chapters 2 and 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from workbench.statistics.bootstrap import percentile_interval, resample
from workbench.statistics.coincidence import Patterns, attributed_patterns
from workbench.statistics.kappa import Weighting, disagreement_weights
from workbench.statistics.results import BeyondChance, Reason, undefined_beyond_chance

if TYPE_CHECKING:
    from workbench.statistics.ratings import BoolArray, FloatArray, IntArray, Ratings


def pooled_kappa(
    ratings: Ratings,
    *,
    weighting: Weighting = Weighting.QUADRATIC,
    clusters: IntArray | None = None,
    bootstrap: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> BeyondChance:
    """Agreement beyond chance of annotators who each keep their own share of every category.

    The observed disagreement is the mean over units with two judgments of the weight of a pair of
    them; the expected one is the mean over pairs of annotators of the weight of a pair of judgments
    drawn from the one's and the other's own shares, which rest on all that either judged. With two
    annotators who judged the same units it is Cohen's weighted κ. A mean of the pairs' own κ would
    instead be ruled by the pairs that share a handful of units, where κ says little or is undefined.

    Args:
        ratings: The judgments, at most one by an annotator on a unit.
        weighting: Weights of the disagreements, by the order of the categories.
        clusters: int64[n_units], the item each unit belongs to, where units are its dependent parts;
            None where units are independent.
        bootstrap: Replicates; 0 for no interval.
        seed: Seed of the replicates.
        confidence: Coverage of the interval.

    Returns:
        κ, undefined without a unit of two judgments, or where everybody uses the same one category
        throughout.

    Raises:
        ValueError: ``clusters`` does not suit the ratings.
    """
    patterns = attributed_patterns(ratings, clusters)
    if patterns.n_units == 0:
        return undefined_beyond_chance(Reason.NO_PAIRABLE_UNITS, n_units=0)
    pooled = _Pooled(patterns, disagreement_weights(len(ratings.categories), weighting))
    point_observed, point_expected, is_defined = pooled.measure(patterns.multiplicity[np.newaxis])
    if not is_defined[0]:
        return undefined_beyond_chance(Reason.NO_VARIATION, n_units=patterns.n_units)
    replicates = np.concatenate(
        [np.empty(0), *(pooled.kappas(weights) for weights in resample(patterns, bootstrap, seed))]
    )
    interval, interval_reason = percentile_interval(
        replicates, patterns, drawn=bootstrap, confidence=confidence
    )
    return BeyondChance(
        value=float(1 - point_observed[0] / point_expected[0]),
        reason=None,
        n_units=patterns.n_units,
        observed=float(point_observed[0]),
        expected=float(point_expected[0]),
        interval=interval,
        interval_reason=interval_reason,
        n_dropped=bootstrap - len(replicates),
    )


class _Pooled:
    """What of the units' patterns, A annotators and K categories, does not change by resampling."""

    def __init__(self, patterns: Patterns, weights: FloatArray) -> None:
        self._patterns = patterns
        self._weights = weights
        n_categories = len(weights)
        n_annotators = patterns.counts.shape[1] // n_categories
        fold = sparse.csr_array(np.tile(np.eye(n_categories, dtype=np.int64), (n_annotators, 1)))
        counts = (patterns.counts @ fold).toarray()
        pairs = np.maximum(patterns.sizes * (patterns.sizes - 1), 1)
        self._disagreement = np.einsum("pi,ij,pj->p", counts, weights, counts) / pairs

    def measure(self, units: IntArray) -> tuple[FloatArray, FloatArray, BoolArray]:
        """Observed and expected disagreement of B replicates, int64[B, P] units of each pattern.

        The third array says in which there is any to be expected; the rest are meaningless.
        """
        n_pairable = units @ self._patterns.is_pairable.astype(np.int64)
        observed = (units @ self._disagreement) / np.maximum(n_pairable, 1)
        given = (units @ self._patterns.counts).reshape(len(units), -1, len(self._weights))
        totals = given.sum(axis=2)
        shares = given / np.maximum(totals, 1)[:, :, np.newaxis]
        n_annotators = np.count_nonzero(totals, axis=1)
        everybody = shares.sum(axis=1)
        by_anyone = np.einsum("bi,ij,bj->b", everybody, self._weights, everybody)
        by_oneself = np.einsum("bai,bai->b", shares @ self._weights, shares)
        n_pairs = np.maximum(n_annotators * (n_annotators - 1), 1)
        # Shares add up to a rounding error: where nothing is to be expected it must be nothing.
        used = np.count_nonzero(given.sum(axis=1), axis=1)
        is_defined = (n_pairable > 0) & (used > 1) & (n_annotators > 1)
        expected = (by_anyone - by_oneself) / n_pairs
        return observed, expected, is_defined

    def kappas(self, units: IntArray) -> FloatArray:
        observed, expected, is_defined = self.measure(units)
        return 1 - observed[is_defined] / expected[is_defined]
