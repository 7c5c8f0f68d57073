"""Segments: how good the as-if predictions were by source, for new leads, and by look."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from predict.learning.baselines import SOURCE_COLUMN
from predict.learning.columns import LEAST_LEADS
from predict.learning.metrics import evaluate

if TYPE_CHECKING:
    from predict.history.dataset import Dataset
    from predict.learning.backtest_result import BacktestResult

#: Figures of a segment that are kept.
FIGURES = ("base_rate", "log_loss", "roc_auc", "calibration_intercept")
#: Sources told one by one, the largest first.
MOST_SOURCES = 12
_DRAWS = 200


def segments(result: BacktestResult, data: Dataset) -> list[dict[str, object]]:
    """Return figures of a backtest by segment.

    Parameters
    ----------
    result : BacktestResult
        As-if predictions.
    data : Dataset
        The looks they were made of; its ``source`` column, where there is one, names the sources.

    Returns
    -------
    list of dict
        ``kind`` ("source", "lead", "look"), ``segment``, ``rows``, ``leads``, ``wins``,
        ``mean_chance``, and per figure of `FIGURES` ``{"value", "low", "high"}`` (None where it is
        not defined). Sources with fewer than 20 leads are one segment, "other sources": nothing
        rare is named.
    """
    frame = result.frame()
    found = []
    for kind, names in _kinds(frame, data).items():
        for name in sorted(names.unique(), key=lambda n: (-int((names == n).sum()), n)):
            part = frame[(names == name).to_numpy()]
            found.append({"kind": kind, "segment": str(name), **_figures(part)})
    return found


def _kinds(frame: pd.DataFrame, data: Dataset) -> dict[str, pd.Series]:
    kinds: dict[str, pd.Series] = {}
    if SOURCE_COLUMN in data.X and not pd.api.types.is_numeric_dtype(data.X[SOURCE_COLUMN]):
        keys = data.keys[["lead_id", "as_of"]].assign(source=data.X[SOURCE_COLUMN].to_numpy())
        named = frame[["lead_id", "as_of"]].merge(keys, on=["lead_id", "as_of"], how="left")
        source = named["source"].astype(object).where(named["source"].notna(), "no source known")
        leads = frame.groupby(source.to_numpy())["lead_id"].nunique()
        large = leads[leads >= LEAST_LEADS].sort_values(ascending=False, kind="stable")
        told = set(large.index[:MOST_SOURCES])
        kinds["source"] = source.where(source.isin(told), "other sources")
    kinds["lead"] = pd.Series(
        np.where(frame["new_lead"], "new to the model", "looked at before in training")
    )
    first = data.keys.groupby("lead_id")["as_of"].min()
    is_first = frame["as_of"].to_numpy() == frame["lead_id"].map(first).to_numpy()
    kinds["look"] = pd.Series(np.where(is_first, "first look at a lead", "later looks"))
    return kinds


def _figures(part: pd.DataFrame) -> dict[str, object]:
    table = evaluate(part["y"], part["probability"], groups=part["group"], draws=_DRAWS)
    return {
        "rows": len(part),
        "leads": int(part["lead_id"].nunique()),
        "wins": int(part["y"].sum()),
        "mean_chance": float(part["probability"].mean()),
        **{
            name: {k: v if math.isfinite(v) else None for k, v in table[name].items()}
            for name in FIGURES
        },
    }
