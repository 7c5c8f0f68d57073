"""Backtest: refit at each month or week on what was known then, predict what came next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from predict.errors import InputError
from predict.history.dataset import Dataset
from predict.learning import baselines, estimators
from predict.learning.backtest_result import BacktestResult

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

__all__ = ["BacktestResult", "backtest"]

Every = Literal["month", "week"]
Progress = Callable[[int, int, str], None]

MIN_ROWS = 200
MIN_WINS = 20
_DAYS_PER_MONTH = 365.25 / 12


class Fold(NamedTuple):
    """One refit: what it may learn from and what it is tested on.

    Attributes
    ----------
    cutoff, until : pandas.Timestamp
        Test rows have ``as_of`` in [cutoff, until); the model knows what was known at the cutoff.
    train, test : ndarray of bool, shape (n_rows,)
        Rows of the dataset.
    months : float
        Length of the test period, for a capacity that is given per month.
    """

    cutoff: pd.Timestamp
    until: pd.Timestamp
    train: NDArray[np.bool_]
    test: NDArray[np.bool_]
    months: float


def backtest(
    data: Dataset,
    *,
    estimator: ClassifierMixin | None = None,
    every: Every = "month",
    cutoffs: Iterable[object] | None = None,
    start: object = None,
    end: object = None,
    basis: Literal["full", "profile"] = "full",
    capacity_per_month: float | None = None,
    min_rows: int = MIN_ROWS,
    min_wins: int = MIN_WINS,
    sample_weight: ArrayLike | None = None,
    progress: Progress | None = None,
) -> BacktestResult:
    """Predict each period with a model that knows only what was known when it began.

    At each cutoff c a clone of the estimator learns from the rows whose outcome was known
    (``as_of`` + horizon + export lag ≤ c, and ``as_of`` < c) and predicts the rows of the period
    that begins there. The baselines are refitted in the same way.

    Parameters
    ----------
    data : Dataset
        Matured snapshots.
    estimator : scikit-learn classifier, optional
        Left unchanged. ``fit`` gets ``as_of``, ``groups`` and ``sample_weight`` where it takes
        them; one that cannot read categories is given numbers (see `estimators.fit`). Default:
        ``ConversionModel``.
    every : {"month", "week"}
        Cutoffs at the first of each month, or each Monday, 00:00 UTC.
    cutoffs : iterable of datetime-like, optional
        These cutoffs instead; each fold reaches to the next, the last to the end.
    start, end : datetime-like, optional
        No cutoff before ``start``; no test row at or after ``end``. Naive moments are UTC.
    basis : {"full", "profile"}
        All features, or only those that a bare list has too.
    capacity_per_month : float, optional
        Leads that can be followed up in a month: adds precision and capture at capacity.
    min_rows, min_wins : int
        A fold with fewer training rows, or fewer training rows of either outcome, is left out and
        named in ``result.notes``.
    sample_weight : array-like of shape (n_rows,), optional
        For the training rows, where the estimator takes it.
    progress : callable, optional
        Called with (folds done, folds in all, what is next).

    Returns
    -------
    BacktestResult

    Raises
    ------
    InputError
        No fold has enough to learn from and rows to test on.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from predict.history.specs import Spec
    >>> rng = np.random.default_rng(0)
    >>> keys = pd.DataFrame({"lead_id": [f"L{i:03}" for i in range(600)]})
    >>> keys["as_of"] = keys["created_at"] = pd.date_range("2024-01-01", periods=600, freq="6h")
    >>> keys["group"] = keys["lead_id"]
    >>> X = pd.DataFrame({"visits": rng.poisson(3, 600).astype(float)})
    >>> y = pd.Series((rng.random(600) < X["visits"] / 10).astype("int8"))
    >>> visits = Spec("visits", "number", "behaviour", "visits", "visits")
    >>> data = Dataset(X, y, keys, (visits,), horizon_days=14)
    >>> result = backtest(data, estimator=LogisticRegression(), min_rows=100)
    >>> [str(cutoff.date()) for cutoff in result.folds()["cutoff"]]
    ['2024-03-01', '2024-04-01', '2024-05-01']
    >>> len(result.notes), result.frame()["lead_id"].is_unique
    (2, True)
    """
    if every not in ("month", "week"):
        raise ValueError(f'every must be "month" or "week", not {every!r}')
    if basis not in ("full", "profile"):
        raise ValueError(f'basis must be "full" or "profile", not {basis!r}')
    used = data if basis == "full" else _profile_only(data)
    weights = None if sample_weight is None else np.asarray(sample_weight, dtype=float)
    model = _default(used) if estimator is None else estimator
    planned = _folds(used, every, cutoffs, _moment(start), _moment(end))
    notes: list[str] = []
    folds = [
        fold for fold in planned if _enough(fold, used.y.to_numpy(), min_rows, min_wins, notes)
    ]
    if not folds:
        raise InputError(
            "no period has enough to learn from before it and rows to test on",
            got="; ".join(notes) or f"{len(data):,} snapshots in one period",
            do="bring a longer history, shorten the horizon, or lower min_rows and min_wins",
        )
    parts = []
    for done, fold in enumerate(folds):
        if progress is not None:
            progress(done, len(folds), f"{fold.cutoff:%Y-%m-%d}")
        parts.append(_predicted(used, fold, model, weights, basis))
    if progress is not None:
        progress(len(folds), len(folds), "")
    return BacktestResult(
        pd.concat(parts, ignore_index=True),
        pd.DataFrame([_described(used, fold) for fold in folds]),
        notes=tuple(notes),
        flattered=tuple(baselines.flattered(used)),
        capacity_per_month=capacity_per_month,
        about={
            "basis": basis,
            "every": every if cutoffs is None else "given cutoffs",
            "horizon_days": used.horizon_days,
            "export_lag_days": used.export_lag_days,
            "features": used.X.shape[1],
            "estimator": type(model).__name__,
        },
    )


def calendar(first: pd.Timestamp, last: pd.Timestamp, every: Every) -> list[pd.Timestamp]:
    """Return the starts of the months or weeks that touch [first, last], and the one after.

    Examples
    --------
    >>> days = calendar(pd.Timestamp("2024-01-31"), pd.Timestamp("2024-02-10"), "week")
    >>> [f"{day:%a %d %b}" for day in days]
    ['Mon 29 Jan', 'Mon 05 Feb', 'Mon 12 Feb']
    """
    period = "M" if every == "month" else "W-SUN"  # pandas names a week by the day it ends on
    periods = pd.period_range(first.to_period(period), last.to_period(period) + 1, freq=period)
    return [p.start_time for p in periods]


def _folds(
    data: Dataset,
    every: Every,
    cutoffs: Iterable[object] | None,
    start: pd.Timestamp | None,
    end: pd.Timestamp | None,
) -> list[Fold]:
    as_of = data.as_of
    if as_of.empty:
        return []
    after = as_of.max() + pd.Timedelta(1, "us") if end is None else end
    if cutoffs is None:
        bounds = calendar(as_of.min(), as_of.max(), every)
    else:
        given = [moment for moment in map(_moment, cutoffs) if moment is not None]
        bounds = [*sorted(set(given)), max(after, *given)]
    known_at = as_of + pd.Timedelta(days=data.horizon_days + data.export_lag_days)
    folds = []
    for cutoff, until in pairwise(bounds):
        last = min(until, after)
        test = ((as_of >= cutoff) & (as_of < last)).to_numpy()
        if (start is not None and cutoff < start) or not test.any():
            continue
        train = ((known_at <= cutoff) & (as_of < cutoff)).to_numpy()
        whole_month = every == "month" and cutoffs is None and (end is None or until <= end)
        months = 1.0 if whole_month else (last - cutoff) / pd.Timedelta(days=_DAYS_PER_MONTH)
        folds.append(Fold(cutoff, until, train, test, months))
    return folds


def _enough(
    fold: Fold, y: NDArray[np.int8], min_rows: int, min_wins: int, notes: list[str]
) -> bool:
    rows, wins = int(fold.train.sum()), int(y[fold.train].sum())
    if rows >= max(min_rows, 1) and min(wins, rows - wins) >= min_wins:
        return True
    notes.append(
        f"{fold.cutoff:%Y-%m-%d}: not tested, as only {rows:,} earlier rows with {wins:,} wins had "
        f"a known outcome by then ({min_rows:,} rows and {min_wins:,} of each outcome are needed)"
    )
    return False


def _predicted(
    data: Dataset,
    fold: Fold,
    model: ClassifierMixin,
    weights: NDArray[np.float64] | None,
    basis: str,
) -> pd.DataFrame:
    train, test = data.take(pd.Series(fold.train)), data.take(pd.Series(fold.test))
    fitted = estimators.fit(
        model,
        train.X,
        train.y,
        as_of=train.as_of,
        groups=train.groups,
        sample_weight=None if weights is None else weights[fold.train],
    )
    frame = test.keys[["lead_id", "as_of", "group"]].assign(
        cutoff=fold.cutoff,
        y=test.y,
        probability=estimators.chances(fitted, test.X),
        basis=basis,
        new_lead=~test.keys["lead_id"].isin(train.keys["lead_id"].unique()),
    )
    for name, baseline in baselines.available(data).items():
        frame[name] = baseline(train, test)
    return frame


def _described(data: Dataset, fold: Fold) -> dict[str, object]:
    y, leads = data.y.to_numpy(), data.keys["lead_id"]
    return {
        "cutoff": fold.cutoff,
        "until": fold.until,
        "months": fold.months,
        "train_rows": int(fold.train.sum()),
        "train_leads": int(leads[fold.train].nunique()),
        "train_wins": int(y[fold.train].sum()),
        "test_rows": int(fold.test.sum()),
        "test_leads": int(leads[fold.test].nunique()),
    }


def _default(data: Dataset) -> ClassifierMixin:
    from predict.learning.model import ConversionModel

    return ConversionModel(
        horizon_days=data.horizon_days + data.export_lag_days,
        text_columns=tuple(data.text_columns),
    )


def _profile_only(data: Dataset) -> Dataset:
    columns: Sequence[str] = data.profile_columns
    if not columns:
        raise InputError("the data have no profile columns", do='use basis="full"')
    specs = tuple(spec for spec in data.specs if spec.name in set(columns))
    return replace(data, X=data.X[list(columns)], specs=specs)


def _moment(value: object) -> pd.Timestamp | None:
    """Return a moment as naive UTC."""
    if value is None:
        return None
    moment = pd.Timestamp(value)  # type: ignore[arg-type]
    return moment if moment.tz is None else moment.tz_convert("UTC").tz_localize(None)
