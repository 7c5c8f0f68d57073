"""How good probabilities are: pure functions of outcomes and probabilities, with intervals.

Rows of equal probability have no order of their own: lift, precision and capture are the expected
values over all orders of tied rows, so no figure depends on how the rows happen to be sorted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from predict.learning.intervals import Figures, Floats, bootstrap, group_codes, interval
from predict.learning.ranking import Ranking, Weighted, ratio

LIFT_SHARES = (0.01, 0.05, 0.10, 0.20)
CALIBRATION_BINS = 10
COMPARED = ("roc_auc", "average_precision", "log_loss", "brier")
LOWER_IS_BETTER = frozenset({"log_loss", "brier", "calibration_error"})

Table = dict[str, dict[str, float]]


def base_rate(y: ArrayLike) -> float:
    """Return the share of rows that converted.

    Examples
    --------
    >>> base_rate([0, 1, 0, 0])
    0.25
    """
    return float(np.mean(np.asarray(y, dtype=float)))


def roc_auc(y: ArrayLike, p: ArrayLike) -> float:
    """Return the chance that a winner outranks a loser, ties counting half; NaN without both.

    Examples
    --------
    >>> roc_auc([0, 1, 0, 1], [0.1, 0.4, 0.4, 0.8])
    0.875
    """
    return float(_plain(y, p).roc_auc()[0])


def average_precision(y: ArrayLike, p: ArrayLike) -> float:
    """Return precision averaged over the winners, tied rows taken together; NaN without winners.

    Examples
    --------
    >>> average_precision([0, 1, 0, 1], [0.1, 0.4, 0.35, 0.8])
    1.0
    """
    return float(_plain(y, p).average_precision()[0])


def log_loss(y: ArrayLike, p: ArrayLike) -> float:
    """Return the mean negative log-likelihood, in nats; 0 and 1 are clipped at machine precision.

    Examples
    --------
    >>> round(log_loss([0, 1], [0.5, 0.5]), 4)
    0.6931
    """
    return float(_plain(y, p).log_loss()[0])


def brier(y: ArrayLike, p: ArrayLike) -> float:
    """Return the mean squared difference of outcome and probability.

    Examples
    --------
    >>> brier([0, 1], [0.5, 0.5])
    0.25
    """
    return float(_plain(y, p).brier()[0])


def brier_skill(y: ArrayLike, p: ArrayLike) -> float:
    """Return 1 − Brier / Brier of the rows' own rate: 0 is no better than the rate, 1 perfect.

    Examples
    --------
    >>> brier_skill([0, 1], [0.0, 1.0])
    1.0
    """
    return float(_plain(y, p).brier_skill()[0])


def calibration_intercept(y: ArrayLike, p: ArrayLike) -> float:
    """Return the shift in log-odds that would make the mean right, at slope 1; 0 is best.

    Above 0 the probabilities are too low on the whole ("calibration in the large", Cox 1958;
    Van Calster and others 2019, BMC Medicine 17:230). NaN where all or no rows converted.

    Examples
    --------
    >>> round(calibration_intercept([0, 0, 0, 1], [0.5] * 4), 4)  # log(1 / 3)
    -1.0986
    """
    return float(_plain(y, p).calibration_intercept()[0])


def calibration_slope(y: ArrayLike, p: ArrayLike) -> float:
    """Return the slope of the logistic line of outcomes on log-odds; 1 is best.

    Below 1 high chances are too high and low ones too low. NaN where it is not defined: one
    outcome only, one probability only, or winners and losers that do not overlap.

    Examples
    --------
    >>> right = calibration_slope([0, 0, 0, 1, 0, 1, 1, 1], [0.25] * 4 + [0.75] * 4)
    >>> round(right, 6)
    1.0
    """
    return float(_plain(y, p).calibration_line()[1][0])


def calibration_error(y: ArrayLike, p: ArrayLike, bins: int = CALIBRATION_BINS) -> float:
    """Return the mean distance of rate and mean probability over bins of equal count.

    Examples
    --------
    >>> calibration_error([0, 0, 0, 1], [0.5, 0.5, 0.5, 0.5])
    0.25
    """
    return float(_plain(y, p).calibration_error(bins)[0])


def captured(y: ArrayLike, p: ArrayLike, k: float) -> float:
    """Return the expected number of winners among the ``k`` highest rows.

    Examples
    --------
    >>> round(captured([1, 0, 0, 1], [0.9, 0.5, 0.5, 0.5], k=2), 4)  # one, and a third of one
    1.3333
    """
    return float(_plain(y, p).captured(np.array([k], dtype=float))[0])


def lift(y: ArrayLike, p: ArrayLike, share: float) -> float:
    """Return the rate in the top ``share`` of rows over the rate of all; NaN without winners.

    Examples
    --------
    >>> round(lift([1, 1, 0, 0, 0, 0, 0, 0, 0, 0], [0.9, 0.8] + [0.1] * 8, share=0.2), 6)
    5.0
    """
    return float(_plain(y, p).lift(share)[0])


def precision_at(y: ArrayLike, p: ArrayLike, k: float) -> float:
    """Return the rate among the ``k`` highest rows (all rows where there are fewer).

    Examples
    --------
    >>> precision_at([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], k=2)
    0.5
    """
    return captured(y, p, k) / min(k, np.size(y))


def capture_at(y: ArrayLike, p: ArrayLike, k: float) -> float:
    """Return the share of all winners that are among the ``k`` highest; NaN without winners.

    Examples
    --------
    >>> capture_at([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], k=2)
    0.5
    """
    wins = float(np.sum(np.asarray(y, dtype=float)))
    return captured(y, p, k) / wins if wins > 0 else float("nan")


def evaluate(
    y: ArrayLike,
    p: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    capacity: float | None = None,
    draws: int = 500,
    seed: int = 0,
) -> Table:
    """Return every figure with a 95 % interval from resampling whole groups.

    Parameters
    ----------
    y, p : array-like of shape (n_rows,)
        Outcomes (0 or 1) and probabilities.
    groups : array-like of shape (n_rows,), optional
        Account or lead: rows that are drawn together. Without it every row stands alone, and
        the intervals are too narrow where a lead has several rows.
    capacity : float, optional
        Rows that can be followed up; adds the figures of `at_capacity`.
    draws, seed : int
        Resamples (0 leaves the bounds NaN) and their seed.

    Returns
    -------
    dict of str to dict
        Figure → ``{"value", "low", "high"}``; NaN where a figure is not defined.

    Examples
    --------
    >>> figures = evaluate([0, 1, 0, 1] * 25, [0.2, 0.7, 0.4, 0.6] * 25, draws=50)
    >>> figures["roc_auc"]
    {'value': 1.0, 'low': 1.0, 'high': 1.0}
    """
    rank = Ranking.of(y, p)
    # Newton's steps in a resample begin at the line of the sample, where they are nearly done.
    sample = Weighted(rank, np.ones((1, len(rank.y))))
    shift, line = float(sample.calibration_intercept()[0]), np.ravel(sample.calibration_line())

    def figures(weights: Floats) -> Figures:
        rows = Weighted(rank, weights)
        return {
            "base_rate": rows.base_rate(),
            **{name: getattr(rows, name)() for name in COMPARED},
            "brier_skill": rows.brier_skill(),
            "calibration_intercept": rows.calibration_intercept(shift),
            "calibration_slope": rows.calibration_line(line)[1],
            "calibration_error": rows.calibration_error(CALIBRATION_BINS),
            **{f"lift_{share:.0%}": rows.lift(share) for share in LIFT_SHARES},
        }

    point, drawn = bootstrap(figures, groups, len(rank.y), draws, seed)
    table = {name: interval(point[name], drawn[name]) for name in point}
    if capacity is not None:
        table |= at_capacity(y, p, capacity, groups=groups, draws=draws, seed=seed)
    return table


def at_capacity(
    y: ArrayLike,
    p: ArrayLike,
    capacity: float | Mapping[object, float],
    *,
    periods: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    draws: int = 500,
    seed: int = 0,
) -> Table:
    """Return precision and capture where the best ``capacity`` rows of each period are taken.

    Parameters
    ----------
    y, p, groups, draws, seed
        As in `evaluate`.
    capacity : float or mapping of period to float
        Rows that can be followed up in each period.
    periods : array-like of shape (n_rows,), optional
        Month or week of each row; None is one period.

    Returns
    -------
    dict of str to dict
        ``precision_at_capacity`` and ``capture_at_capacity`` → ``{"value", "low", "high"}``.

    Examples
    --------
    >>> table = at_capacity([1, 0, 0, 1], [0.9, 0.8, 0.2, 0.1], 1, periods=[1, 1, 2, 2], draws=0)
    >>> table["precision_at_capacity"]["value"], table["capture_at_capacity"]["value"]
    (0.5, 0.5)
    """
    won, chance = np.asarray(y), np.asarray(p)
    names = np.zeros(len(won)) if periods is None else np.asarray(periods)
    codes, _ = group_codes(names, len(won))
    parts = []
    for code, start in enumerate(np.unique(codes, return_index=True)[1]):
        rows = np.flatnonzero(codes == code)
        limit = capacity[names[start]] if isinstance(capacity, Mapping) else capacity
        parts.append((rows, Ranking.of(won[rows], chance[rows]), limit))

    def figures(weights: Floats) -> Figures:
        taken, hits, wins = np.zeros((3, len(weights)))
        for rows, rank, limit in parts:
            part = Weighted(rank, weights[:, rows])
            k = np.minimum(limit, part.n[:, -1])
            taken, hits, wins = taken + k, hits + part.captured(k), wins + part.wins[:, -1]
        return {
            "precision_at_capacity": ratio(hits, taken),
            "capture_at_capacity": ratio(hits, wins),
        }

    point, drawn = bootstrap(figures, groups, len(won), draws, seed)
    return {name: interval(point[name], drawn[name]) for name in point}


def paired(
    y: ArrayLike,
    p_a: ArrayLike,
    p_b: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    figures: Sequence[str] = COMPARED,
    draws: int = 1000,
    seed: int = 0,
) -> Table:
    """Return how two sets of probabilities differ on the same rows, by paired resampling.

    Parameters
    ----------
    y, p_a, p_b : array-like of shape (n_rows,)
        Outcomes, and the probabilities of the one and of the other.
    figures : sequence of {"roc_auc", "average_precision", "log_loss", "brier", "lift_10%"}
        What to compare; fewer take less time. Any share of the top may stand for 10 %.
    groups, draws, seed
        As in `evaluate`.

    Returns
    -------
    dict of str to dict
        Figure → ``value`` (a − b) with
        ``low`` and ``high`` (95 %), ``a``, ``b``, and ``better``: the share of draws in which a
        was the better one, equal counting half.

    Examples
    --------
    >>> y, sharp, dull = [0, 1] * 50, [0.1, 0.9] * 50, [0.4, 0.6] * 50
    >>> loss = paired(y, sharp, dull, draws=50)["log_loss"]
    >>> loss["value"] < 0, loss["better"]
    (True, 1.0)
    """
    sides = {"a": Ranking.of(y, p_a), "b": Ranking.of(y, p_b)}

    def both(weights: Floats) -> Figures:
        rows = {side: Weighted(rank, weights) for side, rank in sides.items()}
        return {f"{name}/{s}": _figure(rows[s], name) for name in figures for s in rows}

    point, drawn = bootstrap(both, groups, len(sides["a"].y), draws, seed)
    table = {}
    for name in figures:
        a, b = point[f"{name}/a"], point[f"{name}/b"]
        differences = drawn[f"{name}/a"] - drawn[f"{name}/b"]
        gains = differences[np.isfinite(differences)] * (-1 if name in LOWER_IS_BETTER else 1)
        table[name] = {
            **interval(a - b, differences),
            "a": float(a[0]),
            "b": float(b[0]),
            "better": float(np.mean((gains > 0) + (gains == 0) / 2)) if gains.size else np.nan,
        }
    return table


def _figure(rows: Weighted, name: str) -> Floats:
    if name.startswith("lift_"):
        return rows.lift(float(name.removeprefix("lift_").removesuffix("%")) / 100)
    return np.asarray(getattr(rows, name)())


def _plain(y: ArrayLike, p: ArrayLike) -> Weighted:
    rank = Ranking.of(y, p)
    return Weighted(rank, np.ones((1, len(rank.y))))
