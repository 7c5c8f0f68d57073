"""Related profiles: joined by a key, one row each, the leads neither lost nor multiplied."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from predict.crm.tables import Crm
from predict.errors import InputError

Opened = Callable[..., Crm]
TEXT = """
name = "related"
conversion = { stage = "won", within_days = 30 }
[leads]
lead_id = "Id"
created_at = "Created"
[related.account]
key = "AccountId"
[related.account.columns]
Industry = "fixed"
Employees = { class = "fixed", type = "number", words = "people" }
Owner = "personal"
Health = "mutable"
[related.campaign]
key = "Campaign"
their_key = "Name"
[related.campaign.columns]
Industry = "fixed"
[outcomes.stage]
lead_id = "Id"
stage = "won"
entered_at = "at"
"""
LEADS = pd.DataFrame(
    {
        "Id": ["1", "2", "3", "4"],
        "Created": "2024-01-02 10:00",
        "AccountId": [" 007", "7", None, "007"],
        "Campaign": ["fair", "fair", "web", ""],
    }
)
ACCOUNTS = pd.DataFrame(
    {
        "Id": ["007 ", "007", "8", None],
        "Industry": ["Steel", "Paper", "Wood", "None"],
        "Employees": ["12", "99", "7", "5"],
        "Owner": "Mrs Planted",
        "Health": ["red", "red", "red", "red"],
    }
)
CAMPAIGNS = pd.DataFrame({"Name": ["fair"], "Industry": ["Trade"]})
STAGES = pd.DataFrame({"Id": ["1"], "at": ["2024-01-09 10:00"]})


def test_first_row_of_a_key_counts_and_no_lead_is_lost(opened: Opened) -> None:
    crm = opened(
        TEXT,
        leads=LEADS,
        related={"account": ACCOUNTS, "campaign": CAMPAIGNS},
        outcomes={"stage": STAGES},
    )
    leads = crm.leads.order_by("lead_no").to_pandas()
    assert list(leads["p:account.Industry"].fillna("?")) == ["Steel", "?", "?", "Steel"]
    np.testing.assert_array_equal(leads["p:account.Employees"], [12, np.nan, np.nan, 12])
    assert list(leads["p:campaign.Industry"].fillna("?")) == ["Trade", "Trade", "?", "?"]
    assert list(leads["account_id"].fillna("?")) == ["007", "7", "?", "007"]  # account: its key
    assert {p.name: (p.dtype, p.words) for p in crm.profile} == {
        "account.Industry": ("category", None),
        "account.Employees": ("number", "people"),
        "campaign.Industry": ("category", None),
    }
    assert not [c for c in leads if c[:2] in ("k:", "r:") or "Owner" in c or "Health" in c]
    told = crm.check().set_index(["code", "subject"])
    assert told["counts"]["related-twice", "related.account"] == {"keys": 1}
    assert told["counts"]["related-join", "related.account"] == {"leads": 4, "found": 2}
    assert {s["table"] for s in crm.sources} >= {"related.account", "related.campaign"}


def test_a_table_without_rows_finds_nobody(opened: Opened) -> None:
    crm = opened(
        TEXT,
        leads=LEADS,
        related={"account": ACCOUNTS.iloc[:0], "campaign": CAMPAIGNS},
        outcomes={"stage": STAGES},
    )
    assert crm.leads["p:account.Industry"].notnull().sum().execute() == 0
    told = crm.check().set_index(["code", "subject"])
    assert told["severity"]["related-join", "related.account"] == "warn"


def test_a_missing_key_is_named(opened: Opened) -> None:
    with pytest.raises(InputError, match=r'"AccountId" is missing'):
        opened(
            TEXT,
            leads=LEADS.drop(columns="AccountId"),
            related={"account": ACCOUNTS, "campaign": CAMPAIGNS},
            outcomes={"stage": STAGES},
        )
