"""Events: of any number of tables, each row with its lead, who acted, and when it became known."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pandas as pd

from predict.crm.tables import Crm, value_column

Opened = Callable[..., Crm]
TEXT = """
name = "events"
time_zone = "Europe/Berlin"
conversion = { stage = "won", within_days = 30, lost_stages = ["lost"] }
[leads]
lead_id = "Id"
created_at = "Created"
[outcomes.stage]
lead_id = "lead"
stage_column = "stage"
stages = { "Closed Won" = "won" }
entered_at = "at"
[events.web]
lead_id = "lead"
occurred_at = "at"
known_at = "known"
kind_column = "kind"
asset = "page"
values = ["Seconds"]
by = "lead"
[events.calls]
lead_id = "lead"
occurred_at = "day"
kind = "call"
values = ["seconds", "cost"]
by = "us"
"""
LEADS = pd.DataFrame({"Id": ["01", "02"], "Created": "2024-01-01 10:00"})
STAGES = pd.DataFrame({"lead": ["01"], "stage": ["Closed Won"], "at": ["2024-03-01 10:00"]})


def stamp(moment: str) -> int:
    return pd.Timestamp(moment).value // 1000


def test_rows_of_all_tables_with_lead_actor_and_times(opened: Opened) -> None:
    web = pd.DataFrame(
        [
            ("01", "2024-01-01 12:00", None, " view ", "/a", "1.25"),
            ("01", "2024-07-01 12:00", "2024-07-03 09:00", None, " ", None),
            ("01", "2024-01-01 12:00", None, "Closed Won", "/a", "1"),  # an outcome, no behaviour
            ("02", "2024-01-01 12:00", None, "lost", "/a", "1"),
            ("1", "2024-01-01 12:00", None, "view", "/a", "1"),  # 1 is not 01
            (None, "2024-01-01 12:00", None, "view", "/a", "1"),
            ("01", "one day", None, "view", "/a", "1"),
        ],
        columns=["lead", "at", "known", "kind", "page", "Seconds"],
    )
    calls = pd.DataFrame({"lead": ["02"], "day": ["2024-01-05"], "seconds": ["9"], "cost": ["2"]})
    crm = opened(TEXT, leads=LEADS, events={"web": web, "calls": calls}, outcomes={"stage": STAGES})
    rows = crm.events.order_by("occurred_us").to_pandas()
    assert list(rows["table"]) == ["web", "calls", "web"]
    assert list(rows["by"]) == ["lead", "us", "lead"]
    assert list(rows["kind"]) == ["view", "call", "unknown"]
    assert list(rows["lead_no"]) == [0, 1, 0]
    assert list(rows["asset"].fillna("-")) == ["/a", "-", "-"]
    moments = [
        "2024-01-01 11:00",
        "2024-01-05 23:00",
        "2024-07-01 10:00",
    ]  # a day counts at its end
    assert list(rows["occurred_us"]) == [stamp(m) for m in moments]
    assert list(rows["known_us"]) == [stamp(m) for m in [*moments[:2], "2024-07-03 07:00"]]
    assert list(rows["day"]) == [19723, 19727, 19905]
    assert set(rows["created_us"]) == {stamp("2024-01-01 09:00")}
    counts = {n: crm.counts[n] for n in crm.counts if n.startswith("events")}
    assert counts == {
        "events web": 5,
        "events web of no lead": 2,
        "events calls": 1,
        "events calls of no lead": 0,
    }
    codes = crm.check().set_index("subject")["code"]
    assert {"orphan-events", "undated-events"} <= set(codes["events.web"])


def test_values_of_different_tables_stay_apart(opened: Opened) -> None:
    web = {"lead": "01", "at": "2024-01-02 10:00", "known": None, "kind": "view", "page": None}
    web = pd.DataFrame([{**web, "Seconds": "0.1"}, {**web, "Seconds": "0.2"}])
    calls = pd.DataFrame({"lead": ["01"], "day": ["2024-01-05"], "seconds": ["9"], "cost": ["2"]})
    crm = opened(TEXT, leads=LEADS, events={"web": web, "calls": calls}, outcomes={"stage": STAGES})
    assert crm.values == ("Seconds", "cost", "seconds")
    sums = [crm.events[value_column(v)].sum().execute() for v in crm.values]
    assert sums == [Decimal("0.3"), 2, 9]


def test_tables_without_rows(opened: Opened) -> None:
    web = pd.DataFrame(columns=["lead", "at", "known", "kind", "page", "Seconds"], dtype=str)
    calls = pd.DataFrame(columns=["lead", "day", "seconds", "cost"], dtype=str)
    crm = opened(TEXT, leads=LEADS, events={"web": web, "calls": calls}, outcomes={"stage": STAGES})
    assert crm.events.count().execute() == 0
    assert crm.counts["events web"] == 0
    found = crm.check()
    assert list(found[found["code"] == "no-events"]["subject"]) == ["events.calls", "events.web"]
