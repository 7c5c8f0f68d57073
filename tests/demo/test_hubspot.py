"""The HubSpot shape holds the facts of the clean one, as far as the vendor's stamps hold them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from predict.crm.opening import open_crm
from predict.crm.tables import Crm
from predict.definition.schema import Definition
from predict.demo.hubspot_contacts import SOURCES
from predict.history.dataset import Dataset

NAMES = {
    "Original Source": "source",
    "Original Source Drill-Down 1": "campaign",
    "List": "list",
    "Industry": "industry",
    "Country/Region": "country",
    "Form variant": "form_variant",
    "Badge colour": "badge_colour",
    "Job Title": "job_title",
    "Number of Employees": "employees",
    "account.Industry": "account.industry",
    "account.Number of Employees": "account.employees",
    "account.Country/Region": "account.country",
}
EXPORT = pd.Timestamp("2026-07-01")
MINUTE = 60_000_000


@pytest.fixture(scope="module")
def files(shapes: Path) -> dict[str, pd.DataFrame]:
    found = {}
    for path in sorted((shapes / "hubspot").glob("*.csv")):
        name = path.stem.removeprefix("hubspot-crm-exports-all-").removesuffix("-2026-07-01")
        found[name] = pd.read_csv(path, dtype=str)
    return found


@pytest.fixture(scope="module")
def contacts(files: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return files["contacts"]


@pytest.fixture(scope="module")
def clean(shapes: Path) -> pd.DataFrame:
    return pd.read_csv(shapes / "clean" / "leads.csv", dtype=str)


def test_the_truth_is_the_same(shapes: Path, contacts: pd.DataFrame, clean: pd.DataFrame) -> None:
    ids = dict(zip(contacts["Record ID"], clean.lead_id, strict=True))
    ours = pd.read_parquet(shapes / "clean/truth/truth.parquet")
    theirs = pd.read_parquet(shapes / "hubspot/truth/truth.parquet")
    theirs["lead_id"] = theirs.lead_id.map(ids)
    pd.testing.assert_frame_equal(theirs, ours)


def test_events_are_equal_row_by_row(opened: dict[str, Crm]) -> None:
    columns = ["lead_no", "kind", "asset", "by", "occurred_us", "v:seconds", "v:pages"]
    ours, theirs = (opened[name].events.to_pandas() for name in ("clean", "hubspot"))
    theirs["v:seconds"] = theirs["v:seconds"].fillna(theirs["v:duration^seconds"])
    theirs["kind"] = theirs.kind.replace({"CALL": "call", "EMAIL": "email"})
    tables = [
        table[columns]
        .astype({"v:seconds": float, "v:pages": float})
        .sort_values(columns, na_position="first")
        .reset_index(drop=True)
        for table in (theirs, ours)
    ]
    assert len(ours) > 30_000
    pd.testing.assert_frame_equal(*tables)


def test_outcomes_are_equal_but_for_seconds_of_deals(opened: dict[str, Crm]) -> None:
    keys = ["lead_no", "stage"]
    ours, theirs = (
        opened[name].outcomes.to_pandas().sort_values(keys).reset_index(drop=True)
        for name in ("clean", "hubspot")
    )
    pd.testing.assert_frame_equal(theirs[keys], ours[keys])
    ended = ours.stage.isin(["won", "lost"])
    minutes = ours.occurred_us // MINUTE * MINUTE
    assert (theirs.occurred_us == ours.occurred_us.where(~ended, minutes)).all()
    won = ours.stage == "won"
    assert (theirs.amount[won] == ours.amount[won]).all()
    lost = ours.stage == "lost"
    assert (theirs.reason[lost] == ours.reason[lost]).all()


def test_features_are_equal_but_for_the_seconds_of_creation(datasets: dict[str, Dataset]) -> None:
    """A contact's creation is cut to the minute, and so is every look that counts from it."""
    frames = {}
    for name in ("clean", "hubspot"):
        data = datasets[name]
        number = data.keys.lead_id.str[2:].astype(int) - 1
        if name == "hubspot":
            number = (data.keys.lead_id.astype(int) - 10_000_000_001) // 50
        age = (data.keys.as_of - data.keys.created_at).dt.days
        index = pd.MultiIndex.from_arrays([number, age], names=["lead", "age"])
        whole = data.X.rename(columns=NAMES).assign(y=data.y, as_of=data.as_of)
        frames[name] = whole.set_axis(index).sort_index()
    ours, theirs = frames["clean"], frames["hubspot"]
    assert ours.index.equals(theirs.index)
    assert (theirs.y == ours.y).all()
    assert (theirs.as_of == ours.as_of.dt.floor("min")).all()
    theirs["source"] = theirs.source.map({there: here for here, there in SOURCES.items()})
    assert set(ours) - set(theirs) <= {"job_title", "employees"}
    both = [c for c in ours if c in theirs and c != "as_of"]
    assert len(both) > 100
    cells, alike = 0, 0
    for column in both:
        left, right = theirs[column], ours[column]
        same = (left == right) | (left.isna() & right.isna())
        if not pd.api.types.is_numeric_dtype(right):
            told = column in ("first_touch", "last_touch")
            assert same.mean() > 0.999 if told else same.all(), column
            continue
        minute = (left - right).abs() <= 1 / 1_440  # in days: ages and durations
        same |= minute if "days_since" in column or column == "age_days" else False
        cells, alike = cells + len(same), alike + int(same.sum())
    # The others are counts of windows that begin or end in that very minute.
    assert 0.999 < alike / cells < 1


