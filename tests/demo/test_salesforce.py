"""The Salesforce shape holds the facts of the clean one, under the ids and columns of today."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from predict.crm.opening import open_crm
from predict.crm.tables import Crm
from predict.definition.schema import Definition
from predict.history.dataset import Dataset

#: Columns of the clean shape by their names here, where both hold them at creation.
NAMES = {
    "LeadSource": "source",
    "List__c": "list",
    "Industry": "industry",
    "Country": "country",
    "Form_Variant__c": "form_variant",
    "Badge_Colour__c": "badge_colour",
    "Title": "job_title",
    "NumberOfEmployees": "employees",
    "account.Industry": "account.industry",
    "account.NumberOfEmployees": "account.employees",
    "account.BillingCountry": "account.country",
}
EXPORT = pd.Timestamp("2026-07-01")


@pytest.fixture(scope="module")
def objects(shapes: Path) -> dict[str, pd.DataFrame]:
    folder = shapes / "salesforce"
    return {path.stem: pd.read_csv(path, dtype=str) for path in sorted(folder.glob("*.csv"))}


@pytest.fixture(scope="module")
def clean(shapes: Path) -> pd.DataFrame:
    return pd.read_csv(shapes / "clean" / "leads.csv", dtype=str)


@pytest.fixture(scope="module")
def leads(objects: dict[str, pd.DataFrame]) -> pd.DataFrame:
    rows = objects["Lead"]
    return rows[rows.IsDeleted == "false"].reset_index(drop=True)


def rows_of(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    plain = table[columns].copy()
    for name in plain:
        if plain[name].dtype == object and not isinstance(plain[name].dropna().iloc[0], str):
            plain[name] = plain[name].astype(float)  # decimals
    return plain.sort_values(columns, na_position="first").reset_index(drop=True)


def moments(text: pd.Series) -> pd.Series:
    return pd.to_datetime(text, utc=True, format="ISO8601").dt.tz_localize(None)


def test_the_truth_is_the_same(shapes: Path, leads: pd.DataFrame, clean: pd.DataFrame) -> None:
    ids = dict(zip(leads.Id, clean.lead_id, strict=True))
    ours = pd.read_parquet(shapes / "clean/truth/truth.parquet")
    theirs = pd.read_parquet(shapes / "salesforce/truth/truth.parquet")
    theirs["lead_id"] = theirs.lead_id.map(ids)
    pd.testing.assert_frame_equal(theirs, ours)
    drivers = "truth/drivers.json"
    assert (shapes / "salesforce" / drivers).read_bytes() == (
        shapes / "clean" / drivers
    ).read_bytes()


def test_people_and_firms_are_the_same(leads: pd.DataFrame, clean: pd.DataFrame) -> None:
    same = {
        "Email": "email",
        "Phone": "phone",
        "LeadSource": "source",
        "Industry": "industry",
        "Country": "country",
        "List__c": "list",
        "Lead_Score__c": "crm_score",
        "Lifetime_Page_Views__c": "lifetime_page_views",
    }
    for theirs, ours in same.items():
        pd.testing.assert_series_equal(leads[theirs], clean[ours], check_names=False)
    created = moments(leads.CreatedDate)
    assert (created == pd.to_datetime(clean.created_at)).all()


def test_events_are_equal_row_by_row(opened: dict[str, Crm]) -> None:
    columns = ["lead_no", "table", "kind", "asset", "by", "occurred_us", "v:seconds", "v:pages"]
    ours = opened["clean"].events.to_pandas()
    theirs = opened["salesforce"].events.to_pandas()
    theirs = theirs[theirs.table != "campaign"].copy()
    seconds = theirs["v:^seconds"].fillna(theirs["v:^call^duration^in^seconds"])
    theirs = theirs.assign(**{"v:seconds": seconds, "v:pages": theirs["v:^pages"]})
    theirs["kind"] = theirs.kind.replace({"Call": "call", "Email": "email"})
    assert len(ours) == len(theirs) > 30_000
    pd.testing.assert_frame_equal(rows_of(theirs, columns), rows_of(ours, columns))


def test_outcomes_are_equal_row_by_row(opened: dict[str, Crm]) -> None:
    ours, theirs = (opened[name].outcomes.to_pandas() for name in ("clean", "salesforce"))
    columns = ["lead_no", "stage", "occurred_us"]
    pd.testing.assert_frame_equal(rows_of(theirs, columns), rows_of(ours, columns))
    valued = [table[table.stage.isin(["opportunity", "won"])] for table in (theirs, ours)]
    left, right = (rows_of(table, [*columns, "amount"]) for table in valued)
    assert left.amount.notna().all()
    pd.testing.assert_frame_equal(left, right)


def test_features_are_equal_cell_by_cell(datasets: dict[str, Dataset]) -> None:
    ours, theirs = datasets["clean"], datasets["salesforce"]
    pd.testing.assert_series_equal(theirs.y, ours.y)
    X = theirs.X.rename(columns=NAMES)
    X.columns = [c.replace("Pages", "pages").replace("Seconds", "seconds") for c in X]
    assert set(ours.X) - set(X) == {"campaign"}  # no column of a lead here
    both = [c for c in ours.X if c in X]
    assert len(both) > 100
    pd.testing.assert_frame_equal(X[both], ours.X[both])
    pd.testing.assert_series_equal(theirs.as_of, ours.as_of)


def test_without_the_links_converted_leads_have_done_nothing(
    shapes: Path, opened: dict[str, Crm]
) -> None:
    """The trap itself: silence seems to convert."""
    folder = shapes / "salesforce"
    text = (folder / "definition.toml").read_text(encoding="utf-8")
    text = text.replace('id_of = ["lead", "contact"]', 'id_of = "lead"')
    crm = open_crm(Definition.parse(text, folder=folder))
    try:
        active = set(crm.events.filter(crm.events.table == "activity").to_pandas().lead_no)
        won = crm.outcomes.filter(crm.outcomes.stage == "opportunity").to_pandas().lead_no
        assert len(won) > 100
        assert not active & set(won)
        assert any(f.code == "orphan-events" for f in crm.findings)
    finally:
        crm.close()
    linked = opened["salesforce"].events
    active = set(linked.filter(linked.table == "activity").to_pandas().lead_no)
    assert len(active & set(won)) > 0.95 * len(won)


def test_a_converted_leads_rows_carry_its_contact(
    objects: dict[str, pd.DataFrame], leads: pd.DataFrame
) -> None:
    converted = leads[leads.IsConverted == "true"]
    assert (
        converted[["ConvertedContactId", "ConvertedAccountId", "ConvertedOpportunityId"]]
        .notna()
        .all(axis=None)
    )
    gone, contacts = set(converted.Id), set(converted.ConvertedContactId)
    for name, columns in (
        ("Task", ["WhoId"]),
        ("web_activity", ["WhoId"]),
        ("CampaignMember", ["LeadId", "ContactId", "LeadOrContactId"]),
    ):
        carried = set(objects[name][columns].stack().dropna())
        assert not carried & gone, name
        assert len(carried & contacts) > 0.5 * len(contacts), name
        assert all(i.startswith(("00Q", "003")) for i in carried), name
    assert set(objects["Contact"].Id) == contacts
    assert contacts == set(objects["Opportunity"].ContactId)
    known = set(objects["Account"].Id)
    assert set(objects["Contact"].AccountId) <= known
    assert set(leads.Matched_Account__c.dropna()) <= known
    assert objects["Account"].Id.is_unique


def test_history_rebuilds_what_was_written_over(
    objects: dict[str, pd.DataFrame], leads: pd.DataFrame, clean: pd.DataFrame
) -> None:
    """Undoing the changes, newest first, leads from the export to the clean shape's values."""
    fields = {"Title": "job_title", "NumberOfEmployees": "employees"}
    undone = leads.set_index("Id")[[*fields, "Status", "Rating", "OwnerId"]].copy()
    history = objects["LeadHistory"]
    changed = dict.fromkeys(undone, 0)
    for change in history.iloc[::-1].itertuples():
        column = "OwnerId" if change.Field == "Owner" else change.Field
        if column not in changed:
            assert change.Field in ("created", "leadConverted")
            continue
        now = undone.at[change.LeadId, column]
        assert now == change.NewValue or (pd.isna(now) and pd.isna(change.NewValue))
        undone.at[change.LeadId, column] = change.OldValue
        changed[column] += 1
    for theirs, ours in fields.items():
        assert undone[theirs].fillna("").tolist() == clean[ours].fillna("").tolist()
        assert (leads[theirs].fillna("") != clean[ours].fillna("")).sum() == changed[theirs] > 20
    assert set(undone.Status) == {"New"}
    assert undone.Rating.isna().all()
    owners = pd.crosstab(undone.OwnerId.to_numpy(), clean.owner.to_numpy()).to_numpy()
    assert (np.count_nonzero(owners, axis=0) == 1).all()  # one id to each colleague
    assert changed["OwnerId"] > 20


