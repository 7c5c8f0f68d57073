"""Worth: how many of the leads worked are to be expected to get there, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: The range holds in nine of ten such lists, were the chances exactly right.
SHARE = 0.9
#: Leads up to which the distribution is computed exactly; above it is as good as normal.
EXACT = 2_000
#: Standard deviations of a normal distribution that hold `SHARE` of it.
_Z = 1.6448536269514722


@dataclass(frozen=True)
class Worth:
    """What working some leads is to be expected to bring.

    Parameters
    ----------
    count : int
        Leads worked.
    expected : float
        The sum of their chances.
    low, high : int
        Between these lies the number that gets there in `SHARE` of such lists.
    """

    count: int
    expected: float
    low: int
    high: int


def worth(chances: ArrayLike) -> Worth:
    """Return how many of some leads are to be expected to get there.

    Parameters
    ----------
    chances : array-like of shape (n,)
        Probabilities in [0, 1], of leads that do not depend on each other.

    Notes
    -----
    The number is a sum of independent yes-or-no's with unequal chances: the Poisson-binomial
    distribution (Wang 1993), by exact convolution up to `EXACT` leads and by its normal limit
    with continuity correction above.

    Examples
    --------
    >>> worth([0.5] * 4)
    Worth(count=4, expected=2.0, low=0, high=4)
    >>> worth([0.155] * 200)
    Worth(count=200, expected=31.0, low=23, high=40)
    >>> worth([1.0, 1.0, 0.0])
    Worth(count=3, expected=2.0, low=2, high=2)
    """
    p = np.asarray(chances, dtype=float)
    expected = round(float(p.sum()), 9)
    if len(p) <= EXACT:
        below = np.cumsum(distribution(p))
        tail = (1 - SHARE) / 2
        low = int(np.searchsorted(below, tail + 1e-12, side="left"))
        high = int(np.searchsorted(below, 1 - tail - 1e-12, side="left"))
    else:
        half = _Z * float(np.sqrt((p * (1 - p)).sum())) + 0.5
        low, high = max(0, round(expected - half)), min(len(p), round(expected + half))
    return Worth(len(p), expected, low, min(high, len(p)))


def distribution(chances: ArrayLike) -> NDArray[np.float64]:
    """Return the chance of each number, 0 to n, of leads that get there.

    Examples
    --------
    >>> distribution([0.5, 0.5]).tolist()
    [0.25, 0.5, 0.25]
    """
    found = np.ones(1)
    for p in np.asarray(chances, dtype=float):
        found = np.convolve(found, (1 - p, p))
    return found
