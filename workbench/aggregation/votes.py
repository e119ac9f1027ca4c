"""Votes on the units of items: by majority, or by Dawid and Skene's posteriors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.agreement.reliability import CodedMeasure
from workbench.contracts.task_template import Vote
from workbench.statistics import DawidSkene, dawid_skene, first_place
from workbench.statistics.coincidence import category_counts
from workbench.statistics.ratings import FloatArray

UnitVotes = Mapping[str, Vote]


def majority_shares(coded: CodedMeasure) -> FloatArray:
    """float64[n_units, K], each category's share of a unit's votes."""
    counts = category_counts(coded.ratings)
    shares: FloatArray = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


def fit_dawid_skene(coded: CodedMeasure) -> DawidSkene | None:
    """Fit the model over all units, which takes a judgment."""
    return dawid_skene(coded.ratings) if coded.ratings.n_judgments else None


def dawid_skene_shares(coded: CodedMeasure, fit: DawidSkene | None) -> FloatArray:
    """float64[n_units, K], the posteriors of a fit.

    Where the item decides which categories there are (the index of a step), only those that
    somebody voted for on the unit can be known to exist: the posterior is taken among them.
    """
    if fit is None:
        return majority_shares(coded)
    posteriors = fit.posteriors
    if coded.measure.categories is None:
        among = np.where(category_counts(coded.ratings) > 0, posteriors, 0.0)
        totals = among.sum(axis=1, keepdims=True)
        # An answer whose probability has fallen to 0 by rounding leaves nothing to divide by.
        posteriors = np.where(totals > 0, among / np.where(totals > 0, totals, 1), posteriors)
    return posteriors


def votes_by_item(
    coded: CodedMeasure, shares: FloatArray, *, first: int, n_items: int
) -> Sequence[UnitVotes]:
    """Return the votes on the items at positions `first` to `first + n_items - 1`.

    Args:
        shares: float64[n_units, K], vote shares or posteriors of all units of `coded`.
    """
    start, stop = np.searchsorted(coded.clusters, [first, first + n_items])
    n_votes = np.bincount(coded.ratings.units, minlength=len(coded.clusters))[start:stop]
    place = first_place(shares[start:stop], n_votes)
    categories: Sequence[Any] = coded.ratings.categories
    votes: list[dict[str, Vote]] = [{} for _ in range(n_items)]
    rows = zip(
        (coded.clusters[start:stop] - first).tolist(),
        coded.keys[start:stop],
        place.winners.tolist(),
        place.confidence.tolist(),
        n_votes.tolist(),
        shares[start:stop].tolist(),
        strict=True,
    )
    for item, key, winner, confidence, count, row in rows:
        votes[item][key] = Vote(
            value=None if winner < 0 else categories[winner],
            confidence=confidence,
            n_votes=count,
            shares={categories[code]: share for code, share in enumerate(row) if share > 0},
        )
    return votes
