"""What a model has to beat: base rate, source, recency, the profile alone, today's lead scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from predict.history.dataset import Dataset
from predict.learning.estimators import chances, logistic, one_hot

RECENCY_COLUMN = "days_since_last"
SOURCE_COLUMN = "source"
RULES = ("p_base_rate", "p_source", "p_recency", "p_profile")
#: Leads of the average rate that a source is mixed with: what is known of it before it brings any.
SOURCE_PRIOR = 20.0
INCUMBENT_PREFIX = "incumbent_"

Baseline = Callable[[Dataset, Dataset], np.ndarray]


def base_rate(train: Dataset, test: Dataset) -> np.ndarray:
    """Return the training fold's rate for every row."""
    return np.full(len(test), float(train.y.mean()))


def source_rate(train: Dataset, test: Dataset) -> np.ndarray:
    """Return the rate of the lead's source, drawn towards the rate of all where it brought few.

    Notes
    -----
    The mean of a beta posterior whose prior is worth `SOURCE_PRIOR` leads of the average rate; a
    lead's rows count as one lead together. A missing source is a source of its own, one that was
    never seen has the average rate.
    """
    overall = float(train.y.mean())
    source = train.X[SOURCE_COLUMN].astype(object).where(train.X[SOURCE_COLUMN].notna(), "")
    looks = train.keys["lead_id"].map(train.keys["lead_id"].value_counts())
    part = pd.DataFrame({"n": 1 / looks, "won": train.y / looks}).groupby(source.to_numpy()).sum()
    rate = (part["won"] + SOURCE_PRIOR * overall) / (part["n"] + SOURCE_PRIOR)
    asked = test.X[SOURCE_COLUMN].astype(object).where(test.X[SOURCE_COLUMN].notna(), "")
    return asked.map(rate).fillna(overall).to_numpy(dtype=float)


def recency(train: Dataset, test: Dataset) -> np.ndarray:
    """Return chances from the days since the lead last did anything.

    Notes
    -----
    A logistic model of log(1 + days); no activity at all is a state of its own, not a large
    number of days.
    """

    def table(data: Dataset) -> pd.DataFrame:
        days = data.X[RECENCY_COLUMN].astype(float)
        return pd.DataFrame({"days": np.log1p(days.clip(lower=0))})

    return _fitted(table(train), train.y, table(test))


def profile(train: Dataset, test: Dataset) -> np.ndarray:
    """Return chances from a plain logistic model on the profile columns."""
    return _fitted(train.X[train.profile_columns], train.y, test.X[train.profile_columns])


def incumbent(name: str) -> Baseline:
    """Return the baseline that ranks leads by one of today's scores.

    Parameters
    ----------
    name : str
        Column of ``data.incumbents``: points (numbers) or grades (text).

    Returns
    -------
    callable
        Takes the training and the test fold. Points count by their rank among the training rows,
        so that any scale becomes chances by a logistic line; grades count by their level; a
        missing score is a state of its own.
    """

    def predict(train: Dataset, test: Dataset) -> np.ndarray:
        known, seen = _scores(train, name), _scores(test, name)
        points = pd.to_numeric(known, errors="coerce")
        if points.notna().sum() < known.notna().sum():
            return _fitted(known.to_frame(), train.y, seen.to_frame())
        scale = np.sort(points.dropna().to_numpy(dtype=float))
        new = pd.to_numeric(seen, errors="coerce")
        return _fitted(_ranks(points, scale), train.y, _ranks(new, scale))

    return predict


def available(data: Dataset) -> dict[str, Baseline]:
    """Return the baselines this data has columns for, named as their column in the backtest.

    Returns
    -------
    dict of str to callable
        ``p_base_rate`` always; ``p_source``, ``p_recency``, ``p_profile`` and one
        ``incumbent_<name>`` per column of ``data.incumbents`` where there are such columns.
    """
    found: dict[str, Baseline] = {"p_base_rate": base_rate}
    if SOURCE_COLUMN in data.X and not pd.api.types.is_numeric_dtype(data.X[SOURCE_COLUMN]):
        found["p_source"] = source_rate
    if RECENCY_COLUMN in data.X:
        found["p_recency"] = recency
    if data.profile_columns:
        found["p_profile"] = profile
    if data.incumbents is not None:
        found |= {f"{INCUMBENT_PREFIX}{name}": incumbent(str(name)) for name in data.incumbents}
    return found


def flattered(data: Dataset) -> list[str]:
    """Return the incumbents known only as of the export: they saw what they are judged on.

    Returns
    -------
    list of str
        Columns ``incumbent_<name>`` for the names in ``data.manifest["flattered"]``.
    """
    names = data.manifest.get("flattered", [])
    listed = {str(name) for name in names} if isinstance(names, (list, tuple, set)) else set()
    here = [] if data.incumbents is None else [str(name) for name in data.incumbents]
    return [f"{INCUMBENT_PREFIX}{name}" for name in here if name in listed]


def _fitted(known: pd.DataFrame, y: pd.Series, new: pd.DataFrame) -> np.ndarray:
    if y.nunique() < 2:
        return np.full(len(new), float(y.mean()))
    return chances(make_pipeline(one_hot(known), logistic()).fit(known, y), new)


def _scores(data: Dataset, name: str) -> pd.Series:
    if data.incumbents is None:
        raise KeyError(name)
    return data.incumbents[name]


def _ranks(points: pd.Series, scale: np.ndarray) -> pd.DataFrame:
    """Return the share of training scores below each score, ties counting half."""
    values = points.to_numpy(dtype=float)
    below = np.searchsorted(scale, values, "left") + np.searchsorted(scale, values, "right")
    return pd.DataFrame(
        {"rank": np.where(np.isnan(values), np.nan, below / 2 / max(len(scale), 1))}
    )
