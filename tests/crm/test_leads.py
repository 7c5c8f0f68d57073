"""Leads: one row each, ids as they are written, what cannot be used set apart and counted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from predict.crm.tables import Crm
from predict.errors import InputError

TEXT = """
name = "leads"
conversion = { stage = "won", within_days = 30 }
[leads]
exported_at = 2024-12-01
lead_id = "Id"
created_at = "Created"
account_id = "Account"
source = "Source"
{columns}
[outcomes.stage]
lead_id = "id"
stage = "won"
entered_at = "at"
"""
NONE = {"stage": pd.DataFrame({"id": ["x"], "at": ["2024-01-01 10:00"]})}
Opened = Callable[..., Crm]


def read(opened: Opened, leads: dict[str, Any], columns: str = "") -> tuple[Crm, pd.DataFrame]:
    frame = pd.DataFrame({"Account": "A", "Source": "web", **leads})
    crm = opened(TEXT.replace("{columns}", columns), leads=frame, outcomes=NONE)
    return crm, crm.leads.order_by("lead_no").to_pandas()


def test_rows_set_apart_are_counted_and_ids_stay_text(opened: Opened) -> None:
    crm, leads = read(
        opened,
        {
            "Id": ["00123", " 123 ", "0045", None, "  ", "77", "78", "00123", "00123"],
            "Created": [
                *("2024-02-01 10:00", "2024-02-02", "2024-02-03", "2024-02-03", "2024-02-03"),
                *("soon", None, "2024-01-31 09:00", "2024-02-01 10:00"),
            ],
            "Source": [None, "", "web", "web", "web", "web", "web", "first", "later"],
        },
    )
    assert list(leads["lead_id"]) == ["00123", "0045", "123"]
    assert list(leads["lead_no"]) == [0, 1, 2]
    assert list(leads["p:Source"].fillna("?")) == ["first", "web", "?"]  # the one created first
    names = ("leads read", "leads", "leads without id or creation date", "leads twice")
    assert [crm.counts[n] for n in names] == [9, 3, 4, 2]
    assert crm.rejects[["column", "value"]].to_numpy().tolist() == [["Created", "soon"]]
    assert {"unusable-leads", "leads-twice", "rejects"} <= set(crm.check()["code"])


def test_rows_with_one_id_and_one_date_go_by_their_order(opened: Opened) -> None:
    _, leads = read(
        opened, {"Id": ["1", "1"], "Created": "2024-02-01", "Source": ["upper", "lower"]}
    )
    assert list(leads["p:Source"]) == ["upper"]


def test_kind_of_address_is_kept_and_the_address_is_not(opened: Opened) -> None:
    columns = """[leads.columns]
    MailingCity = "personal"
    Email = "personal"
    "E-mail 2" = "personal"
    """
    addresses = {
        "A.B@GMail.com ": "free",
        "me@uni-bonn.de": "academic",
        "me@cam.ac.uk": "academic",
        "me@steel.example": "business",
        "none": "missing",
        None: "business",  # the second address tells
    }
    given = {
        "Id": [str(i) for i in range(6)],
        "Created": "2024-02-01",
        "MailingCity": "Bonn",
        "Email": list(addresses),
        "E-mail 2": [None] * 5 + ["x@firm.example"],
    }
    crm, leads = read(opened, given, columns)
    assert list(leads["p:email_kind"]) == list(addresses.values())
    assert [p.name for p in crm.profile] == ["Source", "email_kind", "email_country"]
    assert list(leads["p:email_country"].fillna("?")) == ["?", "de", "uk", "?", "?", "?"]
    held = [c for c in leads if "mail" in c.lower() and c[:2] != "p:"]
    assert held == ["mail_key", "mail_domain"] and "@" not in leads[held].to_csv()
    # A mailbox provider is nobody's firm; the key tells people apart without naming them.
    domains = [None, "uni-bonn.de", "cam.ac.uk", "steel.example", None, "firm.example"]
    assert leads["mail_domain"].astype(object).where(
        leads["mail_domain"].notna(), None
    ).tolist() == (domains)
    hashed = hashlib.sha256(b"a.b@gmail.com").hexdigest()
    assert leads["mail_key"][0] == hashed and leads["mail_key"].nunique() == 5
    never = columns + '\n[never_use]\ncolumns = ["Email", "E-mail 2"]'
    assert [p.name for p in read(opened, given, never)[0].profile] == ["Source"]


def test_a_key_of_digits_is_no_number_though_declared_fixed(opened: Opened) -> None:
    columns = '[leads.columns]\nAccount = "fixed"\nSize = "fixed"'
    given = {"Id": ["1", "2"], "Created": "2024-02-01", "Account": ["007", "8"], "Size": ["7", "8"]}
    crm, leads = read(opened, given, columns)
    assert {p.name: p.dtype for p in crm.profile} == {
        "Source": "category",
        "Account": "category",
        "Size": "number",
    }
    assert list(leads["p:Account"]) == list(leads["account_id"]) == ["007", "8"]


def test_a_role_declared_mutable_is_no_feature(opened: Opened) -> None:
    columns = '[leads.columns]\nSource = "mutable"'
    crm, _ = read(opened, {"Id": ["1"], "Created": "2024-02-01"}, columns)
    assert crm.profile == ()


def test_a_missing_column_is_named_with_the_nearest(opened: Opened) -> None:
    with pytest.raises(InputError, match=r'"Created" is missing(?s:.)*is it "Creatd"'):
        read(opened, {"Id": ["1"], "Creatd": "2024-02-01"})


def test_no_rows_at_all(opened: Opened) -> None:
    crm, leads = read(opened, {"Id": [], "Created": []})
    assert len(leads) == 0
    assert "no-leads" in set(crm.check()["code"][:2])  # what blocks stands first


def test_names_that_the_leads_do_not_have_are_told(opened):
    given = pd.DataFrame({"Id": ["1"], "Created": ["2024-01-01"], "Country": ["DE"]})
    more = """
[criteria.country]
field = "Countryy"
in = ["DE"]
known = "at hand-off"
[lists.fair]
"Land" = "Contry"
"Staat" = "Country"
"""
    crm, _ = read(opened, given, '[leads.columns]\nCountry = "fixed"\n' + more)
    told = [f.sentence for f in crm.findings if f.code == "unknown-name"]
    assert len(told) == 2
    assert "unknown for everybody" in told[0] and "did you mean “Country”" in told[0]
    assert "“Land” of the list goes unused" in told[1]
