"""Features in; chances, grades, criteria, reasons out: one row per row, whatever becomes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from predict.definition.schema import Definition
from predict.errors import ModelError
from predict.history.specs import Spec
from predict.learning.evidence import build_evidence
from predict.learning.lead_model import LeadModel
from predict.learning.model import ConversionModel
from predict.scoring.grades import limits_from
from predict.scoring.scorer import SCORES, Scorer
from predict.scoring.unlike import unlike

DEFINITION = Definition.parse(
    """
name = "customer-in-30-days"
conversion = { stage = "customer", within_days = 30 }
leads = { path = "leads.csv", lead_id = "id", created_at = "created" }
outcomes.stage = { path = "s.csv", lead_id = "id", stage = "customer", entered_at = "at" }

[criteria.country]
field = "country"
in = ["DE", "AT"]
known = "at hand-off"

[criteria.budget]
field = "budget"
in = ["yes"]
known = "after contact"
"""
)
SPECS = (
    Spec("source", "category", "profile", "source", "source", {"value": "came by {value}"}),
    Spec("employees", "number", "profile", "size", "company size", {"many": "has {n} employees"}),
    Spec("n_visit", "number", "behaviour", "visit", "visits", {"many": "came {n} times"}),
    Spec("age_days", "number", "profile", "age", "age", reason=False),
)
PROFILE = ["source", "employees"]


def history(n: int = 700, seed: int = 5) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "source": rng.choice(["web", "fair", "7"], n),
            "employees": rng.integers(1, 900, n).astype(float),
            "n_visit": rng.poisson(2, n).astype(float),
            "age_days": rng.uniform(0, 60, n),
        }
    )
    X.loc[::11, "employees"] = np.nan
    X.loc[::13, "source"] = None
    y = pd.Series(rng.random(n) < 1 / (1 + np.exp(3 - 0.8 * X["n_visit"])), dtype="int8")
    days = pd.date_range("2024-01-01", periods=n, freq="12h")
    return X, y, pd.DataFrame({"lead_id": [f"L{i}" for i in range(n)], "as_of": days})


@pytest.fixture(scope="module")
def model() -> LeadModel:
    X, y, keys = history()
    full = ConversionModel(n_seeds=1, n_threads=1, half_lives=()).fit(X, y, as_of=keys["as_of"])
    own = X[PROFILE]
    bare = ConversionModel(n_seeds=1, n_threads=1, half_lives=()).fit(own, y, as_of=keys["as_of"])
    p = full.predict_proba(X)[:, 1]
    return LeadModel(
        full=full,
        profile=bare,
        specs=SPECS,
        evidence={
            "full": build_evidence(X, y, keys, SPECS),
            "profile": build_evidence(own, y, keys, SPECS[:2]),
        },
        reference=tuple(float(q) for q in np.quantile(p, np.linspace(0, 1, 101))),
        limits=limits_from(p, 12.0, capacity_per_month=10).as_dict(),
        card={"name": "customer-in-30-days", "oldest_days": 60.0},
    )


@pytest.fixture(scope="module")
def scorer(model: LeadModel) -> Scorer:
    return Scorer(model, DEFINITION, "customer-in-30-days 1")


def leads(n: int, **columns: object) -> pd.DataFrame:
    given = {
        "row": np.arange(n),
        "lead_id": [f"L{i}" for i in range(n)],
        "status": "scored",
        "basis": "full",
        "as_of": pd.Timestamp("2024-12-01"),
        "created_at": pd.Timestamp("2024-11-01"),
        "status_reason": "",
    }
    return pd.DataFrame({**given, **columns}, index=range(n))


def fields(n: int, country: object = "DE", budget: object = None) -> pd.DataFrame:
    return pd.DataFrame({"country": country, "budget": budget}, index=range(n), dtype=object)


def test_every_row_comes_back_and_the_models_chance_is_not_rounded(scorer, model) -> None:
    X = history(60, seed=9)[0]
    status = np.where(np.arange(60) % 7 == 3, "duplicate", "scored")
    basis = np.where(np.arange(60) % 2, "full", "profile")
    chunk = scorer.score(leads(60, status=status, basis=basis), X, fields(60))
    scores = chunk.scores
    assert list(scores.columns) == SCORES
    assert scores["row"].tolist() == list(range(60))
    out = scores["status"] != "scored"
    assert scores.loc[out, ["probability", "log_odds", "score", "grade"]].isna().all(axis=None)
    assert (scores.loc[out, ["criteria_failed", "criteria_unknown", "reasons"]] == "").all(
        axis=None
    )
    assert not scores.loc[out, "rated_qualified"].any()
    for name, names in (("full", list(X.columns)), ("profile", PROFILE)):
        here = ~out & (scores["basis"] == name)
        own = model.model(name).predict_proba(X.loc[here, names])[:, 1]
        np.testing.assert_array_equal(scores.loc[here, "probability"], own)
    assert chunk.concepts.index.tolist() == np.flatnonzero(~out).tolist()


def test_behaviour_is_not_looked_at_on_the_profile_basis(scorer) -> None:
    X = history(20, seed=2)[0]
    other = X.assign(n_visit=np.nan, age_days=1e6)
    first = scorer.score(leads(20, basis="profile"), X, fields(20), wanted="all")
    second = scorer.score(leads(20, basis="profile"), other, fields(20), wanted="all")
    pd.testing.assert_frame_equal(first.scores, second.scores)
    assert "visit" not in set(first.reasons["concept"])


def test_arguments_are_left_as_they_are(scorer) -> None:
    given = (leads(5), history(5)[0], fields(5))
    copies = [frame.copy() for frame in given]
    scorer.score(*given, wanted="all")
    for frame, copy in zip(given, copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_no_leads_at_all(scorer) -> None:
    chunk = scorer.score(leads(0), history(5)[0].head(0), fields(0), wanted="all")
    assert list(chunk.scores.columns) == SCORES and chunk.scores.empty and chunk.reasons.empty


def test_a_must_have_that_fails_disqualifies_and_an_unknown_one_does_not(scorer, model) -> None:
    X = history()[0]
    best = int(model.full.predict_proba(X)[:, 1].argmax())
    X = X.iloc[[best] * 3]
    told = scorer.score(leads(3), X, fields(3, country=["DE", "US", None])).scores
    assert told["probability"].nunique() == 1
    assert told["rated_qualified"].tolist() == [True, False, True]
    assert (told["criteria_failed"] != "").tolist() == [False, True, False]
    assert "country" in told["criteria_unknown"].iloc[2].lower()


def test_reasons_that_do_not_add_up_are_an_error(scorer, model, monkeypatch) -> None:
    plain = ConversionModel.contributions
    monkeypatch.setattr(ConversionModel, "contributions", lambda self, X: plain(self, X) + 1e-5)
    with pytest.raises(ModelError, match="add up"):
        scorer.score(leads(4), history(4)[0], fields(4))


def test_unlike_anything_learned_from(model: LeadModel) -> None:
    X = history(4)[0].assign(source=["web", "moon", None, "web"], age_days=[1.0, 2.0, 3.0, 400.0])
    said = unlike(X, model.full, SPECS, oldest_days=60.0)
    assert said.tolist() == [
        None,
        "its source “moon” is new or rare",
        None,
        "it came 400 days ago, the oldest learned from 60",
    ]
    assert said.index.equals(X.index)
    quiet = tuple(replace(s, reason=False) for s in SPECS)
    assert unlike(X, model.full, quiet, oldest_days=None).isna().all()
