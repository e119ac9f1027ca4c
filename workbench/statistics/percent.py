"""Percent agreement: the share of agreeing pairs of judgments, averaged over units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.statistics.bootstrap import percentile_interval, resample
from workbench.statistics.coincidence import pairable_patterns
from workbench.statistics.distances import nominal_sums
from workbench.statistics.results import PercentAgreement, Reason

if TYPE_CHECKING:
    from workbench.statistics.ratings import IntArray, Ratings


def percent_agreement(
    ratings: Ratings,
    *,
    clusters: IntArray | None = None,
    bootstrap: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> PercentAgreement:
    """Mean over units with at least two judgments of their agreeing pairs / their pairs.

    Args:
        ratings: The judgments.
        clusters: int64[n_units], the item each unit belongs to, where units are its dependent parts
            (steps); None where units are independent.
        bootstrap: Replicates; 0 for no interval.
        seed: Seed of the replicates.
        confidence: Coverage of the interval.

    Raises:
        ValueError: ``clusters`` does not suit the ratings.
    """
    patterns = pairable_patterns(ratings, clusters)
    if patterns.n_units == 0:
        return PercentAgreement(
            value=None,
            reason=Reason.NO_PAIRABLE_UNITS,
            n_units=0,
            n_pairable=0,
            interval=None,
            interval_reason=Reason.NO_PAIRABLE_UNITS,
        )
    agreement = 1.0 - nominal_sums(patterns.counts) / (patterns.sizes * (patterns.sizes - 1))
    chunks = [w @ agreement / w.sum(axis=1) for w in resample(patterns, bootstrap, seed)]
    interval, interval_reason = percentile_interval(
        np.concatenate([np.empty(0), *chunks]), patterns, drawn=bootstrap, confidence=confidence
    )
    return PercentAgreement(
        value=float(patterns.multiplicity @ agreement / patterns.n_units),
        reason=None,
        n_units=patterns.n_units,
        n_pairable=patterns.n_pairable,
        interval=interval,
        interval_reason=interval_reason,
    )