def test_some_records_were_merged_into_others(
    objects: dict[str, pd.DataFrame], leads: pd.DataFrame
) -> None:
    rows = objects["Lead"]
    gone = rows[rows.IsDeleted == "true"]
    assert 0.02 < len(gone) / len(leads) < 0.08
    assert set(gone.MasterRecordId) <= set(leads.Id)
    assert leads.MasterRecordId.isna().all()
    masters = leads.set_index("Id").loc[gone.MasterRecordId]
    assert (masters.Email.to_numpy() == gone.Email.to_numpy()).all()
    assert (masters.CreatedDate.to_numpy() < gone.CreatedDate.to_numpy()).all()
    named = {i for name, table in objects.items() if name != "Lead" for i in table.stack().dropna()}
    assert not named & set(gone.Id)
    assert rows.Id.is_unique


def test_open_tasks_are_plans(objects: dict[str, pd.DataFrame], leads: pd.DataFrame) -> None:
    tasks = objects["Task"]
    to_do = tasks[tasks.IsClosed == "false"]
    assert len(to_do) > 30
    assert to_do.CompletedDateTime.isna().all()
    due = pd.to_datetime(to_do.ActivityDate)
    assert (due > EXPORT).mean() > 0.5
    assert (due < EXPORT).any()
    assert (moments(to_do.CreatedDate) < EXPORT).all()
    done = tasks[tasks.IsClosed == "true"]
    assert (moments(done.CreatedDate) <= moments(done.CompletedDateTime)).all()
    assert (
        pd.to_datetime(done.ActivityDate) != moments(done.CompletedDateTime).dt.normalize()
    ).any()
    assert set(to_do.WhoId) <= set(leads.Id[leads.IsConverted == "false"])


