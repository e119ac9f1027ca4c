"""Ratings by attribute as Arrow columns: `{attribute, value, labels}` lists of rated responses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.contracts.message_columns import booleans, integers, numbers

HELPSTEER_ATTRIBUTES = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")
HELPSTEER_HIGHEST = 4

LACKS_ATTRIBUTE = "lacks_attribute"
OUTSIDE_SCALE = "outside_scale"


def ratings_of(ratings: pa.ListArray, attribute: str) -> pa.StructArray:
    """Return each row's rating of an attribute, null where there is none."""
    found = ratings.flatten()
    is_asked = pc.equal(pc.struct_field(found, "attribute"), attribute)
    places = numbers(pc.indices_nonzero(is_asked)).astype(np.int64)
    rows = numbers(pc.list_parent_indices(ratings))[places]
    place_of_row = np.full(len(ratings), -1, dtype=np.int64)
    place_of_row[rows] = places
    wanted = integers(place_of_row)
    return found.take(pc.if_else(pc.greater_equal(wanted, 0), wanted, pa.scalar(None, pa.int64())))


def find_unrated(
    ratings: pa.ListArray, attributes: Sequence[str], *, lowest: int, highest: int
) -> dict[str, pa.BooleanArray]:
    """Tell, by reason, which rows lack one of the attributes or are rated on another scale."""
    lacks, is_outside = (booleans(np.zeros(len(ratings), dtype=np.bool_)),) * 2
    for attribute in attributes:
        found = ratings_of(ratings, attribute)
        values, labels = (pc.struct_field(found, name) for name in ("value", "labels"))
        lacks = pc.or_(lacks, pc.is_null(values))
        is_outside = pc.or_(is_outside, _is_outside(values, lowest, highest))
        is_outside = pc.or_(is_outside, _any_outside(labels, lowest, highest))
    return {LACKS_ATTRIBUTE: lacks, OUTSIDE_SCALE: is_outside}


def _is_outside(values: pa.Array, lowest: int, highest: int) -> pa.BooleanArray:
    is_outside = pc.or_(pc.less(values, lowest), pc.greater(values, highest))
    return pc.fill_null(is_outside, fill_value=False)


def _any_outside(labels: pa.ListArray, lowest: int, highest: int) -> pa.BooleanArray:
    marked = pc.indices_nonzero(_is_outside(labels.flatten(), lowest, highest))
    rows = numbers(pc.list_parent_indices(labels))[numbers(marked)]
    is_outside = np.zeros(len(labels), dtype=np.bool_)
    is_outside[rows] = True
    return booleans(is_outside)