def test_some_rows_carry_ids_that_were_merged_away(
    shapes: Path, files: dict[str, pd.DataFrame], contacts: pd.DataFrame
) -> None:
    now = set(contacts["Record ID"])
    listed = contacts["Merged object IDs"].dropna().str.split(";")
    assert listed.str.len().max() == 2
    gone = set(listed.explode())
    assert not gone & now
    assert 0.02 < len(gone) / len(contacts) < 0.08
    history = files["property_history"]
    merged = history[history.property == "hs_merged_object_ids"]
    pairs = set(zip(merged.contactId, merged.value, strict=True))
    told = contacts.dropna(subset=["Merged object IDs"])
    assert pairs == {
        (c, old)
        for c, ids in zip(told["Record ID"], told["Merged object IDs"], strict=True)
        for old in ids.split(";")
    }
    for name in ("page_views", "engagements"):
        carried = set(files[name].contactId)
        assert carried - now
        assert carried - now <= gone
    text = (shapes / "hubspot/definition.toml").read_text(encoding="utf-8")
    unlinked = text.replace('id_of = ["lead", "merged"]', 'id_of = "lead"')
    crm = open_crm(Definition.parse(unlinked, folder=shapes / "hubspot"))
    try:
        lost = int((~files["page_views"].contactId.isin(now)).sum())
        assert crm.counts["events activity of no lead"] == lost > 20
    finally:
        crm.close()


def test_history_holds_every_value_from_creation_on(
    files: dict[str, pd.DataFrame], contacts: pd.DataFrame, clean: pd.DataFrame
) -> None:
    history = files["property_history"]
    at = pd.to_datetime(history.timestamp).dt.tz_localize(None)
    assert (at < EXPORT).all()
    assert not history.value.isna().any()
    fields = {
        "jobtitle": ("Job Title", clean.job_title),
        "numemployees": ("Number of Employees", clean.employees),
        "hubspot_owner_id": ("Contact owner", clean.owner),
    }
    created = dict(zip(contacts["Record ID"], pd.to_datetime(clean.created_at), strict=True))
    for name, (column, first) in fields.items():
        mine = history[history.property == name]
        latest = mine.groupby("contactId").value.last()
        now = contacts.set_index("Record ID")[column].dropna()
        pd.testing.assert_series_equal(
            latest.sort_index(), now.sort_index(), check_names=False, check_index=True
        )
        begun = mine[at[mine.index] == mine.contactId.map(created)]
        told = begun.set_index("contactId").value.reindex(contacts["Record ID"])
        assert told.fillna("").tolist() == first.fillna("").tolist()
        assert len(mine) > len(begun) + 10


def test_views_of_the_history_are_those_of_the_log(
    files: dict[str, pd.DataFrame], contacts: pd.DataFrame, shapes: Path
) -> None:
    history = files["property_history"]
    counted = history[history.property == "hs_analytics_num_page_views"]
    latest = counted.groupby("contactId").value.last().astype(int)
    now = contacts.set_index("Record ID")["Number of Pageviews"].astype(int)
    assert (now[now > 0].sort_index() == latest.sort_index()).all()
    clean = pd.read_parquet(shapes / "clean/events.parquet")
    assert now.sum() == (clean.kind == "page_view").sum()
    values = counted.groupby("contactId").value
    assert values.apply(lambda v: v.astype(int).is_monotonic_increasing).all()


def test_dates_of_stages_are_cleared_when_one_is_set_back(
    files: dict[str, pd.DataFrame], contacts: pd.DataFrame
) -> None:
    history = files["property_history"]
    stages = history[history.property == "lifecyclestage"]
    ever = set(stages.contactId[stages.value == "marketingqualifiedlead"])
    dated = contacts.set_index("Record ID")["Became a Marketing Qualified Lead Date"]
    held = set(dated.dropna().index)
    assert held < ever
    back = contacts.set_index("Record ID").loc[sorted(ever - held)]
    assert set(back["Lifecycle Stage"]) == {"Lead"}
    assert set(back["Lead Status"]) == {"Unqualified"}
    of_it = stages[stages.value == "marketingqualifiedlead"].set_index("contactId").timestamp
    shown = pd.to_datetime(of_it).dt.strftime("%Y-%m-%d %H:%M")
    assert (dated.dropna().sort_index() == shown.loc[sorted(held)]).all()


