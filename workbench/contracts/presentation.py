"""The order in which several candidates were shown, and the way back to canonical order."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase
from typing import TypeVar

from workbench.contracts.task_template import Presentation
from workbench.errors import BadRow, JudgmentInvalid

LETTERS = ascii_uppercase
"""What candidates are called where they are shown, in the order shown."""

T = TypeVar("T")


def shown_order(presentation: Presentation, n_candidates: int) -> tuple[int, ...]:
    """Return the canonical index of the candidate at each place; canonical order if none is given.

    Raises:
        JudgmentInvalid: The presentation is not an order of so many candidates.
    """
    order = tuple(presentation) or tuple(range(n_candidates))
    if sorted(order) != list(range(n_candidates)):
        expected = f"an order of the indices 0 to {n_candidates - 1}"
        row = BadRow(field="presentation", problem=f"is {list(order)}", expected=expected)
        message = f"the presentation {list(order)} is no order of {n_candidates} candidates"
        raise JudgmentInvalid(message, rows=[row])
    return order


def in_canonical_order(shown: Sequence[T], order: Sequence[int]) -> list[T]:
    """Return what was said of the candidates by place, by canonical index instead."""
    return [shown[order.index(index)] for index in range(len(order))]
