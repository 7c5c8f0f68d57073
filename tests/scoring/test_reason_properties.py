"""Properties of reasons on random models and leads: whatever the members, whatever the lead."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import expit

from predict.history.specs import Spec
from predict.learning.evidence import Evidence, build_evidence
from predict.learning.model import ConversionModel
from predict.scoring.reasons import OTHER, by_concept, check_additivity, reasons
from predict.scoring.wording import Wording
from predict.scoring.words import Goal, forbidden_words

SPECS = (
    Spec("visits_7d", "number", "behaviour", "visits", "visits", {"many": "came {n} times lately"}),
    Spec("visits_all", "number", "behaviour", "visits", "visits", {"many": "came {n} times"}),
    Spec("days", "number", "age", "age", "age", {"many": "came {n} days ago"}, "days"),
    Spec("firm_size", "number", "profile", "size", "employees"),
    Spec("Lead_Source__c", "category", "profile", "source", "source"),
    Spec("constant", "number", "behaviour", "constant", "constant"),
    Spec("our_calls", "number", "ours", "our calls", "our calls", reason=False),
)
NAMES = [spec.name for spec in SPECS]
SOURCES = ("fair", "web", "referral")
GOAL = Goal("opportunity", 90)


def drawn(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    recent = rng.poisson(1.5, rows).astype(float)
    frame = pd.DataFrame(
        {
            "visits_7d": recent,
            "visits_all": recent + rng.poisson(2, rows),
            "days": rng.uniform(0, 60, rows).round(1),
            "firm_size": np.where(rng.random(rows) < 0.2, np.nan, rng.integers(1, 900, rows)),
            "Lead_Source__c": rng.choice(SOURCES, rows),
            "constant": 4.0,
            "our_calls": rng.poisson(1, rows).astype(float),
        }
    )
    return frame[NAMES]


@cache
def fitted(seed: int, members: str) -> tuple[ConversionModel, Evidence]:
    """Return a model of a random truth; every coefficient is drawn, signs and zeros included."""
    rng = np.random.default_rng(seed)
    X = drawn(rng, 600)
    size = rng.choice([-1.0, 0.0, 1.0], 4)
    log_odds = (
        0.6 * size[0] * X["visits_7d"]
        + 0.03 * size[1] * X["days"]
        + size[2] * (X["Lead_Source__c"] == "referral")
        + 0.8 * size[3] * X["our_calls"]
    )
    y = pd.Series(rng.random(600) < expit(log_odds - log_odds.mean() - 0.5)).astype(int)
    model = ConversionModel(members=members, n_threads=1, n_seeds=1).fit(X, y)
    keys = pd.DataFrame({"lead_id": range(600), "as_of": pd.Timestamp("2026-01-01")})
    return model, build_evidence(X, y, keys, SPECS)


LEAD = st.tuples(
    st.integers(0, 12).map(float),
    st.integers(0, 30).map(float),
    st.floats(0, 90),
    st.one_of(st.just(np.nan), st.integers(1, 5000).map(float)),
    st.sampled_from([*SOURCES, "never seen", None]),
    st.just(4.0),
    st.integers(0, 9).map(float),
)
MODEL = st.builds(fitted, st.integers(0, 3), st.sampled_from(["both", "boosting", "logistic"]))
LEADS = st.lists(LEAD, min_size=1, max_size=6)
PROPERTY = settings(max_examples=40, deadline=None)


def frame_of(leads: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(leads, columns=NAMES)
    return frame.astype({n: float for n in NAMES if n != "Lead_Source__c"})


def told(model: ConversionModel, evidence: Evidence, X: pd.DataFrame) -> pd.DataFrame:
    wording = Wording(SPECS, GOAL, evidence)
    return reasons(model.contributions(X), X, wording, base=model.base_)


def texts(frame: pd.DataFrame, row: int) -> list[tuple[str, str]]:
    mine = frame[frame["row"] == row]
    return list(zip(mine["direction"], mine["sentence"], strict=True))


@PROPERTY
@given(made=MODEL, leads=LEADS)
def test_reasons_sum_to_the_chance(made, leads) -> None:
    model, evidence = made
    X = frame_of(leads)
    said = told(model, evidence, X)
    log_odds = model.decision_function(X)
    check_additivity(model.base_, model.contributions(X), log_odds)
    whole = said.groupby("row")[["contribution", "points"]].sum()
    assert np.allclose(model.base_ + whole["contribution"], log_odds, atol=1e-9)
    assert np.allclose(expit(model.base_) + whole["points"], expit(log_odds), atol=1e-9)


@PROPERTY
@given(made=MODEL, leads=LEADS)
def test_order_sign_and_number_of_reasons(made, leads) -> None:
    model, evidence = made
    said = told(model, evidence, frame_of(leads))
    for _, mine in said.groupby("row"):
        assert (mine["rank"] == range(1, len(mine) + 1)).all()
        for direction, sign, most in (("for", 1, 3), ("against", -1, 2)):
            sizes = sign * mine.loc[mine["direction"] == direction, "contribution"]
            assert len(sizes) <= most
            assert (sizes > 0).all()
            assert sizes.is_monotonic_decreasing
        assert (mine["direction"] == OTHER).sum() == 1
        assert mine["concept"].is_unique
    assert (np.sign(said["points"]) == np.sign(said["contribution"])).all()


@PROPERTY
@given(made=MODEL, leads=LEADS)
def test_readers_meet_no_column_name_no_jargon_and_no_action_of_ours(made, leads) -> None:
    model, evidence = made
    said = told(model, evidence, frame_of(leads))
    assert "our calls" not in set(said["concept"])
    for sentence in said["sentence"]:
        assert not any(name in sentence for name in ("visits_", "firm_size", "__c", "our_calls"))
        assert not forbidden_words(sentence)


@PROPERTY
@given(made=MODEL, leads=LEADS)
def test_what_no_member_uses_adds_nothing(made, leads) -> None:
    model, evidence = made
    X = frame_of(leads)
    assert (model.contributions(X)["constant"] == 0).all()
    assert "constant" not in set(told(model, evidence, X)["concept"])


@PROPERTY
@given(made=MODEL, lead=LEAD, others=LEADS)
def test_equal_leads_get_equal_text_and_swapped_ones_swap(made, lead, others) -> None:
    model, evidence = made
    alone = told(model, evidence, frame_of([lead]))
    first = told(model, evidence, frame_of([lead, *others, lead]))
    last = len(others) + 1
    assert texts(first, 0) == texts(first, last) == texts(alone, 0)
    swapped = told(model, evidence, frame_of([others[0], lead]))
    assert texts(swapped, 1) == texts(first, 0)
    assert texts(swapped, 0) == texts(first, 1)


@PROPERTY
@given(
    seed=st.integers(0, 3),
    members=st.sampled_from(["both", "boosting", "logistic"]),
    lead=LEAD,
    more=st.integers(1, 6),
)
def test_what_raises_the_chance_is_never_told_against_where_there_is_most_of_it(
    seed, members, lead, more
) -> None:
    model = _monotone(seed, members)
    X = frame_of([lead])
    richest = X.assign(visits_7d=12.0 + more)
    poorest = X.assign(visits_7d=0.0)
    added = by_concept(model.contributions(pd.concat([poorest, richest])), SPECS)
    assume(not np.isclose(*added["visits"]))
    assert added["visits"].iloc[1] > added["visits"].iloc[0]
    assert added["visits"].iloc[1] >= 0


@cache
def _monotone(seed: int, members: str) -> ConversionModel:
    """Return a model of a truth in which recent visits alone decide, and always help."""
    rng = np.random.default_rng(100 + seed)
    X = drawn(rng, 600)
    X["visits_all"] = 0.0
    y = (rng.random(600) < expit(1.2 * X["visits_7d"] - 2)).astype(int)
    return ConversionModel(members=members, n_threads=1, n_seeds=1).fit(X, y)
