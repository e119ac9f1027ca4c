"""Random reliability data for the laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from workbench.statistics import Ratings


@st.composite
def ratings(
    draw: st.DrawFn,
    *,
    min_judgments: int = 0,
    max_units: int = 8,
    max_annotators: int = 5,
    max_categories: int = 4,
) -> Ratings:
    """A table with gaps, at most one judgment per annotator and unit, in any order."""
    n_units = draw(st.integers(1, max_units))
    n_annotators = draw(st.integers(1, max_annotators))
    n_categories = draw(st.integers(1, max_categories))
    cells = st.tuples(st.integers(0, n_units - 1), st.integers(0, n_annotators - 1))
    judged = draw(
        st.lists(
            cells,
            unique=True,
            min_size=min(min_judgments, n_units * n_annotators),
            max_size=n_units * n_annotators,
        )
    )
    values = draw(
        st.lists(st.integers(0, n_categories - 1), min_size=len(judged), max_size=len(judged))
    )
    table = np.array(judged, dtype=np.int64).reshape(-1, 2)
    return Ratings(
        table[:, 0],
        table[:, 1],
        np.array(values, dtype=np.int64),
        n_units,
        n_annotators,
        tuple(range(1, n_categories + 1)),
    )


def recoded(
    given: Ratings,
    *,
    units: np.ndarray | None = None,
    annotators: np.ndarray | None = None,
    values: np.ndarray | None = None,
    rows: np.ndarray | None = None,
) -> Ratings:
    """The same judgments with codes replaced by tables[code], and the rows reordered."""
    order = np.arange(given.n_judgments) if rows is None else rows
    return replace(
        given,
        units=(given.units if units is None else units[given.units])[order],
        annotators=(given.annotators if annotators is None else annotators[given.annotators])[
            order
        ],
        values=(given.values if values is None else values[given.values])[order],
    )


def shuffled(size: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(size)


def simulated(
    n_units: int, overlap: int, *, n_categories: int = 4, right: float = 0.6, seed: int = 5
) -> Ratings:
    """Every unit judged by the same annotators, right as often as said and else at random."""
    generator = np.random.default_rng(seed)
    units = np.repeat(np.arange(n_units), overlap)
    truth = generator.integers(n_categories, size=n_units)[units]
    guesses = generator.integers(n_categories, size=len(units))
    values = np.where(generator.random(len(units)) < right, truth, guesses)
    annotators = np.tile(np.arange(overlap), n_units)
    return Ratings(units, annotators, values, n_units, overlap, tuple(range(n_categories)))
