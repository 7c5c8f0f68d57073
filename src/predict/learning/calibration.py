"""Margin → probability: a logistic line, so that contributions still add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predict.learning.newton import fit_logistic

Floats = NDArray[np.float64]

#: Precisions of the priors around the identity: slope 1 ± 0.2, intercept 0 ± 0.5.
SLOPE_PRECISION = 25.0
INTERCEPT_PRECISION = 4.0
#: Precision of the prior of the re-anchoring: 0 ± 0.2.
ANCHOR_PRECISION = 25.0


@dataclass(frozen=True)
class Calibrator:
    """Log-odds = slope × margin + intercept.

    Examples
    --------
    >>> Calibrator().apply(np.array([0.3])).tolist()
    [0.3]
    """

    slope: float = 1.0
    intercept: float = 0.0

    @classmethod
    def fit(cls, margin: Floats, y: Floats, weight: Floats) -> Calibrator:
        """Return the line that fits best, drawn to the identity where rows are few.

        Parameters
        ----------
        margin : ndarray of shape (n_rows,)
            Log-odds of rows that the member models did not learn from.
        y : ndarray of shape (n_rows,)
            0 or 1.
        weight : ndarray of shape (n_rows,)
            Frequencies.
        """
        if not len(y):
            return cls()
        design = np.column_stack([margin, np.ones(len(y))])
        slope, intercept = fit_logistic(
            design,
            y,
            weight,
            np.array([SLOPE_PRECISION, INTERCEPT_PRECISION]),
            centre=np.array([1.0, 0.0]),
        )
        # A negative slope would turn the ranking round: noise, never knowledge.
        return cls(max(float(slope), 0.1), float(intercept))

    def anchored(self, margin: Floats, y: Floats, weight: Floats) -> Calibrator:
        """Return the line moved up or down towards the base rate of the newest rows."""
        if not len(y):
            return self
        shift = fit_logistic(
            np.ones((len(y), 1)),
            y,
            weight,
            np.array([ANCHOR_PRECISION]),
            offset=self.apply(margin),
        )
        return Calibrator(self.slope, self.intercept + float(shift[0]))

    def apply(self, margin: Floats) -> Floats:
        """Return calibrated log-odds."""
        return self.slope * margin + self.intercept

    def as_dict(self) -> dict[str, float]:
        """Return a JSON-ready mapping."""
        return {"slope": self.slope, "intercept": self.intercept}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Calibrator:
        """Return the calibrator that `as_dict` described."""
        return cls(float(value["slope"]), float(value["intercept"]))
