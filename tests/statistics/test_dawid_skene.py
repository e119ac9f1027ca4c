"""Dawid and Skene's model: laws of the fit. Its published values are in test_oracles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.statistics.strategies import ratings, recoded, shuffled, simulated
from workbench.statistics import Ratings, dawid_skene, first_place, majority

seeds = st.integers(0, 2**32 - 1)


@given(ratings(min_judgments=1), st.sampled_from([0.0, 0.01, 1.0]))
def test_probabilities_sum_to_one(table: Ratings, smoothing: float) -> None:
    fit = dawid_skene(table, max_iterations=50, smoothing=smoothing)
    np.testing.assert_allclose(fit.posteriors.sum(axis=1), 1.0)
    np.testing.assert_allclose(fit.confusion.sum(axis=2), 1.0)
    assert fit.priors.sum() == pytest.approx(1.0)
    assert np.isfinite(fit.log_likelihood)


@given(ratings(min_judgments=1, max_units=12))
def test_likelihood_never_falls(table: Ratings) -> None:
    fit = dawid_skene(table, max_iterations=30, tolerance=0.0)
    assert len(fit.log_likelihoods) == fit.iterations == 30
    assert np.all(np.diff(fit.log_likelihoods) >= -1e-9)


@given(ratings(min_judgments=1), seeds)
def test_knows_no_names_and_no_order(table: Ratings, seed: int) -> None:
    units, annotators = shuffled(table.n_units, seed), shuffled(table.n_annotators, seed)
    renamed = recoded(
        table, units=units, annotators=annotators, rows=shuffled(table.n_judgments, seed)
    )
    before = dawid_skene(table, max_iterations=10, tolerance=0.0)
    after = dawid_skene(renamed, max_iterations=10, tolerance=0.0)
    np.testing.assert_allclose(after.posteriors[units], before.posteriors, atol=1e-6)
    np.testing.assert_allclose(after.confusion[annotators], before.confusion, atol=1e-6)
    assert after.log_likelihood == pytest.approx(before.log_likelihood)


@given(ratings(min_judgments=1), seeds)
def test_follows_relabelled_categories(table: Ratings, seed: int) -> None:
    labels = shuffled(len(table.categories), seed)
    before = dawid_skene(table, max_iterations=10, tolerance=0.0)
    after = dawid_skene(recoded(table, values=labels), max_iterations=10, tolerance=0.0)
    np.testing.assert_allclose(after.posteriors[:, labels], before.posteriors, atol=1e-6)
    np.testing.assert_allclose(after.priors[labels], before.priors, atol=1e-6)


def test_log_likelihood_is_that_of_the_judgments() -> None:
    table = simulated(30, 4, n_categories=3)
    fit = dawid_skene(table)
    total = 0.0
    for unit in range(30):
        joint = fit.priors.copy()
        for annotator, value in zip(
            table.annotators[table.units == unit], table.values[table.units == unit], strict=True
        ):
            joint *= fit.confusion[annotator, :, value]
        total += np.log(joint.sum())
        np.testing.assert_allclose(fit.posteriors[unit], joint / joint.sum(), atol=1e-9)
    assert fit.log_likelihood == pytest.approx(total, abs=1e-9)


def test_finds_who_is_right_where_the_majority_is_wrong() -> None:
    generator = np.random.default_rng(2)
    truth = generator.integers(2, size=400)
    skill = [0.9, 0.9, 0.9, 0.55, 0.55, 0.55, 0.55]
    units = np.repeat(np.arange(400), 7)
    annotators = np.tile(np.arange(7), 400)
    is_right = generator.random(2800) < np.array(skill)[annotators]
    table = Ratings(units, annotators, truth[units] ^ ~is_right, 400, 7, ("no", "yes"))
    fit = dawid_skene(table)
    assert fit.converged
    by_fit = (fit.posteriors.argmax(axis=1) == truth).mean()
    by_majority = (majority(table).winners == truth).mean()
    assert by_fit > 0.96 > by_majority
    np.testing.assert_allclose(fit.confusion[:3, 0, 0], 0.9, atol=0.05)


def test_a_reading_given_twice_counts_twice() -> None:
    once = Ratings.from_labels([1, 1, 2, 2], ["a", "b", "a", "b"], [1, 2, 1, 1])
    again = Ratings.from_labels([1, 1, 2, 2, 1], ["a", "b", "a", "b", "b"], [1, 2, 1, 1, 2])
    assert dawid_skene(again, max_iterations=1).log_likelihood != pytest.approx(
        dawid_skene(once, max_iterations=1).log_likelihood
    )
    assert dawid_skene(again).n_judgments.tolist() == [3, 2]


def test_units_without_judgments_take_no_part() -> None:
    table = simulated(40, 3)
    longer = replace(table, n_units=45)
    fit, same = dawid_skene(longer), dawid_skene(table)
    assert fit.log_likelihood == pytest.approx(same.log_likelihood)
    np.testing.assert_allclose(fit.posteriors[:40], same.posteriors)
    np.testing.assert_allclose(fit.posteriors[40:], np.tile(same.priors, (5, 1)))
    assert np.all(first_place(fit.posteriors, fit.n_judgments).winners[40:] == -1)


def test_two_annotators_who_always_differ_leave_ties() -> None:
    table = Ratings.from_labels([1, 1, 2, 2], ["a", "b", "a", "b"], ["x", "y", "y", "x"])
    fit = dawid_skene(table)
    assert first_place(fit.posteriors, fit.n_judgments).winners.tolist() == [-1, -1]


def test_smoothing_keeps_rates_from_zero() -> None:
    table = Ratings.from_labels([1, 1, 2, 2], ["a", "b", "a", "b"], [1, 1, 2, 2])
    assert dawid_skene(table).confusion.min() == 0.0
    assert dawid_skene(table, smoothing=0.01).confusion.min() > 0.0


def test_stops_at_the_limit_and_says_so() -> None:
    fit = dawid_skene(simulated(50, 3), max_iterations=2)
    assert (fit.iterations, fit.converged) == (2, False)


def test_refuses_nothing_to_fit_and_senseless_settings() -> None:
    with pytest.raises(ValueError, match="no judgment"):
        dawid_skene(Ratings.from_labels([], [], [], categories=(1, 2)))
    for setting in ({"max_iterations": 0}, {"tolerance": -1.0}, {"smoothing": -0.1}):
        with pytest.raises(ValueError, match="max_iterations must"):
            dawid_skene(simulated(5, 2), **setting)
