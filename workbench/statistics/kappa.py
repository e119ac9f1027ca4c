"""Cohen's κ of two annotators, and of every annotator with every other.

Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological
Measurement 20, 37-46.
Cohen, J. (1968). Weighted kappa: nominal scale agreement with provision for scaled disagreement or
partial credit. Psychological Bulletin 70, 213-220.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

import numpy as np
from scipy import sparse

from workbench.statistics.results import Kappa, MaskedFloats, PairwiseAgreement, Reason

if TYPE_CHECKING:
    from workbench.statistics.ratings import BoolArray, FloatArray, IntArray, Ratings


class Weighting(StrEnum):
    """How much a disagreement counts, by how many categories it spans."""

    NOMINAL = "nominal"
    LINEAR = "linear"
    QUADRATIC = "quadratic"


def cohen_kappa(
    first: IntArray,
    second: IntArray,
    n_categories: int,
    *,
    weighting: Weighting = Weighting.NOMINAL,
) -> Kappa:
    """Agreement beyond chance of two annotators on the units both judged.

    Args:
        first: int64[n], the one annotator's category of each shared unit.
        second: int64[n], the other's.
        n_categories: Number of categories; weights other than nominal use their order.
        weighting: Weights of the disagreements.

    Returns:
        κ, undefined without a shared unit, or where both use the same one category throughout.

    Raises:
        ValueError: The arrays differ in length or hold codes outside 0 … n_categories - 1.
    """
    if first.shape != second.shape:
        message = f"{len(first)} judgments against {len(second)}"
        raise ValueError(message)
    keys = _stacked(first, second, n_categories)
    table = np.bincount(keys, minlength=n_categories**2).reshape(1, n_categories, n_categories)
    n_units = len(first)
    observed, expected = _weighted_disagreement(table, weighting)
    if n_units == 0 or expected[0] == 0:
        return Kappa(
            value=None,
            reason=Reason.NO_VARIATION if n_units else Reason.NO_PAIRABLE_UNITS,
            n_units=n_units,
            observed=None,
            expected=None,
        )
    return Kappa(
        value=float(1.0 - observed[0] / expected[0]),
        reason=None,
        n_units=n_units,
        observed=float(observed[0]),
        expected=float(expected[0]),
    )


def pairwise_agreement(
    ratings: Ratings, *, weighting: Weighting = Weighting.NOMINAL
) -> PairwiseAgreement:
    """Percent agreement and Cohen's κ of every pair of annotators on the units they share.

    Where an annotator judged a unit more than once, the first of those rows counts.

    Args:
        ratings: The judgments.
        weighting: Weights of the disagreements in κ.
    """
    n_annotators, n_categories = ratings.n_annotators, len(ratings.categories)
    _, kept = np.unique(ratings.units * n_annotators + ratings.annotators, return_index=True)
    units = ratings.units[kept]
    answers = ratings.annotators[kept] * n_categories + ratings.values[kept]
    ones = np.ones(len(kept), dtype=np.int64)
    given = sparse.csr_array(
        (ones, (units, answers)), shape=(ratings.n_units, n_annotators * n_categories)
    )
    by_annotator = given.tocsc()

    n_shared = np.zeros((n_annotators, n_annotators), dtype=np.int64)
    percent = np.zeros((n_annotators, n_annotators))
    kappa = np.zeros((n_annotators, n_annotators))
    undefined = np.ones((n_annotators, n_annotators), dtype=np.bool_)
    for annotator in range(n_annotators):
        own = by_annotator[:, annotator * n_categories : (annotator + 1) * n_categories]
        tables = (own.T @ given).toarray().reshape(n_categories, n_annotators, n_categories)
        tables = tables.transpose(1, 0, 2)
        n_shared[annotator] = shared = tables.sum(axis=(1, 2))
        equal = np.trace(tables, axis1=1, axis2=2)
        percent[annotator] = equal / np.maximum(shared, 1)
        observed, expected = _weighted_disagreement(tables, weighting)
        undefined[annotator] = expected == 0
        kappa[annotator] = 1.0 - observed / np.where(expected == 0, 1.0, expected)
    itself = np.eye(n_annotators, dtype=np.bool_)
    return PairwiseAgreement(
        n_shared=n_shared,
        percent=_masked(percent, (n_shared == 0) | itself),
        kappa=_masked(kappa, undefined | itself),
    )


def disagreement_weights(n_categories: int, weighting: Weighting) -> FloatArray:
    """float64[K, K], how much it counts to answer one category against another."""
    ranks = np.arange(n_categories, dtype=np.float64)
    spans = np.abs(ranks[:, np.newaxis] - ranks)
    match weighting:
        case Weighting.NOMINAL:
            return np.minimum(spans, 1.0)
        case Weighting.LINEAR:
            return spans
        case Weighting.QUADRATIC:
            return spans**2
        case _:
            assert_never(weighting)


def _stacked(first: IntArray, second: IntArray, n_categories: int) -> IntArray:
    for codes in (first, second):
        if len(codes) and not (codes.min() >= 0 and codes.max() < n_categories):
            message = f"codes are not all within 0 and {n_categories - 1}"
            raise ValueError(message)
    return first * n_categories + second


def _weighted_disagreement(tables: IntArray, weighting: Weighting) -> tuple[FloatArray, FloatArray]:
    """Observed and expected mean weight of T tables [T, K, K]; 0 and 0 for an empty one."""
    weights = disagreement_weights(tables.shape[1], weighting)
    totals = np.maximum(tables.sum(axis=(1, 2)), 1)
    observed = np.einsum("tij,ij->t", tables, weights) / totals
    expected = np.einsum("ti,ij,tj->t", tables.sum(axis=2), weights, tables.sum(axis=1))
    return observed, expected / totals.astype(np.float64) ** 2


def _masked(values: FloatArray, undefined: BoolArray) -> MaskedFloats:
    return np.ma.masked_array(np.where(undefined, 0.0, values), mask=undefined)
