"""Blend: both members and the calibrator, fitted; from matrix to log-odds and contributions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from predict.learning.boosting import BoostingMember
from predict.learning.calibration import Calibrator, anchor_of
from predict.learning.linear import LinearMember
from predict.learning.selection import Choice
from predict.learning.table import Table

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Blend:
    """Calibrated log-odds of a matrix: a weighted mean of two members' log-odds, on a line.

    Parameters
    ----------
    linear : LinearMember
    boosting : BoostingMember or None
        None where its share is 0.
    share : float
        Weight of the boosting member.
    calibrator : Calibrator
    base : float
        Calibrated log-odds that contributions add to.
    """

    linear: LinearMember
    boosting: BoostingMember | None
    share: float
    calibrator: Calibrator
    base: float

    @classmethod
    def fit(cls, table: Table, choice: Choice, *, seeds: range, threads: int = 0) -> Blend:
        """Return the last fit: on all rows, as the past has settled it."""
        recent = table.recent(choice.half_life)
        linear = LinearMember.fit(recent)
        boosting = None
        if choice.share > 0.0:
            boosting = BoostingMember.fit(
                recent, settings=choice.settings, seeds=seeds, threads=threads
            )
        loose = cls(linear, boosting, choice.share, choice.calibrator, 0.0)
        newest = table.newest()
        anchor = anchor_of(loose.margin(newest.matrix, threads), newest.y, newest.weight)
        calibrator = replace(choice.calibrator, anchor=anchor)
        base = (1 - choice.share) * linear.base
        if boosting is not None:
            base += choice.share * boosting.base(table.matrix[:1], threads)
        return cls(
            linear,
            boosting,
            choice.share,
            calibrator,
            calibrator.slope * base + calibrator.intercept,
        )

    def margin(self, matrix: Floats, threads: int = 0) -> Floats:
        """Return the blended log-odds before calibration, shape (n_rows,)."""
        margin = (1 - self.share) * self.linear.margin(matrix)
        if self.boosting is not None:
            margin = margin + self.share * self.boosting.margin(matrix, threads)
        return margin

    def log_odds(self, matrix: Floats, threads: int = 0) -> Floats:
        """Return calibrated log-odds, shape (n_rows,)."""
        return self.calibrator.apply(self.margin(matrix, threads))

    def contributions(self, matrix: Floats, threads: int = 0) -> Floats:
        """Return what each matrix column adds to ``base``, in calibrated log-odds.

        Returns
        -------
        ndarray of shape (n_rows, n_matrix_columns)
        """
        added = (1 - self.share) * self.linear.contributions(matrix)
        if self.boosting is not None:
            trees = self.boosting.contributions(matrix, threads)[:, :-1]
            added = added + self.share * trees
        return self.calibrator.slope * added
