"""Cohen's κ of two annotators and of all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from tests.statistics.strategies import ratings, recoded, shuffled, simulated
from workbench.statistics import Ratings, Reason, Weighting, cohen_kappa, pairwise_agreement

codes = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)
weightings = st.sampled_from(list(Weighting))


def columns(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


@given(codes, weightings)
def test_equals_scikit_learn(pairs: list[tuple[int, int]], weighting: Weighting) -> None:
    first, second = columns(pairs)
    ours = cohen_kappa(first, second, 4, weighting=weighting)
    if ours.value is None:
        assert len({*first.tolist(), *second.tolist()}) == 1
        return
    weights = None if weighting is Weighting.NOMINAL else weighting.value
    theirs = cohen_kappa_score(first, second, labels=[0, 1, 2, 3], weights=weights)
    assert ours.value == pytest.approx(theirs, abs=1e-9)


@given(codes, weightings)
def test_is_symmetric_and_one_against_oneself(
    pairs: list[tuple[int, int]], weighting: Weighting
) -> None:
    first, second = columns(pairs)
    one = cohen_kappa(first, second, 4, weighting=weighting)
    other = cohen_kappa(second, first, 4, weighting=weighting)
    assert (one.value is None) == (other.value is None)
    assert one.value is None or one.value == pytest.approx(other.value)
    itself = cohen_kappa(first, first, 4, weighting=weighting)
    assert itself.value == (1.0 if len(set(first.tolist())) > 1 else None)


def test_is_undefined_where_chance_alone_agrees_fully_or_nothing_is_shared() -> None:
    same = np.zeros(5, dtype=np.int64)
    assert cohen_kappa(same, same, 3).reason is Reason.NO_VARIATION
    assert cohen_kappa(same[:0], same[:0], 3).reason is Reason.NO_PAIRABLE_UNITS


def test_refuses_arrays_that_do_not_match() -> None:
    with pytest.raises(ValueError, match="against"):
        cohen_kappa(np.array([0, 1]), np.array([0]), 2)
    with pytest.raises(ValueError, match="within 0 and 1"):
        cohen_kappa(np.array([0, 2]), np.array([0, 1]), 2)


@given(ratings(), weightings)
def test_matrix_holds_the_kappa_of_every_pair(table: Ratings, weighting: Weighting) -> None:
    matrix = pairwise_agreement(table, weighting=weighting)
    given_by = [
        dict(zip(table.units[mine].tolist(), table.values[mine].tolist(), strict=True))
        for mine in (table.annotators == a for a in range(table.n_annotators))
    ]
    for one in range(table.n_annotators):
        for other in range(table.n_annotators):
            shared = sorted(given_by[one].keys() & given_by[other].keys())
            assert matrix.n_shared[one, other] == len(shared)
            if one == other:
                assert matrix.kappa.mask[one, other]
                assert matrix.percent.mask[one, other]
                continue
            first, second = columns([(given_by[one][u], given_by[other][u]) for u in shared])
            kappa = cohen_kappa(first, second, len(table.categories), weighting=weighting).value
            assert matrix.kappa.tolist()[one][other] == (
                None if kappa is None else pytest.approx(kappa)
            )
            percent = matrix.percent.tolist()[one][other]
            assert percent == (pytest.approx(np.mean(first == second)) if shared else None)


@given(ratings(), st.integers(0, 1000))
def test_matrix_follows_the_annotators_names(table: Ratings, seed: int) -> None:
    names = shuffled(table.n_annotators, seed)
    renamed = recoded(
        table,
        annotators=names,
        units=shuffled(table.n_units, seed),
        rows=shuffled(table.n_judgments, seed),
    )
    before, after = pairwise_agreement(table), pairwise_agreement(renamed)
    np.testing.assert_array_equal(after.n_shared[np.ix_(names, names)], before.n_shared)
    np.testing.assert_allclose(
        after.kappa[np.ix_(names, names)].filled(9), before.kappa.filled(9), atol=1e-12
    )


def test_the_first_reading_of_a_unit_counts() -> None:
    table = Ratings.from_labels([1, 1, 1, 2, 2], ["a", "b", "a", "a", "b"], [1, 1, 2, 2, 2])
    matrix = pairwise_agreement(table)
    assert matrix.n_shared.tolist() == [[2, 2], [2, 2]]
    assert matrix.percent.tolist() == [[None, 1.0], [1.0, None]]


def test_two_hundred_annotators() -> None:
    table = simulated(300, 200, n_categories=3)
    matrix = pairwise_agreement(table)
    assert matrix.kappa.shape == (200, 200)
    assert np.all(matrix.n_shared == 300)
    # Two who are right with probability 0.6 and else guess agree by truth with 0.36.
    assert float(matrix.kappa.mean()) == pytest.approx(0.36, abs=0.03)
