"""The real exports: rows, leads and labels of the protocols, recomputed with pandas alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from predict.crm.opening import open_crm
from predict.definition.schema import Definition
from predict.history.building import build_dataset
from predict.history.dataset import Dataset

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
DAY = pd.Timedelta(days=1)
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real exports are not at ../shared/data"),
]


def dataset(name: str) -> Dataset:
    crm = open_crm(Definition.read(ROOT / "pipelines" / f"{name}.toml", data=DATA))
    try:
        return build_dataset(crm)
    finally:
        crm.close()


@pytest.mark.slow
def test_bpic_2012_is_the_agreed_protocol() -> None:
    data = dataset("bpic2012")
    cut = pd.Timestamp("2012-01-01")
    train, test = data.as_of + 30 * DAY <= cut, data.as_of >= cut
    assert int(train.sum()) == 12_252
    assert int(test.sum()) == 9_900
    assert data.keys["lead_id"][test].nunique() == 3_353
    assert round(data.y[test].mean(), 3) == 0.300
    expected = bpic_looks()
    found = data.keys.assign(y=data.y)[["lead_id", "as_of", "y"]]
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def bpic_looks() -> pd.DataFrame:
    """Return the looks and labels of DESIGN's protocol, from the files."""
    leads = pd.read_csv(DATA / "bpic2012" / "applications.csv", dtype={"case_id": str})
    leads["created"] = pd.to_datetime(leads["reg_date"], utc=True, format="ISO8601")
    log = pd.read_csv(DATA / "bpic2012" / "events.csv.gz", dtype={"case_id": str})
    log["at"] = pd.to_datetime(log["timestamp"], utc=True, format="ISO8601")
    wins = ("A_APPROVED", "A_REGISTERED", "A_ACTIVATED")
    closing = (*wins, "A_DECLINED", "A_CANCELLED", "O_ACCEPTED", "O_DECLINED")
    closed = log[log["activity"].isin(closing)].groupby("case_id")["at"].min()
    won = log[log["activity"].isin(wins)].groupby("case_id")["at"].min()
    ages = [pd.Timedelta(minutes=1), *(n * DAY for n in (1, 3, 7, 14, 21))]
    looks = pd.concat([leads.assign(as_of=leads["created"] + age) for age in ages])
    ended, reached = looks["case_id"].map(closed), looks["case_id"].map(won)
    looks["y"] = ((reached >= looks["as_of"]) & (reached < looks["as_of"] + 30 * DAY)).astype(int)
    is_open = ended.isna() | (ended >= looks["as_of"])
    looks = looks[is_open & (looks["as_of"] + 30 * DAY <= log["at"].max())]
    looks = looks.rename(columns={"case_id": "lead_id"})[["lead_id", "as_of", "y"]]
    looks["as_of"] = looks["as_of"].dt.tz_localize(None).astype("datetime64[us]")
    return looks.sort_values(["as_of", "lead_id"], ignore_index=True)


def test_olist_cohorts_leave_young_leads_out() -> None:
    data = dataset("olist")
    leads = pd.read_csv(DATA / "olist" / "olist_marketing_qualified_leads_dataset.csv")
    deals = pd.read_csv(DATA / "olist" / "olist_closed_deals_dataset.csv")
    here = "America/Sao_Paulo"
    leads["day"] = pd.to_datetime(leads["first_contact_date"])
    leads = leads[leads["day"] >= "2018-01-01"]
    leads["look"] = leads["day"].dt.tz_localize(here) + pd.Timedelta(minutes=1)
    leads["won"] = leads["mql_id"].map(
        pd.to_datetime(deals.set_index("mql_id")["won_date"]).dt.tz_localize(here)
    )
    leads = leads[~(leads["won"] < leads["look"])]
    old = leads["look"] + 90 * DAY <= pd.Timestamp("2018-06-01", tz=here)
    leads["y"] = leads["won"] < leads["look"] + 90 * DAY
    counts: Any = data.manifest["counts"]
    assert (counts["matured looks"], counts["immature looks"]) == (old.sum(), (~old).sum())
    months = leads["day"].dt.strftime("%Y-%m")
    judged = leads[old].groupby(months)["y"].agg(["size", "sum"])
    assert data.manifest["cohorts"] == [
        {
            "month": month,
            "leads": int(n),
            "matured": int(judged["size"].get(month, 0)),
            "converted": int(judged["sum"].get(month, 0)),
        }
        for month, n in months.value_counts().sort_index().items()
    ]


def test_bank_rows_carry_their_own_outcome() -> None:
    data = dataset("bank")
    rows = pd.read_csv(DATA / "bank" / "contacts.csv", sep=";", dtype={"contact_id": str})
    rows["as_of"] = pd.to_datetime(rows["contacted_on"])
    rows = rows.sort_values(["as_of", "contact_id"], ignore_index=True)
    assert list(data.keys["lead_id"]) == list(rows["contact_id"])
    assert (data.as_of == rows["as_of"]).all()
    assert list(data.y) == list((rows["y"] == "yes").astype(int))
    assert "duration" not in data.X
    pd.testing.assert_series_equal(data.X["euribor3m"], rows["euribor3m"], check_exact=True)
    assert list(data.X["job"]) == list(rows["job"])
    assert data.manifest["counts"]["immature looks"] == 0  # type: ignore[index]
