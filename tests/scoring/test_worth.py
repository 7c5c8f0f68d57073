import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from predict.scoring import worth as module
from predict.scoring.worth import SHARE, distribution, worth

chances = st.lists(st.floats(0, 1), min_size=1, max_size=8)


@given(chances)
def test_the_distribution_is_that_of_all_ways_it_can_come(p: list[float]) -> None:
    found = np.zeros(len(p) + 1)
    for ways in itertools.product([0, 1], repeat=len(p)):
        odds = [q if way else 1 - q for way, q in zip(ways, p, strict=True)]
        found[sum(ways)] += math.prod(odds)
    assert distribution(p) == pytest.approx(found, abs=1e-12)


@given(chances)
def test_the_range_holds_what_is_expected_and_as_often_as_it_says(p: list[float]) -> None:
    found = worth(p)
    assert found.count == len(p) and found.expected == pytest.approx(sum(p), abs=1e-8)
    assert 0 <= found.low <= found.high <= len(p)
    assert distribution(p)[found.low : found.high + 1].sum() >= SHARE - 1e-9


def test_equal_chances_are_binomial() -> None:
    found = worth([0.155] * 200)
    assert (found.low, found.high) == tuple(stats.binom.ppf([0.05, 0.95], 200, 0.155).astype(int))


def test_large_lists_agree_with_exact_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    p = np.random.default_rng(1).beta(1, 9, 1_500)
    exact = worth(p)
    monkeypatch.setattr(module, "EXACT", 10)
    quick = worth(p)
    assert abs(quick.low - exact.low) <= 1 and abs(quick.high - exact.high) <= 1
