"""The gate under simulation: a few draws of `benchmarks.gate`, with bounds that chance respects."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.contests import Pair, contest, true_gain
from benchmarks.gate.cells import ALL, BOTH, NEWER, OTHER, promoted, years
from benchmarks.refits import refits
from predict.learning.gate import Margins
from predict.learning.ratios import slope


def share(leads: int, pair: Pair, draws: int, lanes=BOTH) -> dict[str, float]:
    found = promoted(leads, pair, draws, lanes)
    return {lane: float(found[lane].mean()) for lane in lanes}


def test_the_simulated_models_are_calibrated_and_equal() -> None:
    rows = contest(60_000, OTHER, np.random.default_rng(0))
    assert rows["champion"].mean() == pytest.approx(rows["y"].mean(), rel=0.05)
    line = slope(rows["y"], rows["champion"], rows["group"], rows["group"].max() + 1)
    assert line.value == pytest.approx(1.0, abs=0.1)
    assert abs(true_gain(OTHER, 60_000)) < 0.001


def test_an_equal_challenger_is_hardly_ever_promoted_and_an_equal_refresh_is() -> None:
    # 2.5 % are due: 5 of 40 or more come once in 400 runs of a gate that keeps its word.
    assert share(1_000, OTHER, 40)["challenge"] <= 0.10
    newer = share(4_000, NEWER, 20)
    assert newer["challenge"] <= 0.15 and newer["refresh"] >= 0.9


def test_a_worse_challenger_is_never_promoted() -> None:
    worse = Pair(0.8, 1.4, 0.9)  # by twice the margin of the refresh lane
    assert true_gain(worse, 60_000) < -1.8 * Margins().refresh * 0.265
    for leads, draws in ((1_000, 30), (4_000, 15)):
        assert set(share(leads, worse, draws).values()) == {0.0}


def test_a_much_better_challenger_is_promoted() -> None:
    assert share(4_000, Pair(0.8, 0.35, 0.5), 15)["challenge"] >= 0.8


@pytest.mark.parametrize("noise", [0.05, 0.15, 0.3])
def test_random_labels_are_never_promoted_in_any_lane(noise) -> None:
    found = share(1_000, Pair(noise, noise, 0.5, random=True), 25, ALL)
    assert found == {"challenge": 0.0, "refresh": 0.0, "first": 0.0}


def test_a_year_of_equal_challengers() -> None:
    # 2.5 % of 48 months are due; the months of a year hang together.
    assert sum(years(1_000, 4, OTHER)) <= 12


def test_refitted_models_are_judged_as_simulated_ones() -> None:
    found = refits(0, leads=1_500).set_index(["case", "lane"])
    assert found["gain"]["a real driver more", "challenge"] > 0
    assert not found["promoted"]["a real driver less", "challenge"]
    assert found["gain"]["a real driver less", "challenge"] < 0
    assert not found["promoted"]["random labels"].any()
