"""Agreement and consensus of judgments: numpy in, frozen results out, no database and no web."""

from __future__ import annotations

from workbench.statistics.dawid_skene import dawid_skene
from workbench.statistics.distances import Level
from workbench.statistics.gwet import gwet_ac1
from workbench.statistics.item_means import mean_over_items
from workbench.statistics.kappa import Weighting, cohen_kappa, pairwise_agreement
from workbench.statistics.krippendorff import krippendorff_alpha
from workbench.statistics.majority import first_place, majority, mean
from workbench.statistics.percent import percent_agreement
from workbench.statistics.pooled_kappa import pooled_kappa
from workbench.statistics.proportion import position_bias, proportion
from workbench.statistics.ranking import kendall_tau_b, kendall_w
from workbench.statistics.ratings import Category, Ratings, code_labels
from workbench.statistics.results import (
    Alpha,
    BeyondChance,
    Consensus,
    DawidSkene,
    Interval,
    Kappa,
    Mean,
    PairwiseAgreement,
    PercentAgreement,
    Proportion,
    Reason,
    UnitMeans,
)
from workbench.statistics.spread import (
    edit_distance,
    entropy,
    mean_pairwise_distance,
    medoid,
)

__all__ = [
    "Alpha",
    "BeyondChance",
    "Category",
    "Consensus",
    "DawidSkene",
    "Interval",
    "Kappa",
    "Level",
    "Mean",
    "PairwiseAgreement",
    "PercentAgreement",
    "Proportion",
    "Ratings",
    "Reason",
    "UnitMeans",
    "Weighting",
    "code_labels",
    "cohen_kappa",
    "dawid_skene",
    "edit_distance",
    "entropy",
    "first_place",
    "gwet_ac1",
    "kendall_tau_b",
    "kendall_w",
    "krippendorff_alpha",
    "majority",
    "mean",
    "mean_over_items",
    "mean_pairwise_distance",
    "medoid",
    "pairwise_agreement",
    "percent_agreement",
    "pooled_kappa",
    "position_bias",
    "proportion",
]
