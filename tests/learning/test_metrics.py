from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as oracle
from sklearn.linear_model import LogisticRegression

from predict.learning import metrics
from predict.learning.ranking import Ranking, Weighted

Sample = tuple[np.ndarray, np.ndarray]
unhurried = settings(deadline=None, max_examples=50)


@st.composite
def samples(draw: st.DrawFn, both: bool = True, least: int = 2) -> Sample:
    """Outcomes and probabilities with many ties, 0 and 1 among them."""
    n = draw(st.integers(least, 60))
    y = draw(hnp.arrays(int, n, elements=st.integers(0, 1)))
    p = draw(hnp.arrays(float, n, elements=st.integers(0, 20).map(lambda k: k / 20)))
    if both:
        assume(0 < y.sum() < n)
    return y, p


def simulated(n: int = 2000, seed: int = 0) -> Sample:
    rng = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-rng.normal(-1, 1.2, n)))
    return (rng.random(n) < p).astype(int), p


@unhurried
@given(samples())
def test_figures_equal_scikit_learn(sample: Sample) -> None:
    y, p = sample
    assert metrics.roc_auc(y, p) == pytest.approx(oracle.roc_auc_score(y, p))
    assert metrics.average_precision(y, p) == pytest.approx(oracle.average_precision_score(y, p))
    assert metrics.log_loss(y, p) == pytest.approx(oracle.log_loss(y, p), rel=1e-9)
    assert metrics.brier(y, p) == pytest.approx(oracle.brier_score_loss(y, p))
    rate = np.full(len(y), y.mean())
    skill = 1 - oracle.brier_score_loss(y, p) / oracle.brier_score_loss(y, rate)
    assert metrics.brier_skill(y, p) == pytest.approx(skill)


@unhurried
@given(samples(), st.permutations(range(60)))
def test_no_figure_depends_on_the_order_of_rows(sample: Sample, order: list[int]) -> None:
    y, p = sample
    moved = [i for i in order if i < len(y)]
    before = metrics.evaluate(y, p, capacity=3, draws=0)
    after = metrics.evaluate(y[moved], p[moved], capacity=3, draws=0)
    for name, found in before.items():
        assert after[name]["value"] == pytest.approx(found["value"], abs=1e-6, nan_ok=True), name


@unhurried
@given(samples(), st.floats(0.2, 5))
def test_ranking_figures_survive_any_rising_change_of_the_probabilities(
    sample: Sample, power: float
) -> None:
    y, p = sample
    changed = p**power / 2
    assume(len(np.unique(changed)) == len(np.unique(p)))
    for figure in (metrics.roc_auc, metrics.average_precision):
        assert figure(y, changed) == pytest.approx(figure(y, p))
    assert metrics.lift(y, changed, 0.1) == pytest.approx(metrics.lift(y, p, 0.1))
    assert metrics.capture_at(y, changed, 5) == pytest.approx(metrics.capture_at(y, p, 5))


@unhurried
@given(samples())
def test_auc_of_the_opposite_is_the_rest_to_one(sample: Sample) -> None:
    y, p = sample
    assert metrics.roc_auc(y, 1 - p) == pytest.approx(1 - metrics.roc_auc(y, p))


@unhurried
@given(samples(both=False), st.lists(st.integers(0, 4), min_size=60, max_size=60))
def test_weights_count_as_repeated_rows(sample: Sample, counts: list[int]) -> None:
    y, p = sample
    weights = np.array(counts[: len(y)])
    assume(weights.sum() > 0)
    weighted = Weighted(Ranking.of(y, p), weights[None, :].astype(float))
    repeated = Weighted(
        Ranking.of(np.repeat(y, weights), np.repeat(p, weights)), np.ones((1, weights.sum()))
    )
    for figure in ("base_rate", "roc_auc", "average_precision", "log_loss", "brier"):
        found, wanted = getattr(weighted, figure)()[0], getattr(repeated, figure)()[0]
        assert found == pytest.approx(wanted, nan_ok=True), figure
    assert weighted.lift(0.3) == pytest.approx(repeated.lift(0.3), nan_ok=True)
    assert weighted.calibration_error(5) == pytest.approx(repeated.calibration_error(5))


