"""Splits in time: everything learned from lies before everything judged, with room to mature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

_DAY = 86_400.0


@dataclass(frozen=True)
class Fold:
    """Rows to learn from and rows to judge on.

    Parameters
    ----------
    cut : float
        The moment between them, in the unit of the times given.
    train, test : ndarray of int
        Positions of rows, ascending.
    """

    cut: float
    train: Whole
    test: Whole


def days_of(as_of: object, n_rows: int) -> Floats:
    """Return moments as days since 1970; without moments, the order of the rows.

    Parameters
    ----------
    as_of : array-like of shape (n_rows,) of datetime64, or None
        Naive moments count as UTC.

    Raises
    ------
    ValueError
        The length differs, or a moment is missing.

    Examples
    --------
    >>> days_of(["1970-01-02 00:00", "1970-01-01 12:00"], 2).tolist()
    [1.0, 0.5]
    >>> days_of(None, 3).tolist()
    [0.0, 1.0, 2.0]
    """
    if as_of is None:
        return np.arange(n_rows, dtype=np.float64)
    moments = pd.to_datetime(pd.Series(np.asarray(as_of)), utc=True)
    if len(moments) != n_rows:
        raise ValueError(f"as_of has {len(moments)} moments for {n_rows} rows")
    if moments.isna().any():
        raise ValueError("as_of has missing moments; leave those rows out")
    seconds = (moments - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return np.asarray(seconds, dtype=np.float64) / _DAY


def fold_at(time: Floats, groups: Whole, cut: float, until: float, *, gap: float = 0.0) -> Fold:
    """Return the fold that learns from rows matured at ``cut`` and is judged on rows after it.

    A row trains where ``time < cut`` and ``time + gap <= cut``; it tests where
    ``cut <= time < until`` and no row of its group trains.

    Examples
    --------
    >>> time, lead = np.arange(6.0), np.array([0, 1, 2, 3, 1, 4])
    >>> fold = fold_at(time, lead, cut=3, until=6, gap=1)
    >>> fold.train.tolist(), fold.test.tolist()
    ([0, 1, 2], [3, 5])
    """
    learns = (time < cut) & (time + gap <= cut)
    judged = (time >= cut) & (time < until) & ~np.isin(groups, np.unique(groups[learns]))
    return Fold(cut, np.flatnonzero(learns), np.flatnonzero(judged))


def stretch(time: Floats, gap: float = 0.0, longest: float = np.inf) -> float:
    """Return the length of a stretch of time that a fit is judged on, or held to.

    Examples
    --------
    >>> stretch(np.array([0.0, 90.0]), gap=10.0), stretch(np.array([0.0, 900.0]), longest=30.0)
    (10.0, 30.0)
    """
    return min((float(time.max()) - float(time.min()) - gap) / 8, longest)


def past_folds(
    time: Floats,
    groups: Whole,
    y: Floats,
    *,
    gap: float = 0.0,
    longest: float = np.inf,
    n_folds: int = 4,
    least_rows: int = 100,
    least_of_class: int = 10,
) -> list[Fold]:
    """Return the newest rolling folds inside the data, oldest first; fewer where data are few.

    The newest stretches of time are judged, each by what came before it: an eighth of the time in
    which anything could have been learned, and not longer than ``longest``. A stretch with too
    few rows is joined with the one before.

    Parameters
    ----------
    time : ndarray of shape (n_rows,)
        Moment of each row, in days (or row numbers).
    groups : ndarray of shape (n_rows,)
        Lead or account of each row.
    y : ndarray of shape (n_rows,)
        0 or 1; only counted, so that both classes are on both sides.
    gap : float
        The horizon: time until the outcome of a row is known.
    longest : float
        The usual time between two trainings: what the next model will be used for.
    n_folds : int
        Folds wanted.
    least_rows, least_of_class : int
        Rows, and rows of each class, that each side of a fold must have.

    Examples
    --------
    >>> time, y = np.arange(1601.0), np.tile([0.0, 1.0], 801)[:1601]
    >>> [(len(f.train), len(f.test)) for f in past_folds(time, np.arange(1601), y, gap=800)]
    [(401, 100), (501, 100), (601, 100), (701, 101)]
    """
    if not len(time):
        return []
    start, end = float(time.min()) + gap, float(time.max())
    width = stretch(time, gap, longest)
    if width <= 0.0:
        return []
    folds: list[Fold] = []
    until = np.inf
    for number in range(1, int((end - start) / width) + 1):
        if len(folds) == n_folds:
            break
        cut = end - number * width
        fold = fold_at(time, groups, cut, until, gap=gap)
        if _usable(fold, y, least_rows, least_of_class):
            folds.append(fold)
            until = cut
    return folds[::-1]


def _usable(fold: Fold, y: Floats, least_rows: int, least_of_class: int) -> bool:
    for rows in (fold.train, fold.test):
        ones = int(y[rows].sum())
        if len(rows) < least_rows or min(ones, len(rows) - ones) < least_of_class:
            return False
    return True
