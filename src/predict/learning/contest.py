"""Two models on the same matured looks, of months that neither of them learned from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from predict.errors import InputError, PredictError
from predict.learning import estimators
from predict.learning.backtest import MIN_ROWS, MIN_WINS, backtest
from predict.learning.baselines import RULES
from predict.learning.model import ConversionModel
from predict.learning.verdict import Lane
from predict.learning.waiting import ENOUGH_WINS, MOST_MONTHS

if TYPE_CHECKING:
    from predict.history.dataset import Dataset
    from predict.learning.backtest_result import BacktestResult
    from predict.learning.intervals import Floats
    from predict.learning.lead_model import LeadModel

Progress = Callable[[int, int, str], None]

#: Days between the export that the model in use learned from and this one, after which it is old.
AGE_LIMIT_DAYS = 180.0
#: Months judged where there are as many, however many leads won.
LEAST_MONTHS = 6
#: Profile columns whose values are judged as segments, and the most levels such a column has.
SEGMENT_COLUMNS, SEGMENT_LEVELS = 5, 12
#: Settings that change how long a fit takes, not what it is.
_NO_RECIPE = ("progress", "time_cap", "n_threads")


def lane_of(
    challenger: LeadModel,
    champion: LeadModel | None,
    data: Dataset,
    *,
    champion_data: Dataset | None = None,
    age_limit_days: float = AGE_LIMIT_DAYS,
) -> Lane:
    """Tell what a new model has to show.

    Parameters
    ----------
    challenger : LeadModel
        The new model.
    champion : LeadModel or None
        The model in use. A damaged one cannot be given: its lane is "replacement".
    data : Dataset
        All matured looks of the newest export.
    champion_data : Dataset, optional
        The same looks with the features of the model in use, where its columns differ.
    age_limit_days : float
        Days between the exports of the two, after which the model in use is too old to keep.

    Returns
    -------
    {"first", "challenge", "refresh", "replacement"}
        *first*: nothing is in use. *replacement*: the model in use cannot score these data, means
        another stage or horizon, or is past the age limit. *refresh*: the same definition,
        features and settings, learned from a newer export. *challenge*: anything else.
    """
    if champion is None:
        return "first"
    if not comparable(challenger, champion, data if champion_data is None else champion_data):
        return "replacement"
    new, old = challenger.card, champion.card
    age = _exported(challenger, None) - _exported(champion, None)
    if age > pd.Timedelta(days=age_limit_days):
        return "replacement"
    same = (
        new.get("definition_digest") == old.get("definition_digest")
        and set(challenger.full.columns_.names) == set(champion.full.columns_.names)
        and _settings(challenger.full) == _settings(champion.full)
    )
    return "refresh" if same and age > pd.Timedelta(0) else "challenge"


def contest(
    challenger: LeadModel,
    champion: LeadModel | None,
    data: Dataset,
    *,
    result: BacktestResult | None = None,
    champion_data: Dataset | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return what two models say of the same matured looks, now.

    A model cannot be judged on the rows it learned from, and the new one learned from all of them.
    So each of the last months is judged as if at its start:

    - the new model: its recipe, refitted on what was known when the month began (the backtest);
    - the model in use: itself, where the month began after the export it learned from. Else its
      recipe (columns and settings), refitted on what was known as long before the month as its
      export is older than this one. A model that is 31 days older than the new one is thus
      compared as a fit that is 31 days older than the new one's.

    Months are pooled from the newest back until 1,000 leads have won, at least 6 and at most 24;
    a month before which the model in use would have had too little to learn from is left out.

    Parameters
    ----------
    challenger : LeadModel
        The new model, fitted on ``data``.
    champion : LeadModel or None
        The model in use; None where there is none, or it is damaged.
    data : Dataset
        All matured looks of the newest export.
    result : BacktestResult, optional
        The new model's backtest of ``data``, with its recipe; made here without it.
    champion_data : Dataset, optional
        The same looks with the features of the model in use, where its columns differ.
    progress : callable, optional
        Called with (months done, months in all, what is next).

    Returns
    -------
    pandas.DataFrame
        lead_id, as_of, group, cutoff (start of the month), y, challenger and champion
        (probabilities; champion NaN in all rows where it is None or cannot score the data), rule
        (probability of the best simple rule on these rows, which favours the rule), base_rate
        (rate known at the cutoff), and the segment of each row in a column per profile category
        of few levels. In the order of the backtest; no rows where no month can be judged.

    Raises
    ------
    InputError
        ``result`` or ``champion_data`` are of other looks.

    Notes
    -----
    Trials of settings are not repeated in refits: what is compared is the recipe without them.
    """
    if result is None:
        result = backtest(
            _learned(data, challenger.full.columns_.names),
            estimator=recipe_of(challenger.full),
            start=_start(data),
            progress=progress,
        )
    frame = result.frame()
    if set(frame["basis"]) != {"full"}:
        raise InputError("a contest needs the backtest of all features", got="basis profile")
    places = _places(data, frame, "the backtest")
    frame = frame[["lead_id", "as_of", "group", "cutoff", "y"]].assign(
        challenger=frame["probability"],
        champion=np.nan,
        rule=frame[_best_rule(frame)],
        base_rate=frame["p_base_rate"],
    )
    frame = frame.assign(**_segment_columns(data, places))
    used = data if champion_data is None else champion_data
    if champion is None or not comparable(challenger, champion, used):
        return _newest(frame).reset_index(drop=True)
    places = places if champion_data is None else _places(used, frame, "the champion's data")
    older = max(_exported(challenger, data) - _exported(champion, None), pd.Timedelta(0))
    kept = _newest(frame)
    cutoffs = sorted(kept["cutoff"].unique())
    parts = []
    for done, cutoff in enumerate(cutoffs):
        if progress is not None:
            progress(done, len(cutoffs), f"{cutoff:%Y-%m-%d}")
        rows = kept[kept["cutoff"] == cutoff]
        X = used.X.iloc[places[rows.index]]
        chances = _as_if(champion, used, X, cutoff, cutoff - older)
        if chances is not None:
            parts.append(rows.assign(champion=chances))
    if progress is not None:
        progress(len(cutoffs), len(cutoffs), "")
    return pd.concat([kept.head(0), *parts], ignore_index=True) if parts else kept.head(0)


