"""Who may not be contacted is scored like any other and marked, whatever the words for it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pandas as pd
import pytest

from predict.crm.sources import read_text
from predict.crm.stamps import microseconds
from predict.crm.tables import Crm
from predict.definition.schema import Definition
from predict.errors import DefinitionError
from predict.jobs.run import leads_of
from predict.report.cards import _marks
from predict.scoring.lists import match_list
from predict.scoring.words import Goal, forbidden_words

TEXT = """
name = "contact"
conversion = { stage = "won", within_days = 30 }
[leads]
exported_at = 2024-12-31
lead_id = "Id"
created_at = "Created"
[leads.columns]
Title = "fixed"
HasOptedOutOfEmail = "eligibility"
DoNotCall = "eligibility"
Basis = { class = "eligibility", refuses = ["none", "Withdrawn"] }
[outcomes.stage]
lead_id = "Id"
stage_column = "stage"
entered_at = "at"
"""
LEADS = pd.DataFrame(
    [
        ("1", "true", "0", "Consent", ""),
        ("2", "FALSE", "Yes", "withdrawn ", "DoNotCall; Basis"),
        ("3", None, None, None, ""),
        ("4", "1", "1", "None", "HasOptedOutOfEmail; DoNotCall; Basis"),
        ("5", "no", "later", "true", ""),  # other words than those that refuse
    ],
    columns=["Id", "HasOptedOutOfEmail", "DoNotCall", "Basis", "expected"],
)
LEADS.loc[0, "expected"] = "HasOptedOutOfEmail"
STAGES = pd.DataFrame({"Id": ["9"], "stage": ["won"], "at": ["2024-02-01 10:00"]})


@pytest.fixture
def crm(opened: Callable[..., Crm]) -> Crm:
    leads = LEADS.assign(Created="2024-01-01 10:00", Title="CEO").drop(columns="expected")
    return opened(TEXT, leads=leads, outcomes={"stage": STAGES})


def test_columns_say_who_refuses_in_their_own_words(crm: Crm) -> None:
    leads = crm.leads.order_by("lead_no").to_pandas()
    assert list(leads["no_contact"]) == list(LEADS["expected"])
    found = crm.check()
    told = found[found["code"] == "do-not-contact"]["sentence"].sort_values()
    assert [s.split(" leads")[0] for s in told] == [
        "Basis refuses contact with 2",
        "DoNotCall refuses contact with 2",
        "HasOptedOutOfEmail refuses contact with 2",
    ]
    assert "(“none”, “Withdrawn”)" in told.iloc[0]
    assert not [p.name for p in crm.profile if p.name != "Title"]  # never features


def test_a_row_of_a_list_is_scored_and_marked(crm: Crm) -> None:
    rows = pd.DataFrame({"Id": [*LEADS["Id"], "stranger"], "Title": "CEO"})
    text = read_text(crm.workspace, crm.definition.leads, folder=crm.definition.folder, frame=rows)
    matched = match_list(crm, text, microseconds(pd.Timestamp("2024-06-01")))
    grid = matched.grid.order_by("row").to_pandas()
    leads = leads_of(grid, SimpleNamespace(goal=Goal("won", 30)))  # type: ignore[arg-type]
    assert list(leads["do_not_contact"]) == [*LEADS["expected"], ""]
    assert set(leads["status"]) == {"scored"}
    marks = list(_marks({"do_not_contact": leads["do_not_contact"][1], "basis": "full"}))
    assert marks == ["May not be contacted in every way: see DoNotCall; Basis."]
    assert not forbidden_words(marks[0])


def test_only_eligibility_columns_refuse() -> None:
    text = TEXT.replace('Title = "fixed"', 'Title = { class = "fixed", refuses = ["x"] }')
    with pytest.raises(DefinitionError, match='does not go with "fixed"'):
        Definition.parse(text)
    other = TEXT.replace('"Withdrawn"', '"Gone"')
    assert Definition.parse(other).digest() == Definition.parse(TEXT).digest()
