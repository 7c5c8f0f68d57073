import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from predict.scoring.walk import mean_slope, rounded, walk

LOG_ODDS = st.floats(-8, 8)
PARTS = st.lists(LOG_ODDS, min_size=1, max_size=8)


@given(LOG_ODDS, PARTS)
def test_the_steps_sum_to_the_change_of_the_chance(base: float, parts: list[float]) -> None:
    steps = walk(base, pd.DataFrame([parts])).iloc[0]
    change = expit(base + sum(parts)) - expit(base)
    assert abs(steps.sum() - change) < 1e-9


@given(LOG_ODDS, PARTS)
def test_steps_keep_the_signs_and_the_order_of_the_contributions(
    base: float, parts: list[float]
) -> None:
    steps = walk(base, pd.DataFrame([parts])).iloc[0].to_numpy()
    order = np.argsort(parts, kind="stable")
    assert (np.diff(steps[order]) >= 0).all()
    assert (np.sign(steps) == np.sign(parts)).all() or np.abs(parts).min() < 1e-300


@given(LOG_ODDS, LOG_ODDS)
def test_the_slope_is_the_integral_of_the_logistic_density(start: float, end: float) -> None:
    t = (np.arange(20_000) + 0.5) / 20_000
    p = expit(start + t * (end - start))
    assert abs(float(mean_slope(start, end)) - float((p * (1 - p)).mean())) < 1e-7


def test_close_points_have_the_slope_of_their_middle() -> None:
    apart = np.array([0.0, 1e-9, 1e-7, 2e-6, 1e-4])
    slope = mean_slope(np.full(5, 0.3), 0.3 + apart)
    assert np.allclose(slope, expit(0.3) * expit(-0.3), atol=1e-5)


@given(st.lists(st.floats(-60, 60), min_size=1, max_size=8), st.integers(0, 1))
def test_printed_parts_add_up_to_the_printed_total(parts: list[float], decimals: int) -> None:
    total = float(np.sum(parts))
    shown = rounded(parts, total, decimals)
    assert round(sum(shown), 6) == round(round(total * 10**decimals) / 10**decimals, 6)
    assert all(abs(a - b) < 10.0**-decimals + 1e-9 for a, b in zip(shown, parts, strict=True))
