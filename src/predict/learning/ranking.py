"""Ranked rows under lines of weights: each figure once, for one sample or a thousand resamples.

A line of weights says how often each row counts: all ones is the sample itself, the counts of a
bootstrap draw are a resample. `Weighted` computes a figure for many lines at once.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from predict.learning.intervals import Floats

_EPS = float(np.finfo(float).eps)  # as scikit-learn clips probabilities in its log loss
_STEPS = 100
_SETTLED = 1e-5  # Newton's error after a step of this size is about its square


class Ranking(NamedTuple):
    """Rows from the highest probability to the lowest.

    Attributes
    ----------
    order : ndarray of shape (n_rows,)
        Row numbers, highest probability first.
    y, p : ndarray of shape (n_rows,)
        Outcomes and probabilities in that order.
    ends : ndarray of shape (n_ties,)
        Last position of each block of equal probabilities.
    """

    order: NDArray[np.intp]
    y: Floats
    p: Floats
    ends: NDArray[np.intp]

    @classmethod
    def of(cls, y: ArrayLike, p: ArrayLike) -> Ranking:
        """Check and rank outcomes (0 or 1) and probabilities.

        Raises
        ------
        ValueError
            Lengths differ, there are no rows, an outcome is not 0 or 1, or a probability is
            missing or outside [0, 1].

        Examples
        --------
        >>> rank = Ranking.of([0, 1, 0], [0.2, 0.9, 0.2])
        >>> rank.order.tolist(), rank.ends.tolist()
        ([1, 0, 2], [0, 2])
        """
        won, chance = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
        if won.ndim != 1 or won.shape != chance.shape or won.size == 0:
            raise ValueError(
                f"y and p must be one-dimensional, equally long and not empty, "
                f"got shapes {won.shape} and {chance.shape}"
            )
        if not np.isin(won, (0.0, 1.0)).all():
            raise ValueError("outcomes must be 0 or 1")
        if not ((chance >= 0) & (chance <= 1)).all():
            raise ValueError("probabilities must lie between 0 and 1, none missing")
        order = np.argsort(-chance, kind="stable")
        won, chance = won[order], chance[order]
        ends = np.flatnonzero(np.append(chance[1:] != chance[:-1], True))
        return cls(order, won, chance, ends)


class Weighted:
    """Figures of ranked rows under lines of weights.

    Parameters
    ----------
    rank : Ranking
        The rows.
    weights : ndarray of shape (n_lines, n_rows)
        How often each row counts, in the original order of the rows.

    Notes
    -----
    Every method returns an array of shape (n_lines,), NaN where the figure is not defined.
    Running totals are kept at the ends of ties only and are taken as straight between them: the
    expected value over all orders of tied rows, so that no figure depends on how rows are sorted.
    """

    def __init__(self, rank: Ranking, weights: Floats) -> None:
        self.rank = rank
        self.weights = weights[:, rank.order]

    @cached_property
    def n(self) -> Floats:
        """Running count of rows at the ends of ties, from 0; shape (n_lines, n_ties + 1)."""
        return self._running(self.weights)

    @cached_property
    def wins(self) -> Floats:
        """Running count of winners at the ends of ties, from 0; shape (n_lines, n_ties + 1)."""
        return self._running(self.weights * self.rank.y)

    def _running(self, weighted: Floats) -> Floats:
        totals = np.cumsum(weighted, axis=1)[:, self.rank.ends]
        return np.concatenate([np.zeros((len(totals), 1)), totals], axis=1)

    def _mean(self, values: Floats) -> Floats:
        # einsum, not a matrix product: its order of summing does not vary with threads.
        return ratio(np.einsum("ij,j->i", self.weights, values), self.weights.sum(axis=1))

    def base_rate(self) -> Floats:
        """Return the share of winners."""
        return ratio(self.wins[:, -1], self.n[:, -1])

    def roc_auc(self) -> Floats:
        """Return the area under winners against losers: a tie is a slope, so it counts half."""
        losses = self.n - self.wins
        area = np.trapezoid(self.wins, losses, axis=1)
        return ratio(area, self.wins[:, -1] * losses[:, -1])

    def average_precision(self) -> Floats:
        """Return precision summed over the steps of recall."""
        precision = self.wins[:, 1:] / np.maximum(self.n[:, 1:], 1e-300)
        return ratio((np.diff(self.wins, axis=1) * precision).sum(axis=1), self.wins[:, -1])

    def log_loss(self) -> Floats:
        """Return the mean negative log-likelihood in nats."""
        p = np.clip(self.rank.p, _EPS, 1 - _EPS)
        return self._mean(-np.where(self.rank.y == 1, np.log(p), np.log1p(-p)))

    def brier(self) -> Floats:
        """Return the mean squared difference."""
        return self._mean((self.rank.y - self.rank.p) ** 2)

    def brier_skill(self) -> Floats:
        """Return 1 − Brier / Brier of the constant rate."""
        rate = self.base_rate()
        return 1 - ratio(self.brier(), rate * (1 - rate))

    def captured(self, k: Floats) -> Floats:
        """Return the winners among the first ``k`` (shape (n_lines,)), expected over ties."""
        return _read(self.n, self.wins, k[:, None])[:, 0]

    def lift(self, share: float) -> Floats:
        """Return the rate in the top ``share`` over the rate of all."""
        return ratio(self.captured(share * self.n[:, -1]), share * self.wins[:, -1])

    def calibration_error(self, bins: int) -> Floats:
        """Return the mean distance of rate and probability over bins of equal weight."""
        expected = self._running(self.weights * self.rank.p)
        limits = self.n[:, -1:] * (np.arange(1, bins) / bins)
        inner = _read(self.n, self.wins - expected, limits)
        zero, last = np.zeros((len(inner), 1)), (self.wins - expected)[:, -1:]
        gaps = np.abs(np.diff(np.concatenate([zero, inner, last], axis=1), axis=1))
        return ratio(gaps.sum(axis=1), self.n[:, -1])

    def calibration_intercept(self, start: float = 0.0) -> Floats:
        """Return the shift of the log-odds that makes the mean right (Newton, one unknown)."""
        z, y, w = logit(self.rank.p), self.rank.y, self.weights
        shift = np.full(len(w), np.nan_to_num(start))
        for _ in range(_STEPS):
            p = _expit(z + shift[:, None])
            gradient = np.einsum("ij,ij->i", w, y - p)
            step = np.clip(ratio(gradient, np.einsum("ij,ij->i", w, p * (1 - p))), -2, 2)
            shift = shift + np.nan_to_num(step)
            if not (np.abs(step) > _SETTLED).any():
                break
        return np.where(self._both(), shift, np.nan)

    def calibration_line(self, start: Floats | None = None) -> tuple[Floats, Floats]:
        """Return intercept and slope of the logistic line of outcomes on log-odds (Newton).

        Parameters
        ----------
        start : ndarray of shape (2,), optional
            Intercept and slope to begin at; a resample is near the sample.
        """
        z = logit(self.rank.p)
        middle, spread = float(z.mean()), float(z.std())
        if spread < 1e-9:
            nothing = np.full(len(self.weights), np.nan)
            return nothing, nothing
        # On standardised log-odds the two unknowns are of one scale, so one cap on steps serves.
        x, y, w = (z - middle) / spread, self.rank.y, self.weights
        if start is None or not np.isfinite(start).all():
            line = np.stack([logit(self.base_rate()), np.zeros(len(w))])
        else:
            line = np.tile([[start[0] + start[1] * middle], [start[1] * spread]], len(w))
        for _ in range(_STEPS):
            p = _expit(line[0][:, None] + line[1][:, None] * x)
            miss, bend = w * (y - p), w * p * (1 - p)
            g0, g1 = miss.sum(axis=1), np.einsum("ij,j->i", miss, x)
            h0, h1 = bend.sum(axis=1), np.einsum("ij,j->i", bend, x)
            h2 = np.einsum("ij,j->i", bend, x * x)
            det = h0 * h2 - h1 * h1
            step = np.stack([ratio(h2 * g0 - h1 * g1, det), ratio(h0 * g1 - h1 * g0, det)])
            line = line + np.nan_to_num(np.clip(step, -1, 1))
            if not (np.abs(step) > _SETTLED).any():
                break
        settled = self._overlapping() & (np.abs(step) < 1e-3).all(axis=0)
        slope = np.where(settled, line[1] / spread, np.nan)
        return np.where(settled, line[0] - slope * middle, np.nan), slope

    def _overlapping(self) -> NDArray[np.bool_]:
        """Tell where some winner is below a loser and some loser below a winner.

        Elsewhere the steepest line is the best one: the slope has no value (Albert and Anderson
        1984, Biometrika 71:1).
        """
        z, highest, lowest = logit(self.rank.p), [], []
        for outcome in (1, 0):
            there = (self.weights > 0) & (self.rank.y == outcome)
            highest.append(z[there.argmax(axis=1)])
            lowest.append(z[::-1][there[:, ::-1].argmax(axis=1)])
        return self._both() & (lowest[0] < highest[1]) & (lowest[1] < highest[0])

    def _both(self) -> NDArray[np.bool_]:
        return (self.wins[:, -1] > 0) & (self.wins[:, -1] < self.n[:, -1])


def logit(p: ArrayLike) -> Floats:
    """Return log-odds; 0 and 1 are clipped at machine precision.

    Examples
    --------
    >>> logit([0.5]).tolist()
    [0.0]
    """
    inside = np.clip(np.asarray(p, dtype=float), _EPS, 1 - _EPS)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def _read(x: Floats, y: Floats, at: Floats) -> Floats:
    """Read lines of points (x ascending from 0) at the places ``at``, straight between points."""
    lines = zip(x, at, strict=True)
    right = np.stack([points.searchsorted(places) for points, places in lines])
    right = np.clip(right, 1, x.shape[1] - 1)
    line = np.arange(len(x))[:, None]
    x0, x1, y0, y1 = x[line, right - 1], x[line, right], y[line, right - 1], y[line, right]
    way = np.where(x1 > x0, (at - x0) / np.where(x1 > x0, x1 - x0, 1.0), 0.0)
    return np.asarray(y0 + np.clip(way, 0.0, 1.0) * (y1 - y0))


def _expit(z: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * z)))


def ratio(over: ArrayLike, under: ArrayLike) -> Floats:
    """Return ``over / under``; NaN where ``under`` is 0."""
    top, bottom = np.asarray(over, dtype=float), np.asarray(under, dtype=float)
    return np.where(bottom == 0, np.nan, top / np.where(bottom == 0, 1.0, bottom))
