"""Reads the public data sets and the values independent libraries give for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pandas as pd
import pytest

from workbench.statistics import Ratings

# Laws are about values: how long an example takes on a busy machine is no part of them.
hypothesis.settings.register_profile("laws", deadline=None)
hypothesis.settings.load_profile("laws")

ReadRatings = Callable[..., Ratings]
ReadOracle = Callable[[str], Any]


@pytest.fixture(scope="session")
def read_table(shared_data: Path) -> Callable[[str], pd.DataFrame]:
    def read(name: str) -> pd.DataFrame:
        return pd.read_csv(shared_data / name, dtype=str, keep_default_na=False)

    return read


@pytest.fixture(scope="session")
def read_ratings(read_table: Callable[[str], pd.DataFrame]) -> ReadRatings:
    def read(
        name: str,
        *,
        unit: Sequence[str] = ("item_id",),
        annotator: str = "annotator_id",
        order: Sequence[Any] | None = None,
        number: Callable[[str], Any] = str,
        first_replicate: bool = False,
    ) -> Ratings:
        table = read_table(name)
        if first_replicate:
            table = table.drop_duplicates([*unit, annotator])
        units = table[list(unit)].agg(" ".join, axis=1)
        values = table["label"].map(number)
        return Ratings.from_labels(
            units.tolist(), table[annotator].tolist(), values.tolist(), categories=order
        )

    return read


@pytest.fixture(scope="session")
def read_oracle(shared_data: Path) -> ReadOracle:
    def read(folder: str) -> Any:
        return json.loads((shared_data / folder / "oracle.json").read_text())

    return read
