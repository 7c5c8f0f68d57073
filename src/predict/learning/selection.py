"""What the past says: recency, blend and calibration, chosen on earlier folds in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from predict.learning.boosting import BoostingMember, Settings
from predict.learning.calibration import Calibrator
from predict.learning.columns import Columns
from predict.learning.linear import LinearMember
from predict.learning.newton import loss
from predict.learning.splits import Fold, past_folds

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

#: Half-lives of a row's weight in days; None weighs all alike.
HALF_LIVES: tuple[float | None, ...] = (None, 180.0, 60.0)
_SHARES = np.linspace(0.0, 1.0, 11)


@dataclass(frozen=True)
class Table:
    """Rows to learn from, in time order: what the estimator hands to selection and fit.

    Parameters
    ----------
    matrix : ndarray of shape (n_rows, n_matrix_columns)
    columns : Columns
    y, weight, time : ndarray of shape (n_rows,)
        0 or 1; frequencies; days.
    groups : ndarray of shape (n_rows,)
    """

    matrix: Floats
    columns: Columns
    y: Floats
    weight: Floats
    time: Floats
    groups: Whole

    def rows(self, rows: Whole) -> Table:
        """Return the table of these rows."""
        return Table(
            self.matrix[rows],
            self.columns,
            self.y[rows],
            self.weight[rows],
            self.time[rows],
            self.groups[rows],
        )

    def weights(self, half_life: float | None) -> Floats:
        """Return the frequencies, halved every ``half_life`` days before the newest row."""
        if half_life is None:
            return self.weight
        return self.weight * 0.5 ** ((self.time.max() - self.time) / half_life)


@dataclass(frozen=True)
class Choice:
    """What is fixed before the last fit.

    Parameters
    ----------
    share : float
        Weight of the boosting member in the blend of log-odds; the logistic member has the rest.
    half_life : float or None
        Days in which a row's weight halves.
    calibrator : Calibrator
    report : dict
        Figures behind the choice, JSON-ready.
    """

    share: float
    half_life: float | None
    calibrator: Calibrator
    report: dict[str, object] = field(default_factory=dict)


def choose(
    table: Table,
    *,
    gap: float,
    settings: Settings,
    half_lives: Sequence[float | None],
    seed: int,
    threads: int,
) -> Choice:
    """Return the choice that would have been best on the newest past folds."""
    folds = past_folds(table.time, table.groups, table.y, gap=gap, n_folds=3)
    if not folds:
        return Choice(0.5, None, Calibrator(), {"folds": 0})
    y = np.concatenate([table.y[f.test] for f in folds])
    weight = np.concatenate([table.weight[f.test] for f in folds])
    losses: dict[float | None, float] = {}
    best: tuple[float, float, float | None, Floats] | None = None
    for half_life in half_lives:
        pairs = [_margins(table, f, half_life, settings, seed, threads) for f in folds]
        trees, linear = (np.concatenate(part) for part in zip(*pairs, strict=True))
        for share in _SHARES:
            blend = share * trees + (1 - share) * linear
            value = float(weight @ loss(blend, y) / weight.sum())
            losses[half_life] = min(value, losses.get(half_life, np.inf))
            if best is None or value < best[0] - 1e-4:
                best = (value, float(share), half_life, blend)
    assert best is not None
    _, share, half_life, blend = best
    newest = len(folds[-1].test)
    calibrator = Calibrator.fit(blend, y, weight)
    calibrator = calibrator.anchored(blend[-newest:], y[-newest:], weight[-newest:])
    return Choice(
        share,
        half_life,
        calibrator,
        {"folds": len(folds), "losses": {str(k): v for k, v in losses.items()}},
    )


def _margins(
    table: Table, fold: Fold, half_life: float | None, settings: Settings, seed: int, threads: int
) -> tuple[Floats, Floats]:
    train, test = table.rows(fold.train), table.matrix[fold.test]
    weight = train.weights(half_life)
    trees = BoostingMember.fit(
        train.matrix,
        table.columns,
        train.y,
        weight,
        settings=settings,
        seeds=(seed,),
        threads=threads,
    )
    linear = LinearMember.fit(train.matrix, table.columns, train.y, weight)
    return trees.margin(test, threads), linear.margin(test)


def report_of(choice: Choice) -> Mapping[str, object]:
    """Return the choice as a JSON-ready mapping."""
    return {
        **choice.report,
        "share": choice.share,
        "half_life": choice.half_life,
        "calibrator": choice.calibrator.as_dict(),
    }
