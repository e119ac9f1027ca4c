"""What is measured of an item's judgments together, item by item."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from workbench.contracts.task_template import Coefficient
from workbench.errors import TemplateBroken
from workbench.statistics.ratings import FloatArray


@dataclass(frozen=True, slots=True)
class ItemNumbers:
    """One coefficient's number for each item on which it is defined, in import order."""

    coefficient: Coefficient
    numbers: FloatArray


class ItemCoder:
    """Collects the numbers of one coefficient."""

    def __init__(self, coefficient: Coefficient) -> None:
        self._coefficient = coefficient
        self._numbers = array("d")

    def add(self, content: Any, judgments: Sequence[Any]) -> None:
        """Add an item by its content and the judgments on it.

        Raises:
            TemplateBroken: The number is none, or outside the range that reports draw it in.
        """
        number = self._coefficient.of(content, judgments)
        if number is None:
            return
        if not isfinite(number) or not self._fits(number):
            message = (
                f"the coefficient {self._coefficient.field} yields {number!r}, not a number from "
                f"{self._coefficient.low:g} to {self._coefficient.high:g}"
            )
            raise TemplateBroken(message)
        self._numbers.append(number)

    def coded(self) -> ItemNumbers:
        return ItemNumbers(self._coefficient, np.array(self._numbers, dtype=np.float64))

    def _fits(self, number: float) -> bool:
        # A sum of shares may end a rounding error beyond the end of its range.
        slack = 1e-9 * (self._coefficient.high - self._coefficient.low)
        return self._coefficient.low - slack <= number <= self._coefficient.high + slack
