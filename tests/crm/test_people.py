"""People who were never a lead: read below the leads, typed alike, each person once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from predict.crm.people import rows_of_leads
from predict.crm.stamps import microseconds
from predict.crm.tables import Crm
from predict.history.building import build_dataset
from predict.scoring.lists import match_list

Opened = Callable[..., Crm]
TEXT = """
name = "people"
conversion = { stage = "won", within_days = 30 }
[leads]
path = "leads.csv"
exported_at = 2024-06-30
lead_id = "Id"
created_at = "Created"
account_id = "Account"
source = "LeadSource"
[leads.columns]
Title = { class = "fixed", type = "text" }
Size = "fixed"
Budget = "hindsight"
Email = "personal"
[people.contact]
path = "contacts.csv"
lead_id = "ContactId"
created_at = "CreatedDate"
account_id = "AccountId"
rename = { "Job" = "Title", "Mail" = "Email", "Budget__c" = "Budget" }
unless = "contact"
[related.account]
path = "accounts.csv"
key = "Account"
[related.account.columns]
Industry = "fixed"
[links.contact]
path = "leads.csv"
lead_id = "Id"
other_id = "Converted"
[links.merged]
path = "merged.csv"
kind = "merged"
lead_id = "Master"
other_id = "Id"
[events.task]
path = "tasks.csv"
id = "WhoId"
id_of = ["lead", "contact"]
occurred_at = "at"
kind = "visit"
by = "lead"
[outcomes.stage]
path = "stages.csv"
lead_id = "who"
stage = "won"
entered_at = "at"
[criteria.budget]
field = "Budget"
in = ["yes"]
[suppression]
path = "never.csv"
"""
FILES = {
    "leads": "Id,Created,Account,LeadSource,Title,Size,Email,Budget,Converted\n"
    "L1,31/01/2024 10:00,A1,web,Buyer,7,one@firm.example,no,C1\n"
    "L2,01/02/2024 10:00,A2,fair,Clerk,8,two@gmail.com,,\n"
    "L3,02/02/2024 10:00,,fair,Clerk,9,,,\n",
    "contacts": "ContactId,CreatedDate,AccountId,LeadSource,Job,Mail,Budget__c,Id\n"
    "C1,2024-02-05T10:00:00Z,A1,web,Buyer,one@firm.example,no,other\n"
    "C2,2024-02-06T10:00:00Z,A2,phone,Head,Two@Firm.de,yes,other\n"
    "C3,2024-02-07T10:00:00Z,A1,,Owner,never@firm.example,,other\n"
    "C4,2024-02-08T10:00:00Z,A1,,Owner,,,other\n"
    "C5,soon,A1,,Owner,,,other\n",
    "accounts": "Id,Industry\nA1,Steel\nA2,Paper\n",
    "merged": "Id,Master\nC4,C2\nL3,L2\n",
    "tasks": "WhoId,at\nL1,2024-02-01 11:00\nC1,2024-02-09 11:00\nC2,2024-02-08 11:00\n"
    "C4,2024-02-08 12:00\nL3,2024-02-03 10:00\n",
    "stages": "who,at\nC2,2024-02-20 10:00\nL1,2024-02-20 10:00\n",
    "never": "who\nNever@Firm.Example\n",
}


@pytest.fixture
def crm(opened: Opened, tmp_path: Path) -> Crm:
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return opened(TEXT, tmp_path)


def test_they_are_leads_in_every_later_step(crm: Crm) -> None:
    leads = crm.leads.order_by("lead_no").to_pandas().set_index("lead_id")
    assert list(leads.index) == ["C2", "C3", "L1", "L2"]
    assert list(leads["p:Title"]) == ["Head", "Owner", "Buyer", "Clerk"]
    assert list(leads["p:LeadSource"].fillna("?")) == ["phone", "?", "web", "fair"]
    assert list(leads["p:Size"].fillna(-1)) == [-1, -1, 7, 8]
    assert list(leads["p:email_kind"]) == ["business", "business", "business", "free"]
    assert list(leads["p:email_country"].fillna("?")) == ["de", "?", "?", "?"]
    assert list(leads["p:account.Industry"]) == ["Paper", "Steel", "Steel", "Paper"]
    assert list(leads["c:Budget"].fillna("?")) == ["yes", "?", "no", "?"]
    assert list(leads["suppressed"]) == [False, True, False, False]
    created = pd.to_datetime(leads["created_us"], unit="us")
    assert created["C2"] == pd.Timestamp("2024-02-06 10:00")
    assert created["L2"] == pd.Timestamp("2024-02-01 10:00")
    ids = dict(zip(leads["lead_no"], leads.index, strict=True))
    assert sorted(ids[n] for n in crm.events.lead_no.to_pandas()) == ["C2", "C2", "L1", "L1", "L2"]
    assert sorted(ids[n] for n in crm.outcomes.lead_no.to_pandas()) == ["C2", "L1"]
    assert set(build_dataset(crm).keys["lead_id"]) == {"C2", "L1", "L2"}


def test_each_row_is_counted_once(crm: Crm) -> None:
    names = ("leads read", "leads", "leads merged", "leads without id or creation date")
    assert [crm.counts[n] for n in names] == [7, 4, 2, 1]
    assert crm.counts["leads twice"] == 0
    assert crm.counts["people contact"] == 4
    assert crm.counts["people contact linked to a lead"] == 1
    told = crm.check().set_index("code")
    assert told["sentence"]["people"] == "4 of 5 rows are leads too; 1 are a lead already."
    assert crm.rejects[["column", "value"]].to_numpy().tolist() == [["Created", "soon"]]
    assert "people.contact" in {s["table"] for s in crm.sources}


def test_the_open_leads_hold_them_and_no_merged_record(crm: Crm) -> None:
    """Though the two tables write dates each in its own way."""
    text = rows_of_leads(crm)
    rows = text.table.to_pandas()
    assert sorted(rows["Id"]) == ["C2", "C3", "C5", "L1", "L2"]
    told = rows.set_index("Id").loc[["C2", "L2"], ["Title", "Created"]]
    assert told.to_numpy().tolist() == [
        ["Head", "2024-02-06 10:00:00+00:00"],
        ["Clerk", "2024-02-01 10:00:00+00:00"],
    ]
    matched = match_list(crm, text, microseconds(pd.Timestamp("2024-02-10"))).only_open(crm)
    status = matched.grid.select("lead_id", "status").to_pandas()
    assert dict(status.itertuples(index=False)) == {
        "C2": "scored",
        "C3": "suppressed",
        "C5": "unreadable",
        "L1": "scored",
        "L2": "scored",
    }


def test_a_number_among_leads_alone_is_a_category(opened: Opened, tmp_path: Path) -> None:
    files = {
        **FILES,
        "contacts": "ContactId,CreatedDate,AccountId,Job,Mail,Budget__c,Size\n"
        "C2,2024-02-06,A2,Head,,,8 to 10\n",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    crm = opened(TEXT, tmp_path)
    assert {p.name: p.dtype for p in crm.profile}["Size"] == "category"
    assert list(crm.leads.order_by("lead_no")["p:Size"].to_pandas()) == ["8 to 10", "7", "8"]


def test_a_list_finds_the_record_that_is_left(crm: Crm, tmp_path: Path) -> None:
    from predict.crm.sources import read_text
    from predict.definition.exports import Export

    (tmp_path / "list.csv").write_text("Id,Title\nC4,x\nL2,y\nnew,z\n", encoding="utf-8")
    text = read_text(crm.workspace, Export(path="list.csv"), folder=tmp_path)
    grid = match_list(crm, text, microseconds(pd.Timestamp("2024-02-10"))).grid
    found = grid.order_by("row").to_pandas()
    assert list(found["lead_id"]) == ["C2", "L2", "new"]
    assert list(found["lead_no"].notna()) == [True, True, False]
    assert list(found["p:Title"]) == ["Head", "Clerk", "z"]


def test_people_with_the_address_of_a_lead_are_that_lead(opened: Opened, tmp_path: Path) -> None:
    """And what is filed under their own id finds the lead through the address."""
    links = """[links.address]
