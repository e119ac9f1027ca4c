"""Agreement of rankings: Kendall's τ-b of two, Kendall's W of any number.

Kendall, M. G. (1945). The treatment of ties in ranking problems. Biometrika 33, 239-251.
Kendall, M. G. & Babington Smith, B. (1939). The problem of m rankings. Annals of Mathematical
Statistics 10, 275-287; with the correction for ties of Kendall, M. G. (1948), Rank Correlation
Methods, chapter 6. Griffin.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def kendall_tau_b(first: Sequence[int], second: Sequence[int]) -> float | None:
    """Rank correlation of two rankings of the same things, -1 (reversed) to 1 (the same order).

    Args:
        first: The rank that the one ranking gives to each thing; equal ranks are ties. Only the
            order of the numbers counts, not the distances between them.
        second: The rank that the other gives to each of the same things.

    Returns:
        (concordant - discordant pairs) / √(pairs untied in first · pairs untied in second); None
        where a ranking ties everything or ranks fewer than two things.

    Raises:
        ValueError: The rankings differ in length.
    """
    _require_equal_lengths([first, second])
    concordance = untied_first = untied_second = 0
    for one, other in combinations(zip(first, second, strict=True), 2):
        in_first, in_second = _sign(one[0] - other[0]), _sign(one[1] - other[1])
        concordance += in_first * in_second
        untied_first += in_first != 0
        untied_second += in_second != 0
    if not untied_first or not untied_second:
        return None
    return concordance / sqrt(untied_first * untied_second)


def kendall_w(rankings: Sequence[Sequence[int]]) -> float | None:
    """Coefficient of concordance of m rankings of the same n things, 0 (none) to 1 (full).

    Ties share the mean of the places they take. With W = S / S_max, where S is the sum of squared
    deviations of the things' rank sums from their mean, S_max is what m rankings with these ties
    could reach: (m²(n³ - n) - m·ΣT) / 12, and T sums t³ - t over a ranking's groups of t tied things.

    Args:
        rankings: For each ranking, the rank it gives to each thing; equal ranks are ties.

    Returns:
        W; None with fewer than two rankings or two things, or where every ranking ties everything.

    Raises:
        ValueError: The rankings differ in length.
    """
    _require_equal_lengths(rankings)
    m, n = len(rankings), len(rankings[0]) if rankings else 0
    ties = sum(size**3 - size for ranking in rankings for size in Counter(ranking).values())
    twelve_s_max = m**2 * (n**3 - n) - m * ties
    if m < 2 or twelve_s_max == 0:
        return None
    # Twice the mean places are whole numbers, so that no rounding tells equal sums apart.
    doubled: list[int] = [
        sum(places) for places in zip(*map(_doubled_places, rankings), strict=True)
    ]
    twelve_s = 3 * sum((total - m * (n + 1)) ** 2 for total in doubled)
    return twelve_s / twelve_s_max


def _doubled_places(ranking: Sequence[int]) -> list[int]:
    """Twice the mean of the places, from 1, that each thing shares with those tied with it."""
    return [
        2 * sum(other < rank for other in ranking) + sum(other == rank for other in ranking) + 1
        for rank in ranking
    ]


def _require_equal_lengths(rankings: Sequence[Sequence[int]]) -> None:
    lengths = {len(ranking) for ranking in rankings}
    if len(lengths) > 1:
        message = f"rankings of different lengths: {sorted(lengths)}"
        raise ValueError(message)


def _sign(difference: int) -> int:
    return (difference > 0) - (difference < 0)
