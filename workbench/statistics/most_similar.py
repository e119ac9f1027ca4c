"""The judgments of each item that lie closest together, as HelpSteer settles its annotations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def most_similar(
    values: NDArray[np.int64], lengths: NDArray[np.int64], keep: int = 3
) -> NDArray[np.bool_]:
    """Mark, for each item, the values that lie closest together.

    They are the `keep` neighbours in order of size with the smallest range; of those alike the ones
    whose mean is nearest to the mean of all, then nearest to 0, so that turning every sign turns
    the choice. Of equal values the earliest are marked.

    Source: Wang, Z. et al. (2024). HelpSteer2-Preference: Complementing ratings with preferences
    (arXiv 2410.01257), section 3, which leaves open what to do with ranges alike.

    Args:
        values: The values of one item after another.
        lengths: How many each item has.
        keep: How many are marked of each item; all of them where there are fewer.

    Returns:
        A mark for each value.
    """
    item = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((values, item))
    ordered = values[order]
    ends = np.cumsum(lengths)
    width = np.minimum(lengths, keep)[item]
    first = np.flatnonzero(np.arange(len(values)) + width <= ends[item])
    width, item = width[first], item[first]
    sums = np.concatenate([[0], np.cumsum(ordered)])
    n, starts = lengths[item], (ends - lengths)[item]
    of_window, of_all = sums[first + width] - sums[first], sums[starts + n] - sums[starts]
    ranges = ordered[first + width - 1] - ordered[first]
    from_mean = np.abs(of_window * n - of_all * width)
    ranked = np.lexsort((np.abs(of_window), from_mean, ranges, item))
    _, best = np.unique(item[ranked], return_index=True)
    chosen = ranked[best]
    # 1 where a chosen window begins, -1 just after it: the running sum marks what is inside.
    edges = np.zeros(len(values) + 1, dtype=np.int64)
    np.add.at(edges, first[chosen], 1)
    np.add.at(edges, first[chosen] + width[chosen], -1)
    marks = np.zeros(len(values), dtype=np.bool_)
    marks[order] = np.cumsum(edges)[:-1] > 0
    return marks
