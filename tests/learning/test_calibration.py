from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from predict.learning.calibration import Calibrator, anchor_of
from predict.learning.newton import sigmoid


def fold(seed: int, n: int = 2000, slope: float = 1.0, level: float = 0.0):
    """Margins around -1, and outcomes whose true log-odds lie on another line."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(-1.0, 1.0, n)
    y = (rng.random(n) < sigmoid(-1.0 + slope * (margin + 1.0) + level)).astype(float)
    return margin, y, np.ones(n)


def fitted(*folds) -> Calibrator:
    return Calibrator.fit(*zip(*folds, strict=True))


def test_without_folds_it_is_the_identity():
    margin = np.linspace(-3, 3, 7)
    np.testing.assert_array_equal(Calibrator.fit([], [], []).apply(margin), margin)


def test_folds_that_agree_are_believed():
    found = fitted(*(fold(seed, n=5000, slope=0.6) for seed in range(4)))
    assert found.slope == pytest.approx(0.6, abs=0.2)
    assert found.level == pytest.approx(0.0, abs=0.05)


def test_one_small_fold_changes_little():
    found = fitted(fold(0, n=60, slope=0.3, level=1.0))
    assert abs(found.slope - 1.0) < 0.2
    assert abs(found.level) < 0.1


def test_levels_that_jump_about_are_not_believed():
    steady = fitted(*(fold(seed, level=0.4) for seed in range(4)))
    jumping = fitted(*(fold(seed, level=2.5 * (-1) ** seed + 0.4) for seed in range(4)))
    assert steady.level > 0.04
    assert abs(jumping.level) < 0.01


def test_a_base_rate_on_the_move_is_no_slope():
    # Newer folds have both higher margins and an even higher rate: pooled, that looks steep.
    folds = []
    for seed, move in enumerate([-1.0, 0.0, 1.0, 2.0]):
        margin, y, weight = fold(seed, n=4000, level=move)
        folds.append((margin + move / 2, y, weight))
    assert fitted(*folds).slope == pytest.approx(1.0, abs=0.1)


def test_the_ranking_is_never_turned_round():
    assert fitted(*(fold(seed, slope=-3.0) for seed in range(4))).slope > 0


def test_the_anchor_moves_towards_the_newest_rate_and_not_all_the_way():
    margin, y, weight = fold(1, n=1000, level=0.8)
    assert 0.2 < anchor_of(margin, y, weight) < 0.75
    assert anchor_of(margin, y, weight, precision=1e-6) == pytest.approx(0.8, abs=0.1)
    assert abs(anchor_of(*fold(1, n=1000))) < 0.1


def test_a_handful_of_rows_hardly_moves_the_anchor():
    assert abs(anchor_of(np.zeros(5), np.ones(5), np.ones(5))) < 0.03
    assert anchor_of(np.empty(0), np.empty(0), np.empty(0)) == 0.0


def test_the_anchor_is_part_of_the_fit_and_the_line_lies_over_it():
    margin = np.linspace(-3, 1, 5)
    line = Calibrator(slope=0.8, pivot=-1.0, level=0.1)
    moved = Calibrator(slope=0.8, pivot=-1.0, level=0.1, anchor=0.3)
    np.testing.assert_allclose(moved.apply(margin), line.apply(margin + 0.3), atol=1e-12)


def test_json_there_and_back():
    found = replace(fitted(fold(0), fold(1)), anchor=0.1)
    assert Calibrator.from_dict(found.as_dict()) == found
