"""Checks: what is odd about an export is said before any model is made of it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from predict.crm.tables import Crm

Opened = Callable[..., Crm]
TEXT = """
name = "checks"
conversion = { stage = "won", within_days = 30 }
[leads]
exported_at = 2024-06-30
lead_id = "Id"
created_at = "Created"
[events.web]
lead_id = "Id"
occurred_at = "at"
kind = "visit"
by = "lead"
[outcomes.stage]
lead_id = "Id"
stage_column = "stage"
entered_at = "at"
"""
LEADS = pd.DataFrame({"Id": ["1", "2"], "Created": ["2024-06-01 10:00", "2024-06-28 10:00"]})
VISITS = pd.DataFrame({"Id": ["1", "1"], "at": ["2024-06-02 10:00", "2024-06-03 10:00"]})
STAGES = pd.DataFrame({"Id": ["1"], "stage": ["won"], "at": ["2024-06-04 10:00"]})


@pytest.fixture
def told(opened: Opened) -> Callable[..., pd.DataFrame]:
    def check(
        leads: pd.DataFrame = LEADS,
        visits: pd.DataFrame = VISITS,
        stages: pd.DataFrame = STAGES,
    ) -> pd.DataFrame:
        crm = opened(TEXT, leads=leads, events={"web": visits}, outcomes={"stage": stages})
        return crm.check().set_index("code")

    return check


def test_a_sound_export_gets_notes_only(told: Callable[..., pd.DataFrame]) -> None:
    found = told()
    assert set(found["severity"]) == {"note"}
    assert found["sentence"]["leads"] == (
        "2 leads, created from 2024-06-01 to 2024-06-28; 0 of them suppressed."
    )
    assert found["sentence"]["events"] == (
        "2 rows of 1 leads, 1 kinds, from 2024-06-02 to 2024-06-03."
    )
    assert found["sentence"]["conversions"] == "1 leads reached “won”."


def test_a_stage_that_nobody_reached_blocks_and_names_those_found(
    told: Callable[..., pd.DataFrame],
) -> None:
    stages = STAGES.assign(stage="Won!")
    found = told(stages=stages)
    assert found["severity"]["no-conversions"] == "block"
    assert "the stages found are “Won!”" in found["sentence"]["no-conversions"]


def test_what_is_odd_is_a_warning(told: Callable[..., pd.DataFrame]) -> None:
    early = STAGES.assign(at="2024-05-31 10:00")
    found = told(LEADS.iloc[:1], VISITS.assign(Id="x"), early)
    warnings = set(found.index[found["severity"] == "warn"])
    assert warnings == {"stale", "no-events", "orphan-events", "born-converted"}
    assert found["counts"]["stale"]["days"] == pytest.approx(29.58, abs=0.01)
