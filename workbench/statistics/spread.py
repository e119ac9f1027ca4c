"""How far the judgments of one item lie apart, where no coefficient of agreement fits."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import fsum, log2
from typing import TYPE_CHECKING

from rapidfuzz.distance import Levenshtein

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


def edit_distance(first: str, second: str) -> float:
    """Levenshtein's distance of two texts by the length of the longer one: 0 equal, 1 nothing shared.

    The fewest characters to insert, delete or replace that turn one into the other, each counting
    1; a character is a Unicode code point. Two empty texts are equal.

    Source: Levenshtein, V. I. (1966). Binary codes capable of correcting deletions, insertions,
    and reversals. Soviet Physics Doklady 10(8), 707-710.
    """
    return Levenshtein.normalized_distance(first, second)


def mean_pairwise_distance(texts: Sequence[str]) -> float | None:
    """Mean edit distance over all pairs of texts, 0 to 1; None with fewer than two texts."""
    distances = [edit_distance(first, second) for first, second in combinations(texts, 2)]
    return fsum(distances) / len(distances) if distances else None


def medoid(texts: Sequence[str]) -> int:
    """Return the place of the text with the least sum of edit distances to the others.

    Of several, the first one: with two texts that is the first of the two.

    Source: Kaufman, L., and Rousseeuw, P. J. (1990). Finding Groups in Data. Wiley, chapter 2.

    Raises:
        ValueError: There are no texts.
    """
    sums = [fsum(edit_distance(text, other) for other in texts) for text in texts]
    return sums.index(min(sums))
