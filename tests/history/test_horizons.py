"""Stages, horizons and the curve of arrivals against plain pandas and a loop by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from first_looks import EXPORTED, Small, small

from predict.crm.stamps import moment
from predict.history.building import build_dataset
from predict.history.horizons import (
    Followed,
    delay_curve,
    follow,
    horizon_table,
    seen_days,
    share_by,
    stage_delays,
)

MINUTE, DAY = pd.Timedelta(minutes=1), pd.Timedelta(days=1)
CASES = {1: 0.0, 2: 2.5}


@pytest.fixture(scope="module", params=CASES)
def case(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Small, Followed, pd.DataFrame]]:
    company = small(request.param, lag=CASES[request.param])
    crm = company.open(tmp_path_factory.mktemp("small"))
    try:
        yield company, follow(crm), oracle(company, CASES[request.param])
    finally:
        crm.close()


def oracle(company: Small, lag: float) -> pd.DataFrame:
    """Return each lead's follow-up and first arrivals, from the frames alone."""
    until = EXPORTED - lag * DAY
    known = company.stages[company.stages["at"] < until]
    first = known.groupby(["lead", "stage"])["at"].min().unstack()
    leads = company.leads.set_index("id").join(first)
    leads["followed"] = until - leads["created"] - MINUTE
    return leads[leads["followed"] >= pd.Timedelta(0)]


def old_enough(leads: pd.DataFrame, stage: str = "won") -> pd.DataFrame:
    after = leads[stage] - leads["created"] - MINUTE
    return leads.assign(after=after)[~(after < pd.Timedelta(0))]


def by_hand(leads: pd.DataFrame, stage: str) -> dict[int, float]:
    """Return Kaplan and Meier's curve, one lead and hour after the other."""
    rows = old_enough(leads, stage)
    hour = pd.Timedelta(hours=1)
    ends = [(a // hour, True) if pd.notna(a) else (f // hour, False) for a, f in zip(
        rows["after"], rows["followed"], strict=True
    )]  # fmt: skip
    left, curve = 1.0, {}
    for at in sorted({h for h, _ in ends}):
        at_risk = sum(h >= at for h, _ in ends)
        came = sum(h == at and there for h, there in ends)
        left *= 1 - came / at_risk
        curve[int(at)] = 1 - left
    return curve


def test_stages_and_their_delays(case: tuple[Small, Followed, pd.DataFrame]) -> None:
    _, followed, leads = case
    frame = stage_delays(followed).set_index("stage")
    assert set(frame.index) == {"won", "lost"}
    for stage, row in frame.iterrows():
        delay = (leads[stage] - leads["created"]).dropna()
        after = delay[delay >= MINUTE]
        assert (row["leads"], row["before"]) == (len(after), (delay < MINUTE).sum())
        assert row["median_days"] == pytest.approx(after.quantile(0.5) / DAY)
        assert row["p90_days"] == pytest.approx(after.quantile(0.9) / DAY)
    assert frame.loc["won", "before"] > 0  # the case is in the data


@pytest.mark.parametrize("stage", ["won", "lost"])
def test_each_horizon(case: tuple[Small, Followed, pd.DataFrame], stage: str) -> None:
    _, followed, leads = case
    days = (7, 14.5, 30, 60, 90, 180, 400)
    table = horizon_table(followed, stage, days).set_index("days")
    rows, curve = old_enough(leads, stage), by_hand(leads, stage)
    assert 400 not in table.index  # no lead is that old
    seen = seen_days(delay_curve(followed, stage))
    for horizon, row in table.iterrows():
        window = horizon * DAY
        old = rows[rows["followed"] >= window]
        assert row["leads"] == len(old) > 0
        assert row["reached"] == (old["after"] < window).sum()
        assert row["later"] == (old["after"] >= window).sum()
        assert moment(row["newest_us"]) == old["created"].max()
        at = max((s for h, s in curve.items() if h < horizon * 24), default=0.0)
        whole = max(s for h, s in curve.items() if h < seen * 24)
        if horizon <= seen:
            assert row["caught"] == pytest.approx(at / whole)
        else:
            assert np.isnan(row["caught"])
    assert table["caught"].dropna().is_monotonic_increasing


def test_the_curve_is_that_of_kaplan_and_meier(
    case: tuple[Small, Followed, pd.DataFrame],
) -> None:
    _, followed, leads = case
    curve = delay_curve(followed, "won")
    hand = by_hand(leads, "won")
    assert dict(zip(curve["hour"], curve["share"], strict=True)) == pytest.approx(hand)
    assert curve["at_risk"].iloc[0] == len(old_enough(leads))
    naive = (leads["won"] - leads["created"] >= MINUTE).sum() / len(leads)
    # Young leads taken for losses would tell a lower share.
    assert share_by(curve, seen_days(curve)) > naive


def test_a_known_curve() -> None:
    """Freireich 1963: remission under 6-MP, the textbook's 21 patients, in hours for weeks."""

    class Table:
        def __init__(self, frame: pd.DataFrame) -> None:
            self.frame = frame

    import ibis

    times = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    events = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    hour = 3_600_000_000
    leads = ibis.memtable(
        pd.DataFrame(
            {"lead_no": range(21), "created_us": 0, "followed_us": [t * hour for t in times]}
        )
    )
    came = [(i, t) for i, (t, e) in enumerate(zip(times, events, strict=True)) if e]
    arrivals = ibis.memtable(
        pd.DataFrame(
            {
                "lead_no": [i for i, _ in came],
                "stage": "won",
                "delay_us": [t * hour for _, t in came],
                "after_us": [t * hour for _, t in came],
            }
        )
    )
    curve = delay_curve(Followed(leads, arrivals), "won").set_index("hour")
    survival = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    for week, share in survival.items():
        assert 1 - curve.loc[week, "share"] == pytest.approx(share, abs=5e-4)


def test_the_agreed_row_is_what_training_sees_at_the_first_look(tmp_path: Path) -> None:
    company = small(4)
    text = company.text.replace('lost_stages = ["lost"]\n', "")
    text = text.replace("[leads]", "[snapshots]\nages_days = [0]\n[leads]", 1)
    crm = Small(company.leads, company.web, company.stages, text).open(tmp_path)
    try:
        row = horizon_table(follow(crm), "won", [60]).iloc[0]
        data = build_dataset(crm)
    finally:
        crm.close()
    assert (row["leads"], row["reached"]) == (len(data), int(data.y.sum()))
    assert moment(row["newest_us"]) == data.keys["created_at"].max()
