"""Krippendorff's α with a bootstrap interval.

Krippendorff, K. (2011). Computing Krippendorff's Alpha-Reliability. University of Pennsylvania.
Krippendorff, K. (2013). Content Analysis, 3rd ed., chapter 12. Sage.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, assert_never

import numpy as np

from workbench.statistics.bootstrap import percentile_interval, resample
from workbench.statistics.coincidence import Patterns, pairable_patterns
from workbench.statistics.distances import (
    Counts,
    Level,
    interval_sums,
    nominal_sums,
    ordinal_marginal_sums,
    ordinal_sums,
    ratio_sums,
)
from workbench.statistics.ratings import (
    BoolArray,
    FloatArray,
    IntArray,
    Ratings,
    numeric_categories,
)
from workbench.statistics.results import Alpha, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from scipy import sparse

_BLOCK = 2**16


def krippendorff_alpha(
    ratings: Ratings,
    level: Level,
    *,
    clusters: IntArray | None = None,
    bootstrap: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Alpha:
    """Agreement beyond chance of any number of annotators, with judgments missing as they may.

    Every judgment counts as a value of its own: where an annotator judged a unit more than once,
    the caller decides which judgment stands. Units with one judgment change nothing. The interval
    resamples units, or whole clusters of them (see ``bootstrap.percentile_interval`` for when there
    is none); the ordinal distances are taken anew from each replicate's marginals.

    Args:
        ratings: The judgments.
        level: Level of measurement. Ordinal uses the order of the categories, interval and ratio
            their numbers.
        clusters: int64[n_units], the item each unit belongs to, where units are its dependent parts
            (steps); None where units are independent.
        bootstrap: Replicates; 0 for no interval.
        seed: Seed of the replicates.
        confidence: Coverage of the interval.

    Returns:
        α, undefined without a unit of two judgments, or where only one category is used, so that
        no disagreement is to be expected.

    Raises:
        ValueError: The categories do not suit the level, or ``clusters`` does not suit the ratings.
    """
    patterns = pairable_patterns(ratings, clusters)
    n_annotators = _count_pairable_annotators(ratings, patterns)
    if patterns.n_units == 0:
        return _undefined(Reason.NO_PAIRABLE_UNITS, patterns, n_annotators)
    measure = _measure(patterns, level, ratings)
    point = measure(patterns.multiplicity[np.newaxis])
    if not point.defined[0]:
        return _undefined(Reason.NO_VARIATION, patterns, n_annotators)

    chunks = [measure(w).alphas() for w in resample(patterns, bootstrap, seed)]
    replicates = np.concatenate([np.empty(0), *chunks])
    interval, interval_reason = percentile_interval(
        replicates, patterns, drawn=bootstrap, confidence=confidence
    )
    return Alpha(
        value=float(point.alphas()[0]),
        reason=None,
        n_units=patterns.n_units,
        n_pairable=patterns.n_pairable,
        n_annotators=n_annotators,
        observed=float(point.observed[0]),
        expected=float(point.expected[0]),
        interval=interval,
        interval_reason=interval_reason,
        n_dropped=bootstrap - len(replicates),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Disagreement:
    """Of each of B replicates; meaningless where not defined."""

    observed: FloatArray
    expected: FloatArray
    defined: BoolArray

    def alphas(self) -> FloatArray:
        return 1.0 - self.observed[self.defined] / self.expected[self.defined]


def _measure(
    patterns: Patterns, level: Level, ratings: Ratings
) -> Callable[[IntArray], _Disagreement]:
    """The disagreement of B replicates, int64[B, P] units of each pattern, at a level."""
    sums = _pair_sums(patterns.counts, level, ratings)

    def disagreement(weights: IntArray) -> _Disagreement:
        marginals: IntArray = weights @ patterns.counts
        pairable = marginals.sum(axis=1).astype(np.float64)
        within, expected = sums(marginals)
        per_other = weights / (patterns.sizes - 1)
        return _Disagreement(
            np.einsum("bp,bp->b", per_other, np.broadcast_to(within.T, weights.shape)) / pairable,
            expected / (pairable * (pairable - 1)),
            np.count_nonzero(marginals, axis=1) > 1,
        )

    return disagreement


def _pair_sums(
    counts: sparse.csr_array, level: Level, ratings: Ratings
) -> Callable[[IntArray], tuple[FloatArray, FloatArray]]:
    """From marginals [B, K], the sums within each pattern [P, B or 1] and in the marginals [B]."""
    match level:
        case Level.NOMINAL:
            by_kind: Callable[[Counts], FloatArray] = nominal_sums
        case Level.INTERVAL:
            by_kind = partial(interval_sums, scores=numeric_categories(ratings))
        case Level.RATIO:
            by_kind = partial(ratio_sums, scores=numeric_categories(ratings))
        case Level.ORDINAL:
            # Ordinal distances follow from the marginals, which each replicate has of its own.
            return lambda marginals: (
                ordinal_sums(counts, marginals),
                ordinal_marginal_sums(marginals),
            )
        case _:
            assert_never(level)
    within = by_kind(counts)[:, np.newaxis]
    return lambda marginals: (within, by_kind(marginals))


def _count_pairable_annotators(ratings: Ratings, patterns: Patterns) -> int:
    """How many annotators gave the pairable judgments, looking no further than the last new one."""
    all_pairable = patterns.n_pairable == ratings.n_judgments
    sizes = None if all_pairable else np.bincount(ratings.units, minlength=ratings.n_units)
    is_present = np.zeros(ratings.n_annotators, dtype=np.bool_)
    for start in range(0, ratings.n_judgments, _BLOCK):
        block = slice(start, start + _BLOCK)
        annotators = ratings.annotators[block]
        if sizes is not None:
            annotators = annotators[sizes[ratings.units[block]] >= 2]
        is_present[annotators] = True
        if is_present.all():
            break
    return int(np.count_nonzero(is_present))


def _undefined(reason: Reason, patterns: Patterns, n_annotators: int) -> Alpha:
    return Alpha(
        value=None,
        reason=reason,
        n_units=patterns.n_units,
        n_pairable=patterns.n_pairable,
        n_annotators=n_annotators,
        observed=None,
        expected=None,
        interval=None,
        interval_reason=reason,
        n_dropped=0,
    )
