"""Walk: from where every lead starts to this lead's chance, in percentage points that add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from predict.learning.newton import sigmoid

Floats = NDArray[np.float64]

#: Log-odds that differ by less have the slope at their middle; the error is below 1e-13.
_CLOSE = 1e-6


def mean_slope(base: ArrayLike, log_odds: ArrayLike) -> Floats:
    r"""Return by how much the chance changes per log-odds, on average between two points.

    Parameters
    ----------
    base, log_odds : array-like of shape (n,)
        Where a walk starts and where it ends, in log-odds.

    Returns
    -------
    ndarray of shape (n,)
        Above 0 and at most 1/4.

    Notes
    -----
    :math:`\int_0^1 \sigma'(b + t (l - b))\,dt = (\sigma(l) - \sigma(b)) / (l - b)`: the cost
    shares of Aumann and Shapley (1974) for a function of a sum. Contributions times this slope
    keep their signs and their order, do not depend on an order of steps, and sum to the change of
    the chance.

    Examples
    --------
    >>> mean_slope([0.0], [0.0]).tolist()
    [0.25]
    >>> round(float(mean_slope([-2.0], [0.0])[0]) * 2.0, 4)  # from 12 % to 50 %
    0.3808
    """
    start, end = np.broadcast_arrays(
        np.asarray(base, dtype=float), np.asarray(log_odds, dtype=float)
    )
    apart = end - start
    close = np.abs(apart) < _CLOSE
    middle = sigmoid((start + end) / 2)
    steep = (sigmoid(end) - sigmoid(start)) / np.where(close, 1.0, apart)
    return np.where(close, middle * (1 - middle), steep)


def walk(base: float, contributions: pd.DataFrame) -> pd.DataFrame:
    """Return what each contribution adds to the chance.

    Parameters
    ----------
    base : float
        Log-odds of a lead of which nothing is known yet.
    contributions : pandas.DataFrame of shape (n, n_parts)
        Log-odds per column or concept; all of them, so that base and parts are the log-odds.

    Returns
    -------
    pandas.DataFrame of shape (n, n_parts)
        Shares of 1, signed like the contributions and in their order: the chance at ``base`` plus
        the sum of a row is the chance of the lead.

    Examples
    --------
    >>> steps = walk(-2.0, pd.DataFrame({"pricing page": [1.5], "country": [-0.5]}))
    >>> steps.round(3).to_dict("records")
    [{'pricing page': 0.225, 'country': -0.075}]
    >>> round(float(sigmoid(np.array([-2.0]))[0] + steps.sum(axis=1)[0]), 3)
    0.269
    """
    added = contributions.to_numpy(dtype=float)
    slope = mean_slope(base, base + added.sum(axis=1))
    return pd.DataFrame(
        added * slope[:, None], columns=contributions.columns, index=contributions.index
    )


def rounded(parts: ArrayLike, total: float, decimals: int = 0) -> list[float]:
    """Return parts rounded so that, as printed, they add up to the rounded total.

    Parameters
    ----------
    parts : array-like of shape (n,)
        What adds up to ``total``.
    total : float
        As exact as the parts.
    decimals : int
        Digits printed after the point.

    Returns
    -------
    list of float
        Each differs from its part by less than one unit of the last digit; what is missing goes
        to the parts that rounding down cut most (largest remainders, Hamilton 1792).

    Examples
    --------
    >>> rounded([1.4, 1.4, 1.4], 4.2)
    [2.0, 1.0, 1.0]
    >>> rounded([8.0, 3.6, -1.3], 10.3)
    [8.0, 3.0, -1.0]
    """
    unit = 10.0**-decimals
    scaled = np.asarray(parts, dtype=float) / unit
    floors = np.floor(scaled)
    missing = round(total / unit) - int(floors.sum())
    order = np.argsort(-(scaled - floors), kind="stable")
    floors[order[: max(missing, 0)]] += 1
    return [round(float(value) * unit, decimals) for value in floors]
