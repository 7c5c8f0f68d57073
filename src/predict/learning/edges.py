"""Limits of bins that a reader can say: near the quantiles, at the roundest numbers there."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# How far an edge may move from its quantile, as a share of the way to the nearest other quantile.
_ROOM = 0.4


def readable_edges(values: Floats, leads: NDArray[np.int64], *, most: int, least: int) -> Floats:
    """Return inner limits that split numbers into about equally full, readable ranges.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Finite numbers.
    leads : ndarray of shape (n_rows,)
        Lead number of each row, counted from 0.
    most : int
        Most ranges.
    least : int
        Fewest leads of a range; fuller neighbours take in what has fewer.

    Returns
    -------
    ndarray of shape (≤ most − 1,)
        Ascending; a range holds ``edge <= value < next edge``.

    Examples
    --------
    >>> values = np.arange(1.0, 1000.0)
    >>> readable_edges(values, np.arange(999), most=5, least=20).tolist()
    [200.0, 400.0, 600.0, 800.0]
    >>> counts = np.repeat([1.0, 2.0, 3.0, 7.0], [500, 200, 150, 10])
    >>> readable_edges(counts, np.arange(860), most=6, least=20).tolist()
    [2.0, 3.0]
    """
    if not values.size:
        return np.empty(0)
    # Quantiles are values that occur, so that edges of whole numbers are whole.
    wanted = np.quantile(values, np.arange(1, most) / most, method="higher")
    stops = np.unique(np.concatenate([[values.min()], wanted, [values.max()]]))
    edges = []
    for before, at, after in zip(stops[:-2], stops[1:-1], stops[2:], strict=True):
        room = _ROOM * min(at - before, after - at)
        edges.append(roundest(float(at - room), float(at + room), float(at)))
    if len(stops) > 1 and stops[-1] == wanted[-1]:
        edges.append(float(stops[-1]))  # many rows share the largest value: a range of its own
    return _full_enough(values, leads, np.unique(edges), least)


def roundest(low: float, high: float, near: float) -> float:
    """Return the number of fewest digits in [low, high], of those the one nearest to ``near``.

    Examples
    --------
    >>> roundest(41.3, 52.8, 47.0), roundest(2.0, 2.0, 2.0), roundest(0.0231, 0.0249, 0.024)
    (50.0, 2.0, 0.024)
    """
    size = max(abs(low), abs(high))
    if size == 0 or low == high:
        return near
    exponent = math.floor(math.log10(size)) + 1
    for power in range(exponent, exponent - 17, -1):
        for step in (5 * 10.0**power, 10.0**power):
            multiple = round(near / step)
            for candidate in (multiple, math.ceil(low / step), math.floor(high / step)):
                # A decimal text and back: 3 * 0.1 is not the number a reader would write.
                value = float(f"{candidate * step:.15g}")
                if low <= value <= high:
                    return value
    return near


def _full_enough(values: Floats, leads: NDArray[np.int64], edges: Floats, least: int) -> Floats:
    while len(edges):
        codes = np.searchsorted(edges, values, side="right")
        seen = np.zeros((len(edges) + 1, int(leads.max()) + 1), dtype=bool)
        seen[codes, leads] = True
        n = seen.sum(axis=1)
        poorest = int(n.argmin())
        if n[poorest] >= least:
            break
        # Edge i lies between ranges i and i + 1: drop the one towards the poorer neighbour.
        left, right = poorest - 1, poorest
        if left < 0 or (right < len(edges) and n[poorest + 1] < n[poorest - 1]):
            edges = np.delete(edges, right)
        else:
            edges = np.delete(edges, left)
    return edges
