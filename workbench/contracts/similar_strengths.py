"""HelpSteer's rule for settling comparisons: the three most similar strengths, averaged and rounded.

Whoever found neither response valid has no strength. Half a point is rounded away from 0, so that
swapping the responses swaps the result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from workbench.contracts.message_columns import booleans, integers, lists_of, numbers
from workbench.statistics.most_similar import most_similar

NEITHER_VALID = "neither"
STRENGTHS_APART = "strengths_apart"
TIED = "tie"

NO_STRENGTH = -100
"""HelpSteer's strength of a judgment that finds neither response valid."""

_WIDEST = 2
_STRONGEST = 3
_STATEMENTS = (
    "Response 1 is much better than Response 2.",
    "Response 1 is better than Response 2.",
    "Response 1 is slightly better than Response 2.",
    "Response 1 is about the same as Response 2.",
    "Response 2 is slightly better than Response 1.",
    "Response 2 is better than Response 1.",
    "Response 2 is much better than Response 1.",
)


@dataclass(frozen=True, kw_only=True)
class SimilarStrengths:
    """What HelpSteer's rule makes of a column of judgments.

    Attributes:
        judgments: The three most similar ones with a strength, or fewer, in the order given.
        strengths: Their rounded mean, 0 where there is none.
        faults: By reason, which rows the rule leaves out.
    """

    judgments: pa.ListArray
    strengths: pa.Int32Array
    faults: dict[str, pa.BooleanArray]


def settle_by_similar(judgments: pa.ListArray) -> SimilarStrengths:
    """Apply the rule to the judgments of comparisons."""
    given = judgments.flatten()
    row = numbers(pc.list_parent_indices(judgments))
    has_strength = numbers(pc.indices_nonzero(pc.is_valid(pc.struct_field(given, "strength"))))
    valid = given.take(integers(has_strength))
    row = row[has_strength]
    strengths = numbers(pc.struct_field(valid, "strength")).astype(np.int64)
    marks = most_similar(strengths, _counts(row, len(judgments)))
    similar, strengths, row = valid.filter(booleans(marks)), strengths[marks], row[marks]
    lengths = _counts(row, len(judgments))
    return SimilarStrengths(
        judgments=lists_of(similar, lengths),
        strengths=integers(_rounded_mean(strengths, row, lengths).astype(np.int32)),
        faults={
            NEITHER_VALID: booleans(lengths == 0),
            STRENGTHS_APART: booleans(_ranges(strengths, row, len(lengths)) > _WIDEST),
        },
    )


def statements_of(strengths: pa.Array) -> pa.StringArray:
    """Return strengths in words."""
    places = pc.add(strengths.cast(pa.int32()), _STRONGEST)
    return pa.array(_STATEMENTS, pa.string()).take(places)


def _counts(row: NDArray[np.int64], n_rows: int) -> NDArray[np.int64]:
    return np.bincount(row, minlength=n_rows).astype(np.int64)


def _rounded_mean(
    strengths: NDArray[np.int64], row: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.int64]:
    totals = np.zeros(len(lengths), dtype=np.int64)
    np.add.at(totals, row, strengths)
    sizes = np.maximum(lengths, 1)
    rounded: NDArray[np.int64] = np.sign(totals) * ((2 * np.abs(totals) + sizes) // (2 * sizes))
    return rounded


def _ranges(strengths: NDArray[np.int64], row: NDArray[np.int64], n_rows: int) -> NDArray[np.int64]:
    highest = np.full(n_rows, -_STRONGEST, dtype=np.int64)
    lowest = np.full(n_rows, _STRONGEST, dtype=np.int64)
    np.maximum.at(highest, row, strengths)
    np.minimum.at(lowest, row, strengths)
    return highest - lowest
