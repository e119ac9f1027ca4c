"""Ratings in the form that evalica reads."""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench.statistics import Ratings


def observers_by_units(ratings: Ratings) -> pd.DataFrame:
    cells = np.full((ratings.n_annotators, ratings.n_units), np.nan)
    numbers = np.array(ratings.categories, dtype=np.float64)
    cells[ratings.annotators, ratings.units] = numbers[ratings.values]
    return pd.DataFrame(cells)
