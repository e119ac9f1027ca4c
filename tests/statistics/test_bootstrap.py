"""Intervals: what is resampled, when there is none, and what they cover."""

from __future__ import annotations

from dataclasses import replace

import evalica
import numpy as np
import pytest

from tests.statistics.frames import observers_by_units
from tests.statistics.reference import alpha_by_coincidences, percent_by_pairs
from tests.statistics.strategies import simulated
from workbench.statistics import (
    Level,
    Ratings,
    Reason,
    krippendorff_alpha,
    percent_agreement,
)
from workbench.statistics.bootstrap import resample
from workbench.statistics.coincidence import pairable_patterns


def width(interval: tuple[float, float] | None) -> float:
    assert interval is not None
    return interval[1] - interval[0]


def copied(table: Ratings, times: int) -> tuple[Ratings, np.ndarray]:
    """Every unit as many times over, and the unit each copy comes from."""
    copies = np.repeat(np.arange(times), table.n_judgments) * table.n_units
    whole = replace(
        table,
        units=np.tile(table.units, times) + copies,
        annotators=np.tile(table.annotators, times),
        values=np.tile(table.values, times),
        n_units=table.n_units * times,
    )
    return whole, np.tile(np.arange(table.n_units), times)


def resampled_by_hand(table: Ratings, clusters: np.ndarray, level: Level, seed: int) -> float:
    """α of one resample of clusters, built judgment by judgment."""
    generator = np.random.default_rng(seed)
    drawn = generator.integers(clusters.max() + 1, size=clusters.max() + 1)
    units, values = [], []
    n_units = 0
    for cluster in drawn:
        for unit in np.flatnonzero(clusters == cluster):
            given = table.values[table.units == unit]
            values.extend(given.tolist())
            units.extend([n_units] * len(given))
            n_units += 1
    resample = replace(
        table,
        units=np.array(units),
        annotators=np.zeros(len(units), dtype=np.int64),
        values=np.array(values),
        n_units=n_units,
    )
    alpha = alpha_by_coincidences(resample, level)
    assert alpha is not None
    return alpha


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("by_cluster", [False, True], ids=["units", "clusters"])
def test_every_replicate_is_measured_anew(level: Level, by_cluster: bool) -> None:
    table = replace(simulated(30, 3), categories=(1, 2, 3, 4))
    clusters = np.arange(30) // 3 if by_cluster else None
    patterns = pairable_patterns(table, clusters)
    unit_counts = patterns.counts.toarray()
    alphas = []
    for weights in np.concatenate(list(resample(patterns, 40, seed=3))):
        rows = np.repeat(unit_counts, weights, axis=0)
        units, values = np.nonzero(rows)
        repeats = rows[units, values]
        replicate = replace(
            table,
            units=np.repeat(units, repeats),
            values=np.repeat(values, repeats),
            annotators=np.zeros(repeats.sum(), dtype=np.int64),
            n_units=len(rows),
        )
        alphas.append(alpha_by_coincidences(replicate, level))
    ours = krippendorff_alpha(table, level, clusters=clusters, bootstrap=40, seed=3)
    assert ours.interval == pytest.approx(np.quantile(alphas, [0.025, 0.975]), abs=1e-9)


def test_replicates_are_resamples_of_whole_clusters() -> None:
    table = simulated(120, 3, right=0.5)
    # Clusters of one to five units, so that replicates differ in size.
    clusters = np.repeat(np.arange(40), np.tile([1, 2, 3, 4, 5], 8))
    by_hand = [resampled_by_hand(table, clusters, Level.NOMINAL, seed) for seed in range(600)]
    ours = krippendorff_alpha(table, Level.NOMINAL, clusters=clusters, bootstrap=4000)
    low, high = np.quantile(by_hand, [0.025, 0.975])
    assert ours.interval == pytest.approx((low, high), abs=0.12 * (high - low))


@pytest.mark.parametrize("level", list(Level))
def test_interval_holds_that_of_evalica(level: Level) -> None:
    table = replace(simulated(150, 3), categories=(1, 2, 3, 4))
    theirs = evalica.alpha_bootstrap(
        observers_by_units(table), distance=level.value, n_resamples=2000, random_state=1
    )
    ours = krippendorff_alpha(table, level, bootstrap=2000)
    assert ours.interval is not None
    # Evalica draws pairs of judgments as if a unit's pairs were independent: the same middle, and
    # narrower.
    assert sum(ours.interval) / 2 == pytest.approx((theirs.low + theirs.high) / 2, abs=0.02)
    assert 1.0 < width(ours.interval) / (theirs.high - theirs.low) < 1.5


@pytest.mark.parametrize("measure", ["alpha", "percent"])
def test_dependent_units_are_not_taken_for_more_evidence(measure: str) -> None:
    table = simulated(80, 3)
    nine, origin = copied(table, 9)

    def interval(ratings: Ratings, clusters: np.ndarray | None) -> tuple[float, float] | None:
        if measure == "percent":
            return percent_agreement(ratings, clusters=clusters).interval
        return krippendorff_alpha(ratings, Level.NOMINAL, clusters=clusters).interval

    honest, naive = interval(nine, origin), interval(nine, None)
    assert width(honest) == pytest.approx(width(interval(table, None)), rel=0.1)
    assert width(naive) == pytest.approx(width(honest) / 3, rel=0.15)


def test_clusters_of_one_unit_are_units() -> None:
    table = simulated(100, 3)
    alone = krippendorff_alpha(table, Level.ORDINAL)
    labelled = krippendorff_alpha(table, Level.ORDINAL, clusters=np.arange(100)[::-1] * 7)
    assert labelled.value == alone.value
    assert labelled.interval == pytest.approx(alone.interval, abs=0.02)


