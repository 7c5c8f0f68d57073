"""The contest: what each model may have learned from, and which lane it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import predict as pr
from predict.errors import InputError
from predict.findings import Finding
from predict.history.dataset import Dataset
from predict.history.specs import Spec
from predict.learning.backtest import backtest
from predict.learning.contest import contest, lane_of, recipe_of
from predict.learning.gate import judge
from predict.learning.lead_model import LeadModel
from predict.learning.model import ConversionModel
from predict.learning.waiting import MOST_MONTHS

DAY = pd.Timedelta(days=1)
HORIZON = 30.0
DEFINITION = """
name = "demo"
conversion = { stage = "won", within_days = 30 }
leads = { path = "leads.csv", lead_id = "id", created_at = "created" }
outcomes.stage = { path = "s.csv", lead_id = "id", stage = "won", entered_at = "at" }
money = { capacity_per_month = 40 }
"""


def history(leads: int = 2_400, seed: int = 0, months: int = 14) -> Dataset:
    """Leads of fourteen months, looked at twice; visits and source decide, luck does nothing."""
    rng = np.random.default_rng(seed)
    created = pd.Timestamp("2024-01-01") + pd.to_timedelta(
        np.sort(rng.uniform(0, 30.4 * months, leads)), unit="D"
    )
    one = pd.DataFrame(
        {
            "lead_id": [f"L{i:05}" for i in range(leads)],
            "created_at": created.floor("min"),
            "group": [f"A{i // 2:05}" for i in range(leads)],
            "visits": rng.poisson(2, leads).astype(float),
            "luck": rng.normal(size=leads),
            "source": rng.choice(["web", "fair", "mail"], leads),
        }
    )
    odds = -3.4 + 0.6 * one["visits"] + 0.8 * (one["source"] == "fair")
    one["y"] = (rng.random(leads) < 1 / (1 + np.exp(-odds))).astype("int8")
    both = pd.concat([one.assign(as_of=one["created_at"] + 15 * k * DAY) for k in range(2)])
    both = both.sort_values(["as_of", "lead_id"]).reset_index(drop=True)
    specs = (
        Spec("visits", "number", "behaviour", "visits", "visits"),
        Spec("luck", "number", "behaviour", "luck", "luck"),
        Spec("source", "category", "profile", "source", "source"),
    )
    exported = both["as_of"].max() + HORIZON * DAY
    return Dataset(
        both[["visits", "luck", "source"]],
        both["y"],
        both[["lead_id", "as_of", "created_at", "group"]],
        specs,
        HORIZON,
        manifest={"exported_at": exported.isoformat()},
    )


def model(data: Dataset, columns: list[str], days: float = 0.0, **card: object) -> LeadModel:
    """Return a logistic model as if of an export so many days earlier."""
    exported = pd.Timestamp(str(data.manifest["exported_at"])) - days * DAY
    past = data.take(data.as_of + HORIZON * DAY <= exported)
    fit = ConversionModel(
        horizon_days=HORIZON, members="logistic", half_lives=(), n_seeds=1, n_threads=1
    ).fit(past.X[columns], past.y, as_of=past.as_of, groups=past.groups)
    about = {
        "stage": "won",
        "within_days": HORIZON,
        "definition_digest": "d",
        "data": {"exported_at": exported.isoformat()},
    }
    return LeadModel(fit, fit, data.specs, {}, (), card={**about, **card})


ALL, FEWER = ["visits", "luck", "source"], ["luck", "source"]


@pytest.fixture(scope="module")
def data() -> Dataset:
    return history()


@pytest.fixture(scope="module")
def new(data: Dataset) -> LeadModel:
    return model(data, ALL)


@pytest.fixture(scope="module")
def result(data: Dataset, new: LeadModel):  # type: ignore[no-untyped-def]
    return backtest(data, estimator=recipe_of(new.full))


def test_rows_are_those_of_the_backtest_and_both_models_are_there(data, new, result) -> None:
    frame = contest(new, model(data, FEWER, 31), data, result=result)
    assert list(frame.columns[:9]) == [
        *("lead_id", "as_of", "group", "cutoff", "y", "challenger", "champion"),
        *("rule", "base_rate"),
    ]
    merged = frame.merge(result.frame(), on=["lead_id", "as_of"], validate="one_to_one")
    assert len(merged) == len(frame)
    assert (merged["challenger"] == merged["probability"]).all()
    assert (
        frame["champion"].between(0, 1).all()
        and frame["source"].isin(["web", "fair", "mail"]).all()
    )
    assert frame["cutoff"].nunique() <= MOST_MONTHS
    assert judge(frame, lane="challenge").promote


def test_a_recent_model_in_use_is_refitted_on_what_was_known_as_long_before(
    data, new, result
) -> None:
    """Outcomes known only after the older cutoff do not move its chances; earlier ones do."""
    old = model(data, FEWER, 31)
    frame = contest(new, old, data, result=result)
    cutoff = frame["cutoff"].max()
    until = cutoff - 31 * DAY
    late = data.as_of + HORIZON * DAY > until
    altered = replace(data, y=data.y.where(~late, 1 - data.y))
    again = contest(new, old, altered, result=result)
    last = frame["cutoff"] == cutoff
    assert (frame.loc[last, "champion"] == again.loc[last, "champion"]).all()
    earlier = (data.as_of + HORIZON * DAY <= until) & (data.as_of > until - 90 * DAY)
    moved = replace(data, y=data.y.where(~earlier, 1 - data.y))
    other = contest(new, old, moved, result=result)
    assert (frame.loc[last, "champion"] != other.loc[last, "champion"]).any()


def test_an_older_model_in_use_is_taken_as_it_is_for_months_after_its_export(
    data, new, result
) -> None:
    old = model(data, FEWER, 120)
    frame = contest(new, old, data, result=result)
    exported = pd.Timestamp(old.card["data"]["exported_at"])
    merged = frame.merge(data.frame()[["lead_id", "as_of", *FEWER]], on=["lead_id", "as_of"])
    own = old.full.predict_proba(merged[[*FEWER[:1]]].assign(source=frame["source"]))[:, 1]
    after = (frame["cutoff"] >= exported).to_numpy()
    assert after.any() and not after.all()
    assert np.array_equal(frame["champion"][after], own[after])
    assert not np.allclose(frame["champion"][~after], own[~after])


def test_the_same_recipe_on_the_same_export_says_the_same(data, new, result) -> None:
    frame = contest(new, new, data, result=result)
    assert np.allclose(frame["challenger"], frame["champion"])
    assert not judge(frame, lane="challenge", draws=50).promote


def test_the_contest_makes_the_backtest_of_the_new_models_columns(data) -> None:
    blind = model(data, FEWER)
    frame = contest(blind, model(data, ALL, 31), data)
    verdict = judge(frame, lane="challenge", draws=200)
    assert not verdict.promote and verdict.figures["gain/high"] < 0
    assert frame["cutoff"].nunique() <= MOST_MONTHS


def test_months_without_enough_for_the_model_in_use_are_left_out() -> None:
    short = history(900, months=6)
    mine = model(short, ALL)
    base = backtest(short, estimator=recipe_of(mine.full), min_wins=10)
    frame = contest(mine, model(short, ALL, 31), short, result=base)
    assert 0 < frame["cutoff"].nunique() < len(base.folds())
    alone = short.take(short.as_of < pd.Timestamp("2024-05-01"))
    base = backtest(alone, estimator=recipe_of(mine.full), min_wins=5, min_rows=50)
    nothing = contest(mine, model(short, ALL, 62), alone, result=base)
    assert nothing.empty and "champion" in nothing
    assert "too early" in judge(nothing, lane="refresh").sentence


def test_lanes(data, new) -> None:
    assert lane_of(new, None, data) == "first"
    assert lane_of(new, model(data, ALL, 31), data) == "refresh"
    assert lane_of(new, model(data, FEWER, 31), data) == "challenge"
    assert lane_of(new, new, data) == "challenge"  # no newer data
    assert lane_of(new, model(data, ALL, 31, definition_digest="e"), data) == "challenge"
    assert lane_of(new, model(data, ALL, 200), data) == "replacement"
    assert lane_of(new, model(data, ALL, 200), data, age_limit_days=365) == "refresh"
    assert lane_of(new, model(data, ALL, 31, stage="opportunity"), data) == "replacement"
    other = model(data, ALL, 31)
    other.full.n_seeds = 2
    assert lane_of(new, other, data) == "challenge"


def test_a_model_in_use_with_other_columns_needs_its_own_data(data, new, result) -> None:
    theirs = replace(
        data,
        X=data.X.rename(columns={"visits": "page_views"}),
        specs=(replace(data.specs[0], name="page_views"), *data.specs[1:]),
    )
    old = model(theirs, ["page_views", "source"], 31)
    assert lane_of(new, old, data) == "replacement"
    frame = contest(new, old, data, result=result)
    assert frame["champion"].isna().all()
    assert "than the best simple rule" in judge(frame, lane="replacement").sentence
    shuffled = theirs.take(theirs.as_of < theirs.as_of.max())
    assert lane_of(new, old, data, champion_data=theirs) == "challenge"
    own = contest(new, old, data, result=result, champion_data=theirs)
    assert own["champion"].notna().all()
    with pytest.raises(InputError, match="champion's data and the data hold other looks"):
        contest(new, old, data, result=result, champion_data=shuffled)


def test_a_backtest_of_other_looks_is_refused(data, new, result) -> None:
    later = data.take(data.as_of < data.as_of.max() - 40 * DAY)
    with pytest.raises(InputError, match="hold other looks"):
        contest(new, None, later, result=result)
    profile = backtest(data, estimator=recipe_of(new.full), basis="profile")
    with pytest.raises(InputError, match="needs the backtest of all features"):
        contest(new, None, data, result=profile)


def test_compare_finds_the_lane_and_asks_the_definition(data, new, result) -> None:
    agreed = pr.Definition.parse(DEFINITION)
    old = model(data, FEWER, 31)
    verdict = pr.compare(new, old, data, result=result, definition=agreed)
    assert verdict.lane == "challenge" and verdict.promote, verdict.sentence
    assert verdict.figures["capacity/taken"] == pytest.approx(40)
    stop = Finding("single-column", "block", "luck", "Luck knows the outcome.")
    held = pr.compare(new, old, data, result=result, definition=agreed, findings=[stop])
    assert not held.promote
    first = pr.compare(new, None, data, result=result, definition=agreed)
    assert first.lane == "first" and first.promote, first.sentence
    damaged = pr.compare(new, None, data, result=result, definition=agreed, lane="replacement")
    assert damaged.lane == "replacement" and damaged.promote
