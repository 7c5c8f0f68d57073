"""The regularised logistic member: coefficients in JSON, scored by numpy, explained exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predict.learning.newton import fit_logistic
from predict.learning.table import Table
from predict.learning.terms import Terms

Floats = NDArray[np.float64]

#: Precision of the prior of each coefficient: a standard deviation of 0.13 log-odds.
RIDGE = 60.0
#: With fewer rows of the rarer class the prior is tighter, by the square root of what is missing,
#: to at most four times. (The simulated company's first 40 to 300 winners: twice the precision was
#: better out of time at 100 such rows, and no matter from 400 on.)
FEW_ROWS, _TIGHTEST = 400.0, 4.0


@dataclass(frozen=True)
class LinearMember:
    """Logistic regression on `Terms`, with a normal prior on each coefficient.

    Parameters
    ----------
    terms : Terms
        How the matrix becomes a design.
    coefficient : ndarray of shape (n_terms,)
        Log-odds per unit of the term.
    mean : ndarray of shape (n_terms,)
        Mean of the term over the rows learned from: contributions are measured from there.
    base : float
        Log-odds of a row at the mean of every term.
    """

    terms: Terms
    coefficient: Floats
    mean: Floats
    base: float

    @classmethod
    def fit(cls, table: Table, ridge: float | None = None) -> LinearMember:
        """Return the member fitted to a table.

        Parameters
        ----------
        table : Table
        ridge : float, optional
            Precision of the prior: the larger, the nearer the coefficients stay to 0; by default
            as `ridge_on` the table's rarer class.
        """
        ridge = ridge_on(table.rarer) if ridge is None else ridge
        terms = Terms.learn(table.matrix, table.columns, table.weight)
        design = terms.design(table.matrix)
        mean = table.weight @ design / table.weight.sum()
        # On centred terms the free intercept does not depend on the prior of the others.
        centred = np.column_stack([design - mean, np.ones(len(table))])
        penalty = np.append(np.full(len(terms), ridge), 0.0)
        beta = fit_logistic(centred, table.y, table.weight, penalty)
        return cls(terms, beta[:-1], mean, float(beta[-1]))

    def margin(self, matrix: Floats) -> Floats:
        """Return the log-odds of each row."""
        # Summed row by row: a matrix product may round a row otherwise beside other rows.
        return self.base + ((self.terms.design(matrix) - self.mean) * self.coefficient).sum(axis=1)

    def contributions(self, matrix: Floats) -> Floats:
        """Return what each matrix column adds to ``base``: coefficient × (term − mean), summed.

        Returns
        -------
        ndarray of shape (n_rows, n_matrix_columns)
        """
        parts = (self.terms.design(matrix) - self.mean) * self.coefficient
        added = np.zeros_like(matrix)
        for k, j in enumerate(self.terms.owner):
            added[:, j] += parts[:, k]
        return added

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-ready mapping; floats keep every bit."""
        return {
            "terms": self.terms.as_dict(),
            "coefficient": self.coefficient.tolist(),
            "mean": self.mean.tolist(),
            "base": self.base,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> LinearMember:
        """Return the member that `as_dict` described."""
        return cls(
            Terms.from_dict(value["terms"]),
            np.array(value["coefficient"], dtype=np.float64),
            np.array(value["mean"], dtype=np.float64),
            float(value["base"]),
        )


def ridge_on(rarer: float) -> float:
    """Return the precision of the prior where the rarer class has so many rows.

    Examples
    --------
    >>> ridge_on(10_000), ridge_on(100), ridge_on(1)
    (60.0, 120.0, 240.0)
    """
    return RIDGE * min(max(FEW_ROWS / max(rarer, 1.0), 1.0) ** 0.5, _TIGHTEST)
