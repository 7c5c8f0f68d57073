"""Table: rows to learn from, in time order, as the members want them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from predict.learning.columns import Columns
from predict.learning.splits import stretch

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

_FAINT = 1e-3
_LEAST_ROWS = 100


@dataclass(frozen=True)
class Table:
    """Rows to learn from, oldest first.

    Parameters
    ----------
    matrix : ndarray of shape (n_rows, n_matrix_columns)
        From `Columns.encode`. Its vocabularies never saw an outcome, so all folds share them.
    columns : Columns
    y : ndarray of shape (n_rows,)
        0 or 1.
    weight : ndarray of shape (n_rows,)
        Frequencies: a weight of 2 is the row twice.
    time : ndarray of shape (n_rows,)
        Days, or row numbers; ascending.
    groups : ndarray of shape (n_rows,)
        Lead or account.
    gap : float
        Time until the outcome of a row is known.
    longest : float
        The usual time between two trainings.
    """

    matrix: Floats
    columns: Columns
    y: Floats
    weight: Floats
    time: Floats
    groups: Whole
    gap: float = 0.0
    longest: float = np.inf

    def __len__(self) -> int:
        return len(self.y)

    @property
    def rarer(self) -> float:
        """Frequency of the rarer class."""
        ones = float(self.weight @ self.y)
        return min(ones, float(self.weight.sum()) - ones)

    def take(self, rows: Whole) -> Table:
        """Return the table of these rows."""
        return replace(
            self,
            matrix=self.matrix[rows],
            y=self.y[rows],
            weight=self.weight[rows],
            time=self.time[rows],
            groups=self.groups[rows],
        )

    def newest(self) -> Table:
        """Return the rows of the newest stretch of time, and not fewer than a hundred."""
        first = np.searchsorted(self.time, self.time[-1] - stretch(self.time, 0.0, self.longest))
        first = max(min(int(first), len(self) - _LEAST_ROWS), 0)
        return self.take(np.arange(first, len(self)))

    def recent(self, half_life: float | None) -> Table:
        """Return the table with weights halved once per ``half_life`` before the newest row.

        Rows that would keep less than a thousandth of their weight are left out.

        Examples
        --------
        >>> rows = np.array([0.0, 100.0, 105.0, 110.0])
        >>> table = Table(rows[:, None], Columns(()), rows, np.ones(4), rows, np.arange(4))
        >>> table.recent(5.0).weight.tolist()
        [0.25, 0.5, 1.0]
        """
        if half_life is None:
            return self
        faded = 0.5 ** ((self.time.max() - self.time) / half_life)
        kept = self.take(np.flatnonzero(faded > _FAINT))
        return replace(kept, weight=kept.weight * faded[faded > _FAINT])
