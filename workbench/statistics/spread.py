"""How far the judgments of one item lie apart, where no coefficient of agreement fits."""

from __future__ import annotations

from collections import Counter
from math import fsum, log2
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


def entropy(values: Sequence[Hashable]) -> float | None:
    """Shannon entropy of the values' shares, in bits: 0 where all are equal, log2(K) at K even shares.

    It is not normalised: how many values there could have been is not seen in those that came.

    Source: Shannon, C. E. (1948). A mathematical theory of communication. Bell System Technical
    Journal 27, 379-423.

    Args:
        values: One value per judgment.

    Returns:
        The entropy; None where there are no values.
    """
    if not values:
        return None
    n = len(values)
    return fsum(count / n * log2(n / count) for count in Counter(values).values())
