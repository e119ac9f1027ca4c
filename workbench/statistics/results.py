"""What the statistics return: frozen values in which undefined is None with a reason.

In arrays an undefined entry is masked (``numpy.ma``), so that ``tolist()`` gives None for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from workbench.statistics.ratings import FloatArray, IntArray

Interval: TypeAlias = tuple[float, float]
MaskedFloats: TypeAlias = np.ma.MaskedArray[Any, np.dtype[np.float64]]


class Reason(StrEnum):
    """Why a coefficient or its interval is undefined."""

    NO_OBSERVATIONS = "no_observations"
    NO_PAIRABLE_UNITS = "no_pairable_units"
    NO_VARIATION = "no_variation"
    TOO_FEW_UNITS = "too_few_units"
    TOO_FEW_ANNOTATORS = "too_few_annotators"
    TOO_FEW_REPLICATES = "too_few_replicates"
    NOT_REQUESTED = "not_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alpha:
    """Krippendorff's α = 1 - observed / expected disagreement.

    Attributes:
        value: The coefficient, or None.
        reason: Why ``value`` is None.
        n_units: Units with at least two judgments.
        n_pairable: Judgments in those units, Krippendorff's n.
        n_annotators: Annotators who gave them.
        observed: Observed disagreement, in squared distance per pair, or None.
        expected: Expected disagreement, likewise.
        interval: Percentile bootstrap interval, or None.
        interval_reason: Why ``interval`` is None.
        n_dropped: Bootstrap replicates in which the coefficient was undefined and which the
            interval leaves out.
    """

    value: float | None
    reason: Reason | None
    n_units: int
    n_pairable: int
    n_annotators: int
    observed: float | None
    expected: float | None
    interval: Interval | None
    interval_reason: Reason | None
    n_dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentAgreement:
    """Mean over units of the share of agreeing pairs of judgments, 0 to 1.

    Attributes:
        value: The share, or None.
        reason: Why ``value`` is None.
        n_units: Units with at least two judgments.
        n_pairable: Judgments in those units.
        interval: Percentile bootstrap interval, or None.
        interval_reason: Why ``interval`` is None.
    """

    value: float | None
    reason: Reason | None
    n_units: int
    n_pairable: int
    interval: Interval | None
    interval_reason: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BeyondChance:
    """A coefficient of many annotators, 1 - observed / expected disagreement.

    Attributes:
        value: The coefficient, or None.
        reason: Why ``value`` is None.
        n_units: Units with at least two judgments.
        observed: Mean over them of the weight of a pair of judgments, or None.
        expected: The weight of a pair by chance, which each coefficient defines, or None.
        interval: Percentile bootstrap interval, or None.
        interval_reason: Why ``interval`` is None.
        n_dropped: Bootstrap replicates in which the coefficient was undefined and which the
            interval leaves out.
    """

    value: float | None
    reason: Reason | None
    n_units: int
    observed: float | None
    expected: float | None
    interval: Interval | None
    interval_reason: Reason | None
    n_dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """The mean of a number that each item has.

    Attributes:
        value: The mean, or None without an item.
        reason: Why ``value`` is None.
        n: Items.
        interval: Percentile bootstrap interval over items, or None.
        interval_reason: Why ``interval`` is None.
    """

    value: float | None
    reason: Reason | None
    n: int
    interval: Interval | None
    interval_reason: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kappa:
    """Cohen's κ of two annotators.

    Attributes:
        value: The coefficient, or None.
        reason: Why ``value`` is None.
        n_units: Units that both judged.
        observed: Observed disagreement, mean weight of a pair of judgments, or None.
        expected: Disagreement expected from the two annotators' own marginals, or None.
    """

    value: float | None
    reason: Reason | None
    n_units: int
    observed: float | None
    expected: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairwiseAgreement:
    """Every annotator against every other, A annotators. The diagonal compares nobody: masked.

    Attributes:
        n_shared: int64[A, A], units both judged; on the diagonal the units that one judged.
        percent: float64[A, A], share of shared units with equal values; masked where none is shared.
        kappa: float64[A, A], Cohen's κ; masked where undefined.
    """

    n_shared: IntArray
    percent: MaskedFloats
    kappa: MaskedFloats


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """A share with its interval.

    Attributes:
        value: The share, 0 to 1, or None.
        reason: Why ``value`` is None.
        n: Observations.
        interval: Confidence interval, or None.
        interval_reason: Why ``interval`` is None.
    """

    value: float | None
    reason: Reason | None
    n: int
    interval: Interval | None
    interval_reason: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Consensus:
    """One category per unit.

    Attributes:
        winners: int64[n_units], index of the winning category, -1 where the first place is tied or
            the unit has no judgment.
        confidence: float64[n_units], share of votes or posterior of the first place, tied or not;
            masked where the unit has no judgment.
        n_judgments: int64[n_units].
    """

    winners: IntArray
    confidence: MaskedFloats
    n_judgments: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitMeans:
    """The mean judgment of each unit.

    Attributes:
        values: float64[n_units], in the unit of the categories; masked where there is no judgment.
        n_judgments: int64[n_units].
    """

    values: MaskedFloats
    n_judgments: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DawidSkene:
    """The maximum-likelihood fit of Dawid and Skene's model, K categories and A annotators.

    Attributes:
        posteriors: float64[n_units, K], probability of each category; the priors for a unit
            without a judgment.
        confusion: float64[A, K, K], probability that an annotator answers (last axis) given the
            true category (middle axis). Uniform where none of their units can be of that category, so
            that the data say nothing about it.
        priors: float64[K], share of each category among the judged units.
        log_likelihood: Of the observed judgments, in nats, at ``confusion`` and ``priors``.
        log_likelihoods: float64[iterations], its course.
        iterations: M-step and E-step pairs done.
        converged: Whether the last change of the log-likelihood was below the tolerance.
        n_judgments: int64[n_units].
    """

    posteriors: FloatArray
    confusion: FloatArray
    priors: FloatArray
    log_likelihood: float
    log_likelihoods: FloatArray
    iterations: int
    converged: bool
    n_judgments: IntArray


def undefined_beyond_chance(reason: Reason, *, n_units: int) -> BeyondChance:
    """A coefficient that is undefined, and its interval with it."""
    return BeyondChance(
        value=None,
        reason=reason,
        n_units=n_units,
        observed=None,
        expected=None,
        interval=None,
        interval_reason=reason,
        n_dropped=0,
    )
