from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from predict.learning.intervals import (
    bootstrap,
    group_codes,
    interval,
    percentiles,
    resampled,
    wilson,
)


@settings(deadline=None)
@given(st.integers(0, 500), st.integers(1, 500))
def test_wilson_equals_scipy(wins: int, n: int) -> None:
    wins = min(wins, n)
    low, high = wilson(wins, n)
    oracle = binomtest(wins, n).proportion_ci(method="wilson")
    assert float(low) == pytest.approx(oracle.low, abs=1e-12)
    assert float(high) == pytest.approx(oracle.high, abs=1e-12)


def test_wilson_knows_nothing_of_no_trials() -> None:
    low, high = wilson([0, 0, 3], [0, 3, 3])
    assert low[0] == 0 and high[0] == 1
    assert low[1] == 0 and high[2] == 1


def test_resampled_counts_do_not_depend_on_the_size_of_blocks() -> None:
    whole = np.concatenate(list(resampled(50, 50, draws=40, seed=3)))
    # Ten million rows leave room for one line a block.
    single = list(resampled(50, 10_000_000, draws=40, seed=3))
    assert len(single) == 40
    assert (np.concatenate(single) == whole).all()
    assert (whole.sum(axis=1) == 50).all()


def test_resampled_counts_are_those_of_drawing_with_replacement() -> None:
    counts = np.concatenate(list(resampled(20, 20, draws=4000, seed=0)))
    assert counts.mean() == 1
    assert counts.var() == pytest.approx(1 - 1 / 20, rel=0.03)


def test_group_codes_accepts_missing_and_refuses_wrong_length() -> None:
    codes, n = group_codes(["a", None, "a", "b"], 4)
    assert codes[0] == codes[2] and n == 3
    with pytest.raises(ValueError, match="groups has 2 entries for 3 rows"):
        group_codes(["a", "b"], 3)


def test_bootstrap_of_a_mean_has_its_known_spread() -> None:
    x = np.random.default_rng(0).normal(size=400)

    def mean(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {"mean": (weights * x).sum(axis=1) / weights.sum(axis=1)}

    point, drawn = bootstrap(mean, None, len(x), draws=4000, seed=0)
    found = interval(point["mean"], drawn["mean"])
    assert found["value"] == pytest.approx(x.mean())
    half = norm.ppf(0.975) * x.std() / np.sqrt(len(x))
    assert found["high"] - found["low"] == pytest.approx(2 * half, rel=0.06)


def test_groups_that_repeat_a_row_widen_the_interval_as_they_should() -> None:
    """Each value four times in one group: the spread is that of a quarter of the rows."""
    x = np.random.default_rng(1).normal(size=200)
    rows, groups = np.repeat(x, 4), np.repeat(np.arange(200), 4)

    def width(groups: np.ndarray | None) -> float:
        def mean(weights: np.ndarray) -> dict[str, np.ndarray]:
            return {"mean": (weights * rows).sum(axis=1) / weights.sum(axis=1)}

        found = interval(*(d["mean"] for d in bootstrap(mean, groups, 800, 3000, seed=0)))
        return found["high"] - found["low"]

    assert width(groups) / width(None) == pytest.approx(2.0, rel=0.08)


def test_one_group_has_no_interval() -> None:
    _, drawn = bootstrap(lambda w: {"n": w.sum(axis=1)}, ["a", "a"], 2, draws=10, seed=0)
    assert drawn["n"].size == 0


def test_percentiles_skip_draws_without_an_answer() -> None:
    assert percentiles([np.nan, 1.0, 1.0]) == (1.0, 1.0)
    assert all(np.isnan(percentiles([np.nan])))
    assert all(np.isnan(percentiles([])))
