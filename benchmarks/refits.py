"""Real refits under the gate: plain logistic models of simulated features, month by month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.contests import MEAN, Pair, contest, expit
from predict.history.dataset import Dataset
from predict.history.specs import Spec
from predict.learning.backtest import backtest
from predict.learning.backtest_result import BacktestResult
from predict.learning.gate import judge
from predict.learning.lead_model import LeadModel
from predict.learning.model import ConversionModel
from predict.learning.verdict import Lane


def refits(seed: int, leads: int = 3_000) -> pd.DataFrame:
    """Judge models that are really refitted, month by month, by `predict.learning.contest`.

    Returns
    -------
    pandas.DataFrame
        One row per case: case, lane, promoted, gain (measured).
    """
    from predict.learning.contest import contest as contested
    from predict.learning.contest import recipe_of

    rows = []
    told: dict[int, BacktestResult] = {}  # one backtest of a model, however many it meets
    for case, lane, new, old, data in _cases(leads, seed):
        if id(new) not in told:
            names = new.full.columns_.names
            specs = tuple(spec for spec in data.specs if spec.name in names)
            learned = replace(data, X=data.X[names], specs=specs)
            told[id(new)] = backtest(learned, estimator=recipe_of(new.full))
        rows_of = contested(new, old, data, result=told[id(new)])
        verdict = judge(rows_of, lane=lane, draws=400, seed=seed)
        gain = verdict.figures.get("gain/value", np.nan)
        rows.append({"case": case, "lane": lane, "promoted": verdict.promote, "gain": gain})
    return pd.DataFrame(rows)


def _cases(leads: int, seed: int) -> Iterator[tuple[str, Lane, LeadModel, LeadModel, Dataset]]:
    data = _history(leads, np.random.default_rng([seed, leads, 7]))
    noise = _history(leads, np.random.default_rng([seed, leads, 7]), random=True)
    both, fewer = list(data.X), [c for c in data.X if c != "f0"]
    strange = [c for c in data.X if c != "n0"]
    full = _model(data, both)
    yield "same recipe, a month newer", "refresh", full, _model(data, both, 1), data
    yield "a column of noise more", "challenge", full, _model(data, strange), data
    yield "a real driver more", "challenge", full, _model(data, fewer), data
    less = _model(data, fewer)
    yield "a real driver less", "challenge", less, full, data
    luck = _model(noise, both)
    yield "random labels", "challenge", luck, _model(noise, strange), noise
    yield "random labels", "refresh", luck, _model(noise, both, 1), noise


def _history(leads: int, rng: np.random.Generator, *, random: bool = False) -> Dataset:
    """Return looks of sixteen months with ten features, one of them noise."""
    rows = contest(leads, Pair(), rng, months=16)
    n = len(rows)
    hidden = rows.groupby("lead_id", sort=False).ngroup().to_numpy()
    names = [*(f"f{i}" for i in range(9)), "n0"]
    X = pd.DataFrame(rng.normal(size=(hidden.max() + 1, len(names)))[hidden], columns=names)
    X += 0.3 * rng.normal(size=(n, len(names)))
    weights = np.array([0.6, 0.5, 0.5, 0.4, 0.3, 0.3, 0.2, 0.2, 0.1, 0.0])
    odds = MEAN + 0.4 * (X.to_numpy() @ weights) * 2
    draw = rng.random(hidden.max() + 1)[hidden]
    y = draw < (expit(MEAN) if random else expit(odds))
    keys = pd.DataFrame(
        {
            "lead_id": rows["lead_id"].map("L{:06d}".format),
            "as_of": rows["as_of"],
            "created_at": rows["as_of"],
            "group": rows["group"].map("A{:06d}".format),
        }
    )
    order = keys.sort_values(["as_of", "lead_id"]).index
    specs = tuple(Spec(name, "number", "behaviour", name, name) for name in names)
    data = Dataset(
        X.loc[order].reset_index(drop=True),
        pd.Series(y[order].astype("int8")),
        keys.loc[order].reset_index(drop=True),
        specs,
        30.0,
    )
    exported = data.as_of.max() + pd.Timedelta(days=30)
    return replace(data, manifest={"exported_at": str(exported)})


def _model(data: Dataset, names: list[str], months_older: int = 0) -> LeadModel:
    """Return a plain logistic model of some columns, as if exported so much earlier."""
    exported = pd.Timestamp(str(data.manifest["exported_at"]))
    exported -= pd.DateOffset(months=months_older)
    past = data.take(data.as_of + pd.Timedelta(days=30) <= exported)
    model = ConversionModel(
        horizon_days=30.0, members="logistic", half_lives=(), n_seeds=1, n_threads=1
    )
    model.fit(past.X[names], past.y, as_of=past.as_of, groups=past.groups)
    card = {"stage": "won", "within_days": 30.0, "data": {"exported_at": str(exported)}}
    return LeadModel(model, model, data.specs, {}, (), card=card)
