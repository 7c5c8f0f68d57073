"""Known from: a column counts since the day it was filled, or since the moment another one says."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from predict.crm.opening import open_crm
from predict.crm.sources import read_text
from predict.crm.stamps import microseconds
from predict.definition.schema import Definition
from predict.errors import InputError
from predict.history.building import Recipe, build_dataset, catalogue, feature_chunks
from predict.scoring.lists import match_list

TEXT = """
name = "known-from"
conversion = { stage = "won", within_days = 30 }
snapshots = { ages_days = [0, 7] }
[leads]
exported_at = 2024-12-01
lead_id = "id"
created_at = "created"
account_id = "account"
[leads.columns]
segment = { class = "fixed", known_from = 2024-02-01 }
budget = { class = "fixed", type = "number", known_from = "budget asked on" }
status = { class = "mutable", known_from = 2024-02-01 }
[related.account]
key = "account"
[related.account.columns]
tier = { class = "fixed", known_from = "tier set" }
[history.lead]
covers_from = 2024-01-01
fields = { status = "status" }
[outcomes.stage]
lead_id = "id"
stage_column = "stage"
entered_at = "at"
"""


def frames() -> dict[str, Any]:
    leads = pd.DataFrame(
        [
            # created before the column was filled; asked just before, at and after the look
            ("1", "2024-01-28 00:00", "A", "key", "10", "2024-02-04"),  # known when that day ends
            ("2", "2024-01-28 00:00", "A", "key", "20", "2024-02-02"),
            ("3", "2024-02-01 00:00", "B", "key", "30", None),
            ("4", "2024-02-05 00:00", None, "key", "40", "2024-02-12 00:00:00"),
            ("5", "2024-02-05 00:00", "C", "key", "50", "2024-02-11 23:59:59"),
        ],
        columns=["id", "created", "account", "segment", "budget", "budget asked on"],
    ).assign(status="now")
    accounts = pd.DataFrame(
        [("A", "gold", "2024-01-30"), ("B", "tin", None), ("C", "tin", "2024-02-04")],
        columns=["Id", "tier", "tier set"],
    )
    stages = pd.DataFrame({"id": ["1"], "stage": ["won"], "at": ["2024-02-20 00:00"]})
    changes = pd.DataFrame(columns=["id", "field", "old", "new", "changed_at"], dtype=object)
    changes.loc[0] = ["3", "status", "before", "now", "2024-02-03 10:00"]
    return {
        "leads": leads,
        "outcomes": {"stage": stages},
        "related": {"account": accounts},
        "history": {"lead": changes},
    }


def test_values_count_from_the_moment_they_are_known() -> None:
    crm = open_crm(Definition.parse(TEXT), **frames())
    try:
        data = build_dataset(crm)
        found = data.frame().sort_values(["lead_id", "as_of"])
        found = found.assign(day=(found["as_of"] - found["created_at"]).dt.days)
        told = found.set_index(["lead_id", "day"])
        listed = frames()["leads"].iloc[::-1].assign(account="C")
        listed.loc[len(listed)] = ["new", None, "C", "own", "7", None, "own"]
        text = read_text(
            crm.workspace, crm.definition.leads, folder=crm.definition.folder, frame=listed
        )
        moment = pd.Timestamp("2024-02-12")
        matched = match_list(crm, text, microseconds(moment))
        recipe = Recipe.from_dict(data.manifest["recipe"])  # type: ignore[arg-type]
        scored = pd.concat(feature_chunks(crm, matched.grid, catalogue(crm, recipe)))
        scored = scored.set_index(listed["id"].to_numpy())
    finally:
        crm.close()
    assert list(told["segment"].fillna("-")) == ["-", "-", "-", "-", *["key"] * 6]
    assert list(told["status"].fillna("-")) == [
        *("-", "now", "-", "now"),  # not filled before February
        *("before", "now", "now", "now", "now", "now"),
    ]
    assert list(told["budget"].fillna(0)) == [0, 0, 0, 20, 0, 0, 0, 0, 0, 50]
    assert list(told["account.tier"].fillna("-")) == [
        *("-", "gold", "-", "gold", "-", "-", "-", "-", "tin", "tin")
    ]
    # A list at that moment: the CRM's leads as in training, the others as the list says.
    later = told.xs(7, level="day")
    assert scored.loc["5", "budget"] == later.loc["5", "budget"] == 50
    assert list(scored.index[scored["budget"].isna()]) == ["4", "3"]
    assert scored.loc["new", ["segment", "budget", "status"]].tolist() == ["own", 7.0, "own"]
    assert scored.loc["new", "account.tier"] == "tin"
    assert scored.loc["4", "account.tier"] is None  # the CRM knows the lead without a firm


def test_a_column_that_says_when_must_be_there() -> None:
    given = frames()
    given["leads"] = given["leads"].drop(columns="budget asked on")
    with pytest.raises(InputError, match="budget asked on"):
        open_crm(Definition.parse(TEXT), **given)


def test_what_says_when_is_not_a_stranger() -> None:
    crm = open_crm(Definition.parse(TEXT), **frames())
    crm.close()
    assert "undeclared" not in set(crm.check()["code"])
    assert crm.definition.not_built() == []
