"""The published definitions, written out plainly and slowly, to hold the product to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations, permutations
from typing import Any

Units = Sequence[Sequence[Any]]
Distance = Callable[[Any, Any], float]


def pairable(units: Units) -> list[Sequence[Any]]:
    return [unit for unit in units if len(unit) > 1]


def alpha(units: Units, distance: Distance) -> float:
    """Krippendorff's α by its definition: pairs within units against pairs of everything."""
    pairs = pairable(units)
    number = sum(len(unit) for unit in pairs)
    counts = Counter(value for unit in pairs for value in unit)
    observed = sum(
        sum(distance(one, other) for one, other in permutations(unit, 2)) / (len(unit) - 1)
        for unit in pairs
    )
    expected = sum(
        many * more * distance(one, other)
        for one, many in counts.items()
        for other, more in counts.items()
    )
    return 1 - (observed / number) / (expected / (number * (number - 1)))


def nominal(one: Any, other: Any) -> float:
    return float(one != other)


def ordinal(units: Units, order: Sequence[Any]) -> Distance:
    """Krippendorff's ordinal distance among the values that can be paired."""
    counts = Counter(value for unit in pairable(units) for value in unit)

    def distance(one: Any, other: Any) -> float:
        low, high = sorted((order.index(one), order.index(other)))
        between = sum(counts[value] for value in order[low : high + 1])
        return float((between - (counts[order[low]] + counts[order[high]]) / 2) ** 2)

    return distance


def percent_agreement(units: Units) -> float:
    """Return the mean over units of the share of their pairs that agree."""
    shares = []
    for unit in pairable(units):
        agree = [one == other for one, other in combinations(unit, 2)]
        shares.append(sum(agree) / len(agree))
    return sum(shares) / len(shares)
