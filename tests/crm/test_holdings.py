"""What was given, against pandas on the same files; days by the clocks of the definition."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from predict.crm.holdings import holdings
from predict.crm.opening import open_crm
from predict.crm.stamps import moment
from predict.crm.unlocks import unlocks
from predict.definition.schema import Definition

TEXT = """
name = "given"
time_zone = "{zone}"
conversion = {{ stage = "won", within_days = 30 }}
[leads]
path = "leads.csv"
exported_at = 2024-12-31
lead_id = "id"
created_at = "on"
[leads.columns]
status = "mutable"
[outcomes.won]
path = "won.csv"
lead_id = "id"
stage = "won"
entered_at = "on"
"""


def given(folder: Path, days: list[str], zone: str = "UTC") -> tuple[pd.DataFrame, pd.DataFrame]:
    frame = pd.DataFrame({"id": range(len(days)), "on": days, "status": "new"})
    frame.to_csv(folder / "leads.csv", index=False)
    frame.head(1).to_csv(folder / "won.csv", index=False)
    crm = open_crm(Definition.parse(TEXT.format(zone=zone), folder=folder))
    try:
        return holdings(crm)
    finally:
        crm.close()


def test_rows_spans_and_the_longest_silence(tmp_path: Path) -> None:
    days = ["2024-01-05", "2024-01-05", "2024-01-09", "2024-03-20", "2024-03-21", "2024-09-01"]
    tables, rows = given(tmp_path, days)
    leads = tables.set_index("table").loc["leads"]
    assert (leads["rows"], leads["held"], leads["columns"]) == (6, 6, 3)
    assert moment(leads["first_us"]) == pd.Timestamp("2024-01-05")
    assert moment(leads["last_us"]) == pd.Timestamp("2024-09-01")
    # From 22 March to 31 August.
    assert leads["silent_days"] == 163
    assert moment(leads["silent_us"]) == pd.Timestamp("2024-03-22")
    per = rows[rows["table"] == "leads"].set_index("period")["rows"]
    assert {str(k): v for k, v in per.items()} == {
        "2024-01-01": 3,
        "2024-03-01": 2,
        "2024-09-01": 1,
    }
    assert rows.attrs["unit"] == "month"


def test_rows_that_do_not_count_are_counted(tmp_path: Path) -> None:
    given(tmp_path, ["2024-01-01"])
    frame = pd.DataFrame({"id": range(3), "on": "2024-01-01", "status": ["new", "gone", "new"]})
    frame.to_csv(tmp_path / "leads.csv", index=False)
    text = TEXT.format(zone="UTC").replace("[leads]", '[leads]\nwhere = { status = "new" }')
    crm = open_crm(Definition.parse(text, folder=tmp_path))
    try:
        leads = holdings(crm)[0].set_index("table").loc["leads"]
    finally:
        crm.close()
    assert (leads["rows"], leads["held"]) == (2, 3)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo"])
def test_a_day_is_a_day_by_the_clocks_of_the_definition(tmp_path: Path, zone: str) -> None:
    days = [f"2024-{month:02d}-01" for month in range(1, 13)]
    _, rows = given(tmp_path, days, zone)
    per = rows[rows["table"] == "leads"]
    assert [str(p) for p in per["period"]] == days and (per["rows"] == 1).all()


def test_short_exports_are_told_by_week(tmp_path: Path) -> None:
    _, rows = given(tmp_path, ["2024-01-01", "2024-01-07", "2024-01-08"])
    per = rows[rows["table"] == "leads"].set_index("period")["rows"]
    assert {str(k): v for k, v in per.items()} == {"2024-01-01": 2, "2024-01-08": 1}


@pytest.mark.parametrize(
    ("columns", "history"),
    [
        (["Id", "IsConverted", "status"], "LeadHistory"),
        (["Record ID", "Lifecycle Stage", "status"], "Property history of contacts"),
        (["id", "status"], "A history of changes"),
    ],
)
def test_what_one_more_export_adds_is_named_as_the_vendor_does(
    tmp_path: Path, columns: list[str], history: str
) -> None:
    given(tmp_path, ["2024-01-01"])
    crm = open_crm(Definition.parse(TEXT.format(zone="UTC"), folder=tmp_path))
    try:
        said = unlocks(crm, columns)
    finally:
        crm.close()
    found = next(u for u in said if u.export == history)
    assert found.columns == ("status",) and found.teaches
    ours = [u for u in said if "call we made is not interest" in u.adds]
    assert len(ours) == 1 and not ours[0].teaches
    assert [u.teaches for u in said] == sorted((u.teaches for u in said), reverse=True)