def test_deals_hang_on_contacts_and_close_or_hope_to(
    files: dict[str, pd.DataFrame], contacts: pd.DataFrame
) -> None:
    deals = files["deals"]
    assert deals["Record ID"].is_unique
    closed = deals["Deal Stage"].isin(["Closed Won", "Closed Lost"])
    closes = pd.to_datetime(deals["Close Date"])
    assert (closes[closed] < EXPORT).all()
    assert (closes[~closed] > EXPORT - pd.Timedelta(days=1)).any()
    ids = contacts.set_index("Record ID")["Associated Deal IDs"].dropna().str.split(";").explode()
    assert dict(zip(ids, ids.index, strict=True)) == dict(
        zip(deals["Record ID"], deals["Associated Contact IDs"], strict=True)
    )
    assert ids.index.duplicated().any()
    again = deals["Deal Type"] == "Existing Business"
    assert 0 < again.sum() < 0.2 * len(deals)
    became = contacts.set_index("Record ID")["Became an Opportunity Date"].dropna()
    begun = deals[~again].set_index("Associated Contact IDs")["Create Date"]
    pd.testing.assert_series_equal(
        became.sort_index(), begun.sort_index(), check_names=False, check_index=True
    )


def test_summaries_are_those_of_the_log(
    files: dict[str, pd.DataFrame], contacts: pd.DataFrame, shapes: Path
) -> None:
    clean = pd.read_parquet(shapes / "clean/events.parquet")
    clean["who"] = [f"{10_000_000_001 + 50 * (int(i[2:]) - 1)}" for i in clean.lead_id]
    clean["at"] = clean.occurred_at.dt.strftime("%Y-%m-%d %H:%M")
    own = contacts.set_index("Record ID")
    forms = clean[clean.kind.isin(["offer_download", "demo_request", "webinar_attended"])]
    for kinds, count, first, last in (
        (forms, "Number of Form Submissions", "First Conversion Date", "Recent Conversion Date"),
        (
            clean[clean.kind == "page_view"],
            "Number of Pageviews",
            "Time of First Session",
            "Time Last Seen",
        ),
        (
            clean[clean.kind == "email_open"],
            None,
            "First marketing email open date",
            "Last marketing email open date",
        ),
    ):
        at = kinds.groupby("who")["at"]
        assert own[first].dropna().sort_index().tolist() == at.min().tolist()
        assert own[last].dropna().sort_index().tolist() == at.max().tolist()
        if count:
            counted = own[count].astype(int)
            assert counted[counted > 0].sort_index().tolist() == at.size().tolist()
    newest = forms.sort_values("occurred_at", kind="stable").groupby("who").tail(1).set_index("who")
    told = own["Recent Conversion"].dropna()
    expected = newest.asset.fillna("Contact us: demo").reindex(told.index)
    assert (told == expected).mean() > 0.999  # two in one second


def test_the_lists_speak_of_the_same_leads(
    shapes: Path, files: dict[str, pd.DataFrame], contacts: pd.DataFrame, clean: pd.DataFrame
) -> None:
    listed = files["new_leads"]
    ours = pd.read_csv(shapes / "clean/new_leads.csv", dtype=str)
    assert list(listed) == list(contacts)
    assert listed["Email"].tolist() == ours.email.tolist()
    known = listed["Record ID"].isin(contacts["Record ID"])
    assert (known == ours.lead_id.isin(clean.lead_id)).all()
    stands = contacts.set_index("Record ID").loc[listed["Record ID"][known]].reset_index()
    pd.testing.assert_frame_equal(stands[list(listed)], listed[known].reset_index(drop=True))
    blocked = contacts["Record ID"][contacts["Unsubscribed from all email"] == "true"]
    assert set(files["do-not-contact"].lead_id) == set(blocked)


def test_the_definition_names_every_column_of_the_contacts(
    shapes: Path, contacts: pd.DataFrame
) -> None:
    spec = Definition.read(shapes / "hubspot/definition.toml").leads
    roles = {spec.lead_id, spec.created_at, spec.account_id, spec.source, spec.campaign}
    roles |= {spec.list, spec.owner}
    assert roles | set(spec.columns) == set(contacts)
    assert not roles & set(spec.columns)


def test_both_vendors_merge_the_same_people(shapes: Path, contacts: pd.DataFrame) -> None:
    """What sales wrote over and whom it merged is drawn once, whoever shows it."""
    leads = pd.read_csv(shapes / "salesforce/Lead.csv", dtype=str)
    stayed = leads[leads.IsDeleted == "false"].reset_index(drop=True)
    masters = stayed.Id.isin(leads.MasterRecordId)
    assert (masters == contacts["Merged object IDs"].notna()).all()
    for here, there in (("Title", "Job Title"), ("NumberOfEmployees", "Number of Employees")):
        assert stayed[here].fillna("").tolist() == contacts[there].fillna("").tolist()
