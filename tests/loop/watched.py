"""A model's usual leads and batches of them, made up and stable."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from predict.history.dataset import Dataset
from predict.history.specs import Spec
from predict.learning.usual import Usual, build_usual
from predict.loop.batches import Batch

UNTIL = datetime(2026, 7, 1)
SPECS = (
    Spec("seconds", "number", "profile", "seconds", "time on the site", unit="seconds"),
    Spec("visits", "number", "behaviour", "visits", "visits"),
    Spec("industry", "category", "profile", "industry", "industry"),
    Spec("created_month", "number", "calendar", "calendar", "calendar", reason=False),
)
INDUSTRIES = ("retail", "steel", "paper")


def rows(n: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    industry = rng.choice(INDUSTRIES, n, p=(0.6, 0.3, 0.1)).astype(object)
    seconds = np.exp(rng.normal(4, 1, n))
    return pd.DataFrame(
        {
            "seconds": np.where(rng.random(n) < 0.1, np.nan, seconds),
            "visits": rng.poisson(1, n).astype(float),
            "industry": np.where(rng.random(n) < 0.05, None, industry),
            "created_month": 1.0,
        }
    )


def data(n: int = 2_400, days: int = 240) -> Dataset:
    rng = np.random.default_rng(9)
    as_of = pd.Timestamp("2025-09-01") + pd.to_timedelta(np.arange(n) * days / n, unit="D")
    keys = pd.DataFrame({"lead_id": [f"L{i}" for i in range(n)], "as_of": as_of})
    keys = keys.assign(created_at=as_of, group=keys["lead_id"])
    y = pd.Series((rng.random(n) < 0.1).astype("int8"))
    return Dataset(rows(n, 8), y, keys, SPECS, horizon_days=30)


@cache
def usual() -> Usual:
    return build_usual(data(), importance={"seconds": 1.0, "industry": 1.0})


def model() -> Any:
    return SimpleNamespace(usual=usual(), specs=SPECS)


def batch(X: pd.DataFrame, probability: pd.Series | None = None) -> Batch:
    return Batch("1 June to 1 July 2026", UNTIL, X, probability)
