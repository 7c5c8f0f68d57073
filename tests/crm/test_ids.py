"""Ids in one form: Salesforce's checksum against a plain second reading of it."""

from __future__ import annotations

import string
from collections.abc import Callable

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predict.crm.ids import hashed, one_form
from predict.crm.tables import Crm

ALPHABET = string.ascii_uppercase + "012345"


def eighteen(text: str) -> str:
    """Return an id with its checksum, letter by letter as the vendor describes it."""
    suffix = ""
    for block in (text[:5], text[5:10], text[10:]):
        bits = "".join("1" if letter in string.ascii_uppercase else "0" for letter in block)
        suffix += ALPHABET[int(bits[::-1], 2)]
    return text + suffix


def formed(values: list[str | None], vendor: str | None = "salesforce") -> list[str | None]:
    column = ibis.memtable(pd.DataFrame({"id": pd.Series(values, dtype="string")})).id
    return [None if pd.isna(v) else v for v in one_form(column, vendor).execute()]


def test_the_example_that_the_vendor_publishes() -> None:
    assert formed(["001A0000006Vm9r"]) == ["001A0000006Vm9rIAC"]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.text(string.ascii_letters + string.digits, min_size=15, max_size=15),
        min_size=1,
        max_size=40,
    )
)
def test_any_id_of_fifteen_gets_the_checksum(ids: list[str]) -> None:
    whole = [eighteen(i) for i in ids]
    assert formed(ids) == whole
    assert formed(whole) == whole  # once is enough
    # Ids that differ by case alone are two; their long forms differ without it.
    assert len({w.lower() for w in whole}) == len(set(ids))


@pytest.mark.parametrize(
    "other",
    [
        *("", "L-0000001", "a.b@firm.example", "00Q5e00001AbCd", "00Q5e00001AbCdEF"),
        *("ÄÖÜ5e00001AbCdE", "00Q5e 0001AbCdE", "00Q5e-0001AbCdE", None),
    ],
)
def test_what_is_no_such_id_stays(other: str | None) -> None:
    assert formed([other]) == [other]
    assert formed(["00Q5e00001AbCdE"], None) == ["00Q5e00001AbCdE"]


def test_addresses_are_one_in_any_case_and_ids_are_not() -> None:
    column = ibis.memtable({"id": ["A@x.example", "a@X.example ", "ab", "AB"]}).id
    one, other, *ids = hashed(column).execute()
    assert one == other and "@" not in one
    assert ids == ["ab", "AB"]


TEXT = """
name = "forms"
ids = "salesforce"
conversion = { stage = "won", within_days = 30 }
[leads]
lead_id = "Id"
created_at = "Created"
account_id = "Account"
[related.account]
key = "Account"
[related.account.columns]
Industry = "fixed"
[links.contact]
lead_id = "Id"
other_id = "Contact"
[events.task]
id = "WhoId"
id_of = ["lead", "contact"]
occurred_at = "at"
kind = "task"
by = "lead"
[outcomes.stage]
lead_id = "lead"
stage = "won"
entered_at = "at"
"""


def test_every_id_column_is_brought_into_one_form(opened: Callable[..., Crm]) -> None:
    leads = [f"00QA000000aBcD{c}" for c in "abAB"]  # two and two differ by case alone
    contacts = [f"003A000000XyZw{c}" for c in "pqrs"]
    crm = opened(
        TEXT,
        leads=pd.DataFrame(
            {
                "Id": [leads[0], eighteen(leads[1]), *leads[2:]],
                "Created": "2024-01-02 10:00",
                "Account": ["001A000000kLmNo", eighteen("001A000000kLmNo"), None, None],
                "Contact": [contacts[0], eighteen(contacts[1]), *contacts[2:]],
            }
        ),
        related={
            "account": pd.DataFrame({"Id": [eighteen("001A000000kLmNo")], "Industry": ["Steel"]})
        },
        links={
            "contact": pd.DataFrame(
                {
                    "Id": [eighteen(i) for i in leads],
                    "Contact": [contacts[0], eighteen(contacts[1]), *contacts[2:]],
                }
            )
        },
        events={
            "task": pd.DataFrame(
                {
                    "WhoId": [eighteen(leads[0]), leads[1], contacts[1], eighteen(contacts[2])],
                    "at": "2024-01-03 10:00",
                }
            )
        },
        outcomes={
            "stage": pd.DataFrame({"lead": [leads[3]], "at": ["2024-01-09 10:00"]}),
        },
    )
    found = crm.leads.order_by("lead_no").to_pandas()
    assert sorted(found["lead_id"]) == sorted(eighteen(i) for i in leads)
    assert found["account_id"].nunique() == 1
    assert found["p:account.Industry"].notna().sum() == 2
    ids = found.set_index("lead_no")["lead_id"]
    did = sorted(ids[n] for n in crm.events.lead_no.to_pandas())
    assert did == sorted(eighteen(leads[i]) for i in (0, 1, 1, 2))
    assert [ids[n] for n in crm.outcomes.lead_no.to_pandas()] == [eighteen(leads[3])]
