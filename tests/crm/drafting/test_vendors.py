"""Drafts for Salesforce and HubSpot: what each column becomes, and why."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from predict.crm.draft import Draft, draft
from predict.crm.drafting.sketch import Answers
from predict.crm.gathering import gather
from predict.crm.survey import Survey
from tests.crm.drafting.vendors import N, write_hubspot, write_salesforce
from tests.crm.test_spreadsheets import workbook


def drafted(*exports: Path, to: Path, answers: Answers | None = None) -> Draft:
    with Survey(gather(exports, to), to) as survey:
        return draft(survey, answers)


def cls(told: Any) -> str:
    return told if isinstance(told, str) else told["class"]


@pytest.fixture(scope="module")
def salesforce(tmp_path_factory: pytest.TempPathFactory) -> tuple[Draft, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("salesforce")
    found = drafted(write_salesforce(folder / "exports"), to=folder)
    return found, tomllib.loads(found.text)


@pytest.fixture(scope="module")
def hubspot(tmp_path_factory: pytest.TempPathFactory) -> tuple[Draft, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("hubspot")
    found = drafted(write_hubspot(folder / "exports"), to=folder)
    return found, tomllib.loads(found.text)


def test_salesforce_roles_links_and_ids(salesforce):
    told = salesforce[1]
    assert told["ids"] == "salesforce"
    leads = told["leads"]
    assert leads["path"] == "exports/Lead.csv"
    assert leads["where"] == {"IsDeleted": "false"}
    assert (leads["lead_id"], leads["created_at"], leads["source"], leads["account_id"]) == (
        "Id",
        "CreatedDate",
        "LeadSource",
        "Matched_Account__c",
    )
    assert told["links"]["contact"]["other_id"] == "ConvertedContactId"
    assert told["links"]["opportunity"]["other_id"] == "ConvertedOpportunityId"
    merged = told["links"]["merged"]
    assert (merged["kind"], merged["lead_id"], merged["other_id"]) == (
        "merged",
        "MasterRecordId",
        "Id",
    )
    assert "where" not in merged  # the deleted rows are those that say it
    assert told["people"]["contact"]["unless"] == "contact"
    assert told["related"]["account"]["key"] == "Matched_Account__c"


def test_salesforce_success_is_the_creation_of_the_deal_and_its_end_the_history(salesforce):
    found, told = salesforce
    assert told["conversion"]["stage"] == "opportunity"
    assert told["outcomes"]["opportunity"]["entered_at"] == "CreatedDate"
    assert told["outcomes"]["opportunity"]["where"] == {"Type": "New Business"}
    closing = told["outcomes"]["closing"]
    assert closing["path"] == "exports/OpportunityHistory.csv"
    # “Signed” says won by IsWon alone
    assert closing["stages"] == {"Signed": "won", "Closed Lost": "lost"}
    assert set(closing["where"]["StageName"]) == {"Signed", "Closed Lost"}
    status = told["outcomes"]["status"]
    assert status["where"] == {"Field": "Status", "NewValue": ["Unqualified"]}
    assert status["stages"] == {"Unqualified": "disqualified"}
    assert told["conversion"]["lost_stages"] == ["lost", "disqualified"]
    assert {q.key for q in found.questions} == {
        "stage",
        "within_days",
        "time_zone",
        "capacity_per_month",
        "after_contact",
    }


def test_salesforce_columns_by_class(salesforce):
    told = salesforce[1]
    classes = {name: cls(c) for name, c in told["leads"]["columns"].items()}
    assert classes["Title"] == "mutable"  # the history tracks it
    assert classes["Status"] == "hindsight"  # what sales makes of it: stages, not a feature
    assert classes["Rating"] == "hindsight"  # an incumbent in words
    assert classes["Email"] == classes["LastName"] == "personal"
    assert classes["LastModifiedDate"] == "last_of"
    assert classes["ConvertedOpportunityId"] == "hindsight"
    assert classes["Form_Variant__c"] == "fixed"  # as full among the newest leads as among others
    assert classes["Win_Plan__c"] == "hindsight"  # filled for the successful alone
    assert told["never_use"]["columns"] == ["Gender__c"]
    history = told["history"]["lead"]
    assert history["fields"] == {"Title": "Title"}
    assert (history["of"], history["old"], history["new"]) == ("leads", "OldValue", "NewValue")


def test_salesforce_activities_carry_ids_of_leads_and_contacts(salesforce):
    events = salesforce[1]["events"]
    task, log = events["task"], events["web_activity"]
    assert task["id_of"] == log["id_of"] == ["lead", "contact"]
    assert (task["by"], log["by"]) == ("us", "lead")
    assert task["occurred_at"] == "CompletedDateTime"  # never the due date
    assert task["where"] == {"IsClosed": "true"}
    assert log["kind_column"] == "Type" and log["values"] == ["Seconds"]


def test_hubspot_roles_multi_ids_and_merged(hubspot):
    told = hubspot[1]
    assert told["leads"]["exported_at"] == "from-name"
    assert told["leads"]["account_id"] == told["related"]["account"]["key"]
    assert told["links"]["deal"]["separator"] == told["links"]["merged"]["separator"] == ";"
    assert told["links"]["merged"]["kind"] == "merged"
    assert told["never_use"]["columns"] == ["Marital Status"]
    classes = {name: cls(c) for name, c in told["leads"]["columns"].items()}
    assert classes["Recent Conversion Date"] == classes["Last Activity Date"] == "last_of"
    assert classes["HubSpot Score"] == "incumbent"
    assert classes["Job Title"] == classes["Number of Pageviews"] == "mutable"
    assert told["history"]["lead"]["fields"]["jobtitle"] == "Job Title"
    assert "old" not in told["history"]["lead"]


def test_hubspot_stages_by_history_and_first_times_by_the_log(hubspot):
    told = hubspot[1]
    lifecycle = told["outcomes"]["lifecycle"]
    assert lifecycle["stages"] == {"lead": "lead", "opportunity": "opportunity"}
    assert "first_conversion" not in told["events"] and "form_submit" not in told["events"]
    classes = {name: cls(c) for name, c in told["leads"]["columns"].items()}
    assert classes["First Conversion Date"] == "first_of"
    assert classes["Became an Opportunity Date"] == "first_of"


def test_hubspot_without_history_and_log_reads_dated_columns(tmp_path):
    exports = write_hubspot(tmp_path / "exports", history=False, log=False)
    told = tomllib.loads(drafted(exports, to=tmp_path).text)
    reached = told["outcomes"]["opportunity"]
    assert reached["entered_at"] == "Became an Opportunity Date"
    assert reached["stage"] == told["conversion"]["stage"] == "opportunity"
    form = told["events"]["form_submit"]
    assert form["occurred_at"] == "First Conversion Date"
    assert form["asset"] == "First Conversion"
    assert form["by"] == "lead"
    assert cls(told["leads"]["columns"]["Job Title"]) == "mutable"
    assert "history" not in told
    closing = told["outcomes"]["closing"]
    assert closing["stages"] == {"closedwon": "won", "closedlost": "lost"}


def test_every_column_of_every_mapped_file_is_accounted_for(salesforce, hubspot):
    for found, _ in (salesforce, hubspot):
        for one, became in found.tables:
            assert became.startswith("["), one.look.name
            for column in one.look.columns:
                assert column in found.text, f"{one.look.name}: {column}"


def test_nothing_personal_stands_in_a_draft(salesforce, hubspot):
    for found, _ in (salesforce, hubspot):
        assert "@" not in found.text
        assert "Mockford" not in found.text and "Firm 1" not in found.text


def test_report_labels_and_old_labels_are_the_same_fields(tmp_path):
    rows = range(N)
    report = pd.DataFrame(
        {
            "Lead ID": [f"00Q5g0000{i:06d}" for i in rows],
            "Lead Source": "web",
            "Lead Status": "Open",
            "Company / Account": [f"Firm {i}" for i in rows],
            "Create Date": [f"{i % 28 + 1:02d}/01/2026" for i in rows],
            "Converted": ["1" if i % 3 else "0" for i in rows],
            "Converted Date": [f"{i % 28 + 1:02d}/02/2026" if i % 3 else None for i in rows],
        }
    )
    report.to_csv(tmp_path / "report1769.csv", index=False)
    found = drafted(tmp_path / "report1769.csv", to=tmp_path)
    told = tomllib.loads(found.text)
    assert told["leads"]["lead_id"] == "Lead ID"
    assert told["conversion"]["stage"] == "converted"
    assert cls(told["leads"]["columns"]["Company / Account"]) == "personal"
    assert found.tables[0][0].title == "Salesforce leads"

    old = pd.DataFrame(
        {
            "Contact ID": [str(i) for i in rows],
            "Create Date": [f"2026-01-{i % 28 + 1:02d} 10:00" for i in rows],
            "Original Source Data 1": "summer",
            "Lifecycle Stage": "lead",
            "Original Source Type": "PAID",
            "Became a Customer Date": [
                f"2026-02-{i % 28 + 1:02d} 10:00" if i % 2 else None for i in rows
            ],
        }
    )
    old.to_csv(tmp_path / "contacts.csv", index=False)
    told = tomllib.loads(drafted(tmp_path / "contacts.csv", to=tmp_path).text)
    assert told["leads"]["source"] == "Original Source Type"
    assert told["leads"]["campaign"] == "Original Source Data 1"
    assert told["conversion"]["stage"] == "won"


def test_a_zip_a_folder_and_single_files_say_the_same(tmp_path):
    exports = write_salesforce(tmp_path / "exports")
    packed = tmp_path / "WE_export.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(exports.iterdir()):
            archive.write(file, file.name)
    by_folder = drafted(exports, to=tmp_path).text
    by_files = drafted(*sorted(exports.iterdir()), to=tmp_path).text
    by_zip = drafted(packed, to=tmp_path).text
    assert by_files == by_folder
    told, zipped = tomllib.loads(by_folder), tomllib.loads(by_zip)
    assert zipped["leads"]["path"] == "WE_export.zip::Lead.csv"
    assert zipped["outcomes"].keys() == told["outcomes"].keys()
    assert zipped["leads"]["columns"] == told["leads"]["columns"]


def test_sheets_of_a_workbook_are_tables(tmp_path):
    exports = write_hubspot(tmp_path / "exports", history=False, log=False)
    sheets = {}
    for file in sorted(exports.iterdir()):
        rows = pd.read_csv(file, dtype=str).fillna("")
        sheets[file.stem.split("-")[4]] = [list(rows.columns), *rows.to_numpy().tolist()]
    workbook(tmp_path / "book.xlsx", sheets)
    told = tomllib.loads(drafted(tmp_path / "book.xlsx", to=tmp_path).text)
    assert (told["leads"]["path"], told["leads"]["sheet"]) == ("book.xlsx", "contacts")
    assert told["outcomes"]["closing"]["sheet"] == "deals"


def test_answers_hold(tmp_path):
    exports = write_salesforce(tmp_path / "exports")
    given = Answers("won", 60.0, "Europe/Berlin", 25.0, ("Form_Variant__c",))
    told = tomllib.loads(drafted(exports, to=tmp_path, answers=given).text)
    assert told["conversion"]["stage"] == "won"
    assert told["conversion"]["within_days"] == 60
    assert told["name"] == "won-in-60-days"
    assert told["time_zone"] == "Europe/Berlin"
    assert told["money"]["capacity_per_month"] == 25
    assert cls(told["leads"]["columns"]["Form_Variant__c"]) == "hindsight"


def test_without_history_overwritten_columns_say_what_would_unlock_them(tmp_path):
    exports = write_salesforce(tmp_path / "exports")
    (exports / "LeadHistory.csv").unlink()
    (exports / "OpportunityHistory.csv").unlink()
    text = drafted(exports, to=tmp_path).text
    told = tomllib.loads(text)
    assert "history" not in told
    assert "Title can be overwritten" in text and "LeadHistory" in text
    assert "Nothing tells when leads became Unqualified" in text
    title = told["leads"]["columns"]["Title"]
    assert title == {"class": "mutable", "type": "text", "words": "job title"}
    assert "no history here: left out until one tells" in text
    assert told["outcomes"]["closing"]["entered_at"] == "CloseDate"
    assert told["outcomes"]["closing"]["where"]["StageName"] == ["Signed", "Closed Lost"]


def test_an_older_export_and_a_list_are_set_aside(tmp_path):
    for day, rows in (("2026-02-01", 30), ("2026-03-31", N)):
        exports = write_hubspot(tmp_path / day, history=False, log=False)
        for file in exports.iterdir():
            kept = pd.read_csv(file, dtype=str).head(rows)
            kept.to_csv(file.with_name(file.name.replace("2026-04-01", day)), index=False)
            file.unlink()
    contacts = next((tmp_path / "2026-03-31").glob("*contacts*"))
    pd.read_csv(contacts, dtype=str).head(9).to_csv(tmp_path / "fair.csv", index=False)
    found = drafted(
        tmp_path / "2026-02-01", tmp_path / "2026-03-31", tmp_path / "fair.csv", to=tmp_path
    )
    assert tomllib.loads(found.text)["leads"]["path"].startswith("2026-03-31/")
    became = {r.look.place.path: b for r, b in found.tables}
    old = next(p for p in became if "contacts-2026-02-01" in p)
    assert "older export" in became[old]
    assert "list to score" in became["fair.csv"]
