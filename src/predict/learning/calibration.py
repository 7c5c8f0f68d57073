"""Margin → probability: a logistic line, so that contributions still add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predict.learning.newton import fit_logistic

Floats = NDArray[np.float64]

#: Precisions of the priors within one fold: slope 1 ± 0.2, level 0 ± 1.
_FOLD_PRECISION = (25.0, 1.0)
#: Standard deviation of what lasts over folds, and of what passes: of the slope, of the level.
_LASTING = (0.15, 0.05)
_PASSING = (0.3, 0.5)
#: Precision of the prior of the anchor: 0 ± 0.1, stronger than a few weeks of leads.
ANCHOR_PRECISION = 100.0
_LEAST_SLOPE = 0.2


def anchor_of(
    margin: Floats, y: Floats, weight: Floats, precision: float = ANCHOR_PRECISION
) -> float:
    """Return how far newest matured rows lie from what a fit says of them, under a strong prior.

    Parameters
    ----------
    margin : ndarray of shape (n_rows,)
        Log-odds that the fit gives to rows that it learned from. One number is fitted, under a
        strong prior, so that seeing them twice does no harm; rows that it had not seen would ask
        for far more than what it has not yet absorbed.
    y, weight : ndarray of shape (n_rows,)
        Outcomes and frequencies.
    precision : float
        Of the normal prior around 0.

    Examples
    --------
    >>> round(anchor_of(np.zeros(1000), np.ones(1000), np.ones(1000)), 2) > 1.0
    True
    >>> abs(anchor_of(np.zeros(5), np.ones(5), np.ones(5))) < 0.03
    True
    """
    if not len(y):
        return 0.0
    prior = np.array([precision])
    return float(fit_logistic(np.ones((len(y), 1)), y, weight, prior, offset=margin)[0])


@dataclass(frozen=True)
class Calibrator:
    """Log-odds = pivot + slope × (margin + anchor − pivot) + level.

    Parameters
    ----------
    slope : float
        Below 1 draws exaggerated margins together.
    pivot : float
        The margin that the slope leaves where it is.
    level : float
        How far anchored fits fell short, fold after fold, of what came after them.
    anchor : float
        How far the newest matured rows lie from what the last fit says of them; see `anchor_of`.

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
            Anchored log-odds of rows that the members did not learn from, their outcomes,
            frequencies.

        Notes
        -----
        Each fold has a slope and a level of its own, so that a base rate on the move does not
        pass for a slope. What the departures :math:`d_k` of :math:`K` folds from the identity
        have in common is believed as far as they agree:
        :math:`\bar d\,\tau^2 / (\tau^2 + s^2 / K)`, with :math:`s^2` their variance and one prior
        observation of it: the random-effects estimate of DerSimonian and Laird (1986) under a
        normal prior of standard deviation :math:`\tau`.
        """
        if not margins:
            return cls()
        pivot = float(np.average(np.concatenate(margins), weights=np.concatenate(weights)))
        lines = [
            fit_logistic(
                np.column_stack([margin - pivot, np.ones(len(y))]),
                y,
                weight,
                np.array(_FOLD_PRECISION),
                centre=np.array([1.0, 0.0]),
                offset=np.full(len(y), pivot),
            )
            for margin, y, weight in zip(margins, ys, weights, strict=True)
        ]
        slope, level = (
            _in_common(departures, lasting, passing)
            for departures, lasting, passing in zip(
                (np.array(lines) - [1.0, 0.0]).T, _LASTING, _PASSING, strict=True
            )
        )
        # A slope near or below zero would turn the ranking round: noise, never knowledge.
        return cls(max(1.0 + slope, _LEAST_SLOPE), pivot, level)

    @property
    def intercept(self) -> float:
        """Log-odds of a margin of zero."""
        return self.pivot * (1.0 - self.slope) + self.slope * self.anchor + self.level

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


def _in_common(departures: Floats, lasting: float, passing: float) -> float:
    common = float(departures.mean())
    spread = (passing**2 + float(((departures - common) ** 2).sum())) / len(departures)
    return common * lasting**2 / (lasting**2 + spread / len(departures))
