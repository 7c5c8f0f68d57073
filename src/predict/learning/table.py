"""Table: rows to learn from, in time order, as the members want them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predict.learning.columns import Columns

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


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
    """

    matrix: Floats
    columns: Columns
    y: Floats
    weight: Floats
    time: Floats
    groups: Whole

    def __len__(self) -> int:
        return len(self.y)

    @property
    def rarer(self) -> float:
        """Frequency of the rarer class."""
        ones = float(self.weight @ self.y)
        return min(ones, float(self.weight.sum()) - ones)

    def take(self, rows: Whole) -> Table:
        """Return the table of these rows."""
        return Table(
            self.matrix[rows],
            self.columns,
            self.y[rows],
            self.weight[rows],
            self.time[rows],
            self.groups[rows],
        )

    def recency(self, half_life: float | None) -> Floats:
        """Return the frequencies, halved once per ``half_life`` before the newest row.

        Examples
        --------
        >>> ones = np.ones(3)
        >>> table = Table(ones[:, None], Columns(()), ones, ones, np.array([0.0, 5.0, 10.0]), ones)
        >>> table.recency(5.0).tolist()
        [0.25, 0.5, 1.0]
        """
        if half_life is None:
            return self.weight
        return self.weight * 0.5 ** ((self.time.max() - self.time) / half_life)
