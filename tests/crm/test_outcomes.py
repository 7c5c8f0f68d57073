"""Outcomes: stages named as agreed, from stage histories, dated columns and event logs."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from predict.crm.tables import Crm

Opened = Callable[..., Crm]
LEADS = """
name = "outcomes"
conversion = { stage = "opportunity", within_days = 30, lost_stages = ["lost"] }
[leads]
lead_id = "Id"
created_at = "Created"
"""
PEOPLE = pd.DataFrame(
    {
        "Id": ["1", "2", "3"],
        "Created": ["2024-01-01 10:00", "2024-01-02 10:00", "2024-01-03 10:00"],
        "Became": ["2024-02-01 10:00", None, "2023-12-24 10:00"],
    }
)


def rows(crm: Crm) -> list[tuple[object, ...]]:
    table = crm.outcomes.order_by(["lead_no", "occurred_us"]).to_pandas()
    return list(
        zip(table["lead_no"], table["stage"], table["occurred_us"].map(moment), strict=True)
    )


def moment(us: int) -> str:
    return f"{pd.Timestamp(us, unit='us'):%m-%d %H}"


def test_a_value_without_a_name_of_its_own_takes_that_of_the_table(opened: Opened) -> None:
    text = (
        LEADS
        + """
    [outcomes.opportunity]
    lead_id = "lead"
    stage_column = "StageName"
    stages = { "Closed Lost" = "lost" }
    entered_at = "at"
    known_at = "known"
    amount = "Amount"
    reason = "Why"
    where = { Type = "New*" }
    """
    )
    deals = pd.DataFrame(
        [
            ("1", " Prospecting", "2024-02-01 10:00", "2024-02-05 10:00", "1000.5", None, "New"),
            ("1", "Closed Lost", "2024-02-09 10:00", None, None, " price ", "New"),
            ("2", "Prospecting", "2024-02-01 10:00", None, "1", None, "Renewal"),
            ("3", "Prospecting", None, None, "1", None, "New"),  # no date: nothing was reached
            ("9", "Prospecting", "2024-02-01 10:00", None, "1", None, "New"),
        ],
        columns=["lead", "StageName", "at", "known", "Amount", "Why", "Type"],
    )
    crm = opened(text, leads=PEOPLE, outcomes={"opportunity": deals})
    assert rows(crm) == [(0, "opportunity", "02-01 10"), (0, "lost", "02-09 10")]
    table = crm.outcomes.order_by("occurred_us").to_pandas()
    assert [moment(k) for k in table["known_us"]] == ["02-05 10", "02-09 10"]
    assert float(table["amount"][0]) == 1000.5 and table["reason"][1] == "price"
    counts = [crm.counts[f"outcomes opportunity{n}"] for n in ("", " of no lead")]
    assert counts == [3, 1]
    assert "orphan-outcomes" in set(crm.check()["code"])


def test_a_dated_column_of_leads_is_an_outcome(opened: Opened) -> None:
    text = (
        LEADS
        + """
    [outcomes.became]
    lead_id = "Id"
    stage = "opportunity"
    entered_at = "Became"
    """
    )
    crm = opened(text, leads=PEOPLE, outcomes={"became": PEOPLE})
    assert rows(crm) == [(0, "opportunity", "02-01 10"), (2, "opportunity", "12-24 10")]
    told = crm.check().set_index("code")["sentence"]
    assert told["born-converted"].startswith("1 leads were created with or after")


def test_one_log_holds_outcomes_and_behaviour(opened: Opened) -> None:
    text = (
        LEADS
        + """
    [outcomes.stage]
    lead_id = "lead"
    stage_column = "what"
    stages = { "O_SENT" = "opportunity", "X" = "lost" }
    entered_at = "at"
    where = { what = ["O_SENT", "X"] }
    [events.log]
    lead_id = "lead"
    occurred_at = "at"
    kind_column = "what"
    by = "lead"
    """
    )
    log = pd.DataFrame(
        {"lead": "1", "what": ["visit", "O_SENT", "X", "lost"], "at": "2024-02-01 10:00"}
    )
    crm = opened(text, leads=PEOPLE, outcomes={"stage": log}, events={"log": log})
    assert sorted(stage for _, stage, _ in rows(crm)) == ["lost", "opportunity"]
    assert list(crm.events.kind.to_pandas()) == ["visit"]


def test_several_tables_are_one_history(opened: Opened) -> None:
    text = (
        LEADS
        + """
    [outcomes.deals]
    lead_id = "lead"
    stage = "opportunity"
    entered_at = "at"
    [outcomes.lost]
    lead_id = "lead"
    stage_column = "stage"
    entered_at = "at"
    """
    )
    deals = pd.DataFrame({"lead": ["2"], "at": ["2024-02-01 10:00"]})
    lost = pd.DataFrame({"lead": ["2", "1"], "stage": ["lost", "mql"], "at": "2024-02-02 10:00"})
    crm = opened(text, leads=PEOPLE, outcomes={"deals": deals, "lost": lost})
    assert rows(crm) == [
        (0, "mql", "02-02 10"),
        (1, "opportunity", "02-01 10"),
        (1, "lost", "02-02 10"),
    ]


def test_a_column_of_a_flat_export(opened: Opened) -> None:
    text = (
        LEADS.replace("within_days = 30", "within_days = 0")
        + """
    outcome_column = "y"
    outcome_values = ["yes"]
    """
    )
    crm = opened(text, leads=PEOPLE.assign(y=["yes ", "no", None]))
    assert rows(crm) == [(0, "opportunity", "01-01 10")]
