"""The percentile bootstrap over distinct patterns.

Drawing n units with replacement and counting the patterns drawn is one multinomial draw over the
distinct patterns: the same distribution, at a cost that does not grow with the number of units.
Where units depend on each other, clusters are drawn instead, whole.

Efron, B. & Tibshirani, R. J. (1993). An Introduction to the Bootstrap, chapter 13. Chapman & Hall.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.statistics.results import Interval, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.statistics.coincidence import Patterns
    from workbench.statistics.ratings import FloatArray, IntArray

# Below five things to draw there are at most 35 different resamples: no interval.
SMALLEST_DRAWN = 5
# An interval over the replicates in which a coefficient is defined is conditional on its being
# defined; with more than a tenth of them lost that is another question than the one asked.
SMALLEST_DEFINED_SHARE = 0.9

_CELLS_AT_ONCE = 2**22
# A multinomial draw costs about ten times as much per pattern as a plain draw costs per unit.
_UNITS_PER_PATTERN = 10


def resample(patterns: Patterns, replicates: int, seed: int) -> Iterator[IntArray]:
    """Draw replicates, some at a time, so that memory is bounded.

    Args:
        patterns: What the units look like, and what is to be drawn.
        replicates: How many replicates to draw.
        seed: Seed of the random generator.

    Yields:
        int64[some, P], units of each pattern in each replicate.
    """
    width = max(len(patterns.resampled), len(patterns.multiplicity), 1)
    for drawn in draw_counts(
        patterns.resampled, replicates, np.random.default_rng(seed), width=width
    ):
        yield drawn if patterns.composition is None else drawn @ patterns.composition


def draw_counts(
    multiplicity: IntArray,
    replicates: int,
    generator: np.random.Generator,
    *,
    width: int | None = None,
) -> Iterator[IntArray]:
    """Draw as many things as there are, with replacement, replicate by replicate.

    Args:
        multiplicity: int64[Q], how often each distinct thing occurs.
        replicates: How many replicates to draw.
        generator: Where chance comes from.
        width: Cells that the caller needs for each replicate, Q if not given.

    Yields:
        int64[some, Q], how often each was drawn in each replicate.
    """
    step = max(1, _CELLS_AT_ONCE // (width or max(len(multiplicity), 1)))
    for start in range(0, replicates, step):
        yield _draw(multiplicity, min(step, replicates - start), generator)


def percentile_interval(
    replicates: FloatArray, patterns: Patterns, *, drawn: int, confidence: float
) -> tuple[Interval | None, Reason | None]:
    """The percentile interval, or why there is none.

    None when fewer than ``SMALLEST_DRAWN`` units (or clusters) with two judgments can be drawn, or
    when fewer than
    ``SMALLEST_DEFINED_SHARE`` of the replicates have a defined value. At the edge of its range
    (every unit in full agreement) every replicate is equal and the interval has no width.

    Args:
        replicates: The statistic in each replicate in which it is defined.
        patterns: What was drawn from.
        drawn: Replicates drawn.
        confidence: Coverage wanted, such as 0.95.
    """
    if drawn == 0:
        return None, Reason.NOT_REQUESTED
    if patterns.n_pairable_drawn < SMALLEST_DRAWN:
        return None, Reason.TOO_FEW_UNITS
    if len(replicates) < SMALLEST_DEFINED_SHARE * drawn:
        return None, Reason.TOO_FEW_REPLICATES
    tail = (1 - confidence) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail])
    return (float(low), float(high)), None


def _draw(multiplicity: IntArray, replicates: int, generator: np.random.Generator) -> IntArray:
    total = int(multiplicity.sum())
    if len(multiplicity) * _UNITS_PER_PATTERN <= total:
        return generator.multinomial(total, multiplicity / total, size=replicates)
    kinds = np.repeat(np.arange(len(multiplicity)), multiplicity)
    drawn = np.empty((replicates, len(multiplicity)), dtype=np.int64)
    for row in drawn:
        picks = kinds[generator.integers(total, size=total)]
        row[:] = np.bincount(picks, minlength=len(multiplicity))
    return drawn
