"""Behaviour that names people by their e-mail address: the same training data as by their id."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pandas as pd

from predict.crm.opening import open_crm
from predict.definition.schema import Definition
from predict.demo.company import write_company
from predict.findings import blocking
from predict.history.building import build_dataset
from predict.history.dataset import Dataset
from predict.jobs.beginning import begin


def dataset(path: Path) -> tuple[Dataset, pd.DataFrame]:
    crm = open_crm(Definition.read(path))
    try:
        assert not blocking(crm.findings)
        ids = crm.leads.select("lead_no", "lead_id")
        events = crm.events.filter(crm.events.by == "lead").inner_join(ids, "lead_no")
        return build_dataset(crm), events.select("lead_id", "kind", "occurred_us").to_pandas()
    finally:
        crm.close()


def test_a_log_by_address_trains_like_one_by_id(tmp_path: Path) -> None:
    write_company(tmp_path / "ids", leads=1_200, seed=6, shape="salesforce")
    shutil.copytree(tmp_path / "ids", tmp_path / "mails")
    leads = pd.read_csv(tmp_path / "ids" / "Lead.csv", dtype=str)
    people = pd.read_csv(tmp_path / "ids" / "Contact.csv", dtype=str)
    log = pd.read_csv(tmp_path / "ids" / "web_activity.csv", dtype=str)
    address = dict(zip(leads.Id, leads.Email, strict=True))
    address |= dict(zip(people.Id, people.Email, strict=True))
    address |= dict(zip(leads.ConvertedContactId, leads.Email, strict=True))
    # Another system spells addresses in its own way.
    keyed = log.assign(Email=log.WhoId.map(address).str.upper()).drop(columns="WhoId")
    keyed.to_csv(tmp_path / "mails" / "web_activity.csv", index=False)
    for folder in ("ids", "mails"):
        begin([tmp_path / folder], tmp_path / folder / "my.toml")
    text = (tmp_path / "mails" / "my.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    link, web = told["links"]["email"], told["events"]["web_activity"]
    assert (link["lead_id"], link["other_id"], link["kind"]) == ("Id", "Email", "email")
    assert (web["id"], web["id_of"], web["by"]) == ("Email", "email", "lead")
    assert re.search(r"\d+% of its\W+[\d,]+\W+e-mail\W+addresses", text) and "@" not in text

    (mine, my_events), (theirs, their_events) = (
        dataset(tmp_path / folder / "my.toml") for folder in ("ids", "mails")
    )
    # Whoever shares an address with nobody else.
    unlinked = people[~people.Id.isin(leads.ConvertedContactId)]
    every = pd.concat([leads.Email, unlinked.Email]).str.lower()
    own = set(
        leads.Id[leads.Email.notna() & ~leads.Email.str.lower().isin(every[every.duplicated()])]
    )
    own -= set(leads.Id[leads.MasterRecordId.notna()]) | set(leads.MasterRecordId.dropna())
    own -= set(unlinked.Id)

    def of_own(events: pd.DataFrame) -> pd.DataFrame:
        kept = events[events.lead_id.isin(own)]
        return kept.sort_values(list(kept)).reset_index(drop=True)

    assert len(of_own(my_events)) > 1_000
    pd.testing.assert_frame_equal(of_own(my_events), of_own(their_events))
    a, b = (
        d.X.set_index(pd.MultiIndex.from_arrays([d.keys.lead_id, d.as_of])) for d in (mine, theirs)
    )
    assert a.index.equals(b.index) or set(a.index) == set(b.index)
    rows = [i for i in a.index if i[0] in own]
    columns = [c for c in a if c.startswith(("page_view", "form", "email", "download", "webinar"))]
    assert len(rows) > 500 and len(columns) > 10
    pd.testing.assert_frame_equal(a.loc[rows, columns], b.loc[rows, columns])


def test_addresses_of_strangers_are_no_log_of_the_leads(tmp_path: Path) -> None:
    n = 120
    days = pd.date_range("2025-01-01", periods=n, freq="D").strftime("%Y-%m-%d")
    mails = [f"p{i}@x.example" for i in range(n)]
    flat = pd.DataFrame({"id": [f"L{i:04d}" for i in range(n)], "created": days, "email": mails})
    flat.assign(won=["yes", "no"] * (n // 2)).to_csv(tmp_path / "leads.csv", index=False)
    strangers = [m if i < 12 else f"q{i}@y.example" for i, m in enumerate(mails)]
    log = pd.DataFrame({"email": strangers, "event": ["a", "b"] * (n // 2), "at": days})
    log = pd.concat([log, log.assign(event="c")])
    log.to_csv(tmp_path / "visits.csv", index=False)
    done = begin([tmp_path], tmp_path / "my.toml")
    became = {one.look.name: said for one, said in done.draft.tables}
    assert "10% of its 120 e-mail addresses" in became["visits.csv"]
    log.assign(email=[m.upper() for m in mails] * 2).to_csv(tmp_path / "visits.csv", index=False)
    done = begin([tmp_path], tmp_path / "my.toml", force=True)
    assert tomllib.loads(done.draft.text)["events"]["visits"]["id_of"] == "email"
