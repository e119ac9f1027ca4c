"""Textbook definitions, written as the papers write them, to hold the fast ones against."""

from __future__ import annotations

from collections import defaultdict
from itertools import permutations

import numpy as np

from workbench.statistics import Level, Ratings


def units_of(ratings: Ratings) -> dict[int, list[int]]:
    judged = defaultdict(list)
    for unit, value in zip(ratings.units.tolist(), ratings.values.tolist(), strict=True):
        judged[unit].append(value)
    return judged


def alpha_by_coincidences(ratings: Ratings, level: Level) -> float | None:
    """Krippendorff (2011): coincidence matrix, marginals, distances."""
    n_categories = len(ratings.categories)
    coincidences = np.zeros((n_categories, n_categories))
    for judged in units_of(ratings).values():
        for one, other in permutations(judged, 2):
            coincidences[one, other] += 1 / (len(judged) - 1)
    marginals = coincidences.sum(axis=1)
    n = marginals.sum()
    distances = _squared_distances(ratings, level, marginals)
    observed = (coincidences * distances).sum()
    expected = (np.outer(marginals, marginals) * distances).sum() / (n - 1) if n else 0.0
    return None if expected == 0 else float(1 - observed / expected)


def percent_by_pairs(ratings: Ratings) -> float | None:
    shares = [
        np.mean([one == other for one, other in permutations(judged, 2)])
        for judged in units_of(ratings).values()
        if len(judged) >= 2
    ]
    return float(np.mean(shares)) if shares else None


def _squared_distances(ratings: Ratings, level: Level, marginals: np.ndarray) -> np.ndarray:
    size = len(ratings.categories)
    distances = np.zeros((size, size))
    for c in range(size):
        for k in range(size):
            low, high = min(c, k), max(c, k)
            match level:
                case Level.NOMINAL:
                    distance = float(c != k)
                case Level.ORDINAL:
                    between = marginals[low : high + 1].sum()
                    distance = between - (marginals[c] + marginals[k]) / 2
                case Level.INTERVAL:
                    distance = ratings.categories[c] - ratings.categories[k]
                case Level.RATIO:
                    total = ratings.categories[c] + ratings.categories[k]
                    difference = ratings.categories[c] - ratings.categories[k]
                    distance = difference / total if total else 0.0
            distances[c, k] = distance**2
    return distances
