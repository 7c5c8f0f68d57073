"""What a leak is worth: a plain model, out of time, with the poison and on the honest twin.

Nothing of the project's own learning is used, so that a zoo that does not leak is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import predict as pr
from benchmarks.zoo.kinds import CLEAN, world
from benchmarks.zoo.worlds import HORIZON

if TYPE_CHECKING:
    from predict.history.dataset import Dataset

#: Share of the looks, by time, that lie before those judged.
PAST = 0.6


@dataclass(frozen=True)
class Leak:
    """Areas under the ROC curve of plain models, out of time.

    Parameters
    ----------
    poisoned, twin : float
        On the poisoned world, and on the same world without the poison.
    best : float
        Of the best single column that is right to name, alone, either way round.
    """

    poisoned: float
    twin: float
    best: float

    @property
    def gain(self) -> float:
        """What the poison seems to be worth."""
        return self.poisoned - self.twin


def measure(kind: str, seed: int) -> Leak:
    """Return what the poison of one world is worth."""
    poisoned, twin = world(kind, seed), world(CLEAN, seed)
    data = dataset(poisoned)
    alone = [_alone(data.X[c], data.y, data.groups) for c in data.X if poisoned.is_right(str(c))]
    return Leak(_judged(data), _judged(dataset(twin)), max(alone, default=float("nan")))


def dataset(w: object) -> Dataset:
    """Return the looks of a world; its export is closed again."""
    crm = w.open()  # type: ignore[attr-defined]
    try:
        return pr.build_dataset(crm)
    finally:
        crm.close()


def _judged(data: Dataset) -> float:
    """Return the AUC of the better of two plain models, on later looks of other accounts."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    cut = data.as_of.quantile(PAST)
    past = (data.as_of + pd.Timedelta(days=HORIZON) <= cut).to_numpy()
    later = (data.as_of >= cut).to_numpy() & ~data.groups.isin(set(data.groups[past])).to_numpy()
    X = _numbers(data.X)
    trees = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=8, random_state=0)
    line = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=300))
    filled = X.fillna(X[past].median())
    found = []
    for model, frame in ((trees, X), (line, filled)):
        model.fit(frame[past], data.y[past])
        found.append(roc_auc_score(data.y[later], model.predict_proba(frame[later])[:, 1]))
    return float(max(found))


def _numbers(X: pd.DataFrame) -> pd.DataFrame:
    """Return categories as columns of yes and no for levels that 40 rows have."""
    parts = []
    for name in X:
        if pd.api.types.is_numeric_dtype(X[name]):
            parts.append(X[[name]])
            continue
        common = X[name].value_counts().head(30)
        levels = common.index[common >= 40]
        parts.append(X[[name]].notna().astype(float).add_suffix(" filled"))
        parts.append(pd.DataFrame({f"{name}={v}": (X[name] == v).astype(float) for v in levels}))
    return pd.concat(parts, axis=1)


def _alone(column: pd.Series, y: pd.Series, groups: pd.Series) -> float:
    """Return the AUC of a column alone; of a category by the share won among other accounts."""
    from sklearn.metrics import roc_auc_score

    if pd.api.types.is_numeric_dtype(column):
        score = column.fillna(column.min() - 1 if column.notna().any() else 0)
    else:
        half = pd.factorize(groups)[0] % 2
        score = pd.Series(0.0, index=column.index)
        level = column.fillna("")
        for part in (0, 1):
            seen = y[half != part].groupby(level[half != part])
            share = (seen.sum() + 20 * y.mean()) / (seen.size() + 20)
            score[half == part] = level[half == part].map(share).fillna(y.mean())
    area = float(roc_auc_score(y, np.asarray(score, dtype=float)))
    return max(area, 1 - area)
