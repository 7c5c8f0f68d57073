"""Departures against scipy, their false alarms, and what the order of rows changes: nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from predict.learning.usual import counted
from predict.loop.departure import chi_square, departure, excess_rate, ks, psi, trend

pairs = st.integers(2, 8).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(1, 60), min_size=n, max_size=n)] * 2)
)


@settings(max_examples=60, deadline=None)
@given(pairs)
def test_pearsons_statistic_is_scipys(pair):
    expected = stats.chi2_contingency(np.array(pair), correction=False).statistic
    assert chi_square(*pair) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(pairs)
def test_the_rank_sum_is_that_of_mann_and_whitney_with_ties(pair):
    a, b = (np.repeat(np.arange(len(side)), side) for side in pair)
    found = stats.mannwhitneyu(a, b, use_continuity=False, method="asymptotic")
    assert stats.chi2.sf(trend(*pair), 1) == pytest.approx(found.pvalue, rel=1e-6, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1_000), st.integers(5, 200))
def test_the_distance_of_kolmogorov_and_smirnov_is_scipys(seed, n):
    sample = np.random.default_rng(seed).uniform(-0.1, 1.2, n)
    distance, p = ks(sample, np.linspace(0, 1, 101))
    expected = stats.kstest(sample, "uniform", method="exact")
    assert distance == pytest.approx(expected.statistic, abs=1e-12)
    assert p == pytest.approx(expected.pvalue, abs=1e-9)


def test_the_stability_index_is_its_formula():
    batch, usual = np.array([30, 70]), np.array([500, 500])
    a, b = (batch + 0.5) / 101, (usual + 0.5) / 1001
    assert psi(batch, usual) == pytest.approx(((a - b) * np.log(a / b)).sum())


def usual_periods(rng: np.random.Generator, n: int = 400, periods: int = 9) -> list[pd.Series]:
    return [pd.Series(rng.normal(size=n)) for _ in range(periods)]


def test_a_cut_off_on_the_index_alone_is_passed_by_luck_and_ours_is_not():
    """The index passes 0.1 on 100 leads four times in ten where nothing has changed."""
    rng = np.random.default_rng(1)
    column = counted("x", usual_periods(rng))
    found = [
        departure(column.count(pd.Series(rng.normal(size=100))), column.table, ordered=11)
        for _ in range(400)
    ]
    assert np.mean([f.psi > 0.1 for f in found]) > 0.3
    assert np.mean([f.p <= 0.05 for f in found]) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    assert not any(f.p <= 1e-4 for f in found)


def test_half_a_standard_deviation_is_seen_at_400_leads():
    rng = np.random.default_rng(2)
    column = counted("x", usual_periods(rng))
    for _ in range(50):
        moved = column.count(pd.Series(rng.normal(0.5, size=400)))
        assert departure(moved, column.table, ordered=11).p < 1e-4


def test_months_that_always_differ_are_no_alarm():
    """Each month has a mean of its own: plain Pearson would call most of them."""
    rng = np.random.default_rng(3)

    def month() -> pd.Series:
        return pd.Series(rng.normal(rng.normal(0, 0.15), size=2_000))

    column = counted("x", [month() for _ in range(12)])
    found = [departure(column.count(month()), column.table, ordered=11) for _ in range(100)]
    plain = [
        stats.chi2.sf(chi_square(column.count(month()), column.table.sum(axis=0)), 9)
        for _ in range(100)
    ]
    assert np.mean([f.p <= 0.001 for f in found]) <= 0.03
    assert np.mean(np.array(plain) <= 0.001) > 0.3
    assert all(f.dispersion > 2 for f in found)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([30, 100, 1_000]))
def test_a_batch_drawn_from_the_usual_is_no_alarm_and_order_is_nothing(seed, n):
    rng = np.random.default_rng(seed)
    column = counted("x", usual_periods(np.random.default_rng(5)))
    rows = pd.Series(rng.normal(size=n))
    found = departure(column.count(rows), column.table, ordered=11)
    again = departure(column.count(rows.sample(frac=1, random_state=1)), column.table, ordered=11)
    assert found == again
    assert found.p > 1e-5


def test_few_cases_are_judged_exactly():
    few = excess_rate(20, 100, [0] * 9, [250] * 9)
    assert few.p < 1e-10
    assert excess_rate(1, 100, [0] * 9, [250] * 9).p > 0.05
    empty = excess_rate(0, 100, [0] * 9, [250] * 9)
    assert empty.p == 1.0
