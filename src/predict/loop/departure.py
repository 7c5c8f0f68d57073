"""Departure: how far counts lie from what is usual, and how often chance alone does as much.

A cut-off on the population stability index alone does not know how many leads it saw: without any
change its mean is (bins − 1) (1/n + 1/N), so that 0.1 is passed by luck on 100 leads and never on
10,000. What is judged here is the chance of so large a departure, given the sizes of both sides
and what months usually differ by.
"""

from __future__ import annotations

from collections.abc import Callable
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


def chi_square(batch: ArrayLike, usual: ArrayLike) -> Floats:
    """Return Pearson's statistic of two sets of counts being of one distribution.

    Parameters
    ----------
    batch, usual : array-like of shape (..., n_bins)
        Pairs of sets, one below the other.

    Examples
    --------
    >>> float(chi_square([10, 20], [20, 10]).round(3))
    6.667
    """
    a, b = np.asarray(batch, dtype=float), np.asarray(usual, dtype=float)
    n, m = a.sum(axis=-1, keepdims=True), b.sum(axis=-1, keepdims=True)
    both = a + b
    # Of two rows, Pearson's sum is that of the squared differences of their shares.
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = n * m * (a / n - b / m) ** 2 / both
    return np.where(both > 0, parts, 0.0).sum(axis=-1)


def trend(batch: ArrayLike, usual: ArrayLike) -> Floats:
    """Return the square of the rank-sum z of counts in ordered bins, ties counted.

    The test of Mann and Whitney (1947), each bin one tie: it sees a shift that is spread over all
    bins long before Pearson's statistic does.

    Parameters
    ----------
    batch, usual : array-like of shape (..., n_bins)
        Pairs of sets, one below the other.

    Examples
    --------
    >>> float(trend([0, 10, 30], [30, 10, 0])) > 40, float(trend([5, 5], [50, 50]))
    (True, 0.0)
    """
    a, b = np.asarray(batch, dtype=float), np.asarray(usual, dtype=float)
    both = a + b
    n, total = a.sum(axis=-1), both.sum(axis=-1)
    ranks = np.cumsum(both, axis=-1) - both / 2
    ties = (both**3 - both).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = n * (total - n) / 12 * (total + 1 - ties / (total * (total - 1)))
        found = ((a * ranks).sum(axis=-1) - n * total / 2) ** 2 / variance
    return np.where(variance > 0, found, 0.0)


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
    from scipy.special import fdtrc

    pooled = usual.sum(axis=0)
    n, rest = float(batch.sum()), float(pooled.sum())
    if n == 0 or rest == 0:
        return Departure(0.0, 0.0, 1.0, 1.0)
    a, b = _merged(batch, usual)
    width = a.shape[0]
    size = n * rest / (n + rest)
    by_chance = max(width - 1, 0) / size
    index = psi(a, b.sum(axis=0))
    if len(batch) == 2 and width < 2:
        return Departure(psi(batch, pooled), 1 / size, 1.0, _exact(batch, pooled))
    if width < 2:
        return Departure(index, by_chance, 1.0, 1.0)
    spread, freedom = _dispersion(b, size, chi_square, width - 1)
    far = float(chi_square(a, b.sum(axis=0))) / (width - 1) / spread
    p = float(fdtrc(width - 1, freedom, far))
    if ordered > 2:
        part, others = batch[:ordered], usual[:, :ordered]
        moved, free = _dispersion(others, _size(part, others), trend, 1)
        along = float(fdtrc(1, free, float(trend(part, others.sum(axis=0))) / moved))
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


def _exact(batch: Counts, pooled: Counts) -> float:
    """Return the chance of so uneven a split of few cases (Fisher 1935), both sides counted."""
    from scipy import stats

    hits, n, rest = int(batch[0]), int(batch.sum()), int(pooled.sum())
    cases = hits + int(pooled[0])
    above = float(stats.hypergeom.sf(hits - 1, n + rest, cases, n))
    below = float(stats.hypergeom.cdf(hits, n + rest, cases, n))
    return min(1.0, 2 * min(above, below))


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


def _dispersion(
    usual: Counts, size: float, statistic: Callable[[Counts, Counts], Floats], df: int
) -> tuple[float, float]:
    """Return the usual factor on the variance at this size, and its degrees of freedom."""
    others = usual.sum(axis=0) - usual
    n, m = usual.sum(axis=1), others.sum(axis=1)
    there = (n > 0) & (m > 0)
    if there.sum() < 2:
        return 1.0, BELIEF
    found = statistic(usual[there], others[there]) / df
    sizes = (n * m / np.maximum(n + m, 1))[there]
    return spread_factor(found, df, size / float(sizes.mean()))


def spread_factor(found: ArrayLike, df: int, times: float) -> tuple[float, float]:
    """Return the usual factor on the variance, and what it is worth in degrees of freedom.

    Parameters
    ----------
    found : array-like of shape (n_periods,)
        Squared departures of usual periods, over ``df``: 1 on average where chance is all.
    df : int
        Degrees of freedom of each.
    times : float
        Size of the batch over that of the periods: what months differ by does not shrink with
        the size, as chance does.

    Examples
    --------
    >>> spread_factor([1.0, 1.0, 1.0], 1, 5.0), spread_factor([3.2] * 11, 2, 1.0)
    ((1.0, 22.0), (2.1, 40.0))
    """
    squares = np.asarray(found, dtype=float)
    seen = df * (len(squares) - 1)
    raw = (float(squares.mean()) * seen + BELIEF) / (seen + BELIEF)
    return 1 + (max(raw, 1.0) - 1) * times, seen + BELIEF
