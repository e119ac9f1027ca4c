"""The mean over items of a number that each item has, with a bootstrap interval over items."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.statistics.bootstrap import SMALLEST_DRAWN, draw_counts
from workbench.statistics.results import Mean, Reason

if TYPE_CHECKING:
    from workbench.statistics.ratings import FloatArray


def mean_over_items(
    numbers: FloatArray, *, bootstrap: int = 1000, seed: int = 0, confidence: float = 0.95
) -> Mean:
    """Mean of the items' numbers, with the percentile bootstrap interval.

    Args:
        numbers: float64[n], one for each item in which it is defined.
        bootstrap: Replicates; 0 for no interval.
        seed: Seed of the replicates.
        confidence: Coverage of the interval.

    Returns:
        The mean, undefined without an item; without an interval under five items.
    """
    distinct, multiplicity = np.unique(numbers, return_counts=True)
    n = len(numbers)
    if n == 0:
        none = Reason.NO_OBSERVATIONS
        return Mean(value=None, reason=none, n=0, interval=None, interval_reason=none)
    reason = Reason.NOT_REQUESTED if bootstrap == 0 else Reason.TOO_FEW_UNITS
    interval = None
    if bootstrap > 0 and n >= SMALLEST_DRAWN:
        generator = np.random.default_rng(seed)
        chunks = draw_counts(multiplicity.astype(np.int64), bootstrap, generator)
        means = np.concatenate([drawn @ distinct / n for drawn in chunks])
        tail = (1 - confidence) / 2
        low, high = np.quantile(means, [tail, 1 - tail])
        interval = (float(low), float(high))
    return Mean(
        value=float(multiplicity @ distinct / n),
        reason=None,
        n=n,
        interval=interval,
        interval_reason=None if interval else reason,
    )
