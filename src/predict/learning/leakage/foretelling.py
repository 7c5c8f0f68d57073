"""Foretelling: how well one column alone ranks later leads of the same month, out of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predict.learning.intervals import bootstrap
from predict.learning.leakage.case import STRETCHES, Stretch, Subject

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

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
    parts: list[tuple[Floats, Floats, Whole, Whole]] = []
    for part in sheet.stretches:
        score = _worth(subject, part)
        stratum = sheet.month[part.rows] * STRETCHES + part.number
        parts.append((sheet.y[part.rows], score, stratum, sheet.group[part.rows]))
    if not parts:
        none: Floats = np.empty(0)
        return Ranks(none, none, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    y, score, stratum, group = (np.concatenate(p) for p in zip(*parts, strict=True))
    return Ranks(y, score, stratum, group)


def _worth(subject: Subject, part: Stretch) -> Floats:
    """Return what the values of the rows of a stretch are worth by what came before it."""
    known, told = _codes(subject, part)
    size = int(max(known.max(), told.max())) + 1
    seen = np.bincount(known, minlength=size)
    total = np.bincount(known, weights=part.above, minlength=size)
    return np.asarray((total / (seen + SHRINK))[told])


def _codes(subject: Subject, part: Stretch) -> tuple[Whole, Whole]:
    """Return the part of each value, of those before a stretch and of those in it; 0: missing."""
    before, after = subject.values[part.known], subject.values[part.rows]
    if subject.kind == "category":
        return (before + 1).astype(np.int64), (after + 1).astype(np.int64)
    taught = np.sort(before[~np.isnan(before)])
    if not len(taught):
        return np.zeros(len(before), np.int64), (~np.isnan(after)).astype(np.int64)
    # The quantiles that are values themselves (inverted distribution function).
    places = np.ceil(np.arange(1, PARTS) / PARTS * len(taught)).astype(np.int64) - 1
    cuts = np.unique(taught[np.maximum(places, 0)])
    return _placed(before, cuts), _placed(after, cuts)


def _placed(values: Floats, cuts: Floats) -> Whole:
    below = np.searchsorted(cuts, values, side="left")
    # A number that many share is a part of its own.
    same = cuts[np.minimum(below, len(cuts) - 1)] == values
    return np.where(np.isnan(values), 0, 2 * below + 1 + same).astype(np.int64)
