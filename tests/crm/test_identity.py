"""Identity: rows filed under another id of the same person or deal find their lead."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from predict.crm.tables import Crm

Opened = Callable[..., Crm]
TEXT = """
name = "identity"
conversion = { stage = "won", within_days = 30 }
[leads]
lead_id = "Id"
created_at = "Created"
[links.contact]
lead_id = "Id"
other_id = "ConvertedContactId"
[links.deal]
lead_id = "lead"
other_id = "deal"
[events.task]
id = "WhoId"
id_of = ["lead", "contact"]
occurred_at = "at"
kind = "task"
by = "lead"
[outcomes.stage]
id = "deal"
id_of = "deal"
stage = "won"
entered_at = "at"
"""
LEADS = pd.DataFrame(
    {
        "Id": ["L1", "L2", "L3", "003"],
        "Created": ["2024-01-02 10:00", "2024-01-01 10:00", "2024-01-03 10:00", "2024-01-04 10:00"],
        "ConvertedContactId": ["C1", "C1", None, "L3"],  # one contact of two leads; an id as ours
    }
)
DEALS = pd.DataFrame(
    [
        ("L1", "D1"),
        ("L3", "D3"),
        ("L3", "D3"),
        ("L3", "D4"),
        ("gone", "D9"),
        (None, "D1"),
        ("L2", None),
    ],
    columns=["lead", "deal"],
)
AT = "2024-02-01 10:00"


@pytest.fixture
def crm(opened: Opened) -> Crm:
    tasks = pd.DataFrame({"WhoId": ["L1", "C1", "L3", "003", "3", "D1", None], "at": AT})
    won = pd.DataFrame({"deal": ["D1", "D3", "D4", "D9", "L2"], "at": AT})
    return opened(
        TEXT,
        leads=LEADS,
        links={"contact": LEADS, "deal": DEALS},
        events={"task": tasks},
        outcomes={"stage": won},
    )


def test_each_row_finds_one_lead_or_is_counted(crm: Crm) -> None:
    leads = dict(crm.leads.select("lead_no", "lead_id").to_pandas().itertuples(index=False))
    # C1 is that of L2, who was created first; L3 is a lead before it is somebody's contact.
    assert sorted(leads[n] for n in crm.events.lead_no.to_pandas()) == ["003", "L1", "L2", "L3"]
    assert crm.counts["events task of no lead"] == 3
    # A deal's id is looked up among deals alone: the deal L2 is not the lead L2.
    assert sorted(leads[n] for n in crm.outcomes.lead_no.to_pandas()) == ["L1", "L3", "L3"]
    assert crm.counts["outcomes stage of no lead"] == 2


def test_orphans_and_shared_ids_are_told(crm: Crm) -> None:
    told = crm.check().set_index("code")
    assert told["counts"]["orphan-events"] == {"rows": 7, "orphans": 3}
    assert told["counts"]["orphan-outcomes"] == {"rows": 5, "orphans": 2}
    assert told["severity"]["orphan-events"] == "warn"
    assert told["subject"]["shared-ids"] == "links.contact"
    assert told["sentence"]["shared-ids"].startswith("1 ids stand for several leads")
