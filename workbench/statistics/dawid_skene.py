"""Dawid and Skene's model: true categories and every annotator's error rates, found together.

Dawid, A. P. & Skene, A. M. (1979). Maximum likelihood estimation of observer error-rates using the
EM algorithm. Applied Statistics 28, 20-28.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from workbench.statistics.coincidence import category_counts
from workbench.statistics.results import DawidSkene

if TYPE_CHECKING:
    from workbench.statistics.ratings import FloatArray, Ratings


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
    readings = _readings(ratings)[judged]
    posteriors = votes[judged] / n_judgments[judged, np.newaxis]

    log_likelihoods: list[float] = []
    converged = False
    while len(log_likelihoods) < max_iterations and not converged:
        priors = posteriors.mean(axis=0)
        confusion = _confusion(readings, posteriors, smoothing)
        posteriors, log_likelihood = _expected(readings, priors, confusion)
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


def _readings(ratings: Ratings) -> sparse.csr_array:
    """float64 csr[n_units, A K], how often each annotator gave each answer to each unit."""
    n_categories = len(ratings.categories)
    answers = ratings.annotators * n_categories + ratings.values
    shape = (ratings.n_units, ratings.n_annotators * n_categories)
    return sparse.csr_array((np.ones(len(answers)), (ratings.units, answers)), shape=shape)


def _confusion(readings: sparse.csr_array, posteriors: FloatArray, smoothing: float) -> FloatArray:
    """float64[A K, K], probability of each annotator's answers (rows) given the truth (columns)."""
    n_categories = posteriors.shape[1]
    counts = (readings.T @ posteriors).reshape(-1, n_categories, n_categories) + smoothing
    totals = counts.sum(axis=1, keepdims=True)
    unknown = np.full_like(counts, 1 / n_categories)
    rates: FloatArray = np.divide(counts, totals, out=unknown, where=totals > 0)
    return rates.reshape(-1, n_categories)


def _expected(
    readings: sparse.csr_array, priors: FloatArray, confusion: FloatArray
) -> tuple[FloatArray, float]:
    """Posteriors and the log-likelihood."""
    with np.errstate(divide="ignore"):
        joint = readings @ np.log(confusion) + np.log(priors)
    # Over a few columns of many rows, column by column is several times faster than axis=1.
    highest = reduce(np.maximum, joint.T)[:, np.newaxis]
    joint -= highest
    np.exp(joint, out=joint)
    totals = (joint @ np.ones(joint.shape[1]))[:, np.newaxis]
    joint /= totals
    return joint, float(np.log(totals).sum() + highest.sum())
