"""Reliability data in integer-coded long form: one row per judgment, nothing for a missing one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Category: TypeAlias = str | int | float
IntArray: TypeAlias = NDArray[np.int64]
FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Judgments of units by annotators, in Krippendorff's sense of reliability data.

    A unit is whatever was judged: an item, a step of an item, a pair of candidates. A judgment that
    is missing ("unsure", not reached) has no row. Rows may come in any order; sorted by unit they are
    counted fastest.

    Attributes:
        units: int64[n], code of the unit, 0 … n_units - 1.
        annotators: int64[n], code of the annotator, 0 … n_annotators - 1.
        values: int64[n], index into ``categories``.
        n_units: Number of units, those without a judgment included.
        n_annotators: Number of annotators, those without a judgment included.
        categories: The possible values in their order; numbers, strictly increasing, where the
            level of measurement is interval or ratio.
    """

    units: IntArray
    annotators: IntArray
    values: IntArray
    n_units: int
    n_annotators: int
    categories: tuple[Category, ...]

    def __post_init__(self) -> None:
        """Check shapes and ranges.

        Raises:
            ValueError: Arrays of different lengths, a code out of its range, or a category twice.
        """
        if len(set(self.categories)) != len(self.categories):
            message = f"categories are not distinct: {self.categories!r}"
            raise ValueError(message)
        sizes = {
            "units": self.n_units,
            "annotators": self.n_annotators,
            "values": len(self.categories),
        }
        for name, size in sizes.items():
            codes = _integer_codes(getattr(self, name), name)
            object.__setattr__(self, name, codes)
            if len(codes) != len(self.units):
                message = f"{len(self.units)} units but {len(codes)} {name}"
                raise ValueError(message)
            # Read as unsigned, a negative code is larger than any size: one pass sees both ends.
            if len(codes) and codes.view(np.uint64).max() >= size:
                message = f"{name} are not all within 0 and {size - 1}"
                raise ValueError(message)

    @property
    def n_judgments(self) -> int:
        """Number of judgments, pairable or not."""
        return len(self.units)

    @classmethod
    def from_labels(
        cls,
        units: Sequence[Any] | NDArray[Any],
        annotators: Sequence[Any] | NDArray[Any],
        values: Sequence[Any] | NDArray[Any],
        *,
        categories: Sequence[Category] | None = None,
    ) -> Self:
        """Code judgments given by their labels.

        Args:
            units: Label of the unit of each judgment; codes follow the labels' sorted order.
            annotators: Label of the annotator of each judgment, coded likewise.
            values: The value of each judgment.
            categories: The possible values in their order; the values present, sorted, if not given.

        Raises:
            ValueError: A value is not among the categories, or the lengths differ.
            TypeError: Labels of one kind cannot be sorted among each other.
        """
        unit_codes, unit_labels = code_labels(units)
        annotator_codes, annotator_labels = code_labels(annotators)
        value_codes, known = code_labels(values, order=categories)
        return cls(
            unit_codes,
            annotator_codes,
            value_codes,
            len(unit_labels),
            len(annotator_labels),
            known,
        )


def code_labels(
    labels: Sequence[Any] | NDArray[Any], *, order: Sequence[Any] | None = None
) -> tuple[IntArray, tuple[Any, ...]]:
    """Replace labels by their index among the distinct labels.

    Args:
        labels: n labels of one kind (or of any kinds that compare equal to those of ``order``).
        order: The distinct labels in the order wanted; sorted order if not given.

    Returns:
        int64[n] codes, and the labels that the codes stand for.

    Raises:
        ValueError: A label is not in ``order``.
        TypeError: Without ``order``, the labels cannot be sorted among each other.
    """
    array = labels if isinstance(labels, np.ndarray) else _object_array(labels)
    if order is None:
        distinct, inverse = np.unique(array, return_inverse=True)
        return inverse.astype(np.int64), tuple(distinct.tolist())
    codes = np.full(len(array), -1, dtype=np.int64)
    for code, label in enumerate(order):
        codes[np.asarray(array == label, dtype=np.bool_)] = code
    unknown = np.flatnonzero(codes < 0)
    if len(unknown):
        message = f"{array[unknown[0]]!r} is not one of {tuple(order)!r}"
        raise ValueError(message)
    return codes, tuple(order)


def numeric_categories(ratings: Ratings) -> FloatArray:
    """The categories as numbers.

    Raises:
        ValueError: They are not numbers in strictly increasing order.
    """
    if any(isinstance(category, str) for category in ratings.categories):
        message = f"categories are not numbers: {ratings.categories!r}"
        raise ValueError(message)
    numbers = np.asarray(ratings.categories, dtype=np.float64)
    if not np.all(np.isfinite(numbers)) or not np.all(np.diff(numbers) > 0):
        message = f"categories do not increase: {ratings.categories!r}"
        raise ValueError(message)
    return numbers


def _integer_codes(codes: ArrayLike, name: str) -> IntArray:
    array = np.asarray(codes)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        message = f"{name} are not a one-dimensional array of integers"
        raise ValueError(message)
    return array.astype(np.int64, copy=False)


def _object_array(labels: Sequence[Any]) -> NDArray[np.object_]:
    # np.asarray would turn a mix of numbers and strings into strings, and tuples into columns.
    return np.fromiter(labels, dtype=object, count=len(labels))
