"""Foretelling: how well one column alone ranks later leads of the same month, out of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predict.learning.intervals import bootstrap
from predict.learning.leakage.case import Subject

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

#: Stretches of time; each but the first is judged by what came before it.
STRETCHES = 4
#: Parts into which numbers are cut.
PARTS = 24
#: Weight of the average against the leads of one part, in leads.
SHRINK = 20.0
#: Rows that are judged, and of either outcome.
FEWEST, FEWEST_OF_EACH = 100, 10
#: Share of resamples below the bound.
BELOW = 0.005


@dataclass(frozen=True)
class Ranks:
    """Rows that a column ranked without having seen them.

    Parameters
    ----------
    y, score : ndarray of shape (n_rows,)
        Outcome, and the rank that the column gave.
    stratum : ndarray of shape (n_rows,)
        Rows are compared within it only: the month, and the stretch of time that taught the score.
    group : ndarray of shape (n_rows,)
        Rows that are drawn together.
    """

    y: Floats
    score: Floats
    stratum: Whole
    group: Whole

    @property
    def enough(self) -> bool:
        """Whether there are rows of either outcome to judge on."""
        ones = float(self.y.sum())
        return len(self.y) >= FEWEST and min(ones, len(self.y) - ones) >= FEWEST_OF_EACH

    def auc(self) -> float:
        """Return the chance that a winner outranks a loser of the same stratum, ties half."""
        return float(self.weighted(np.ones((1, len(self.y))))[0])

    def bounds(self, draws: int = 400, seed: int = 0) -> tuple[float, float]:
        """Return the AUC between which all but `BELOW` of the resamples of groups lie, each end."""
        _, drawn = bootstrap(
            lambda w: {"auc": self.weighted(w)}, self.group, len(self.y), draws, seed
        )
        known = drawn["auc"][np.isfinite(drawn["auc"])]
        if not len(known):
            return 0.0, 1.0
        low, high = np.quantile(known, [BELOW, 1 - BELOW])
        return float(low), float(high)

    def weighted(self, weights: Floats) -> Floats:
        """Return the AUC for each line of weights, of shape (n_lines, n_rows)."""
        order = np.lexsort((self.score, self.stratum))
        stratum, score, y = self.stratum[order], self.score[order], self.y[order]
        new = np.r_[True, (stratum[1:] != stratum[:-1]) | (score[1:] != score[:-1])]
        start = np.flatnonzero(new)  # one place a stratum and score
        w = weights[:, order]
        ones = np.add.reduceat(w * y, start, axis=1)
        zeros = np.add.reduceat(w * (1 - y), start, axis=1)
        first = np.r_[True, stratum[start][1:] != stratum[start][:-1]]
        part = np.cumsum(first) - 1
        below = np.cumsum(zeros, axis=1) - zeros
        below = below - below[:, np.flatnonzero(first)][:, part]
        wins = (ones * (below + zeros / 2)).sum(axis=1)
        heads = np.flatnonzero(first)
        pairs = np.add.reduceat(ones, heads, axis=1) * np.add.reduceat(zeros, heads, axis=1)
        total = pairs.sum(axis=1)
        return np.divide(wins, total, out=np.full(len(total), np.nan), where=total > 0)


def foretell(subject: Subject) -> Ranks:
    """Learn from earlier leads what each part of a column is worth; rank later leads by it.

    A part is worth the mean of outcome minus the rate of the month, shrunk towards 0: a column
    that only tells the month is worth nothing. Groups that were learned from are not judged.
    """
    sheet = subject.sheet
    cuts = np.unique(np.quantile(sheet.time, np.arange(1, STRETCHES) / STRETCHES))
    stretch = np.searchsorted(cuts, sheet.time, side="right")
    parts: list[tuple[Floats, Floats, Whole, Whole]] = []
    for number in range(1, int(stretch.max()) + 1):
        known, later = stretch < number, stretch == number
        taught = np.zeros(int(sheet.group.max()) + 1, dtype=bool)
        taught[sheet.group[known]] = True
        rows = np.flatnonzero(later & ~taught[sheet.group])
        if not len(rows) or not known.any():
            continue
        score = _worth(subject, known)[rows]
        stratum = sheet.month[rows] * STRETCHES + number
        parts.append((sheet.y[rows], score, stratum, sheet.group[rows]))
    if not parts:
        none: Floats = np.empty(0)
        return Ranks(none, none, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    y, score, stratum, group = (np.concatenate(p) for p in zip(*parts, strict=True))
    return Ranks(y, score, stratum, group)


def _worth(subject: Subject, known: NDArray[np.bool_]) -> Floats:
    sheet = subject.sheet
    code = _codes(subject, known)
    size = int(code.max()) + 1
    months = int(sheet.month.max()) + 1
    n = np.bincount(sheet.month[known], minlength=months)
    won = np.bincount(sheet.month[known], weights=sheet.y[known], minlength=months)
    rate = won / np.maximum(n, 1)
    above = sheet.y[known] - rate[sheet.month[known]]
    seen = np.bincount(code[known], minlength=size)
    total = np.bincount(code[known], weights=above, minlength=size)
    return (total / (seen + SHRINK))[code]


def _codes(subject: Subject, known: NDArray[np.bool_]) -> Whole:
    """Return the part of each row; 0 is missing."""
    if subject.kind == "category":
        return np.asarray(subject.values + 1, dtype=np.int64)
    values, filled = subject.values, subject.filled
    taught = values[known & filled]
    if not len(taught):
        return filled.astype(np.int64)
    cuts = np.unique(np.quantile(taught, np.arange(1, PARTS) / PARTS, method="inverted_cdf"))
    place = 2 * np.searchsorted(cuts, values, side="left") + 1
    # A number that many share is a part of its own.
    place += np.isin(values, cuts)
    return np.where(filled, place, 0).astype(np.int64)
