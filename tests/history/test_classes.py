"""What a column's class promises: hindsight never trains, personal data go no further."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from predict.crm.opening import open_crm
from predict.crm.tables import Crm
from predict.definition.schema import Definition
from predict.history.building import build_dataset
from predict.history.dataset import Dataset

MARK = "Zyxplanted"
TEXT = """
name = "classes"
conversion = { stage = "won", within_days = 30 }
snapshots = { ages_days = [0, 7] }
[leads]
exported_at = 2024-12-01
lead_id = "id"
created_at = "created"
account_id = "account"
source = "source"
campaign = "campaign"
owner = "owner"
[leads.columns]
size = { class = "fixed", type = "number" }
industry = "fixed"
gender = "fixed"
campaign = "mutable"
status = "mutable"
last_activity = "last_of"
first_form = "first_of"
page_views = "mutable"
call_seconds = "hindsight"
score = "incumbent"
y = "incumbent"
may_call = "eligibility"
name = "personal"
MailingStreet = "personal"
Email = "personal"
second_email = "personal"
[related.account]
key = "account"
[related.account.columns]
employees = { class = "fixed", type = "number" }
secret = "fixed"
owner_mail = "personal"
revenue_now = "mutable"
[never_use]
columns = ["gender", "account.secret"]
[criteria.size]
field = "size"
at_least = 10
[criteria.budget]
field = "call_seconds"
at_least = 10
[outcomes.stage]
lead_id = "id"
stage_column = "stage"
entered_at = "at"
"""
N = 60
FEATURES = {
    *("size", "industry", "source", "email_kind", "email_country", "account.employees"),
    "age_days",
    *("account__reached", "account__days_since_reached"),
}
#: Columns whose values say what became of the lead, were they ever read.
LEAKY = (
    *("campaign", "status", "last_activity", "first_form", "call_seconds", "score", "y"),
    *("page_views", "may_call", "undeclared", "owner", "gender", "name", "MailingStreet"),
)


def frames() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    created = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N), unit="D")
    numbers = rng.integers(1, 99, N)
    leads = pd.DataFrame({c: numbers.astype(str) for c in LEAKY})
    leads = leads.assign(
        id=[f"{i:03d}" for i in range(N)],
        created=created,
        account=rng.choice(["A1", "A2"], N),
        source=rng.choice(["web", "fair"], N),
        size=numbers.astype(str),
        industry=rng.choice(["Steel", "Paper"], N),
        Email=[f"{MARK}.{i}@gmail.com" if i % 3 else None for i in range(N)],
        second_email=[f"{MARK}.{i}@firm.example" for i in range(N)],
    )
    leads["name"] = leads["MailingStreet"] = f"{MARK} Mayer"
    leads.loc[[4, 5], "size"] = ["lots", "n/a"]
    won = rng.random(N) < 0.4
    stages = pd.DataFrame({"id": leads["id"], "at": created + pd.Timedelta(days=9)})[won]
    accounts = pd.DataFrame({"Id": ["A1", "A2"], "employees": [10, 20], "secret": ["x", "y"]})
    accounts = accounts.assign(owner_mail=f"{MARK}@x.example", revenue_now=["1", "2"])
    return {"leads": leads, "stages": stages.assign(stage="won"), "accounts": accounts, "won": won}


def built(given: dict[str, Any]) -> tuple[Crm, Dataset]:
    crm = open_crm(
        Definition.parse(TEXT),
        leads=given["leads"],
        outcomes={"stage": given["stages"]},
        related={"account": given["accounts"]},
    )
    try:
        return crm, build_dataset(crm)
    finally:
        crm.close()


@pytest.fixture(scope="module")
def base() -> tuple[Crm, Dataset]:
    return built(frames())


def test_only_what_is_fixed_becomes_a_feature(base: tuple[Crm, Dataset]) -> None:
    assert set(base[1].X.columns) == FEATURES
    assert set(base[1].X["email_kind"]) == {"free", "business"}  # the first address there is


def test_leaky_columns_replaced_by_the_outcome_change_no_feature(
    base: tuple[Crm, Dataset],
) -> None:
    given = frames()
    for column in LEAKY:
        given["leads"][column] = np.where(given["won"], "1", "0")
    given["accounts"] = given["accounts"].assign(revenue_now=["7", "8"], secret=["won", "lost"])
    _, data = built(given)
    pd.testing.assert_frame_equal(data.X, base[1].X, check_exact=True)
    assert not data.incumbents.equals(base[1].incumbents)  # type: ignore[union-attr]
    given["leads"]["size"] = np.where(given["won"], "1", "0")
    assert not built(given)[1].X.equals(base[1].X)


@pytest.mark.parametrize(
    "column",
    [
        *("status", "page_views", "last_activity", "first_form", "call_seconds", "score"),
        *("may_call", "undeclared", "owner", "name"),
    ],
)
def test_each_class_alone_changes_no_feature(column: str, base: tuple[Crm, Dataset]) -> None:
    """Values of mutable (counts as of the export among them), last-of, first-of, hindsight,
    incumbent, eligibility, undeclared, role and personal columns that give the outcome away."""
    given = frames()
    given["leads"][column] = np.where(given["won"], "900", None)
    _, data = built(given)
    assert data.X.to_csv() == base[1].X.to_csv()  # byte by byte
    assert list(data.y) == list(base[1].y)


def history_of(leads: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    """Return a history in which the status of some leads changed on their fourth day."""
    moved = leads[leads["status"].astype(int) % 2 == 0]
    rows = {"id": moved["id"], "field": "status", "old": "901", "new": moved["status"]}
    at = moved["created"] + pd.Timedelta(days=4)
    return pd.DataFrame(rows | {"changed_at": at} | changes)


def test_a_history_of_one_column_unlocks_that_one_only(base: tuple[Crm, Dataset]) -> None:
    given = frames()
    definition = Definition.parse(TEXT + "[history.lead]\ncovers_from = 2024-01-01\n")
    crm = open_crm(
        definition,
        leads=given["leads"],
        outcomes={"stage": given["stages"]},
        related={"account": given["accounts"]},
        history={"lead": history_of(given["leads"])},
    )
    try:
        data = build_dataset(crm)
    finally:
        crm.close()
    assert set(data.X) == {*FEATURES, "status"}
    young = data.as_of - data.keys["created_at"] < pd.Timedelta(days=4)
    moved = data.keys["lead_id"].isin(history_of(given["leads"])["id"])
    assert set(data.X["status"][young & moved]) == {901.0}
    assert 901.0 not in set(data.X["status"][~young])
    left = crm.check().set_index("code")["sentence"]["left-out-mutable"]
    assert "campaign, page_views, account.revenue_now" in left and "status" not in left
    pd.testing.assert_frame_equal(data.X.drop(columns="status"), base[1].X, check_exact=True)


def test_incumbents_stand_beside_the_features_under_their_own_names(
    base: tuple[Crm, Dataset],
) -> None:
    data = base[1]
    assert list(data.incumbents.columns) == ["score", "y"]  # type: ignore[union-attr]
    assert set(data.y) == {0, 1}
    assert data.manifest["flattered"] == ["score", "y"]


def test_personal_data_go_no_further_than_reading(base: tuple[Crm, Dataset]) -> None:
    crm, data = base
    said = [data.frame().to_csv(), json.dumps(data.manifest, default=str)]
    said += [crm.check().to_csv(), crm.rejects.to_csv(), repr(crm.profile), repr(data.specs)]
    assert not [text for text in said if MARK.lower() in text.lower()]
    assert "gender" not in said[0] and "secret" not in said[0]


def test_what_is_left_out_is_listed(base: tuple[Crm, Dataset]) -> None:
    told = base[0].check().set_index("code")["sentence"]
    named = {
        "left-out-mutable": ["campaign", "status"],
        "left-out-last-of": ["last_activity"],
        "left-out-first-of": ["first_form"],
        "left-out-hindsight": ["call_seconds"],
        "left-out-eligibility": ["may_call"],
        "undeclared": ["undeclared"],
    }
    for code, columns in named.items():
        assert all(column in told[code] for column in columns), code


def test_a_number_that_is_also_a_criterion_stays_a_number(base: tuple[Crm, Dataset]) -> None:
    """And what cannot be read is missing, set apart with its place."""
    crm, data = base
    by_lead = data.X["size"].groupby(data.keys["lead_id"]).first()
    assert data.X["size"].dtype == "float64"
    assert by_lead[["004", "005"]].isna().all() and by_lead.notna().sum() == N - 2
    assert crm.rejects[["column", "value", "record"]].to_numpy().tolist() == [["size", "lots", 5]]
    assert "rejects" in set(crm.check()["code"])
