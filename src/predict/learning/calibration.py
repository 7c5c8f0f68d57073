"""Margin → probability: a logistic line, so that contributions still add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predict.learning.newton import fit_logistic

Floats = NDArray[np.float64]

#: Precisions of the priors: slope 1 ± 0.1; the level of one fold 0 ± 1; the anchor 0 ± 0.1.
SLOPE_PRECISION = 100.0
LEVEL_PRECISION = 1.0
ANCHOR_PRECISION = 100.0
#: Spread of the level that lasts over folds, and (one fold's worth of belief) of what does not.
_LASTING, _PASSING = 0.3, 0.5


@dataclass(frozen=True)
class Calibrator:
    """Log-odds = pivot + slope × (margin − pivot) + level + anchor.

    Parameters
    ----------
    slope : float
        Below 1 draws exaggerated margins together.
    pivot : float
        The margin that the slope leaves where it is.
    level : float
        How far models fell short, fold after fold, of what came after them.
    anchor : float
        How far the newest matured rows lie from what the last fit says of them.

    Examples
    --------
    >>> Calibrator(slope=0.5, pivot=-2.0).apply(np.array([-2.0, 0.0])).tolist()
    [-2.0, -1.0]
    """

    slope: float = 1.0
    pivot: float = 0.0
    level: float = 0.0
    anchor: float = 0.0

    @classmethod
    def fit(
        cls, margins: Sequence[Floats], ys: Sequence[Floats], weights: Sequence[Floats]
    ) -> Calibrator:
        r"""Return the line that later folds call for, drawn to the identity where they say little.

        Parameters
        ----------
        margins, ys, weights : sequences with one ndarray per fold
            Log-odds of rows that the members did not learn from, their outcomes, frequencies.

        Notes
        -----
        Each fold has a level of its own, so that a base rate on the move does not pass for a
        slope. What the levels :math:`d_k` of :math:`K` folds have in common is believed as far as
        they agree: :math:`\bar d\,\tau^2 / (\tau^2 + s^2 / K)`, with :math:`s^2` their variance
        and one prior observation of it; the random-effects estimate of DerSimonian and Laird
        (1986), with a normal prior of standard deviation :math:`\tau`.
        """
        if not margins:
            return cls()
        margin, y, weight = (np.concatenate(part) for part in (margins, ys, weights))
        pivot = float(np.average(margin, weights=weight))
        n_folds = len(margins)
        fold = np.repeat(np.arange(n_folds), [len(part) for part in margins])
        design = np.column_stack([margin - pivot, fold[:, None] == np.arange(n_folds)])
        beta = fit_logistic(
            design,
            y,
            weight,
            np.array([SLOPE_PRECISION] + [LEVEL_PRECISION] * n_folds),
            centre=np.array([1.0] + [0.0] * n_folds),
            offset=np.full(len(y), pivot),
        )
        levels = beta[1:]
        common = float(levels.mean())
        spread = (_PASSING**2 + float(((levels - common) ** 2).sum())) / n_folds
        belief = _LASTING**2 / (_LASTING**2 + spread / n_folds)
        # A slope near or below zero would turn the ranking round: noise, never knowledge.
        return cls(max(float(beta[0]), 0.2), pivot, common * belief)

    def anchored(self, margin: Floats, y: Floats, weight: Floats) -> Calibrator:
        """Return the calibrator held to the base rate of the newest matured rows.

        Parameters
        ----------
        margin : ndarray of shape (n_rows,)
            Log-odds that the last fit gives to rows that it learned from. One number is fitted,
            under a strong prior, so that seeing them twice does no harm; rows that it had not
            seen would ask for far more than what it has not yet absorbed.
        y, weight : ndarray of shape (n_rows,)
            Outcomes and frequencies.
        """
        if not len(y):
            return self
        shift = fit_logistic(
            np.ones((len(y), 1)),
            y,
            weight,
            np.array([ANCHOR_PRECISION]),
            offset=self.apply(margin) - self.level - self.anchor,
        )
        return replace(self, anchor=float(shift[0]))

    @property
    def intercept(self) -> float:
        """Log-odds of a margin of zero."""
        return self.pivot * (1.0 - self.slope) + self.level + self.anchor

    def apply(self, margin: Floats) -> Floats:
        """Return calibrated log-odds."""
        return self.slope * margin + self.intercept

    def as_dict(self) -> dict[str, float]:
        """Return a JSON-ready mapping."""
        return {
            "slope": self.slope,
            "pivot": self.pivot,
            "level": self.level,
            "anchor": self.anchor,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Calibrator:
        """Return the calibrator that `as_dict` described."""
        return cls(*(float(value[name]) for name in ("slope", "pivot", "level", "anchor")))
