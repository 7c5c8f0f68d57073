"""Cells: parts of a column's values, and by how much being in one multiplies the odds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predict.history.suspects import Bounds, exact_bounds, strength
from predict.learning.leakage.case import Sheet, Subject

Marks = NDArray[np.bool_]
Whole = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Leads that a cell, and all others, must have.
FEWEST = 12
#: Shares of the filled values at which numbers are cut, from both ends.
TAILS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
#: Values that many leads share, looked at one by one.
MOST_VALUES = 30


@dataclass(frozen=True)
class Cell:
    """A part of the values of a column.

    Parameters
    ----------
    words : str
        "is “x”", "is below 90", "is filled".
    inside : ndarray of shape (n_rows,)
        The rows that have it.
    """

    words: str
    inside: Marks


def cells_of(subject: Subject) -> Iterator[Cell]:
    """Yield filled, each level, each often shared number, and both tails of numbers."""
    n = len(subject.sheet)
    filled = subject.filled
    if FEWEST <= filled.sum() <= n - FEWEST:
        yield Cell("is filled", filled)
    if not filled.any():
        return
    if subject.kind == "category":
        yield from _levels(subject, n)
    else:
        yield from _numbers(subject.values, filled, n, subject.dated)


def _levels(subject: Subject, n: int) -> Iterator[Cell]:
    if subject.hidden:
        return
    counts = np.bincount(subject.values[subject.values >= 0], minlength=len(subject.levels))
    for code in np.flatnonzero((counts >= FEWEST) & (counts <= n - FEWEST)):
        yield Cell(f"is “{subject.levels[code]}”", subject.values == code)


def _numbers(values: Floats, filled: Marks, n: int, dated: bool) -> Iterator[Cell]:
    there = np.sort(values[filled])
    unit = " days after the look" if dated else ""
    places = np.maximum(np.ceil(np.asarray(TAILS) * len(there)).astype(np.int64) - 1, 0)
    for end, side in ((1, "at most"), (-1, "at least")):
        ranked = there if end == 1 else -there[::-1]
        cuts = np.unique(ranked[places])
        # Cells of one tail are nested, so that equal sizes are equal cells.
        sizes = np.searchsorted(ranked, cuts, side="right")
        for cut in cuts[(sizes >= FEWEST) & (sizes <= n - FEWEST)]:
            with np.errstate(invalid="ignore"):
                inside = end * values <= cut
            yield Cell(f"is {side} {end * cut:,.6g}{unit}", inside)
    if not dated:
        first = np.flatnonzero(np.r_[True, there[1:] != there[:-1]])
        shared, counts = there[first], np.diff(np.r_[first, len(there)])
        often = np.argsort(-counts, kind="stable")[:MOST_VALUES]
        for i in np.sort(often):
            if FEWEST <= counts[i] <= n - FEWEST:
                yield Cell(f"is {shared[i]:,.6g}", values == shared[i])


@dataclass(frozen=True)
class Measure:
    """A cell against the leads of the same months that are outside it.

    Parameters
    ----------
    inside, outside : Bounds
        Shares of leads that converted; the larger side standardised to the months of the other.
    strength : float
        By how much the cell multiplies the odds, one way or the other, at the least.
    """

    inside: Bounds
    outside: Bounds

    @property
    def strength(self) -> float:
        """By how much being inside multiplies the odds, at the least; below 1 it may be none."""
        return strength(self.inside, self.outside)

    @property
    def seen(self) -> float:
        """The same as seen, half a lead added to each count (Haldane 1956, Anscombe 1956)."""
        a, b = _odds(self.inside), _odds(self.outside)
        return max(a / b, b / a)


def _odds(side: Bounds) -> float:
    return (side.reached + 0.5) / (side.leads - side.reached + 0.5)


def idle(cell: Cell, sheet: Sheet, times: float) -> bool:
    """Tell whether all rows as seen change the odds by less than so many times: bounds say less."""
    n, k = _counted(sheet, cell.inside, slice(None))
    both = (n[0] > 0) & (n[1] > 0)
    if not both.any():
        return True
    n, k = n[:, both], k[:, both]
    rarer = int(n[1].sum() <= n[0].sum())
    other = 1 - rarer
    one = float(k[rarer].sum() / n[rarer].sum())
    two = float(n[rarer] @ (k[other] / n[other]) / n[rarer].sum())
    a, b = one * (1 - two), two * (1 - one)
    return max(a, b) < times * min(a, b)


def measure(cell: Cell, sheet: Sheet, doubt: float, *, one_of_each: bool = True) -> Measure | None:
    """Return a cell's measure; None where no month has leads on both sides.

    Parameters
    ----------
    cell : Cell
    sheet : Sheet
    doubt : float
        Probability that either bound is wrong, all in all.
    one_of_each : bool
        Count one row of an account on either side, so that rows count for what they are worth.

    Notes
    -----
    The larger side has its months weighted as the smaller has them (direct standardisation), and
    counts as many rows as that leaves it (Kish 1965): exact bounds of that many rows.
    """
    rows: Whole | slice = slice(None)
    if one_of_each:
        # The sheet lies in a random order: the first row of an account is any of them.
        key = sheet.group * 2 + cell.inside
        first = np.full(2 * sheet.groups, -1)
        first[key[::-1]] = np.arange(len(key) - 1, -1, -1)
        rows = first[first >= 0]
    n, k = _counted(sheet, cell.inside, rows)
    both = (n[0] > 0) & (n[1] > 0)
    if not both.any():
        return None
    n, k = n[:, both], k[:, both]
    rarer = int(n[1].sum() <= n[0].sum())
    other = 1 - rarer
    weight = n[rarer] / n[rarer].sum()
    rate = float(weight @ (k[other] / n[other]))
    worth = 1 / float((weight**2 / n[other]).sum())
    told = {
        rarer: _bounds(float(k[rarer].sum()), float(n[rarer].sum()), doubt),
        other: _bounds(rate * worth, worth, doubt),
    }
    return Measure(told[1], told[0])


def _counted(sheet: Sheet, inside: Marks, rows: Whole | slice) -> tuple[Floats, Floats]:
    """Return leads and winners by side (outside, inside) and month."""
    code = sheet.month_and_outcome[rows] + 2 * sheet.months * inside[rows]
    size = sheet.months
    counts = np.bincount(code, minlength=4 * size).reshape(2, size, 2).astype(float)
    return counts.sum(axis=2), counts[:, :, 1]


def _bounds(reached: float, leads: float, doubt: float) -> Bounds:
    return exact_bounds(min(reached, leads), leads, doubt)
