"""Dawid and Skene's model: true categories and every annotator's error rates, found together.

Dawid, A. P. & Skene, A. M. (1979). Maximum likelihood estimation of observer error-rates using the
EM algorithm. Applied Statistics 28, 20-28.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from workbench.statistics.coincidence import category_counts
from workbench.statistics.results import DawidSkene

if TYPE_CHECKING:
    from workbench.statistics.ratings import FloatArray, IntArray, Ratings

_UNITS_AT_ONCE = 2**14


def dawid_skene(
    ratings: Ratings,
    *,
    max_iterations: int = 2000,
    tolerance: float = 1e-9,
    smoothing: float = 0.0,
) -> DawidSkene:
    """Fit by plain EM from vote shares.

    An iteration estimates priors and confusion from the posteriors (M), then the posteriors and the
    log-likelihood from those (E). A reading that an annotator gave twice on one unit counts twice.
    Units without a judgment take no part.

    Args:
        ratings: The judgments.
        max_iterations: Stop after so many.
        tolerance: Stop when the log-likelihood changes by less, in nats; 0 never stops early.
        smoothing: Added to every count of every annotator's confusion before it is normalised. With
            0 the fit is the maximum of the likelihood, which otherwise need not rise at every step.

    Raises:
        ValueError: There is no judgment, ``max_iterations`` is below 1, or a number is negative.
    """
    if ratings.n_judgments == 0:
        message = "there is no judgment to fit"
        raise ValueError(message)
    if max_iterations < 1 or tolerance < 0 or smoothing < 0:
        message = "max_iterations must be 1 or more, tolerance and smoothing 0 or more"
        raise ValueError(message)
    n_categories = len(ratings.categories)
    votes = category_counts(ratings)
    n_judgments = votes.sum(axis=1)
    judged = np.flatnonzero(n_judgments)
    blocks = _blocks(ratings, n_judgments[judged])
    posteriors = votes[judged] / n_judgments[judged, np.newaxis]

    log_likelihoods: list[float] = []
    converged = False
    while len(log_likelihoods) < max_iterations and not converged:
        priors = np.ones(len(judged)) @ posteriors / len(judged)
        confusion = _confusion(blocks, posteriors, smoothing)
        log_likelihood = _expect(blocks, priors, confusion, out=posteriors)
        converged = bool(log_likelihoods) and (
            abs(log_likelihood - log_likelihoods[-1]) < tolerance
        )
        log_likelihoods.append(log_likelihood)

    all_posteriors = np.tile(priors, (ratings.n_units, 1))
    all_posteriors[judged] = posteriors
    shape = (ratings.n_annotators, n_categories, n_categories)
    return DawidSkene(
        posteriors=all_posteriors,
        confusion=confusion.reshape(shape).transpose(0, 2, 1).copy(),
        priors=priors,
        log_likelihood=log_likelihoods[-1],
        log_likelihoods=np.array(log_likelihoods),
        iterations=len(log_likelihoods),
        converged=converged,
        n_judgments=n_judgments,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Some of the judged units, few enough that their posteriors stay in the processor's cache.

    Attributes:
        units: Where they are among the judged units.
        readings: float64 csr[units, A K], how often each annotator gave each answer.
    """

    units: slice
    readings: sparse.csr_array


def _blocks(ratings: Ratings, n_judgments: IntArray) -> list[_Block]:
    n_categories = len(ratings.categories)
    answers = ratings.annotators * n_categories + ratings.values
    if np.any(ratings.units[1:] < ratings.units[:-1]):
        answers = answers[np.argsort(ratings.units, kind="stable")]
    starts = np.concatenate([[0], np.cumsum(n_judgments)])
    blocks = []
    for first in range(0, len(n_judgments), _UNITS_AT_ONCE):
        bounds = starts[first : first + _UNITS_AT_ONCE + 1]
        given = answers[bounds[0] : bounds[-1]]
        readings = sparse.csr_array(
            (np.ones(len(given)), given, bounds - bounds[0]),
            shape=(len(bounds) - 1, ratings.n_annotators * n_categories),
        )
        blocks.append(_Block(slice(first, first + len(bounds) - 1), readings))
    return blocks


def _confusion(blocks: list[_Block], posteriors: FloatArray, smoothing: float) -> FloatArray:
    """float64[A K, K], probability of each annotator's answers (rows) given the truth (columns)."""
    n_categories = posteriors.shape[1]
    counted = np.sum([b.readings.T @ posteriors[b.units] for b in blocks], axis=0)
    counts = counted.reshape(-1, n_categories, n_categories) + smoothing
    totals = counts.sum(axis=1, keepdims=True)
    unknown = np.full_like(counts, 1 / n_categories)
    rates: FloatArray = np.divide(counts, totals, out=unknown, where=totals > 0)
    return rates.reshape(-1, n_categories)


def _expect(
    blocks: list[_Block], priors: FloatArray, confusion: FloatArray, *, out: FloatArray
) -> float:
    """Write the posteriors to ``out`` and return the log-likelihood."""
    with np.errstate(divide="ignore"):
        log_priors, log_confusion = np.log(priors), np.log(confusion)
    ones = np.ones(len(priors))
    log_likelihood = 0.0
    for block in blocks:
        joint = block.readings @ log_confusion
        joint += log_priors
        # Over few columns of many rows, a reduction column by column or as a product with ones is
        # several times faster than one along the axis.
        highest = reduce(np.maximum, joint.T)
        joint -= highest[:, np.newaxis]
        np.exp(joint, out=joint)
        totals = joint @ ones
        np.divide(joint, totals[:, np.newaxis], out=out[block.units])
        log_likelihood += float(np.log(totals).sum() + highest.sum())
    return log_likelihood