path = "leads.csv"
lead_id = "Id"
other_id = "Email"
kind = "email"
[links.known]
path = "contacts.csv"
id = "Mail"
id_of = "address"
other_id = "ContactId"
"""
    text = TEXT.replace('unless = "contact"', 'unless = "address"').replace(
        'id_of = ["lead", "contact"]', 'id_of = ["lead", "known"]'
    )
    contacts = (
        "ContactId,CreatedDate,AccountId,Job,Mail,Budget__c\n"
        "C1,2024-02-06,A2,Head, ONE@firm.example,\nC2,2024-02-06,A2,Head,,\n"
        "C3,2024-02-06,A2,Head,new@firm.example,\n"
    )
    tasks = "WhoId,at\nC1,2024-02-09 11:00\nC2,2024-02-08 11:00\nC3,2024-02-08 11:00\n"
    for name, said in {**FILES, "contacts": contacts, "tasks": tasks}.items():
        (tmp_path / f"{name}.csv").write_text(said, encoding="utf-8")
    crm = opened(text + links, tmp_path)
    leads = crm.leads.select("lead_no", "lead_id").to_pandas().set_index("lead_no")["lead_id"]
    assert sorted(leads) == ["C2", "C3", "L1", "L2"]
    assert sorted(leads[n] for n in crm.events.lead_no.to_pandas()) == ["C2", "C3", "L1"]
    assert sorted(rows_of_leads(crm).table.to_pandas()["Id"]) == ["C2", "C3", "L1", "L2"]
    assert set(crm.links) == {"lead", "contact", "merged", "address", "known"}