def all_orders(y: np.ndarray, p: np.ndarray) -> Iterator[np.ndarray]:
    """Outcomes from the highest probability down, in every order that the ties allow."""
    for order in permutations(range(len(y))):
        if (np.diff(p[list(order)]) <= 0).all():
            yield y[list(order)]


@unhurried
@given(samples(both=False), st.integers(1, 6))
def test_captured_is_the_mean_over_all_orders_of_tied_rows(sample: Sample, k: int) -> None:
    y, p = sample[0][:6], np.round(sample[1][:6] * 2) / 2
    k = min(k, len(y))
    found = np.mean([ranked[:k].sum() for ranked in all_orders(y, p)])
    assert metrics.captured(y, p, k) == pytest.approx(found)
    assert metrics.precision_at(y, p, k) == pytest.approx(found / k)


def test_lift_equals_plain_recomputation() -> None:
    y, p = simulated()
    best = y[np.argsort(-p)]
    for share in metrics.LIFT_SHARES:
        top = best[: int(share * len(y))]
        assert metrics.lift(y, p, share) == pytest.approx(top.mean() / y.mean())


def test_calibration_error_equals_plain_recomputation() -> None:
    y, p = simulated()
    order = np.argsort(-p)
    gaps = [
        abs(y[rows].mean() - p[rows].mean()) * len(rows) / len(y)
        for rows in np.array_split(order, metrics.CALIBRATION_BINS)
    ]
    assert metrics.calibration_error(y, p) == pytest.approx(sum(gaps))


@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (0.5, 0.3), (3, -2), (0.1, 4), (-1, 0)])
def test_calibration_line_equals_scikit_learn(scale: float, shift: float) -> None:
    y, p = simulated()
    z = np.log(p / (1 - p)) * scale + shift
    changed = 1 / (1 + np.exp(-z))
    line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(z[:, None], y)
    found = Weighted(Ranking.of(y, changed), np.ones((1, len(y)))).calibration_line()
    assert found[1][0] == pytest.approx(line.coef_[0, 0], rel=1e-5)
    assert found[0][0] == pytest.approx(line.intercept_[0], rel=1e-5, abs=1e-6)
    moved = 1 / (1 + np.exp(-z - metrics.calibration_intercept(y, changed)))
    assert moved.mean() == pytest.approx(y.mean(), abs=1e-9)


@unhurried
@given(samples())
def test_calibration_line_solves_its_equations_or_says_so(sample: Sample) -> None:
    y, p = sample
    z = np.log(np.clip(p, 2**-52, 1 - 2**-52)) - np.log1p(-np.clip(p, 2**-52, 1 - 2**-52))
    rows = Weighted(Ranking.of(y, p), np.ones((1, len(y))))
    intercept, slope = (value[0] for value in rows.calibration_line())
    won, lost = z[y == 1], z[y == 0]
    overlap = won.min() < lost.max() and lost.min() < won.max()
    assert np.isfinite(slope) == overlap  # elsewhere the steepest line is the best
    if overlap:
        miss = y - 1 / (1 + np.exp(-(intercept + slope * z)))
        assert miss.sum() == pytest.approx(0, abs=1e-5 * len(y))
        assert (miss * z).sum() == pytest.approx(0, abs=1e-4 * len(y))


