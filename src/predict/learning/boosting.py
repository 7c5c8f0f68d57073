"""The LightGBM member: native categories, a few seeds averaged, kept as LightGBM's own text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import lightgbm

    from predict.learning.table import Table

Floats = NDArray[np.float64]
Settings = Mapping[str, float]

#: Trees of few leaves on few columns each: on real exports (event log and flat, earlier folds)
#: as good as any other setting, and never far off without tuning.
DEFAULTS: Settings = {
    "n_trees": 200,
    "learning_rate": 0.06,
    "num_leaves": 5,
    "min_data_in_leaf": 60,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.7,
    "lambda_l2": 10.0,
    "cat_smooth": 20.0,
    "cat_l2": 10.0,
    "max_bin": 63,
}
#: More rows carry more trees: beyond so many, ``n_trees`` grows with their square root, to at most
#: three times as many. (On earlier folds of the simulated company and of two real exports, 150 to
#: 200 trees did best on 3,000 to 14,000 rows, 300 on 26,000.)
_ROWS_FOR_TREES, _MOST_TREES = 10_000, 3.0
_LEAST_COLUMNS = 16
_ROWS_FOR_THREADS = 20_000
#: Above so many columns LightGBM is a quarter faster column by column, below it row by row; the
#: trees are the same to the last bit. Its own choice would differ from run to run.
_COLUMNS_FOR_COLUMN_WISE = 64
_FIXED: Mapping[str, Any] = {
    "objective": "binary",
    "bagging_freq": 1,
    "deterministic": True,
    "feature_pre_filter": False,
    "verbosity": -1,
}


@dataclass(frozen=True)
class BoostingMember:
    """Gradient boosted trees, the mean log-odds of boosters that differ in their seed.

    Parameters
    ----------
    boosters : tuple of lightgbm.Booster
    """

    boosters: tuple[lightgbm.Booster, ...]

    @classmethod
    def fit(
        cls,
        table: Table,
        *,
        settings: Settings = DEFAULTS,
        seeds: Sequence[int] = (0,),
        threads: int = 0,
    ) -> BoostingMember:
        """Return the member fitted to a table.

        Parameters
        ----------
        table : Table
        settings : mapping
            LightGBM parameters, and ``n_trees`` on up to 10,000 rows; see `n_trees_on`.
        seeds : sequence of int
            One booster each.
        threads : int
            0 is LightGBM's own choice; few rows get one, as more would only wait for each other.
            The model does not depend on it.
        """
        import lightgbm

        given = {**_FIXED, **DEFAULTS, **settings, "num_threads": threads}
        if len(table) < _ROWS_FOR_THREADS:
            given["num_threads"] = 1
        n_trees = n_trees_on(float(table.weight.sum()), int(given.pop("n_trees")))
        wide = table.matrix.shape[1] > _COLUMNS_FOR_COLUMN_WISE
        given["force_col_wise" if wide else "force_row_wise"] = True
        # Sampling columns helps wide tables; of few, a tree that misses the telling one is lost.
        given["feature_fraction"] = min(
            max(given["feature_fraction"], _LEAST_COLUMNS / max(table.matrix.shape[1], 1)), 1.0
        )
        train = lightgbm.Dataset(
            table.matrix,
            table.y,
            weight=table.weight,
            categorical_feature=table.columns.categorical,
            params=given,
            free_raw_data=False,
        )
        return cls(tuple(lightgbm.train({**given, "seed": seed}, train, n_trees) for seed in seeds))

    def margin(self, matrix: Floats, threads: int = 0) -> Floats:
        """Return the log-odds of each row."""
        total = np.zeros(len(matrix))
        for booster in self.boosters:
            total += booster.predict(matrix, raw_score=True, num_threads=threads)
        return total / len(self.boosters)

    def contributions(self, matrix: Floats, threads: int = 0) -> Floats:
        """Return TreeSHAP values, the expected log-odds in a last column.

        Returns
        -------
        ndarray of shape (n_rows, n_matrix_columns + 1)

        Notes
        -----
        The path-dependent values of Lundberg et al. (2020), LightGBM's ``pred_contrib``: what
        `shap.TreeExplainer` returns too.
        """
        total = np.zeros((len(matrix), matrix.shape[1] + 1))
        for booster in self.boosters:
            total += booster.predict(matrix, pred_contrib=True, num_threads=threads)
        return total / len(self.boosters)

    def base(self, row: Floats, threads: int = 0) -> float:
        """Return the expected log-odds that contributions add to; ``row`` may be any."""
        return float(self.contributions(row[:1], threads)[0, -1])

    def texts(self) -> list[str]:
        """Return each booster as LightGBM's model text."""
        return [booster.model_to_string(num_iteration=-1) for booster in self.boosters]

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> BoostingMember:
        """Return the member that `texts` described.

        Notes
        -----
        LightGBM parses without checks; only verified text may come here.
        """
        import lightgbm

        return cls(tuple(lightgbm.Booster(model_str=text) for text in texts))


def n_trees_on(rows: float, usual: int) -> int:
    """Return how many trees so many rows carry.

    Parameters
    ----------
    rows : float
        Sum of the weights: a row counts less the older it is.
    usual : int
        Trees on up to 10,000 rows.

    Examples
    --------
    >>> n_trees_on(3_000, 200), n_trees_on(40_000, 200), n_trees_on(1_000_000, 200)
    (200, 400, 600)
    """
    more = min(max(rows / _ROWS_FOR_TREES, 1.0) ** 0.5, _MOST_TREES)
    return round(usual * more)
