"""Kendall's τ-b and W."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import friedmanchisquare, kendalltau

from workbench.statistics.ranking import kendall_tau_b, kendall_w

ranks = st.integers(0, 5)
pairs_of_ranks = st.lists(st.tuples(ranks, ranks), min_size=0, max_size=9)


@st.composite
def tables(draw: st.DrawFn, *, min_rankings: int = 2, min_things: int = 2) -> list[list[int]]:
    n_things = draw(st.integers(min_things, 9))
    ranking = st.lists(ranks, min_size=n_things, max_size=n_things)
    return draw(st.lists(ranking, min_size=min_rankings, max_size=6))


def columns(pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [one for one, _ in pairs], [other for _, other in pairs]


@given(pairs_of_ranks)
def test_tau_equals_scipy(pairs: list[tuple[int, int]]) -> None:
    first, second = columns(pairs)
    ours = kendall_tau_b(first, second)
    if len(set(first)) < 2 or len(set(second)) < 2:
        assert ours is None
        return
    assert ours == pytest.approx(kendalltau(first, second, variant="b").statistic, abs=1e-12)


def test_tau_of_hand_counted_pairs() -> None:
    assert kendall_tau_b([1, 2, 3], [1, 3, 2]) == pytest.approx(1 / 3)
    # Of six pairs four agree and one is reversed; the second ranking ties the one left.
    assert kendall_tau_b([1, 2, 3, 4], [1, 1, 3, 2]) == pytest.approx(3 / (6 * 5) ** 0.5)


@given(pairs_of_ranks)
def test_tau_is_symmetric_turns_with_a_reversal_and_sees_order_only(
    pairs: list[tuple[int, int]],
) -> None:
    first, second = columns(pairs)
    tau = kendall_tau_b(first, second)
    assert kendall_tau_b(second, first) == tau
    assert kendall_tau_b([rank**3 for rank in first], second) == tau
    reversed_tau = kendall_tau_b([-rank for rank in first], second)
    assert reversed_tau == (None if tau is None else -tau)


@given(tables(min_things=3))
def test_w_follows_from_friedmans_statistic(table: list[list[int]]) -> None:
    w = kendall_w(table)
    if all(len(set(ranking)) == 1 for ranking in table):
        assert w is None
        return
    m, n = len(table), len(table[0])
    chi_square = friedmanchisquare(*zip(*table, strict=True)).statistic
    assert w == pytest.approx(chi_square / (m * (n - 1)), abs=1e-9)


def test_w_of_a_hand_worked_table() -> None:
    # Rank sums 4, 6, 8 about 6: S = 8 of m²(n³ - n) / 12 = 18.
    assert kendall_w([[1, 2, 3], [1, 3, 2], [2, 1, 3]]) == pytest.approx(8 / 18)
    # Mean places 1.5, 1.5, 3 and 1, 2, 3: sums 2.5, 3.5, 6 about 4 give S = 6.5; the tie of two
    # takes 2·6 / 12 = 1 off the 8 to be reached.
    assert kendall_w([[0, 0, 1], [0, 1, 2]]) == pytest.approx(6.5 / 7)


@given(tables(), st.randoms(use_true_random=False))
def test_w_does_not_see_the_order_of_rankings_or_things(table, random) -> None:
    w = kendall_w(table)
    things = list(range(len(table[0])))
    random.shuffle(things)
    shuffled = [[ranking[thing] for thing in things] for ranking in table]
    random.shuffle(shuffled)
    assert kendall_w(shuffled) == w
    assert w is None or 0 <= w <= 1


@given(tables(min_rankings=1))
def test_w_is_one_exactly_where_all_rank_alike(table: list[list[int]]) -> None:
    alike = [table[0]] * 3
    assert kendall_w(alike) == (1.0 if len(set(table[0])) > 1 else None)


@given(st.lists(ranks, min_size=2, max_size=9, unique=True))
def test_w_of_a_ranking_and_its_reverse_is_zero(ranking: list[int]) -> None:
    assert kendall_w([ranking, [-rank for rank in ranking]]) == 0


@pytest.mark.parametrize(
    "rankings", [[], [[1, 2, 3]], [[], []], [[1], [1]], [[1, 1, 1], [2, 2, 2]]]
)
def test_w_is_undefined_without_two_rankings_that_tell_things_apart(rankings) -> None:
    assert kendall_w(rankings) is None


def test_rankings_of_different_things_are_refused() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        kendall_tau_b([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="different lengths"):
        kendall_w([[1, 2], [1, 2, 3]])