def comparable(challenger: LeadModel, champion: LeadModel, data: Dataset) -> bool:
    """Tell whether the model in use can score the data and means the same stage and horizon."""
    if any(challenger.card.get(k) != champion.card.get(k) for k in ("stage", "within_days")):
        return False
    names = champion.full.columns_.names
    if not set(names) <= set(data.X.columns):
        return False
    try:
        champion.full.predict_proba(data.X[names].head(100))
    except PredictError:
        return False
    return True


def recipe_of(model: ConversionModel) -> ConversionModel:
    """Return an unfitted model of the same settings, without trials."""
    settings = {**model.get_params(), "progress": None, "trials": 0, "time_cap": None}
    return ConversionModel(**settings)


def _as_if(
    champion: LeadModel, data: Dataset, X: pd.DataFrame, cutoff: pd.Timestamp, until: pd.Timestamp
) -> Floats | None:
    """Return the chances of the model in use for a month that began at ``cutoff``."""
    names = champion.full.columns_.names
    if _exported(champion, None) <= cutoff:
        return estimators.chances(champion.full, X[names])
    known = data.as_of + pd.Timedelta(days=data.horizon_days + data.export_lag_days) <= until
    past = data.take(known & (data.as_of < until))
    wins = int(past.y.sum())
    if len(past) < MIN_ROWS or min(wins, len(past) - wins) < MIN_WINS:
        return None
    fitted = estimators.fit(
        recipe_of(champion.full), past.X[names], past.y, as_of=past.as_of, groups=past.groups
    )
    return estimators.chances(fitted, X[names])


def _newest(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the months that are judged."""
    won = frame[frame["y"] == 1].groupby("cutoff")["lead_id"].nunique()
    cutoffs = sorted(frame["cutoff"].unique(), reverse=True)[:MOST_MONTHS]
    wins = np.cumsum([int(won.get(cutoff, 0)) for cutoff in cutoffs])
    enough = int(np.searchsorted(wins, ENOUGH_WINS)) + 1
    oldest = cutoffs[: max(enough, LEAST_MONTHS)][-1]
    return frame[frame["cutoff"] >= oldest]


def _start(data: Dataset) -> pd.Timestamp:
    """Return the first month of a backtest that is made for a contest alone."""
    recent = data.as_of.max().to_period("M").start_time - pd.DateOffset(months=MOST_MONTHS - 1)
    first = data.manifest.get("first_fold")
    return recent if first is None else max(recent, pd.Timestamp(str(first)))


def _learned(data: Dataset, names: list[str]) -> Dataset:
    """Return the data with the columns of a model alone."""
    specs = {spec.name: spec for spec in data.specs}
    return replace(data, X=data.X[names], specs=tuple(specs[name] for name in names))


def _places(data: Dataset, frame: pd.DataFrame, what: str) -> np.ndarray:
    known = pd.MultiIndex.from_frame(data.keys[["lead_id", "as_of"]])
    wanted = pd.MultiIndex.from_frame(frame[["lead_id", "as_of"]])
    places = known.get_indexer(wanted)
    missing = int((places < 0).sum())
    if missing:
        raise InputError(
            f"{what} and the data hold other looks",
            got=f"{missing:,} of {len(frame):,} looks are not in the data",
            do="make both from the same export and definition",
        )
    return places


def _best_rule(frame: pd.DataFrame) -> str:
    from predict.learning.metrics import log_loss

    there = [name for name in RULES if name in frame]
    return min(there, key=lambda name: log_loss(frame["y"], frame[name]))


def _segment_columns(data: Dataset, places: np.ndarray) -> dict[str, Any]:
    named = [s.name for s in data.specs if s.view == "profile" and s.dtype == "category"]
    taken = {"rule", "base_rate", "challenger", "champion", "y"}
    few = [n for n in named if data.X[n].nunique() <= SEGMENT_LEVELS and n not in taken]
    # How a lead came in is what sales and marketing ask about first.
    few.sort(key=lambda name: name.lower() != "source")
    return {name: data.X[name].to_numpy()[places] for name in few[:SEGMENT_COLUMNS]}


def _settings(model: ConversionModel) -> dict[str, Any]:
    kept = {k: v for k, v in model.get_params().items() if k not in _NO_RECIPE}
    return {k: tuple(v) if isinstance(v, list | tuple) else v for k, v in kept.items()}


def _exported(model: LeadModel, data: Dataset | None) -> pd.Timestamp:
    """Return when the export was made that a model learned from: it knows nothing later."""
    manifest = model.card["data"] if data is None else data.manifest
    said = manifest.get("exported_at")
    if said is not None:
        return pd.Timestamp(str(said))
    if data is None:
        raise InputError("the card of a model does not say when its data were exported")
    return data.as_of.max() + pd.Timedelta(days=data.horizon_days + data.export_lag_days)
