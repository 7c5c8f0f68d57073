"""Cohorts and early conversions of a small export against plain pandas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from predict.crm.opening import open_crm
from predict.crm.tables import Crm
from predict.definition.schema import Definition
from predict.home import Home
from predict.loop.cohorts import cohorts, judged_until, matured, shift_limits
from predict.loop.conversion_curve import conversions, curves
from predict.loop.monitoring import monitor
from predict.scoring.ledger import Ledger, run_key

DAY = pd.Timedelta(days=1)
EXPORTED = pd.Timestamp("2026-07-01")
HORIZON, LAG = 60, 2
TEXT = f"""
name = "small"
[conversion]
stage = "won"
within_days = {HORIZON}
export_lag_days = {LAG}
[leads]
path = "leads.csv"
exported_at = 2026-06-30
lead_id = "id"
created_at = "created"
[outcomes.stage]
path = "stages.csv"
exported_at = 2026-06-30
lead_id = "lead"
stage_column = "stage"
entered_at = "at"
"""
N = 6_000


def people(seed: int = 0, worse: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leads of a year and their stages; the last 60 days with half the conversions."""
    rng = np.random.default_rng(seed)
    created = EXPORTED - pd.to_timedelta(rng.random(N) * 420, unit="D").floor("s")
    leads = pd.DataFrame({"id": [f"L{i:04}" for i in range(N)], "created": created})
    rate = np.where(worse & (created > EXPORTED - 60 * DAY), 0.15, 0.3)
    delay = pd.to_timedelta(rng.exponential(25, N) + 0.01, unit="D").floor("s")
    came = (rng.random(N) < rate) & (created + delay < EXPORTED)
    stages = pd.DataFrame({"lead": leads["id"], "at": created + delay, "stage": "won"})[came]
    return leads, stages.reset_index(drop=True)


@pytest.fixture(scope="module")
def opened() -> Iterator[tuple[Crm, pd.DataFrame, pd.DataFrame]]:
    leads, stages = people()
    crm = open_crm(Definition.parse(TEXT), leads=leads, outcomes={"stage": stages})
    yield crm, leads, stages
    crm.close()


def scored(folder: Path, leads: pd.DataFrame, shift: float = 0.0) -> Ledger:
    """A run a month of the leads that came in the 40 days before."""
    ledger, rng = Ledger(folder), np.random.default_rng(4)
    for as_of in pd.date_range("2025-08-01", "2026-07-01", freq="MS"):
        here = leads[(leads["created"] < as_of) & (leads["created"] > as_of - 40 * DAY)]
        p = np.clip(rng.beta(3, 12, len(here)) + shift, 0.01, 0.99)
        scores = pd.DataFrame(
            {
                "row": np.arange(len(here)),
                "lead_id": here["id"].to_numpy(),
                "as_of": as_of,
                "basis": "full",
                "probability": p,
                "log_odds": np.log(p / (1 - p)),
                "score": 50.0,
                "grade": "B",
                "rated_qualified": True,
            }
        )
        ages = (as_of - here["created"]) / DAY
        X = pd.DataFrame({"age_days": ages.to_numpy()})
        key = run_key("open", "model", as_of.to_pydatetime())
        ledger.enter(
            key,
            scores,
            X,
            pd.DataFrame({"age": np.zeros(len(here))}),
            meta={"as_of": as_of.isoformat(), "model": "small 1", "list": "open leads"},
        )
    return ledger


