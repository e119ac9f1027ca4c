"""What annotators agree on in a ranking: each pair's order, what is unacceptable, the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import TYPE_CHECKING

from workbench.contracts.task_template import Category, Coefficient, Level, Measure
from workbench.statistics import kendall_tau_b, kendall_w

if TYPE_CHECKING:
    from task_templates.ranking.template import Item, Judgment

FIRST, SECOND, TIE = "first", "second", "tie"
ACCEPTABLE, UNACCEPTABLE = "acceptable", "unacceptable"
SHARED, NONE = "shared", "none"

_WORDS = {
    FIRST: "The earlier is better",
    SECOND: "The later is better",
    TIE: "Same rank",
    ACCEPTABLE: "Acceptable",
    UNACCEPTABLE: "Unacceptable",
    SHARED: "Several share the first rank",
    NONE: "None is acceptable",
}


def pair_key(first: int, second: int) -> str:
    """Return the unit of two responses by canonical index, the smaller one first."""
    return f"{first}-{second}"


def order_of(first: int, second: int) -> str:
    """Return which of two ranks is better."""
    if first == second:
        return TIE
    return FIRST if first < second else SECOND


def _pair_values(judgment: Judgment) -> Mapping[str, Category]:
    return {
        pair_key(first, second): order_of(judgment.ranks[first], judgment.ranks[second])
        for first, second in combinations(range(len(judgment.ranks)), 2)
    }


def _acceptability_values(judgment: Judgment) -> Mapping[str, Category]:
    return {
        str(index): UNACCEPTABLE if is_unacceptable else ACCEPTABLE
        for index, is_unacceptable in enumerate(judgment.unacceptable)
    }


def _best_values(judgment: Judgment) -> Mapping[str, Category]:
    best = [index for index, rank in enumerate(judgment.ranks) if rank == 1]
    if judgment.unacceptable[best[0]]:
        return {"": NONE}
    return {"": str(best[0]) if len(best) == 1 else SHARED}


def _word(category: Category) -> str:
    return _WORDS[str(category)]


def _best_word(category: Category) -> str:
    return f"Response {int(category) + 1}" if str(category).isdigit() else _word(category)


MEASURES = (
    Measure(
        field="preference",
        title="Which of two responses is better",
        level=Level.NOMINAL,
        unit="item × pair",
        categories=(FIRST, TIE, SECOND),
        values=_pair_values,
        voted=True,
        word=_word,
    ),
    Measure(
        field="acceptability",
        title="Whether a response is acceptable",
        level=Level.NOMINAL,
        unit="item × response",
        categories=(ACCEPTABLE, UNACCEPTABLE),
        values=_acceptability_values,
        voted=True,
        word=_word,
    ),
    Measure(
        field="best",
        title="Which response is best",
        level=Level.NOMINAL,
        unit="item",
        categories=None,
        values=_best_values,
        word=_best_word,
    ),
)


def mean_tau_b(_item: Item, judgments: Sequence[Judgment]) -> float | None:
    """Return the mean τ-b of the pairs of annotators for which it is defined."""
    defined = [
        tau
        for one, other in combinations(judgments, 2)
        if (tau := kendall_tau_b(one.ranks, other.ranks)) is not None
    ]
    return fmean(defined) if defined else None


def concordance(_item: Item, judgments: Sequence[Judgment]) -> float | None:
    return kendall_w([judgment.ranks for judgment in judgments])


COEFFICIENTS = (
    Coefficient(
        field="kendall_tau_b",
        title="Kendall's τ-b",
        note="Mean over the pairs of an item's annotators: 1 for the same order, 0 for unrelated "
        "ones, -1 for the reverse (Kendall 1945).",
        low=-1.0,
        high=1.0,
        of=mean_tau_b,
    ),
    Coefficient(
        field="kendall_w",
        title="Kendall's W",
        note="Concordance of all of an item's annotators, corrected for ties: 1 where they agree, "
        "0 where nothing is left of an order (Kendall 1948).",
        low=0.0,
        high=1.0,
        of=concordance,
    ),
)