def test_figures_without_an_answer_are_nan_and_nothing_fails() -> None:
    for y in (np.zeros(30, int), np.ones(30, int)):
        found = metrics.evaluate(y, np.linspace(0.1, 0.9, 30), capacity=5, draws=20)
        for name in ("roc_auc", "calibration_intercept", "calibration_slope", "brier_skill"):
            assert np.isnan(found[name]["value"]), name
        assert np.isfinite(found["log_loss"]["value"])
    constant = metrics.evaluate([0, 1] * 10, [0.5] * 20, draws=20)
    assert np.isnan(constant["calibration_slope"]["value"])
    assert constant["roc_auc"]["value"] == 0.5
    certain = metrics.evaluate([0, 1] * 10, [0.0, 1.0] * 10, draws=20)
    assert certain["log_loss"]["value"] == pytest.approx(0, abs=1e-12)
    assert np.isnan(certain["calibration_slope"]["value"])
    single = metrics.evaluate([1], [0.4], draws=20)
    assert np.isnan(single["log_loss"]["low"])


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0, 2], [0.1, 0.2], "outcomes must be 0 or 1"),
        ([0, 1], [0.1, np.nan], "none missing"),
        ([0, 1], [0.1, 1.2], "between 0 and 1"),
        ([0, 1], [0.1], "equally long"),
        ([], [], "not empty"),
    ],
)
def test_wrong_input_is_refused(y: list, p: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metrics.evaluate(y, p)


def test_evaluate_repeats_exactly_and_its_intervals_hold_the_value() -> None:
    y, p = simulated(600)
    first = metrics.evaluate(y, p, capacity=50, draws=200)
    assert first == metrics.evaluate(y, p, capacity=50, draws=200)
    assert first != metrics.evaluate(y, p, capacity=50, draws=200, seed=1)
    for name, found in first.items():
        if name != "calibration_error":  # a mean of distances grows when rows are drawn twice
            assert found["low"] <= found["value"] <= found["high"], name


def test_resampled_line_equals_the_line_of_the_resample() -> None:
    """Newton starts near the answer in a resample; it must still arrive there."""
    y, p = simulated(400)
    weights = np.random.default_rng(0).multinomial(400, [1 / 400] * 400, size=20).astype(float)
    near = np.ravel(Weighted(Ranking.of(y, p), np.ones((1, 400))).calibration_line())
    found = Weighted(Ranking.of(y, p), weights).calibration_line(near)
    for line, counts in enumerate(weights.astype(int)):
        alone = metrics.calibration_slope(np.repeat(y, counts), np.repeat(p, counts))
        assert found[1][line] == pytest.approx(alone, rel=1e-7)


def test_capacity_is_taken_in_each_period() -> None:
    y = np.array([1, 0, 0, 1, 0, 1])
    p = np.array([0.9, 0.8, 0.7, 0.3, 0.2, 0.1])
    periods = np.array(["may", "may", "may", "june", "june", "june"], dtype=object)
    found = metrics.at_capacity(y, p, 1, periods=periods, draws=0)
    assert found["precision_at_capacity"]["value"] == 1.0
    assert found["capture_at_capacity"]["value"] == pytest.approx(2 / 3)
    found = metrics.at_capacity(y, p, {"may": 1, "june": 100}, periods=periods, draws=0)
    assert found["precision_at_capacity"]["value"] == pytest.approx(3 / 4)
    assert found["capture_at_capacity"]["value"] == 1.0


def test_paired_differences_equal_resampling_by_hand() -> None:
    y, p = simulated(300)
    other = np.clip(p * 1.2, 0, 0.99)
    groups = np.arange(300) // 3
    found = metrics.paired(y, p, other, groups, draws=50, seed=4)["log_loss"]
    rng = np.random.default_rng(4)
    differences = []
    for _ in range(50):
        rows = np.concatenate([np.flatnonzero(groups == g) for g in rng.integers(100, size=100)])
        differences.append(
            oracle.log_loss(y[rows], p[rows]) - oracle.log_loss(y[rows], other[rows])
        )
    assert found["value"] == pytest.approx(oracle.log_loss(y, p) - oracle.log_loss(y, other))
    assert [found["low"], found["high"]] == pytest.approx(np.quantile(differences, [0.025, 0.975]))
    assert found["better"] == np.mean(np.array(differences) < 0)


def test_paired_lift_is_the_difference_of_lifts() -> None:
    y, p = simulated(300)
    other = simulated(300, 1)[1]
    found = metrics.paired(y, p, other, figures=["lift_5%"], draws=2)["lift_5%"]
    assert found["a"] == pytest.approx(metrics.lift(y, p, 0.05))
    assert found["value"] == pytest.approx(metrics.lift(y, p, 0.05) - metrics.lift(y, other, 0.05))


def test_paired_with_itself_is_a_draw() -> None:
    y, p = simulated(200)
    for found in metrics.paired(y, p, p, draws=50).values():
        assert found["value"] == found["low"] == found["high"] == 0
        assert found["better"] == 0.5


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    """Known probabilities: the expected Brier score is the mean of p (1 − p)."""
    covered = 0
    for seed in range(60):
        y, p = simulated(400, seed)
        found = metrics.evaluate(y, p, draws=200)["calibration_slope"]
        covered += found["low"] <= 1 <= found["high"]
    assert covered >= 51  # 95 % of 60 is 57; fewer than 51 has a chance of about 1 in 1,000
