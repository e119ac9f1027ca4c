"""The demo's written content, shipped with the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_core import from_json

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class DemoItem:
    """An import row, and the truth about it that only the simulation knows."""

    row: Mapping[str, Any]
    truth: Mapping[str, Any]

    @property
    def external_id(self) -> str:
        external_id: str = self.row["external_id"]
        return external_id

    @property
    def domain(self) -> str:
        domain: str = self.row["metadata"]["domain"]
        return domain


@dataclass(frozen=True, kw_only=True)
class SimulatedExpert:
    """One invented expert.

    Attributes:
        accuracy: Chance of seeing an item's true direction or a step's true grade.
        noise: Standard deviation of the strength, in scale points.
        position_bias: Pull towards the response shown first, in scale points.
        seconds_median: Median time on one item.
        style: Rationales that fit any item; the others fit a tie, a "neither" and a bad step.
    """

    name: str
    email: str
    domains: Sequence[str]
    accuracy: float
    noise: float
    position_bias: float
    seconds_median: float
    style: Sequence[str]
    tie_style: Sequence[str]
    neither_style: Sequence[str]
    critique_style: Sequence[str]


def load_items(name: str) -> list[DemoItem]:
    """Return the items of `comparisons` or `solutions`."""
    items = []
    for line in (_FOLDER / f"{name}.jsonl").read_bytes().splitlines():
        row = from_json(line)
        truth = row.pop("demo")
        items.append(DemoItem(row=row, truth=truth))
    return items


def load_experts() -> list[SimulatedExpert]:
    entries = from_json((_FOLDER / "experts.json").read_bytes())
    fields = SimulatedExpert.__dataclass_fields__
    return [
        SimulatedExpert(**{name: value for name, value in entry.items() if name in fields})
        for entry in entries
    ]
