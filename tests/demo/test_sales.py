from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from predict.demo.calendar import DAY, Calendar, weekday
from predict.demo.intent import LIFE_DAYS
from predict.demo.sales import LOST_STAGES, STAGES
from predict.demo.simulation import Block


@pytest.fixture(scope="module")
def stages(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "stages.csv", parse_dates=["entered_at"])


def test_stages_come_in_their_order(blocks: list[Block]) -> None:
    for block in blocks:
        at = block.deals.at
        last = block.leads.created_at
        for stage in ("MQL", "SAL", "SQL", "opportunity", "won"):
            entered = at[:, STAGES.index(stage)]
            there = ~np.isnat(entered)
            assert (entered[there] >= last[there]).all(), stage
            last = np.where(there, entered, last)
        for stage in LOST_STAGES:
            entered = at[:, STAGES.index(stage)]
            there = ~np.isnat(entered)
            assert (entered[there] >= last[there]).all(), stage


def test_the_stage_is_entered_on_the_day_the_state_changed(blocks: list[Block]) -> None:
    """Truth counts the outcome in a day of the lead's life; the export must date it there."""
    for block in blocks:
        converted = block.path.converted
        at = block.deals.at[:, STAGES.index("opportunity")]
        np.testing.assert_array_equal(~np.isnat(at), converted)
        after = (at - block.leads.created_at)[converted].astype(np.int64)
        np.testing.assert_array_equal(after // DAY, block.path.end_day[converted])
        assert (after % DAY > 60).all()  # never within the minute before a look at age 0 ends
        assert (weekday(at[converted]) < 5).all()


def test_every_lead_ends_in_one_way(blocks: list[Block]) -> None:
    ends = [STAGES.index(s) for s in ("won", *LOST_STAGES)]
    for block in blocks:
        ended = (~np.isnat(block.deals.at[:, ends])).sum(axis=1)
        assert (ended == 1).all()
        silent = block.path.end_day >= LIFE_DAYS
        assert set(block.deals.reason[silent]) == {"no response"}


def test_amounts_and_reasons_stand_where_they_belong(stages: pd.DataFrame) -> None:
    has_amount = stages.stage.isin(["opportunity", "won"])
    assert stages.amount[has_amount].gt(0).all()
    assert stages.amount[~has_amount].isna().all()
    is_lost = stages.stage.isin(LOST_STAGES)
    assert stages.reason[is_lost].notna().all()
    assert stages.reason[~is_lost].isna().all()
    assert set(stages.stage) == set(STAGES)
    assert not stages.duplicated(["lead_id", "stage"]).any()


def test_some_opportunities_are_won_after_weeks(stages: pd.DataFrame) -> None:
    wide = stages.pivot(index="lead_id", columns="stage", values="entered_at")
    settled = wide.opportunity.notna() & (wide.won.notna() | wide.lost.notna())
    assert 0.2 < wide.won[settled].notna().mean() < 0.5
    weeks = (wide.won - wide.opportunity).dt.days / 7
    assert 3 < weeks.median() < 9


def test_we_do_more_for_leads_in_talks(blocks: list[Block]) -> None:
    block = blocks[0]
    each = np.bincount(block.tasks.row, minlength=len(block.leads))
    in_talks = block.path.talks_day >= 0
    assert each[in_talks].mean() > 2 * each[~in_talks].mean()
    assert (block.tasks.occurred_at > block.leads.created_at[block.tasks.row]).all()
    assert (weekday(block.tasks.occurred_at) < 5).all()
    assert np.isnan(block.tasks.seconds[block.tasks.kind == 1]).all()


def test_leads_come_in_on_working_days_mostly() -> None:
    created, elapsed = Calendar().created_at(np.linspace(0, 1, 50_000, endpoint=False))
    assert (np.diff(created.astype(np.int64)) >= 0).all()
    assert elapsed[0] == 0
    assert elapsed[-1] == pytest.approx(1, abs=0.001)
    assert (weekday(created) >= 5).mean() < 0.06
    month = created.astype("datetime64[M]").astype(np.int64) % 12
    year = created.astype("datetime64[Y]").astype(np.int64)
    in_2025 = np.bincount(month[year == 55])
    assert in_2025[7] < 0.7 * in_2025[8]  # August is quiet
