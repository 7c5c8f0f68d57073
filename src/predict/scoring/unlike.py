"""Unlike: leads that differ from everything the model learned from are marked as such."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from predict.scoring.words import safe_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from predict.history.specs import Spec
    from predict.learning.model import ConversionModel

#: A lead older than the oldest learned from by more than this share is marked.
AGE_SLACK = 1.25


def unlike(
    X: pd.DataFrame,
    model: ConversionModel,
    specs: Sequence[Spec],
    *,
    oldest_days: float | None,
    inherits: Collection[str] = (),
) -> pd.Series:
    """Say of each lead in what it is unlike any lead the model learned from.

    Parameters
    ----------
    X : pandas.DataFrame of shape (n, n_columns)
        Features of the fit's columns.
    model : ConversionModel
        The fit that scores them.
    specs : sequence of Spec
        Words of the columns.
    oldest_days : float or None
        Age of the oldest lead learned from, in days.
    inherits : collection of str
        Columns such as the campaign, of which a new value says nothing yet: such a lead is judged
        as others of its source are, and that is said.

    Returns
    -------
    pandas.Series of shape (n,)
        A sentence part, or None: "its source “fair” is new or rare".
    """
    marks: list[list[str]] = [[] for _ in range(len(X))]
    if oldest_days is not None and "age_days" in X:
        ages = X["age_days"].to_numpy(dtype=float)
        for i in np.flatnonzero(ages > oldest_days * AGE_SLACK + 1):
            marks[i].append(
                f"it came {ages[i]:,.0f} days ago, the oldest learned from {oldest_days:,.0f}"
            )
    words = {s.name: s.concept_words for s in specs if s.reason and s.view == "profile"}
    for column in model.columns_.items:
        if column.kind != "category" or column.name not in words:
            continue
        known = set(column.levels)
        values = X[column.name]
        strange = values.notna() & ~values.isin(known)
        for i in np.flatnonzero(strange.to_numpy()):
            value = safe_text(values.iloc[i], limit=40)
            judged = ": judged by its source" if column.name in inherits else ""
            marks[i].append(f"its {words[column.name]} “{value}” is new or rare{judged}")
    said = ["; ".join(m) if m else None for m in marks]
    return pd.Series(said, index=X.index, dtype=object)
