"""Import files: held to the vendors' rules, and read back as they were written."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predict.errors import InputError
from predict.report.importfields import (
    FIELDS,
    LONGEST,
    STANDARD,
    checked,
    fitted,
    salesforce_id,
    standard_value,
)
from predict.report.imports import CONTACTS, CUSTOM, HUBSPOT, INSERT, LEADS, LEFT_OUT, ImportFiles
from predict.scoring.words import forbidden_words

AS_OF = datetime(2026, 7, 1, 12, 30)
MEANINGS = {
    "Vorname": "first_name",
    "Nachname": "last_name",
    "Firma": "company",
    "Mail": "email",
    "Tel": "phone",
    "Größe": "employees",
    "Position": "job_title",
}
LONG = "Viewed “pricing” " + "very " * 80 + "often"
#: Known id, first name, last name, company, mail, phone, size, title, status.
PEOPLE: list[tuple[Any, ...]] = [
    ("00Q5g00000A1b2C", "Ada", "King", "Acme", "a@b.example", "1", "7", "CEO", "scored"),
    ("0035g00000A1b2C", "Bob", "Ray", "Acme", "b@b.example", "1", "7", "CEO", "scored"),
    (None, "=cmd()", "+Li", "Größe & Söhne", "c@b.example", "+49 30 1", "51-200", "x" * 300,
     "scored"),
    (None, "Dee", "", "Acme", "no mail", "", "", "", "scored"),
    (None, "Eve", "Fox", "", "", "", "", "", "scored"),
    ("L-7", "Gus", "Hall", "Acme", "g@b.example", "", "", "", "scored"),
    (None, "Hal", "Ivy", "Acme", "h@b.example", "", "", "", "duplicate"),
    ("00012345", "Ida", "Jay", "Acme", "i@b.example", "", "", "", "scored"),
]  # fmt: skip


def frames() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.Series]:
    inputs = pd.DataFrame([p[1:8] for p in PEOPLE], columns=list(MEANINGS))
    n = len(PEOPLE)
    scores = pd.DataFrame(
        {
            "row": range(n),
            "status": [p[8] for p in PEOPLE],
            "status_reason": ["" if p[8] == "scored" else "an earlier row" for p in PEOPLE],
            "score": [99.6, 50.2, *[7.0] * (n - 2)],
            "grade": list("ABCDDDDD"),
            "rated_qualified": [True] + [False] * (n - 1),
            "model_version": "won 3",
            "as_of": AS_OF,
        }
    )
    said = [
        (0, "for", f"{LONG}; of 40 such leads 20 % became a customer, of all leads 7 %"),
        (0, "for", "job title is “CEO”; of 40 such leads 20 % became a customer, of all leads 7 %"),
        (0, "for", "source is “web”"),
        (0, "against", "nothing known about industry"),
        (0, "other", ""),
        (2, "against", "=1+1 is its name"),
    ]
    reasons = pd.DataFrame(said, columns=["row", "direction", "sentence"])
    return inputs, scores, reasons, pd.Series([p[0] for p in PEOPLE], dtype=object)


def written(folder: Path, vendor: str) -> dict[str, list[dict[str, str]]]:
    inputs, scores, reasons, ids = frames()
    with ImportFiles(folder, checked(vendor), MEANINGS) as files:
        for part in (slice(0, 3), slice(3, None)):
            rows = reasons[reasons["row"].isin(scores[part]["row"])]
            files.write(
                inputs[part].reset_index(drop=True),
                scores[part].reset_index(drop=True),
                rows,
                ids[part],
            )
    found = {}
    for name, count in files.counts.items():
        with (folder / name).open(encoding="utf-8-sig", newline="") as stream:
            found[name] = list(csv.DictReader(stream))
        assert len(found[name]) == count
    assert sum(files.counts.values()) == len(PEOPLE)
    return found


def test_salesforce_takes_leads_contacts_and_strangers_apart(tmp_path: Path) -> None:
    found = written(tmp_path, "salesforce")
    assert [r["Id"] for r in found[LEADS]] == [salesforce_id("00Q5g00000A1b2C")]
    assert [r["Id"] for r in found[CONTACTS]] == [salesforce_id("0035g00000A1b2C")]
    assert all(len(r["Id"]) == 18 for r in found[LEADS] + found[CONTACTS])
    (new,) = found[INSERT]
    assert new["FirstName"] == "'=cmd()" and new["LastName"] == "'+Li"
    assert new["Phone"] == "+49 30 1" and new["NumberOfEmployees"] == ""
    assert new["Company"] == "Größe & Söhne" and len(new["Title"]) == 128
    assert {r["row"]: r["why"] for r in found[LEFT_OUT]} == {
        "3": "Salesforce takes no lead without a last name",
        "4": "Salesforce takes no lead without a company",
        "5": "its id is not that of a lead or contact of Salesforce",
        "6": "an earlier row",
        "7": "its id is not that of a lead or contact of Salesforce",
    }
    lead = found[LEADS][0]
    assert list(lead) == ["Id", *(f.salesforce for f in FIELDS)]
    assert lead["Predict_Score__c"] == "100" and lead["Predict_Rated_Qualified__c"] == "TRUE"
    assert lead["Predict_Scored_At__c"] == "2026-07-01T12:30:00.000Z"
    assert lead["Predict_Reason_1__c"].endswith("…")
    assert lead["Predict_Reason_2__c"].startswith("Job title is “CEO”; of 40")
    assert lead["Predict_Risk_1__c"] == "Nothing known about industry"
    assert lead["Predict_Risk_2__c"] == ""
    assert not (tmp_path / LEADS).read_bytes().startswith(b"\xef\xbb\xbf")
    assert (tmp_path / LEADS).read_bytes().count(b"\r\n") == 2


def test_hubspot_takes_ids_and_addresses_in_one_file(tmp_path: Path) -> None:
    found = written(tmp_path, "hubspot")
    rows = found[HUBSPOT]
    assert [(r["Record ID"], r["Email"]) for r in rows] == [
        ("", "c@b.example"),
        ("00012345", ""),
    ]
    assert rows[1]["Last Name"] == "" and rows[1]["Predict score"] == "7"
    assert rows[0]["Predict rated qualified"] == "false"
    assert rows[0]["Predict risk 1"] == "'=1+1 is its name"
    assert rows[0]["Predict scored at"] == "2026-07-01T12:30:00Z"
    assert (tmp_path / HUBSPOT).read_bytes().startswith(b"\xef\xbb\xbf")
    assert len(found[LEFT_OUT]) == len(PEOPLE) - 2


@pytest.mark.parametrize("vendor", ["salesforce", "hubspot"])
def test_no_cell_is_longer_than_its_field_or_a_formula(tmp_path: Path, vendor: str) -> None:
    limits = {f.name(vendor): int(f.length) for f in FIELDS if f.length.isdigit()}
    limits |= {s[0] if vendor == "salesforce" else s[2]: s[1] for s in STANDARD.values()}
    for rows in written(tmp_path, vendor).values():
        for row in rows:
            for column, value in row.items():
                assert len(value.encode("utf-16-le")) // 2 <= limits.get(column, LONGEST)
                assert "\n" not in value and not value.startswith(("=", "@", "\t"))


@pytest.mark.parametrize("vendor", ["salesforce", "hubspot"])
def test_the_fields_to_create_are_those_of_the_files(tmp_path: Path, vendor: str) -> None:
    found = written(tmp_path, vendor)
    with (tmp_path / CUSTOM).open(encoding="utf-8-sig", newline="") as stream:
        listed = list(csv.DictReader(stream))
    key = "API name" if vendor == "salesforce" else "label"
    header = list(found[LEADS if vendor == "salesforce" else HUBSPOT][0])
    assert [r[key] for r in listed] == header[-len(FIELDS) :]
    assert [r["type"] for r in listed if r["values"] == "A;B;C;D"] == [
        "Picklist" if vendor == "salesforce" else "Dropdown select"
    ]
    told = (tmp_path / "how_to_import.txt").read_text(encoding="utf-8")
    quoted = told.replace('"Insert null values"', "")  # what the button is called
    assert forbidden_words(quoted + " ".join(" ".join(r.values()) for r in listed)) == []
    assert all(name in told for name in (*found, CUSTOM))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_any_text_fits_and_comes_back(text: str) -> None:
    value = fitted(text)
    assert len(value.encode("utf-16-le", "surrogatepass")) // 2 <= LONGEST
    assert len(value.splitlines()) <= 1
    assert fitted(value) == value or value.startswith("'")


@settings(max_examples=200, deadline=None)
@given(st.text("abcXYZ019", min_size=15, max_size=15))
def test_ids_that_differ_by_case_alone_still_differ_without_it(short: str) -> None:
    whole = salesforce_id(short)
    assert whole is not None and len(whole) == 18 and whole[:15] == short
    assert salesforce_id(whole) == whole
    other = salesforce_id(short.swapcase())
    assert other is not None
    assert (whole.lower() == other.lower()) == (short == short.swapcase())


def test_ids_of_others_and_wrong_check_letters_are_none() -> None:
    assert salesforce_id("00Q5g00000A1b2CAAA") is None
    assert salesforce_id("L-0000001") is None and salesforce_id("") is None


def test_values_that_do_not_fit_are_left_out() -> None:
    assert standard_value("email", "x" * 90 + "@b.example") == ""
    assert standard_value("employees", "1.200") == ""
    assert standard_value("phone", None) == ""
    with pytest.raises(InputError, match="Salesforce or HubSpot"):
        checked("pipedrive")