def test_stamps_and_ids_are_written_as_the_vendor_writes_them(
    objects: dict[str, pd.DataFrame],
) -> None:
    stamp, day = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000", r"\d{4}-\d\d-\d\d"
    days = {"ConvertedDate", "LastActivityDate", "ActivityDate", "CloseDate", "StartDate"}
    days.add("FirstRespondedDate")
    for name, table in objects.items():
        if name in ("do-not-contact", "trade_show"):
            continue
        for column in table:
            there = table[column].dropna()
            if column in days:
                assert there.str.fullmatch(day).all(), (name, column)
            elif column.endswith(("Date", "At", "stamp", "DateTime")):
                assert there.str.fullmatch(stamp).all(), (name, column)
                assert (moments(there) < EXPORT).all(), (name, column)
            elif column.endswith("Id"):
                assert (there.str.len() == 18).all(), (name, column)


def test_responses_are_days_of_the_same_events(
    objects: dict[str, pd.DataFrame], opened: dict[str, Crm]
) -> None:
    members, web = objects["CampaignMember"], objects["web_activity"]
    kinds = ["offer_download", "demo_request", "webinar_attended"]
    first = web[web.Type.isin(kinds)].groupby("WhoId").OccurredAt.min().str[:10]
    told = members.dropna(subset=["FirstRespondedDate"]).set_index("LeadOrContactId")
    assert told.index.is_unique
    pd.testing.assert_series_equal(
        told.FirstRespondedDate.sort_index(), first.sort_index(), check_names=False
    )
    assert (members.HasResponded == "true").sum() == len(first)
    assert set(members.CampaignId) == set(objects["Campaign"].Id)


def test_the_lists_speak_of_the_same_leads(
    shapes: Path, objects: dict[str, pd.DataFrame], leads: pd.DataFrame, clean: pd.DataFrame
) -> None:
    listed = objects["new_leads"]
    ours = pd.read_csv(shapes / "clean/new_leads.csv", dtype=str)
    assert list(listed) == list(objects["Lead"])
    assert listed.Email.tolist() == ours.email.tolist()
    known = listed.Id.isin(leads.Id)
    assert (known == ours.lead_id.isin(clean.lead_id)).all()
    assert known.sum() > 100
    stands = leads.set_index("Id").loc[listed.Id[known]].reset_index()
    pd.testing.assert_frame_equal(stands[list(listed)], listed[known].reset_index(drop=True))
    assert (listed.Status[~known] == "New").all()
    show = "trade_show.csv"
    assert (shapes / "salesforce" / show).read_bytes() == (shapes / "clean" / show).read_bytes()
    blocked = objects["do-not-contact"]
    assert set(blocked.lead_id) == set(leads.Id[leads.HasOptedOutOfEmail == "true"])


def test_the_definition_names_every_column_of_the_leads(
    shapes: Path, objects: dict[str, pd.DataFrame]
) -> None:
    definition = Definition.read(shapes / "salesforce/definition.toml")
    spec = definition.leads
    roles = {spec.lead_id, spec.created_at, spec.account_id, spec.source, spec.list, spec.owner}
    assert roles | set(spec.columns) == set(objects["Lead"])
    assert not roles & set(spec.columns)
    assert set(definition.lists["trade_show"]) == set(objects["trade_show"])
    assert set(definition.lists["trade_show"].values()) <= set(objects["Lead"])
