"""Dated columns of leads, days without a time, and dates that are plans."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from predict.crm.tables import Crm

Opened = Callable[..., Crm]
TEXT = """
name = "dates"
time_zone = "America/New_York"
conversion = { stage = "won", within_days = 30 }
[leads]
path = "contacts.csv"
lead_id = "Record ID"
created_at = "Create Date"
[outcomes.won]
path = "contacts.csv"
lead_id = "Record ID"
stage = "won"
entered_at = "Became a Customer Date"
[events.form]
path = "contacts.csv"
lead_id = "Record ID"
occurred_at = "First Conversion Date"
kind = "form"
asset = "First Conversion"
by = "lead"
"""
CONTACTS = pd.DataFrame(
    [
        ("1", "2024-03-01 10:11", "2024-03-02", "Guide", "2024-03-10"),
        ("2", "2024-03-02 10:11", None, None, None),
        ("3", "2024-03-03 10:11", "2024-07-04", "Demo", None),
        ("4", "2024-03-04 10:11", "some day", "Demo", None),
    ],
    columns=[
        "Record ID",
        "Create Date",
        "First Conversion Date",
        "First Conversion",
        "Became a Customer Date",
    ],
)


def stamp(moment: str) -> int:
    return pd.Timestamp(moment).value // 1000


def check_contacts(crm: Crm) -> None:
    rows = crm.events.order_by("occurred_us").to_pandas()
    assert list(rows["asset"]) == ["Guide", "Demo"]
    # A day counts as known at its end, by the clocks of New York: in winter and in summer.
    assert list(rows["occurred_us"]) == [stamp("2024-03-03 05:00"), stamp("2024-07-05 04:00")]
    assert list(rows["known_us"]) == list(rows["occurred_us"])
    won = crm.outcomes.to_pandas()
    assert list(won["occurred_us"]) == [stamp("2024-03-11 04:00")]  # the clocks changed on the 10th
    assert crm.counts["events form"] == 2
    codes = set(crm.check()["code"])
    assert "undated-events" not in codes
    assert "rejects" in codes  # what is there and cannot be read is told
    assert list(crm.rejects["value"]) == ["some day"]


def test_no_date_in_a_dated_column_is_no_event_and_no_fault(opened: Opened, tmp_path: Path) -> None:
    CONTACTS.to_csv(tmp_path / "contacts.csv", index=False)
    check_contacts(opened(TEXT, folder=tmp_path))


def test_the_same_for_data_frames(opened: Opened) -> None:
    check_contacts(
        opened(TEXT, leads=CONTACTS, events={"form": CONTACTS}, outcomes={"won": CONTACTS})
    )


def test_no_date_in_a_log_is_a_fault(opened: Opened) -> None:
    crm = opened(TEXT, leads=CONTACTS, events={"form": CONTACTS.copy()}, outcomes={"won": CONTACTS})
    found = crm.check().set_index("code")
    assert found["counts"]["undated-events"] == {"rows": 4, "undated": 2}


TASKS = """
name = "tasks"
conversion = {{ stage = "won", within_days = 30 }}
[leads]
{leads_exported}
lead_id = "Id"
created_at = "CreatedDate"
[outcomes.deal]
lead_id = "Id"
stage = "won"
entered_at = "{entered}"
{where}
[events.task]
{task_exported}
lead_id = "WhoId"
occurred_at = "{occurred}"
kind = "call"
by = "us"
where = {{ IsClosed = "true" }}
"""
LEADS = pd.DataFrame({"Id": ["1"], "CreatedDate": ["2024-03-01T10:11:12.000+0000"]})
TASK = pd.DataFrame(
    {
        "WhoId": "1",
        "ActivityDate": ["2024-03-05", "2024-09-30", "2024-03-20"],
        "CompletedDateTime": ["2024-03-07T08:00:00Z", None, "2024-03-21T08:00:00Z"],
        "IsClosed": ["true", "false", "true"],
    }
)
DEALS = pd.DataFrame({"Id": ["1"], "CloseDate": ["2024-03-20"], "Stage": ["Closed Won"]})


def tasks(opened: Opened, tasks: pd.DataFrame = TASK, **said: str) -> Crm:
    exported = "exported_at = 2024-03-31"
    words = {
        "entered": "CloseDate",
        "occurred": "CompletedDateTime",
        "leads_exported": exported,
        "task_exported": "",
        "where": 'where = { Stage = "Closed Won" }',
        **said,
    }
    text = TASKS.format(**words)
    return opened(text, leads=LEADS, events={"task": tasks}, outcomes={"deal": DEALS})


def due(crm: Crm) -> dict[str, str]:
    found = crm.check()
    found = found[found["code"] == "due-dates"]
    assert set(found["severity"]) <= {"warn"}
    return dict(zip(found["subject"], found["sentence"], strict=True))


def test_closed_tasks_count_when_they_were_completed(opened: Opened) -> None:
    crm = tasks(opened)
    days = pd.to_datetime(crm.events.occurred_us.to_pandas(), unit="us").dt.day
    assert sorted(days) == [7, 21]
    assert not due(crm)


def test_moments_after_the_export_are_named_with_what_to_use_instead(opened: Opened) -> None:
    every = TASK.assign(IsClosed="true")
    said = due(tasks(opened, every, occurred="ActivityDate"))["events.task"]
    assert said.startswith("ActivityDate holds 1 moments after the export, the newest 2024-10-01")
    assert "use CompletedDateTime instead" in said
    other = every.rename(columns={"ActivityDate": "Planned"})
    said = due(tasks(opened, other, occurred="Planned"))["events.task"]
    assert "use the moment it was done" in said


def test_a_table_exported_later_than_the_others_is_not_blamed(opened: Opened) -> None:
    late = TASK.assign(CompletedDateTime="2024-04-02T08:00:00Z")
    assert "events.task" in due(tasks(opened, late))
    assert not due(tasks(opened, late, task_exported="exported_at = 2024-04-02"))


def test_a_known_due_date_does_not_say_when_the_export_was_made(opened: Opened) -> None:
    every = TASK.assign(IsClosed="true")
    crm = tasks(opened, every, occurred="ActivityDate", leads_exported="")
    assert crm.exported_at == pd.Timestamp("2024-03-21")
    assert "1 moments after the export" in due(crm)["events.task"]
    plain = every.rename(columns={"ActivityDate": "Done"})
    assert tasks(opened, plain, occurred="Done", leads_exported="").exported_at.month == 10


def test_a_closing_date_is_a_forecast_unless_only_closed_deals_count(opened: Opened) -> None:
    said = due(tasks(opened, where=""))["outcomes.deal"]
    assert said.startswith("If CloseDate says when something is due or expected")
    assert "OpportunityHistory" in said
