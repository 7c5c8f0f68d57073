"""A small invented list, scored by a model that is known: additive by construction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from predict.definition.agreement import Criterion
from predict.history.specs import Spec
from predict.learning.evidence import Evidence, build_evidence
from predict.report.pages import ListSummary
from predict.report.who import who
from predict.scoring import criteria as agreed
from predict.scoring import grades
from predict.scoring.reasons import as_text, reasons
from predict.scoring.wording import Wording
from predict.scoring.words import Goal

GOAL = Goal("opportunity", 90)
AS_OF = pd.Timestamp("2026-03-03")


def _times(thing: str) -> dict[str, str]:
    return {
        "many": f"{thing} {{n}} times in the last 30 days",
        "one": f"{thing} once in the last 30 days",
        "zero": f"has not {thing} in the last 30 days",
    }


SPECS = (
    Spec("pricing_30d", "number", "behaviour", "pricing", "the pricing page",
         _times("viewed the pricing page")),
    Spec("webinars", "number", "behaviour", "webinar", "webinars",
         {"many": "attended {n} webinars", "one": "attended one webinar",
          "zero": "attended no webinar"}),
    Spec("days_since_last", "number", "behaviour", "activity", "activity",
         {"many": "was last active {n} days ago", "one": "was last active 1 day ago",
          "zero": "was active today", "missing": "has not been active yet"}, "days"),
    Spec("industry", "category", "profile", "industry", "industry",
         {"value": "industry is {value}", "missing": "no industry is known"}),
    Spec("title", "text", "profile", "title", "job title",
         {"value": "job title is {value}", "missing": "no job title is known"}),
    Spec("employees", "number", "profile", "size", "size",
         {"many": "the firm has {n} employees", "missing": "the size of the firm is not known"}),
    Spec("our_calls", "number", "ours", "our calls", "our calls", reason=False),
)  # fmt: skip
_INDUSTRIES = {"Machinery": 0.7, "Chemicals": 0.2, "Retail": -0.3, "Education": -0.9}
_TITLES = {"Head of Operations": 0.8, "IT Manager": 0.3, "Buyer": 0.1, "Student": -1.6}
_FIRST = ["Ada", "Jonas", "Miriam", "Tomás", "Yuki", "Lea", "Karim", "Sofia", "Pieter", "Ines"]
_LAST = ["Keller", "Novák", "Okafor", "Lindgren", "Rossi", "Tanaka", "Meyer", "Almeida"]
_FIRMS = ["Nordwind", "Alpenstahl", "Brisa Foods", "Kestrel Labs", "Hafen & Sohn", "Lumen Optik"]
_CITIES = ["Hamburg", "Linz", "Porto", "Bristol", "Bremen", "Jena", "Rostock"]


@dataclass(frozen=True)
class Sample:
    """Everything a page is made of."""

    scores: pd.DataFrame
    reasons: pd.DataFrame
    display: pd.DataFrame
    summary: ListSummary
    evidence: Evidence


def features(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "pricing_30d": rng.poisson(0.9, n).astype(float),
            "webinars": rng.poisson(0.4, n).astype(float),
            "days_since_last": np.where(rng.random(n) < 0.2, np.nan, rng.exponential(12, n)),
            "industry": rng.choice([*_INDUSTRIES, None], n, p=[0.3, 0.2, 0.25, 0.15, 0.1]),
            "title": rng.choice([*_TITLES, None], n, p=[0.2, 0.3, 0.25, 0.1, 0.15]),
            "employees": np.where(rng.random(n) < 0.2, np.nan, rng.lognormal(5, 1.3, n).round()),
            "our_calls": rng.poisson(1.0, n).astype(float),
        }
    )


def contributions(X: pd.DataFrame) -> pd.DataFrame:
    """The known model: each column its own function, in log-odds."""
    return pd.DataFrame(
        {
            "pricing_30d": 0.55 * (X["pricing_30d"].clip(upper=4) - 0.9),
            "webinars": 0.5 * (X["webinars"].clip(upper=3) - 0.4),
            "days_since_last": (0.6 - X["days_since_last"] / 20).clip(-0.9, 0.6).fillna(-0.4),
            "industry": X["industry"].map(_INDUSTRIES).astype(float).fillna(-0.1),
            "title": X["title"].map(_TITLES).astype(float).fillna(-0.2),
            "employees": (0.25 * np.log(X["employees"] / 150)).clip(-0.6, 0.6).fillna(-0.1),
            "our_calls": 0.2 * (X["our_calls"] - 1.0),
        }
    )


BASE = -2.6


def make_sample(n: int = 60, seed: int = 7, who_frame: pd.DataFrame | None = None) -> Sample:
    rng = np.random.default_rng(seed)
    past = features(4_000, 1)
    chance = 1 / (1 + np.exp(-BASE - contributions(past).sum(axis=1)))
    y = pd.Series((rng.random(len(past)) < chance).astype(int))
    days = AS_OF - pd.to_timedelta(rng.integers(120, 700, len(past)), unit="D")
    keys = pd.DataFrame({"lead_id": range(len(past)), "as_of": days})
    evidence = build_evidence(past, y, keys, SPECS)
    limits = grades.limits_from(chance, 10, capacity_per_month=90)
    X = features(n, seed)
    parts = contributions(X)
    log_odds = BASE + parts.sum(axis=1)
    p = 1 / (1 + np.exp(-log_odds))
    leads = pd.DataFrame(
        {
            "First Name": rng.choice(_FIRST, n),
            "Last Name": rng.choice(_LAST, n),
            "Company": rng.choice(_FIRMS, n),
            "Title": X["title"].fillna(""),
            "City": rng.choice(_CITIES, n),
            "Country": rng.choice(["DE", "AT", "PT", "GB"], n),
            "Budget": rng.choice(["", "20000"], n),
        }
    )
    leads["Email"] = [f"lead{i}@example.com" for i in range(n)]
    leads["Phone"] = [f"+49 40 5550 {i:03d}" for i in range(n)]
    rules = agreed.rules(
        {
            "country": Criterion(field="Country", in_=("DE", "AT", "PT")),
            "budget": Criterion(field="Budget", at_least=5000, known="after contact"),
        }
    )
    judged = agreed.check(rules, leads)
    letters = grades.grade(p, limits)
    scores = pd.DataFrame(
        {
            "row": range(n),
            "lead_id": [f"L-{i:04d}" for i in range(n)],
            "as_of": AS_OF,
            "created_at": AS_OF - pd.to_timedelta(rng.integers(0, 20, n), unit="D"),
            "status": "scored",
            "status_reason": None,
            "basis": "full",
            "probability": p,
            "log_odds": log_odds,
            "score": grades.score(p, grades.reference_quantiles(chance)),
            "grade": letters,
            "rated_qualified": grades.is_qualified(letters, limits)
            & (judged["criteria_failed"] == ""),
            "criteria_failed": judged["criteria_failed"],
            "criteria_unknown": judged["criteria_unknown"],
            "unlike": None,
            "model_version": "3",
        }
    )
    frame = reasons(
        parts,
        X,
        Wording(SPECS, GOAL, evidence),
        rows=scores["row"],
        lead_ids=scores["lead_id"],
        base=BASE,
    )
    scores["reasons"] = scores["row"].map(as_text(frame))
    left = scores["row"] % 17 == 5
    scores.loc[left, ["status", "status_reason"]] = ["duplicate", "the same lead stands in row 2"]
    scores.loc[left, ["probability", "log_odds", "score", "grade"]] = np.nan
    scores.loc[left, "rated_qualified"] = False
    order = scores["probability"].sort_values(ascending=False).index
    scores.loc[order[1], "unlike"] = "Unlike any past lead: 48,000 employees, more than ever seen."
    scores.loc[order[2], "basis"] = "profile"
    summary = ListSummary(
        name="Hannover trade fair, hall 7",
        goal=GOAL,
        known_on=AS_OF,
        model="opportunity-in-90-days, version 3",
        limits=limits,
        average=evidence.overall,
    )
    display = who(leads) if who_frame is None else who_frame
    return Sample(
        scores, frame[~frame["row"].isin(scores.loc[left, "row"])], display, summary, evidence
    )


@pytest.fixture(scope="session")
def sample() -> Sample:
    return make_sample()
