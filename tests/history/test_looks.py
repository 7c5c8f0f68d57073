"""The exact limits: when a look wins, when it is old enough to judge, when a lead is open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from predict.crm.opening import open_crm
from predict.definition.schema import Definition
from predict.errors import InputError
from predict.history.building import build_dataset
from predict.history.dataset import Dataset

DAY = pd.Timedelta(days=1)
TICK = pd.Timedelta(microseconds=1)
CREATED = pd.Timestamp("2024-03-01 09:30")
LOOK = CREATED + 7 * DAY
FAR = pd.Timestamp("2025-01-01")
TEXT = """
name = "limits"
conversion = { stage = "won", within_days = 30, lost_stages = ["lost"], export_lag_days = 2 }
snapshots = { ages_days = [7] }
[leads]
lead_id = "id"
created_at = "created"
exported_at = {exported}
{extra}
[outcomes.stage]
lead_id = "id"
stage_column = "stage"
entered_at = "at"
known_at = "known"
"""
Stage = tuple[str, str, pd.Timestamp, pd.Timestamp]


def dataset(
    stages: Sequence[Stage],
    *,
    exported: pd.Timestamp = FAR,
    created: Sequence[Any] = (CREATED,),
    extra: str = "",
) -> Dataset:
    """Build the dataset of leads ``0``, ``1``, … with the given stages."""
    text = TEXT.replace("{exported}", exported.isoformat()).replace("{extra}", extra)
    leads = pd.DataFrame({"id": [str(i) for i in range(len(created))], "created": created})
    rows = pd.DataFrame(stages, columns=["id", "stage", "at", "known"])
    rows = rows.astype({"at": "datetime64[us]", "known": "datetime64[us]"})
    crm = open_crm(Definition.parse(text), leads=leads, outcomes={"stage": rows})
    try:
        return build_dataset(crm)
    finally:
        crm.close()


def test_each_limit_of_winning_and_of_being_open() -> None:
    late = LOOK + 3 * DAY
    told: dict[str, tuple[list[tuple[str, pd.Timestamp, pd.Timestamp]], int | None]] = {
        "nothing happened": ([], 0),
        "won at the look": ([("won", LOOK, LOOK)], 1),
        "won just before the end": ([("won", LOOK + 30 * DAY - TICK, late)], 1),
        "won at the end, which is too late": ([("won", LOOK + 30 * DAY, late)], 0),
        "won before the look": ([("won", LOOK - TICK, LOOK - TICK)], None),
        "won before the look, not known by then": ([("won", LOOK - TICK, late)], None),
        "lost before the look": ([("lost", LOOK - TICK, LOOK - TICK)], None),
        "lost at the look": ([("lost", LOOK, LOOK)], 0),
        "lost before the look, not known by then": ([("lost", LOOK - DAY, LOOK)], 0),
        "lost later, won after that": ([("lost", late, late), ("won", late + DAY, late)], 1),
        "won twice": ([("won", late, late), ("won", late + DAY, late)], 1),
        "another stage": ([("demo", LOOK - DAY, LOOK - DAY), ("demo", late, late)], 0),
        "another stage before a win": ([("demo", LOOK - DAY, LOOK), ("won", late, late)], 1),
    }
    stages = [(str(i), *stage) for i, (rows, _) in enumerate(told.values()) for stage in rows]
    data = dataset(stages, created=[CREATED] * len(told))
    found = dict(zip(data.keys["lead_id"], data.y, strict=True))
    wanted = {name: y for name, (_, y) in told.items()}
    assert {name: found.get(str(i)) for i, name in enumerate(told)} == wanted
    assert (data.as_of == LOOK).all()


def test_a_look_is_judged_when_horizon_and_lag_have_passed() -> None:
    created = [CREATED - TICK, CREATED, CREATED + TICK]
    data = dataset([], exported=LOOK + 32 * DAY, created=created)
    assert list(data.keys["lead_id"]) == ["0", "1"]
    counts: Any = data.manifest["counts"]
    told = {n: counts[f"{n} looks"] for n in ("immature", "matured")}
    assert told == {"immature": 1, "matured": 2}
    assert (counts["looks"], counts["leads looked at"], counts["leads without outcome"]) == (
        3,
        3,
        3,
    )
    with pytest.raises(InputError, match="no lead is old enough"):
        dataset([], exported=LOOK + 32 * DAY - TICK)


def test_looks_after_the_export_are_not_counted() -> None:
    data = dataset([], exported=LOOK + 40 * DAY, created=[CREATED, CREATED + 40 * DAY + TICK])
    assert data.manifest["counts"]["looks"] == 1  # type: ignore[index]


def test_a_lead_is_first_looked_at_one_minute_after_its_creation() -> None:
    text = TEXT.replace("[7]", "[0, 0.25, 0.0001]")
    text = text.replace("{exported}", "2025-01-01").replace("{extra}", "")
    leads = pd.DataFrame({"id": ["1"], "created": [CREATED]})
    stages = pd.DataFrame({"id": ["1"], "stage": ["won"], "at": [LOOK], "known": [LOOK]})
    crm = open_crm(Definition.parse(text), leads=leads, outcomes={"stage": stages})
    try:
        ages = build_dataset(crm).as_of - CREATED
    finally:
        crm.close()
    assert [age.total_seconds() for age in ages] == [60, 6 * 3600]  # 8.64 s are less than a minute


def test_months_of_creation_are_those_of_the_time_zone() -> None:
    """Cohorts and the first day of coverage follow the clocks of the definition."""
    days = pd.to_datetime(["2024-02-29", "2024-03-01", "2024-03-31", "2024-04-01"])
    extra = "covers_from = 2024-03-01"
    text = TEXT.replace("{exported}", "2025-01-01").replace("{extra}", extra)
    definition = Definition.parse('time_zone = "Europe/Berlin"\n' + text)
    leads = pd.DataFrame({"id": list("abcd"), "created": days})
    at = [pd.Timestamp("2024-04-20")]
    stages = pd.DataFrame({"id": ["c"], "stage": ["won"], "at": at, "known": at})
    crm = open_crm(definition, leads=leads, outcomes={"stage": stages})
    try:
        data = build_dataset(crm)
    finally:
        crm.close()
    assert list(data.keys["lead_id"]) == ["b", "c", "d"]
    assert data.keys["created_at"][0] == pd.Timestamp("2024-02-29 23:00")  # in UTC
    assert data.manifest["cohorts"] == [
        {"month": "2024-03", "leads": 2, "matured": 2, "converted": 1},
        {"month": "2024-04", "leads": 1, "matured": 1, "converted": 0},
    ]


def test_the_outcome_of_a_flat_export_belongs_to_its_row() -> None:
    text = """
    name = "flat"
    conversion = { stage = "yes", within_days = 0 }
    [leads]
    lead_id = "id"
    created_at = "day"
    outcome_column = "y"
    outcome_values = ["yes", "1"]
    [leads.columns]
    age = "fixed"
    """
    days = pd.to_datetime(["2024-01-01", "2024-01-01", "2024-02-01", "2024-02-01"])
    leads = pd.DataFrame(
        {"id": list("abcd"), "day": days, "y": ["yes", "no", "1", None], "age": [1.0, 2, 3, 4]}
    )
    crm = open_crm(Definition.parse(text), leads=leads)
    try:
        data = build_dataset(crm)
    finally:
        crm.close()
    assert list(data.y) == [1, 0, 1, 0]
    assert (data.as_of == data.keys["created_at"]).all()
    assert list(data.X["age"]) == [1, 2, 3, 4]
    assert "age_days" not in data.X
    assert data.manifest["counts"]["immature looks"] == 0  # type: ignore[index]


def test_nothing_to_look_at_is_an_error_in_words() -> None:
    with pytest.raises(InputError, match="no lead is old enough"):
        dataset([], created=[pd.NaT])
    calendar = TEXT.replace("ages_days = [7]", 'every = "month"').replace("{extra}", "")
    leads = pd.DataFrame({"id": ["a"], "created": [CREATED]})
    none = pd.DataFrame({"id": [], "stage": [], "at": [], "known": []})
    soon = calendar.replace("{exported}", CREATED.isoformat())
    crm = open_crm(Definition.parse(soon), leads=leads, outcomes={"stage": none})
    try:
        with pytest.raises(InputError, match="no lead is old enough"):
            build_dataset(crm)
    finally:
        crm.close()
