"""Bins of one feature: ranges a reader can say, 0, categories with enough leads, other, missing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predict.learning.edges import readable_edges

#: Fewer leads than this never make a bin of values, nor have their level's text stored (privacy).
MIN_LEADS = 20
MOST_RANGES = 6

Kind = Literal["zero", "range", "level", "other", "missing"]
Codes = NDArray[np.int64]
Shape = dict[str, Any]


@dataclass(frozen=True)
class Bin:
    """Past leads alike in one feature, and how many of them converted.

    Parameters
    ----------
    feature : str
        Column of ``X``.
    kind : {"zero", "range", "level", "other", "missing"}
        Whether the bin is of the number 0, of other numbers, of one category, of all categories
        too rare to have their own, or of leads of which nothing is known.
    low, high : float or None
        A range holds ``low <= value < high``; None is no limit.
    level : str or None
        The category; only where at least 20 leads had it.
    whole : bool
        All values are whole numbers, so that [3, 6) reads "3 to 5".
    n, converters : int
        Leads, each counted once at its first row in the bin, and those of them that converted
        within the horizon of that row.
    rate, rate_low, rate_high : float
        ``converters / n`` with Wilson's 95 % interval.
    since, until : str
        Days (ISO) of the first and the last of those rows.
    overall : float
        Rate of all leads, each at its first row.
    """

    feature: str
    kind: Kind
    low: float | None
    high: float | None
    level: str | None
    whole: bool
    n: int
    converters: int
    rate: float
    rate_low: float
    rate_high: float
    since: str
    until: str
    overall: float

    @property
    def label(self) -> str:
        """The bin in a few words: "3 to 5", "20 or more", "retail", "other", "missing".

        Examples
        --------
        >>> def label(low, high, whole):
        ...     return Bin("f", "range", low, high, None, whole, 1, 0, 0, 0, 1, "", "", 0).label
        >>> label(3, 6, True), label(5, 6, True), label(20, None, True), label(None, 3, True)
        ('3 to 5', '5', '20 or more', '2 or less')
        >>> label(1.5, 1200, False), label(None, 0.5, False), label(0.5, None, False)
        ('1.5 to under 1,200', 'under 0.5', '0.5 or more')
        >>> label(0.0, 0.5, False), label(None, None, True)
        ('above 0, under 0.5', 'any number')
        """
        if self.kind == "level":
            return str(self.level)
        if self.kind != "range":
            return "0" if self.kind == "zero" else self.kind
        low = "" if self.low is None else f"{self.low:,.15g}"
        if self.high is None:
            return f"{low} or more" if low else "any number"
        last = f"{self.high - 1:,.15g}" if self.whole else f"under {self.high:,.15g}"
        if not low:
            return f"{last} or less" if self.whole else last
        if low == "0":
            return f"above 0, {last}"  # 0 itself is a bin of its own
        return low if low == last else f"{low} to {last}"


def _shape(kind: Kind, **given: object) -> Shape:
    return {"kind": kind, "low": None, "high": None, "level": None, "whole": False, **given}


def number_bins(values: pd.Series, leads: Codes) -> tuple[Codes, list[Shape]]:
    """Sort numbers into ranges, 0 and missing.

    Parameters
    ----------
    values : pandas.Series of shape (n_rows,)
        Numbers, NaN for missing.
    leads : ndarray of shape (n_rows,)
        Lead number of each row, counted from 0.

    Returns
    -------
    codes : ndarray of shape (n_rows,)
        Bin number of each row.
    shapes : list of dict
        Per bin the arguments of `Bin` that say what it holds.
    """
    x = values.to_numpy(dtype=float)
    missing, zero = np.isnan(x), x == 0
    ranged = ~missing & ~zero
    used = x[ranged]
    whole = bool(used.size) and bool((used == np.floor(used)).all())
    edges = readable_edges(used, leads[ranged], most=MOST_RANGES, least=MIN_LEADS)
    codes = np.searchsorted(edges, x, side="right")
    # Where 0 has its own bin and nothing is negative, the first range begins above it.
    lowest = (1.0 if whole else 0.0) if zero.any() and not (used < 0).any() else None
    limits = [lowest, *(float(edge) for edge in edges), None]
    shapes = [_shape("range", low=low, high=high, whole=whole) for low, high in pairwise(limits)]
    codes[zero], codes[missing] = len(shapes), len(shapes) + 1
    return codes, [*shapes, _shape("zero", low=0.0, high=0.0, whole=True), _shape("missing")]


def level_bins(values: pd.Series, leads: Codes) -> tuple[Codes, list[Shape]]:
    """Sort categories or text into levels with enough leads, other and missing.

    Parameters
    ----------
    values : pandas.Series of shape (n_rows,)
        Text, None for missing.
    leads : ndarray of shape (n_rows,)
        Lead number of each row, counted from 0.

    Returns
    -------
    codes : ndarray of shape (n_rows,)
        Bin number of each row.
    shapes : list of dict
        Per bin the arguments of `Bin` that say what it holds.
    """
    found, levels = pd.factorize(values.astype(object), sort=False)
    width = int(leads.max()) + 1 if len(leads) else 1
    pairs = np.unique((found * width + leads)[found >= 0])  # a lead counts once per level
    n_leads = np.bincount(pairs // width, minlength=len(levels))
    frequent = [(-int(n), str(levels[i]), i) for i, n in enumerate(n_leads) if n >= MIN_LEADS]
    kept = [i for _, _, i in sorted(frequent)]
    codes_of = np.full(len(levels) + 1, len(kept))
    codes_of[kept] = np.arange(len(kept))
    codes_of[-1] = len(kept) + 1  # pandas numbers missing values -1
    shapes = [_shape("level", level=str(levels[i])) for i in kept]
    return codes_of[found], [*shapes, _shape("other"), _shape("missing")]
