"""How sure a figure is: resampling whole accounts or leads, and Wilson's interval of a rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Figures = dict[str, Floats]

# Entries of one block of weights (draws × rows): small enough to stay near the processor's cache.
_BLOCK = 1 << 20
_Z95 = 1.959963984540054


def group_codes(groups: ArrayLike | None, n_rows: int) -> tuple[NDArray[np.intp], int]:
    """Number the groups that rows belong to.

    Parameters
    ----------
    groups : array-like of shape (n_rows,) or None
        Account or lead of each row; None makes every row its own group.
    n_rows : int
        Number of rows.

    Returns
    -------
    codes : ndarray of shape (n_rows,)
        Group number of each row, by first appearance.
    n_groups : int
        Number of groups.

    Examples
    --------
    >>> group_codes(["b", "a", "b"], 3)
    (array([0, 1, 0]), 2)
    """
    import pandas as pd

    if groups is None:
        return np.arange(n_rows), n_rows
    named = np.asarray(groups)
    if named.dtype.kind not in "iu":  # text and what is missing, compared as they are
        named = np.asarray(groups, dtype=object)
    codes, names = pd.factorize(named, use_na_sentinel=False)
    if len(codes) != n_rows:
        raise ValueError(f"groups has {len(codes)} entries for {n_rows} rows")
    return codes, len(names)


def resampled(n_groups: int, n_rows: int, draws: int, seed: int) -> Iterator[Floats]:
    """Yield how often each group is drawn: the bootstrap as weights, block by block.

    A row's weight in a draw is the count of its group, so that every figure that takes weights
    can be resampled without copying rows (Efron and Tibshirani 1993, chapter 8: the cluster is
    the unit that is drawn).

    Parameters
    ----------
    n_groups, n_rows : int
        Groups to draw from; rows decide the size of a block only.
    draws : int
        Number of resamples in all.
    seed : int
        Seed; the draws do not depend on the size of the blocks.

    Yields
    ------
    ndarray of shape (draws in this block, n_groups)
        Counts; every line sums to ``n_groups``.

    Examples
    --------
    >>> blocks = list(resampled(n_groups=3, n_rows=3, draws=4, seed=0))
    >>> [block.sum(axis=1).tolist() for block in blocks]
    [[3.0, 3.0, 3.0, 3.0]]
    """
    rng = np.random.default_rng(seed)
    step = max(1, _BLOCK // max(n_rows, 1))
    for first in range(0, draws, step):
        size = min(step, draws - first)
        counts = np.empty((size, n_groups))
        for line in counts:
            line[:] = np.bincount(rng.integers(n_groups, size=n_groups), minlength=n_groups)
        yield counts


def bootstrap(
    figures: Callable[[Floats], Figures],
    groups: ArrayLike | None,
    n_rows: int,
    draws: int,
    seed: int,
) -> tuple[Figures, Figures]:
    """Return figures of the sample and of its resamples.

    Parameters
    ----------
    figures : callable
        Takes weights of shape (n_lines, n_rows), returns name → values of shape (n_lines,).
    groups : array-like of shape (n_rows,) or None
        Rows of one group are drawn together.
    n_rows, draws, seed : int
        Rows; resamples (none where there is a single group); seed.

    Returns
    -------
    point, drawn : dict of str to ndarray
        Shapes (1,) and (draws,).

    Examples
    --------
    >>> y = np.array([0.0, 1.0, 1.0])
    >>> point, drawn = bootstrap(lambda w: {"wins": (w * y).sum(axis=1)}, None, 3, 5, seed=0)
    >>> point["wins"].tolist(), drawn["wins"].shape
    ([2.0], (5,))
    """
    codes, n_groups = group_codes(groups, n_rows)
    point = figures(np.ones((1, n_rows)))
    blocks = [
        figures(counts[:, codes])
        for counts in resampled(n_groups, n_rows, draws if n_groups > 1 else 0, seed)
    ]
    none: list[Floats] = [np.empty(0)]
    drawn = {name: np.concatenate(none + [block[name] for block in blocks]) for name in point}
    return point, drawn


def interval(point: Floats, drawn: Floats) -> dict[str, float]:
    """Return a figure with its 95 % percentile interval: ``{"value", "low", "high"}``.

    Examples
    --------
    >>> interval(np.array([2.0]), np.array([1.0, 3.0]))
    {'value': 2.0, 'low': 1.05, 'high': 2.95}
    """
    low, high = percentiles(drawn)
    return {"value": float(point[0]), "low": low, "high": high}


def percentiles(values: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of resampled values; (nan, nan) where none is a number.

    Parameters
    ----------
    values : array-like of shape (draws,)
        A figure per draw; NaN where the draw had no answer (no winner was drawn).
    level : float
        Share of the draws inside.

    Examples
    --------
    >>> percentiles([0.0, 1.0, 2.0, 3.0, 4.0], level=0.5)
    (1.0, 3.0)
    """
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if known.size == 0:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def wilson(wins: ArrayLike, n: ArrayLike, z: float = _Z95) -> tuple[Floats, Floats]:
    """Return Wilson's score interval of a rate (Wilson 1927, JASA 22:209, without continuity).

    Parameters
    ----------
    wins, n : array-like of the same shape
        Successes and trials.
    z : float
        Normal quantile; the default is a 95 % interval.

    Returns
    -------
    low, high : ndarray
        Between 0 and 1; (0, 1) where ``n`` is 0: nothing is known.

    Examples
    --------
    >>> low, high = wilson(7, 100)
    >>> round(float(low), 4), round(float(high), 4)
    (0.0343, 0.1375)
    """
    won, trials = np.asarray(wins, dtype=float), np.asarray(n, dtype=float)
    known = np.where(trials > 0, trials, 1.0)
    rate = np.where(trials > 0, won / known, 0.5)
    scale = 1 + z**2 / known
    centre = (rate + z**2 / (2 * known)) / scale
    half = z * np.sqrt(rate * (1 - rate) / known + z**2 / (4 * known**2)) / scale
    low = np.where(trials > 0, np.clip(centre - half, 0.0, 1.0), 0.0)
    high = np.where(trials > 0, np.clip(centre + half, 0.0, 1.0), 1.0)
    # At 0 of n and n of n the bound is exact; rounding would leave 1e-17 in its place.
    return np.where(won == 0, 0.0, low), np.where(won == trials, 1.0, high)
