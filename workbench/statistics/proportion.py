"""Shares with intervals: Wilson's for independent observations, and one for clustered ones.

Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal
of the American Statistical Association 22, 209-212.
Kish, L. (1965). Survey Sampling, chapter 8 (design effect). Wiley.
Franco, C., Little, R. J. A., Louis, T. A. & Slud, E. V. (2019). Comparative study of confidence
intervals for proportions in complex sample surveys. Journal of Survey Statistics and Methodology
7, 334-364.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from workbench.statistics.results import Interval, Proportion, Reason

if TYPE_CHECKING:
    from workbench.statistics.ratings import BoolArray, IntArray


def proportion(successes: int, n: int, *, confidence: float = 0.95) -> Proportion:
    """A share of independent observations with Wilson's score interval.

    Args:
        successes: Observations that count.
        n: Observations.
        confidence: Coverage of the interval.

    Raises:
        ValueError: Not 0 ≤ successes ≤ n.
    """
    if not 0 <= successes <= n:
        message = f"{successes} of {n} is not a share"
        raise ValueError(message)
    if n == 0:
        return _undefined()
    critical = float(special.ndtri((1 + confidence) / 2))
    share = successes / n
    return Proportion(
        value=share, reason=None, n=n, interval=_wilson(share, n, critical), interval_reason=None
    )


def position_bias(
    first_shown_won: BoolArray, annotators: IntArray, *, confidence: float = 0.95
) -> Proportion:
    """The share of winners that were shown first; 0.5 where position does not matter.

    Judgments of one annotator lean the same way, so they do not count as independent. The interval
    is Wilson's at the effective sample size n / design effect, with Student's t at one degree of
    freedom less than there are annotators. The design effect is the variance of the share as a
    ratio over annotators (Kish) against that of n independent judgments, never below 1; where all
    winners were on one side it cannot be estimated and each annotator counts as one observation.

    Args:
        first_shown_won: bool[n], one entry per judgment that has a winner (no ties).
        annotators: int64[n], code of the annotator who gave it.
        confidence: Coverage of the interval.

    Returns:
        The share, undefined without a judgment; no interval from one annotator alone.

    Raises:
        ValueError: The arrays differ in length.
    """
    n = len(first_shown_won)
    if len(annotators) != n:
        message = f"{n} judgments but {len(annotators)} annotators"
        raise ValueError(message)
    if n == 0:
        return _undefined()
    _, codes = np.unique(annotators, return_inverse=True)
    judged = np.bincount(codes)
    won = np.bincount(codes, weights=first_shown_won)
    share = float(won.sum() / n)
    n_annotators = len(judged)
    if n_annotators < 2:
        return Proportion(
            value=share, reason=None, n=n, interval=None, interval_reason=Reason.TOO_FEW_ANNOTATORS
        )
    independent = share * (1 - share) / n
    if independent > 0:
        residuals = won - share * judged
        clustered = n_annotators / (n_annotators - 1) * float(residuals @ residuals) / n**2
        effective = n / max(1.0, clustered / independent)
    else:
        effective = n_annotators
    critical = float(special.stdtrit(n_annotators - 1, (1 + confidence) / 2))
    return Proportion(
        value=share,
        reason=None,
        n=n,
        interval=_wilson(share, effective, critical),
        interval_reason=None,
    )


def _wilson(share: float, n: float, critical: float) -> Interval:
    shrunk = critical**2 / n
    centre = (share + shrunk / 2) / (1 + shrunk)
    half = critical / (1 + shrunk) * float(np.sqrt(share * (1 - share) / n + shrunk / (4 * n)))
    # At a share of 0 or 1 the end is exactly 0 or 1; rounding must not leave the share outside.
    return min(max(0.0, centre - half), share), max(min(1.0, centre + half), share)


def _undefined() -> Proportion:
    return Proportion(
        value=None,
        reason=Reason.NO_OBSERVATIONS,
        n=0,
        interval=None,
        interval_reason=Reason.NO_OBSERVATIONS,
    )
