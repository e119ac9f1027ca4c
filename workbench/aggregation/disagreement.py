"""How much the judgments of one item disagree, for putting the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import numpy as np

from workbench.agreement.reliability import CodedMeasure
from workbench.contracts.task_template import Level
from workbench.statistics.coincidence import category_counts
from workbench.statistics.distances import interval_sums, nominal_sums
from workbench.statistics.ratings import FloatArray, IntArray, numeric_categories


def item_disagreement(measures: Sequence[CodedMeasure], n_items: int) -> list[float | None]:
    """Return each item's disagreement, 0 (all agree) to 1 (as far apart as the scales allow).

    On one measure it is the mean squared distance of the pairs of judgments of the item's units:
    0 or 1 at the nominal level; at the ordinal level by places on the scale and at the interval
    level by its numbers, both divided by the whole length of the scale. An item's disagreement is
    the mean over its measures, so that an item on which people choose opposite sides comes before
    one on which they differ in strength. None where no two judgments can be compared.
    """
    total, known = np.zeros(n_items), np.zeros(n_items, dtype=np.int64)
    for coded in measures:
        distance, pairs = _distances(coded)
        summed = np.bincount(coded.clusters, weights=distance, minlength=n_items)
        compared = np.bincount(coded.clusters, weights=pairs, minlength=n_items)
        total += summed / np.maximum(compared, 1)
        known += compared > 0
    return [
        float(value / count) if count else None for value, count in zip(total, known, strict=True)
    ]


def _distances(coded: CodedMeasure) -> tuple[FloatArray, IntArray]:
    """Sum of the squared distances of each unit's pairs, and the number of pairs."""
    counts = category_counts(coded.ratings)
    sizes = counts.sum(axis=1)
    match coded.measure.level:
        case Level.NOMINAL:
            sums = nominal_sums(counts)
        case Level.ORDINAL:
            sums = interval_sums(counts, _on_unit_scale(np.arange(counts.shape[1], dtype=float)))
        case Level.INTERVAL:
            sums = interval_sums(counts, _on_unit_scale(numeric_categories(coded.ratings)))
        case _:
            assert_never(coded.measure.level)
    return sums, sizes * (sizes - 1)


def _on_unit_scale(scores: FloatArray) -> FloatArray:
    length = float(np.ptp(scores)) if len(scores) else 0.0
    return (scores - scores.min(initial=0)) / length if length > 0 else np.zeros_like(scores)
