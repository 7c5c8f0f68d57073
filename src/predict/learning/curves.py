"""Curves behind the pictures: chances against what happened, and winners found by work done."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from predict.learning.intervals import Figures, Floats, bootstrap, percentiles
from predict.learning.metrics import CALIBRATION_BINS
from predict.learning.ranking import Ranking, Weighted, ratio

GAIN_SHARES = np.arange(101) / 100


def calibration_curve(
    y: ArrayLike,
    p: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    bins: int = CALIBRATION_BINS,
    draws: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """Return mean probability and rate in bins of about equal count.

    Parameters
    ----------
    y, p : array-like of shape (n_rows,)
        Outcomes (0 or 1) and probabilities.
    groups : array-like of shape (n_rows,), optional
        Account or lead: rows that are drawn together for the intervals.
    bins : int
        Most bins; rows of equal probability share one.
    draws, seed : int
        Resamples and their seed.

    Returns
    -------
    pandas.DataFrame
        x (mean probability), y (rate), low, high (95 %), n (rows); by x.

    Examples
    --------
    >>> calibration_curve([0, 1, 1, 1], [0.2, 0.2, 0.8, 0.8], bins=2, draws=0)[["x", "y", "n"]]
         x    y  n
    0  0.2  0.5  2
    1  0.8  1.0  2
    """
    won, chance = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    middle = pd.Series(chance).rank(method="average").to_numpy() - 0.5
    _, codes = np.unique(np.floor(middle / len(chance) * bins), return_inverse=True)
    members = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]

    def rates(weights: Floats) -> Figures:
        return {
            str(code): ratio(
                np.einsum("ij,j->i", weights[:, rows], won[rows]), weights[:, rows].sum(axis=1)
            )
            for code, rows in enumerate(members)
        }

    point, drawn = bootstrap(rates, groups, len(won), draws, seed)
    lines = []
    for code, rows in enumerate(members):
        low, high = percentiles(drawn[str(code)])
        rate = float(point[str(code)][0])
        lines.append((float(chance[rows].mean()), rate, low, high, len(rows)))
    return pd.DataFrame(lines, columns=["x", "y", "low", "high", "n"])


def gain_curve(
    y: ArrayLike,
    p: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    draws: int = 0,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the share of all winners among the best x of the rows, expected over ties.

    Parameters
    ----------
    y, p, groups, draws, seed
        As in `calibration_curve`.

    Returns
    -------
    pandas.DataFrame
        x (share of rows, 0 to 1 by hundredths), y (share of winners), low, high (95 %), n (rows).

    Examples
    --------
    >>> gain = gain_curve([1, 0, 0, 0], [0.9, 0.1, 0.1, 0.1])
    >>> gain.loc[gain["x"].isin([0, 0.25, 1]), "y"].tolist()
    [0.0, 1.0, 1.0]
    """
    rank = Ranking.of(y, p)

    def shares(weights: Floats) -> Figures:
        rows = Weighted(rank, weights)
        n, wins = rows.n[:, -1], rows.wins[:, -1]
        return {str(x): ratio(rows.captured(x * n), wins) for x in GAIN_SHARES}

    point, drawn = bootstrap(shares, groups, len(rank.y), draws, seed)
    lines = [
        (x, float(point[str(x)][0]), *percentiles(drawn[str(x)]), len(rank.y)) for x in GAIN_SHARES
    ]
    return pd.DataFrame(lines, columns=["x", "y", "low", "high", "n"])
