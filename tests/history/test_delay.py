"""The delay curve and what a horizon catches, against published tables, a loop and simulation."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from first_looks import EXPORTED, small

import predict as pr
from predict.history.building import build_dataset
from predict.history.delay import (
    Delay,
    caught_interval,
    days_until,
    delay_of,
    share_interval,
    with_interval,
)

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
#: Freireich 1963, 6-MP arm; weeks, 1 = relapse. Printed in Kleinbaum and Klein, and by R's survfit.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
#: Week → standard error of survival by Greenwood, and the log-log bounds of survival.
PUBLISHED = {
    6: (0.0764, 0.620, 0.952),
    7: (0.0869, 0.563, 0.923),
    10: (0.0963, 0.503, 0.889),
    13: (0.1068, 0.432, 0.849),
    16: (0.1141, 0.368, 0.805),
    22: (0.1282, 0.268, 0.747),
    23: (0.1346, 0.188, 0.680),
}


def curve_of(hours: list[int], came: list[int]) -> pd.DataFrame:
    """Return Kaplan and Meier's curve by a loop, with the columns of `delay_curve`."""
    left, rows = 1.0, []
    for at in sorted(set(hours)):
        at_risk = sum(h >= at for h in hours)
        arrived = sum(h == at and bool(c) for h, c in zip(hours, came, strict=True))
        left *= 1 - arrived / at_risk
        rows.append([at, at_risk, arrived, 1 - left])
    return pd.DataFrame(rows, columns=["hour", "at_risk", "arrived", "share"])


def test_the_published_intervals_of_remission() -> None:
    found = with_interval(curve_of(WEEKS, RELAPSED)).set_index("hour")
    for week, (error, low, high) in PUBLISHED.items():
        row = found.loc[week]
        assert (1 - row["share"]) * math.sqrt(row["spread"]) == pytest.approx(error, abs=5e-5)
        assert 1 - row["high"] == pytest.approx(low, abs=6e-4)
        assert 1 - row["low"] == pytest.approx(high, abs=6e-4)


def test_everybody_arrived_and_nobody_yet() -> None:
    found = with_interval(curve_of([1, 2, 3], [1, 1, 1]))
    assert found["share"].iloc[-1] == 1.0
    assert found[["low", "high"]].notna().all(axis=None)
    nobody = with_interval(curve_of([1, 2, 3], [0, 0, 0]))
    assert (nobody["share"] == 0).all()
    assert caught_interval(nobody, 0.1, 0.2)["value"] is None


@pytest.mark.parametrize(("leads", "share"), [(150, 0.3), (800, 0.1)])
def test_the_interval_of_the_share_caught_holds_the_truth(leads: int, share: float) -> None:
    """Exponential delays of 20 days, followed 10 to 100: the truth is known at 30 of 90 days."""
    truth = (1 - math.exp(-1.5)) / (1 - math.exp(-4.5))
    rng, held, runs = np.random.default_rng(8), 0, 200
    for _ in range(runs):
        delay = np.where(rng.random(leads) < share, rng.exponential(20.0, leads), np.inf)
        followed = rng.uniform(10.0, 100.0, leads)
        came = delay <= followed
        hour = (np.minimum(delay, followed) * 24).astype(int)
        per = pd.DataFrame({"hour": hour, "arrived": came}).groupby("hour")["arrived"]
        curve = per.agg(["size", "sum"]).reset_index()
        curve["at_risk"] = curve["size"][::-1].cumsum()[::-1]
        curve = curve.rename(columns={"sum": "arrived"})
        curve["share"] = 1 - (1 - curve["arrived"] / curve["at_risk"]).cumprod()
        found = caught_interval(with_interval(curve), 30.0, 90.0)
        low, value, high = (found[k] for k in ("low", "value", "high"))
        assert low is not None and value is not None and high is not None
        assert 0 <= low <= value <= high <= 1
        held += low <= truth <= high
    assert 0.90 <= held / runs <= 0.99


def test_a_small_company_against_its_frames(tmp_path: Path) -> None:
    company = small(3)
    crm = company.open(tmp_path)
    try:
        found = delay_of(crm)
        data = build_dataset(crm)
    finally:
        crm.close()
    newest = data.keys["created_at"].max()
    assert found.newest_created == f"{newest:%Y-%m-%d}"
    assert found.newest_age_days == pytest.approx((EXPORTED - newest) / pd.Timedelta(days=1))
    first = company.stages.query("stage == 'won'").groupby("lead")["at"].min()
    leads = company.leads.set_index("id")["created"].to_frame().join(first.rename("at"))
    after = leads["at"] - leads["created"] - pd.Timedelta(minutes=1)
    hours = after.where(leads["at"] < EXPORTED) // pd.Timedelta(hours=1)
    followed = (EXPORTED - leads["created"] - pd.Timedelta(minutes=1)) // pd.Timedelta(hours=1)
    kept = ~(after < pd.Timedelta(0))
    at = hours.fillna(followed)[kept].astype(int).tolist()
    curve = with_interval(curve_of(at, hours.notna()[kept].astype(int).tolist()))
    assert found.leads == kept.sum()
    assert found.arrived == hours.notna()[kept].sum()
    assert found.eventual == pytest.approx(dict(share_interval(curve, found.seen_days)))
    assert found.caught == pytest.approx(dict(caught_interval(curve, 60.0, found.seen_days)))
    assert found.median_days == days_until(curve, found.seen_days, 0.5)
    assert (
        found.waiting
        == (EXPORTED - leads["created"])[kept].lt(pd.Timedelta(days=60, minutes=1)).sum()
    )
    shares = [point["share"] for point in found.curve]
    assert shares == sorted(shares)
    assert Delay.from_dict(json.loads(json.dumps(found.as_dict()))) == found


def test_a_horizon_that_misses_many_is_a_warning_and_a_long_one_is_not_known(
    tmp_path: Path,
) -> None:
    company = small(3)
    short, long = (company.text.replace("within_days = 60", f"within_days = {d}") for d in (5, 362))
    found = []
    for number, text in enumerate((short, long)):
        folder = tmp_path / str(number)
        folder.mkdir()
        crm = type(company)(company.leads, company.web, company.stages, text).open(folder)
        try:
            found.append(delay_of(crm))
        finally:
            crm.close()
    first, second = found
    assert first.findings()[0].severity == "warn"
    assert first.suggested_days is not None and first.suggested_days > 5
    assert second.caught["value"] is None
    assert "Too few leads were followed for 362 days" in second.findings()[0].sentence


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is absent")
def test_olist() -> None:
    crm = pr.open_crm(pr.Definition.read(ROOT / "pipelines" / "olist.toml"))
    try:
        found = delay_of(crm)
    finally:
        crm.close()
    assert found.caught["value"] == pytest.approx(0.943, abs=0.002)
    assert found.suggested_days == 90
    assert (found.leads, found.waiting) == (5_997, 3_755)
    assert "half of them by day 12" in found.findings()[0].sentence