def test_clusters_without_pairable_units_are_not_drawn() -> None:
    table = simulated(30, 3)
    lone = replace(
        table,
        units=np.concatenate([table.units, np.arange(30, 90)]),
        annotators=np.concatenate([table.annotators, np.zeros(60, dtype=np.int64)]),
        values=np.concatenate([table.values, np.zeros(60, dtype=np.int64)]),
        n_units=90,
    )
    clusters = np.arange(30) // 3
    extended = np.concatenate([clusters, np.arange(30, 90)])
    assert krippendorff_alpha(lone, Level.NOMINAL, clusters=extended) == krippendorff_alpha(
        table, Level.NOMINAL, clusters=clusters
    )


def test_covers_the_true_value_about_as_often_as_it_says() -> None:
    truth = krippendorff_alpha(simulated(200_000, 3), Level.NOMINAL, bootstrap=0).value
    assert truth is not None
    covered = 0
    for seed in range(200):
        alpha = krippendorff_alpha(
            simulated(100, 3, seed=seed), Level.NOMINAL, bootstrap=400, confidence=0.9
        )
        assert alpha.interval is not None
        covered += alpha.interval[0] <= truth <= alpha.interval[1]
    assert 0.83 <= covered / 200 <= 0.96


def test_the_same_seed_gives_the_same_interval() -> None:
    table = simulated(100, 3)
    one, same, other = (
        krippendorff_alpha(table, Level.ORDINAL, seed=seed).interval for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_more_confidence_is_wider_and_more_units_are_narrower() -> None:
    few, many = simulated(50, 3), simulated(5000, 3)
    assert width(percent_agreement(few, confidence=0.99).interval) > width(
        percent_agreement(few, confidence=0.8).interval
    )
    assert width(percent_agreement(many).interval) < width(percent_agreement(few).interval) / 5


def test_four_units_are_too_few_and_five_are_enough() -> None:
    values = [1, 1, 2, 2, 1, 2, 1, 1, 2, 2]
    five = Ratings.from_labels(np.repeat(np.arange(5), 2), [0, 1] * 5, values)
    four = Ratings.from_labels(np.repeat(np.arange(4), 2), [0, 1] * 4, values[:8])
    assert krippendorff_alpha(five, Level.NOMINAL).interval is not None
    alpha = krippendorff_alpha(four, Level.NOMINAL)
    assert alpha.value is not None
    assert (alpha.interval, alpha.interval_reason) == (None, Reason.TOO_FEW_UNITS)


def test_five_units_of_one_item_are_one_thing_to_draw() -> None:
    table = simulated(20, 2)
    alpha = krippendorff_alpha(table, Level.NOMINAL, clusters=np.arange(20) // 5)
    assert alpha.interval_reason is Reason.TOO_FEW_UNITS


def test_a_category_too_rare_to_be_drawn_each_time_leaves_no_interval() -> None:
    values = [1] * 199 + [2]
    rare = Ratings.from_labels(np.repeat(np.arange(100), 2), [0, 1] * 100, values)
    alpha = krippendorff_alpha(rare, Level.NOMINAL)
    assert alpha.value == pytest.approx(alpha_by_coincidences(rare, Level.NOMINAL))
    assert alpha.interval_reason is Reason.TOO_FEW_REPLICATES
    # The one unit that varies is missed by (99/100)^100 of the resamples.
    assert alpha.n_dropped / 1000 == pytest.approx(0.366, abs=0.05)


def test_few_degenerate_replicates_are_dropped_and_counted() -> None:
    values = [1] * 194 + [2] * 6
    table = Ratings.from_labels(np.repeat(np.arange(100), 2), [0, 1] * 100, values)
    alpha = krippendorff_alpha(table, Level.NOMINAL)
    assert 20 < alpha.n_dropped < 100
    assert alpha.interval is not None


def test_no_replicates_no_interval() -> None:
    alpha = krippendorff_alpha(simulated(20, 2), Level.NOMINAL, bootstrap=0)
    assert (alpha.interval, alpha.interval_reason) == (None, Reason.NOT_REQUESTED)


def test_many_distinct_patterns_are_drawn_unit_by_unit() -> None:
    table = simulated(400, 12, n_categories=40)
    alpha = krippendorff_alpha(table, Level.NOMINAL)
    by_hand = [resampled_by_hand(table, np.arange(400), Level.NOMINAL, seed) for seed in range(20)]
    assert alpha.interval is not None
    assert np.std(by_hand) == pytest.approx(width(alpha.interval) / 3.92, rel=0.5)


def test_percent_agreement_is_the_mean_over_units() -> None:
    table = Ratings.from_labels(
        ["u1", "u1", "u2", "u2", "u2", "u3"], ["a", "b", "a", "b", "c", "a"], [1, 1, 1, 1, 2, 1]
    )
    percent = percent_agreement(table)
    assert percent.value == pytest.approx((1 + 1 / 3) / 2)
    assert percent.value == pytest.approx(percent_by_pairs(table))
    assert (percent.n_units, percent.n_pairable) == (2, 5)


def test_percent_agreement_needs_a_pair() -> None:
    percent = percent_agreement(Ratings.from_labels(["a", "b"], ["x", "y"], [1, 1]))
    assert (percent.value, percent.reason) == (None, Reason.NO_PAIRABLE_UNITS)


def test_refuses_clusters_that_do_not_match_the_units() -> None:
    table = simulated(10, 2)
    for clusters in (np.arange(9), np.arange(10) - 1):
        with pytest.raises(ValueError, match="one code"):
            percent_agreement(table, clusters=clusters)