@pytest.fixture(scope="module")
def ledger(opened, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return scored(tmp_path_factory.mktemp("ledger"), opened[1])


def test_cohorts_are_what_plain_pandas_makes_of_ledger_and_stages(opened, ledger):
    crm, _, stages = opened
    found = matured(ledger, crm, oldest_days=30)
    limit = EXPORTED - (HORIZON + LAG) * DAY
    assert judged_until(crm) == limit
    rows = ledger.frame()
    rows = rows[(rows["as_of"] <= limit) & (rows["feature.age_days"] <= 30 * 1.25 + 1)]
    rows = rows.assign(back=((limit - rows["as_of"]) // (30 * DAY)).astype(int))
    rows = rows.sort_values(["as_of", "lead_id"]).drop_duplicates(["lead_id", "back"])
    at = rows["lead_id"].map(stages.set_index("lead")["at"])
    y = (at >= rows["as_of"]) & (at < rows["as_of"] + HORIZON * DAY)
    assert len(found) == len(rows) > 1_000
    assert found["lead_id"].tolist() == rows["lead_id"].tolist()
    assert found["y"].tolist() == y.astype(int).tolist()
    assert found["probability"].tolist() == rows["probability"].tolist()
    for one in cohorts(found, (), judged_until(crm), alpha=0.01):
        until = pd.Timestamp(one.as_of)
        part = rows[(rows["as_of"] <= until) & (rows["as_of"] > until - 30 * DAY)]
        assert one.counts["leads"] == len(part)
        assert one.counts["wins"] == y[part.index].sum()
        assert one.counts["expected"] == pytest.approx(part["probability"].sum())


def test_chances_that_come_true_are_fine_and_others_are_not(opened, tmp_path):
    crm, leads, _ = opened
    wrong = matured(scored(tmp_path, leads, shift=0.25), crm)
    assert {o.severity for o in cohorts(wrong, (), judged_until(crm), alpha=0.01)} == {"warn"}
    rng = np.random.default_rng(0)
    p = rng.beta(2, 12, 1_000)
    told = [
        cohorts(
            pd.DataFrame({"probability": p, "y": rng.random(1_000) < p, "back": 0}),
            (),
            datetime(2026, 7, 1),
            alpha=0.01,
        )
        for _ in range(100)
    ]
    assert sum(o.severity == "warn" for found in told for o in found) <= 4


def test_months_that_were_always_off_widen_the_limits():
    def month(shift: float) -> dict[str, float]:
        return {"wins": 100 + shift * 90, "expected": 100, "variance": 90}

    sound = shift_limits(90.0, [month(0.05), month(-0.05)] * 4, 0.01)
    rough = shift_limits(90.0, [month(0.4), month(-0.4)] * 4, 0.01)
    assert rough[1] > 1.5 * sound[1]
    assert shift_limits(9_000.0, [month(0.4), month(-0.4)] * 4, 0.01)[1] > sound[1]


def test_curves_are_what_a_loop_by_hand_counts(opened):
    crm, leads, stages = opened
    found = curves(crm)
    first = leads["created"] + pd.Timedelta(minutes=1)
    followed = (EXPORTED - LAG * DAY - first) / DAY
    after = (leads["id"].map(stages.set_index("lead")["at"]) - first) / DAY
    after = after.where((after < HORIZON) & (after < followed))
    for back in (0, 1, 3, 6):
        here = (followed // 30 == back) & (followed >= 0)
        for day in (0, 10, 45):
            end = np.where(after.notna(), after, np.minimum(followed, HORIZON - 1e-9))
            assert found.at_risk[back, day] == (here & (end // 1 >= day)).sum()
            assert found.arrived[back, day] == (here & (after // 1 == day)).sum()


def test_half_the_conversions_are_told_before_they_mature(opened):
    def told(crm: Crm):
        return conversions(curves(crm), "won", datetime(2026, 7, 1), alpha=0.01)

    assert {o.severity for o in told(opened[0])} == {"fine"}
    leads, stages = people(worse=True)
    crm = open_crm(Definition.parse(TEXT), leads=leads, outcomes={"stage": stages})
    try:
        found = told(crm)
    finally:
        crm.close()
    young = [o for o in found if o.as_of > datetime(2026, 5, 15)]
    assert young and all(o.severity == "warn" and o.value < 0.75 for o in young)
    assert all(o.severity == "fine" for o in found if o not in young)


def test_what_has_nothing_to_compare_with_is_said(opened, tmp_path):
    crm = opened[0]
    done = monitor(Home.at(tmp_path), crm.definition, crm)
    assert set(done.not_applicable) == {"data", "scores", "cohorts", "drift"}
    assert all("no model of “small” is in use" in why for why in done.not_applicable.values())
    assert not done.pages and {f.severity for f in done.findings} == {"note"}
    assert set(done.frame()["watch"]) == {"conversions"}
