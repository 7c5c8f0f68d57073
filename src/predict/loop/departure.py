"""Departure: how far counts lie from what is usual, and how often chance alone does as much.

A cut-off on the population stability index alone does not know how many leads it saw: without any
change its mean is (bins − 1) (1/n + 1/N), so that 0.1 is passed by luck on 100 leads and never on
10,000. What is judged here is the chance of so large a departure, given the sizes of both sides
and what months usually differ by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Least expected leads of a bin; smaller ones are judged together.
LEAST_EXPECTED = 5.0
#: Degrees of freedom that the belief "months differ by chance alone" is worth: with few months
#: seen their own spread is hardly known.
BELIEF = 20.0
#: Added to each bin of the index, which has no value where one side is empty.
_HALF = 0.5


@dataclass(frozen=True)
class Departure:
    """How far one batch lies from the usual.

    Parameters
    ----------
    psi : float
        Population stability index.
    by_chance : float
        What it would be on average without any change.
    dispersion : float
        How many times more than chance alone months of this size usually differ; at least 1.
    p : float
        Chance of a departure as large where nothing has changed.
    """

    psi: float
    by_chance: float
    dispersion: float
    p: float

    @property
    def excess(self) -> float:
        """The index less what chance adds to it."""
        return max(0.0, self.psi - self.by_chance * self.dispersion)


def psi(batch: ArrayLike, usual: ArrayLike) -> float:
    """Return the population stability index of two sets of counts; half a lead is added per bin.

    Examples
    --------
    >>> psi([50, 50], [500, 500]), round(psi([80, 20], [500, 500]), 2)
    (0.0, 0.41)
    """
    a, b = np.asarray(batch, dtype=float) + _HALF, np.asarray(usual, dtype=float) + _HALF
    a, b = a / a.sum(), b / b.sum()
    return max(0.0, float(np.sum((a - b) * np.log(a / b))))


def chi_square(batch: ArrayLike, usual: ArrayLike) -> float:
    """Return Pearson's statistic of two sets of counts being of one distribution.

    Examples
    --------
    >>> round(chi_square([10, 20], [20, 10]), 3)
    6.667
    """
    table = np.array([batch, usual], dtype=float)
    table = table[:, table.sum(axis=0) > 0]
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    return float(np.sum((table - expected) ** 2 / expected))


def trend(batch: ArrayLike, usual: ArrayLike) -> float:
    """Return the square of the rank-sum z of counts in ordered bins, ties counted.

    The test of Mann and Whitney (1947), each bin one tie: it sees a shift that is spread over all
    bins long before Pearson's statistic does.

    Examples
    --------
    >>> round(trend([0, 10, 30], [30, 10, 0]), 2) > 40, trend([5, 5], [50, 50])
    (True, 0.0)
    """
    a, b = np.asarray(batch, dtype=float), np.asarray(usual, dtype=float)
    n, m, both = a.sum(), b.sum(), a + b
    total = n + m
    if n == 0 or m == 0:
        return 0.0
    ranks = np.cumsum(both) - both / 2
    ties = float(np.sum(both**3 - both))
    variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    return 0.0 if variance <= 0 else float((a @ ranks - n * total / 2) ** 2 / variance)


def departure(batch: Counts, usual: Counts, *, ordered: int = 0) -> Departure:
    """Judge the counts of a batch by those of usual periods.

    Parameters
    ----------
    batch : ndarray of shape (n_bins,)
        Leads in each bin.
    usual : ndarray of shape (n_periods, n_bins)
        The same of each usual period.
    ordered : int
        How many of the first bins have an order, so that a shift along them is tested too.

    Returns
    -------
    Departure
        ``p`` by Pearson's statistic, and by the rank sum of the ordered bins; the smaller one
        counts twice.

    Notes
    -----
    Months differ by more than chance (a fair, a campaign). By how much is the mean statistic of
    the usual periods, each against the others: a factor on the variance that grows with the size
    of the batch (quasi-likelihood; McCullagh and Nelder 1989, section 9.2). It is itself uncertain,
    so that the ratio is judged by an F distribution.

    Examples
    --------
    >>> usual = np.array([[50, 50], [48, 52], [53, 47]])
    >>> departure(np.array([51, 49]), usual).p > 0.5, departure(np.array([90, 10]), usual).p < 1e-4
    (True, True)
    """
    from scipy import stats

    pooled = usual.sum(axis=0)
    n, rest = float(batch.sum()), float(pooled.sum())
    if n == 0 or rest == 0:
        return Departure(0.0, 0.0, 1.0, 1.0)
    a, b = _merged(batch, usual)
    width = a.shape[0]
    size = n * rest / (n + rest)
    by_chance = max(width - 1, 0) / size
    index = psi(a, b.sum(axis=0))
    if width < 2:
        return Departure(index, by_chance, 1.0, 1.0)
    spread, freedom = _dispersion(b, size, chi_square, width - 1)
    p = float(stats.f.sf(chi_square(a, b.sum(axis=0)) / (width - 1) / spread, width - 1, freedom))
    if ordered > 2:
        part, others = batch[:ordered], usual[:, :ordered]
        moved, free = _dispersion(others, _size(part, others), trend, 1)
        along = float(stats.f.sf(trend(part, others.sum(axis=0)) / moved, 1, free))
        p = min(1.0, 2 * min(p, along))
    return Departure(index, by_chance, spread, p)


def excess_rate(hits: float, n: float, usual_hits: ArrayLike, usual_n: ArrayLike) -> Departure:
    """Judge a share by the shares of usual periods.

    Examples
    --------
    >>> excess_rate(40, 100, [10, 12, 9], [100, 100, 100]).p < 1e-4
    True
    """
    past, sizes = np.asarray(usual_hits, dtype=np.int64), np.asarray(usual_n, dtype=np.int64)
    usual = np.column_stack([past, sizes - past])
    return departure(np.array([round(hits), round(n - hits)], dtype=np.int64), usual)


def ks(sample: ArrayLike, quantiles: ArrayLike) -> tuple[float, float]:
    """Return the distance of Kolmogorov and Smirnov from a distribution told by its quantiles.

    Parameters
    ----------
    sample : array-like of shape (n,)
    quantiles : array-like of shape (n_quantiles,)
        At equal steps from the least to the greatest value.

    Returns
    -------
    distance, p : float
        Exact p for a continuous distribution; between quantiles the line is taken.

    Examples
    --------
    >>> distance, p = ks(np.linspace(0, 1, 50), np.linspace(0, 1, 101))
    >>> distance < 0.05, p > 0.99
    (True, True)
    """
    from scipy import stats

    x = np.sort(np.asarray(sample, dtype=float))
    q = np.asarray(quantiles, dtype=float)
    if not len(x):
        return 0.0, 1.0
    below = np.interp(x, q, np.linspace(0, 1, len(q)))
    steps = np.arange(len(x) + 1) / len(x)
    distance = float(max(np.max(steps[1:] - below), np.max(below - steps[:-1])))
    return distance, float(stats.kstwo.sf(distance, len(x)))


def _size(batch: Counts, usual: Counts) -> float:
    n, rest = float(batch.sum()), float(usual.sum())
    return n * rest / (n + rest) if n and rest else 0.0


def _merged(batch: Counts, usual: Counts) -> tuple[Counts, Counts]:
    """Return both with the bins joined in which few leads of the batch are expected."""
    pooled = usual.sum(axis=0) + batch
    expected = pooled * batch.sum() / pooled.sum()
    order = np.argsort(expected, kind="stable")
    small = order[expected[order] < LEAST_EXPECTED]
    if not len(small):
        return batch, usual
    if expected[small].sum() < LEAST_EXPECTED and len(small) < len(order):
        small = order[: len(small) + 1]
    kept = np.setdiff1d(np.arange(len(batch)), small)
    joined = usual[:, small].sum(axis=1, keepdims=True)
    return np.append(batch[kept], batch[small].sum()), np.hstack([usual[:, kept], joined])


def _dispersion(usual: Counts, size: float, statistic: object, df: int) -> tuple[float, float]:
    """Return the usual factor on the variance at this size, and its degrees of freedom."""
    pooled = usual.sum(axis=0)
    found, sizes = [], []
    for period in usual:
        others = pooled - period
        if period.sum() and others.sum():
            found.append(statistic(period, others) / df)  # type: ignore[operator]
            sizes.append(_size(period, others[None, :]))
    if len(found) < 2:
        return 1.0, BELIEF
    seen = df * (len(found) - 1)
    raw = (float(np.mean(found)) * seen + BELIEF) / (seen + BELIEF)
    factor = 1 + (max(raw, 1.0) - 1) * size / float(np.mean(sizes))
    return factor, seen + BELIEF
