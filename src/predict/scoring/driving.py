"""Drivers: which concepts move the chances of a model, how much, and in which direction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from predict.learning import titles
from predict.scoring.reasons import by_concept

if TYPE_CHECKING:
    from predict.history.specs import Spec
    from predict.learning.model import ConversionModel

#: Rank correlation of a value with what it adds, from which on it has a direction.
CLEAR = 0.5
#: Rows that a value must have among the reference rows to be named.
LEAST_ROWS = 20
#: Contributions below this, in log-odds, are none.
_NOTHING = 1e-4


def drivers(
    model: ConversionModel, X: pd.DataFrame, specs: Sequence[Spec]
) -> list[dict[str, object]]:
    """Return what moves the chances, the strongest first.

    Parameters
    ----------
    model : ConversionModel
        Fitted on the columns of ``X`` that it knows.
    X : pandas.DataFrame of shape (n_rows, n_features)
        Reference leads.
    specs : sequence of Spec
        What the columns mean.

    Returns
    -------
    list of dict
        ``concept``, ``words``; ``strength``: mean of the absolute contributions, in calibrated
        log-odds; ``share`` of all; ``direction`` ("higher", "lower", "by value", "both ways",
        "none"); ``says``: the direction in words. Values named are those that the model keeps,
        which at least 20 leads have: nothing rare or personal.
    """
    names = model.columns_.names
    own = [spec for spec in specs if spec.name in names]
    added = model.contributions(X)[[spec.name for spec in own]]
    sums = by_concept(added, own)
    strength = sums.abs().mean()
    total = float(strength.sum()) or 1.0
    found: list[dict[str, object]] = []
    for concept in strength.sort_values(ascending=False, kind="stable").index:
        members = [spec for spec in own if spec.concept == concept]
        size = added[[m.name for m in members]].abs().mean()
        leading = next(m for m in members if m.name == size.idxmax())
        direction, says = _direction(model, X[leading.name], added[leading.name], leading)
        found.append(
            {
                "concept": str(concept),
                "words": leading.concept_words,
                "strength": round(float(strength[concept]), 6),
                "share": round(float(strength[concept]) / total, 6),
                "direction": direction,
                "says": says,
            }
        )
    return found


def _direction(
    model: ConversionModel, values: pd.Series, added: pd.Series, spec: Spec
) -> tuple[str, str]:
    if float(added.abs().max()) < _NOTHING:
        return "none", "moves no chance"
    if spec.dtype == "number":
        return _of_number(values.astype(float), added, spec)
    return _of_levels(model, values, added, spec)


def _of_number(values: pd.Series, added: pd.Series, spec: Spec) -> tuple[str, str]:
    known = values.notna()
    name = f"“{spec.name}”"
    gap = float(added[~known].mean() - added[known].mean()) if 0 < known.sum() < len(known) else 0.0
    missing = ""
    if abs(gap) > _NOTHING and (~known).sum() >= LEAST_ROWS:
        missing = f"; not known {'raises' if gap > 0 else 'lowers'} the chance"
    if values[known].nunique() < 2:
        if missing:
            return ("higher" if gap < 0 else "lower"), f"whether {name} is known{missing}"
        return "both ways", f"{name} does not vary among the reference leads"
    ranks = values[known].rank(), added[known].rank()
    if ranks[1].nunique() < 2:
        return "both ways", f"{name} has no direction of its own{missing}"
    rho = float(np.corrcoef(*ranks)[0, 1])
    if rho >= CLEAR:
        return "higher", f"the larger {name}, the higher the chance{missing}"
    if rho <= -CLEAR:
        return "lower", f"the larger {name}, the lower the chance{missing}"
    return "both ways", f"{name} raises or lowers the chance, not in one direction{missing}"


def _of_levels(
    model: ConversionModel, values: pd.Series, added: pd.Series, spec: Spec
) -> tuple[str, str]:
    (column,) = [c for c in model.columns_.items if c.name == spec.name]
    kept = set(column.levels)
    means = {}
    for level in sorted(kept):
        if column.kind == "text":
            has = values.map(lambda v, m=level: isinstance(v, str) and m in titles.marks_of(v))
        else:
            has = values == level
        if int(has.sum()) >= LEAST_ROWS:
            said = level.partition(": ")[2] if column.kind == "text" else level
            means[said] = float(added[has.to_numpy(dtype=bool)].mean())
    if len(means) < 2:
        return "by value", "no two values have enough reference leads to be compared"
    best, worst = max(means, key=lambda k: means[k]), min(means, key=lambda k: means[k])
    return "by value", f"highest for “{best}”, lowest for “{worst}”"
