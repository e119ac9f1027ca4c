"""Simulated judgments of known truth, sorted by unit, as large as a benchmark needs."""

from __future__ import annotations

import numpy as np

from workbench.statistics import Ratings

SHARE_RIGHT = 0.7


def simulated_ratings(
    n_items: int, *, overlap: int, n_categories: int, n_annotators: int, seed: int = 0
) -> Ratings:
    """Every item judged by ``overlap`` different annotators; 70 % right, the rest at random."""
    generator = np.random.default_rng(seed)
    units = np.repeat(np.arange(n_items), overlap)
    # A random start and neighbours from there: distinct annotators on an item without a loop.
    starts = np.repeat(generator.integers(n_annotators, size=n_items), overlap)
    annotators = (starts + np.tile(np.arange(overlap), n_items)) % n_annotators
    truth = generator.integers(n_categories, size=n_items)[units]
    guesses = generator.integers(n_categories, size=len(units))
    values = np.where(generator.random(len(units)) < SHARE_RIGHT, truth, guesses)
    return Ratings(units, annotators, values, n_items, n_annotators, tuple(range(n_categories)))
