"""What the scripts of this folder share: read a fold, fit, write probabilities.

    SCRIPT.py FOLD TO SECONDS

Plain pandas and the standard library only, as each script runs in an environment of its own.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

KEYS = ["y", "as_of", "group"]
MOST_LEVELS = 250  # scikit-learn's histograms take 255


class Train(NamedTuple):
    """What a learner may know.

    Attributes
    ----------
    X : pandas.DataFrame of shape (n_rows, n_features)
        Oldest row first; numbers are floats (NaN = missing), the rest is text (None = missing).
    y : pandas.Series of shape (n_rows,)
        0 or 1.
    as_of : pandas.Series of shape (n_rows,), datetime64
        Moment each row is looked at.
    group : pandas.Series of shape (n_rows,)
        Account or lead.
    horizon_days : float
        Days after ``as_of`` until the outcome of a row is known.
    text : list of str
        Columns of short text.
    """

    X: pd.DataFrame
    y: pd.Series
    as_of: pd.Series
    group: pd.Series
    horizon_days: float
    text: list[str]


Chances = Callable[[pd.DataFrame], Any]


def run(fit: Callable[[Train, float, Path], Chances], packages: Sequence[str]) -> None:
    """Read the fold named on the command line, fit, write probabilities and what it took.

    Parameters
    ----------
    fit : callable
        ``(train, seconds, folder)`` → a callable that returns the probability of 1 of each row of
        a frame. The folder is for what the learner wants to write.
    packages : sequence of str
        Distributions whose versions are noted.
    """
    warnings.simplefilter("ignore")
    fold, to, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    about = json.loads((fold / "about.json").read_text(encoding="utf-8"))
    rows = pd.read_parquet(fold / "train.parquet")
    train = Train(
        rows.drop(columns=KEYS), *(rows[k] for k in KEYS), about["horizon_days"], about["text"]
    )
    test = pd.read_parquet(fold / "test.parquet").drop(columns=KEYS[1:])
    began, worked = time.monotonic(), _processor()
    chances = fit(train, seconds, to)
    fitted = time.monotonic()
    p = pd.Series(chances(test), dtype="float64")
    done = {
        "fit_seconds": fitted - began,
        "predict_seconds": time.monotonic() - fitted,
        "cpu_seconds": _processor() - worked,
        "load": os.getloadavg()[0],
        "versions": _versions(packages),
    }
    pd.DataFrame({"probability": p.clip(0, 1)}).to_parquet(to / "probabilities.parquet")
    (to / "run.json").write_text(json.dumps(done, indent=1), encoding="utf-8")


def coded(train: pd.DataFrame) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return a reader that makes text columns categories with the commonest training levels."""
    levels = {
        c: sorted(train[c].value_counts().index[:MOST_LEVELS])
        for c in train
        if not pd.api.types.is_numeric_dtype(train[c])
    }

    def read(X: pd.DataFrame) -> pd.DataFrame:
        return X.assign(
            **{c: pd.Categorical(X[c].where(X[c].isin(v)), v) for c, v in levels.items()}
        )

    return read


def newest(train: Train, share: float = 0.2) -> tuple[Any, Any]:
    """Return positions to learn from and to judge on: the newest rows, no group on both sides.

    The horizon is left between the two where at least half of the older rows remain.
    """
    cut = train.as_of.quantile(1 - share)
    judged = (train.as_of >= cut).to_numpy()
    known = (train.as_of + pd.Timedelta(days=train.horizon_days) <= cut).to_numpy() & ~judged
    older = known if known.sum() >= (~judged).sum() / 2 else ~judged
    judged = judged & ~train.group.isin(set(train.group[older])).to_numpy()
    return older.nonzero()[0], judged.nonzero()[0]


def _versions(packages: Sequence[str]) -> dict[str, str]:
    found = {}
    for name in packages:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _processor() -> float:
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)
