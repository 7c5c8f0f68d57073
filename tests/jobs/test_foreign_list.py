"""A trade-show list in German headers: mapped, matched, scored, reconciled, and back as imports."""

from __future__ import annotations

import csv
import tomllib
from collections import Counter
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from predict.cli.printing import print_scoring
from predict.home import Home
from predict.jobs.inbox import empty_inbox

AS_OF = datetime(2026, 7, 1)
COUNTRIES = {"DE": "Deutschland", "AT": "Österreich", "CH": "Schweiz", "NL": "Niederlande"}
HEADERS = {
    "first_name": "Vorname",
    "last_name": "Nachname",
    "email": "E-Mail-Adresse",
    "company": "Firma",
    "job_title": "Position",
    "industry": "Branche",
    "employees": "Mitarbeiterzahl",
    "country": "Land",
}


@pytest.fixture(scope="module")
def fair(company, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """Return a list of known and unknown people, as an organiser sends it, and who is in it."""
    options: dict[str, Any] = {"dtype": str, "keep_default_na": False}
    leads = pd.read_csv(company.exports / "leads.csv", **options)
    stages = pd.read_csv(company.exports / "stages.csv", **options)
    show = pd.read_csv(company.exports / "trade_show.csv", **options)
    blocked = pd.read_csv(company.exports / "do-not-contact.csv", **options)["lead_id"]
    reached = {s: set(g["lead_id"]) for s, g in stages.groupby("stage")}
    over = reached["lost"] | reached["disqualified"]
    leads = leads[~leads["lead_id"].isin(blocked) & ~leads["email"].duplicated(keep=False)]
    is_won = leads["lead_id"].isin(reached["won"])
    is_deal = leads["lead_id"].isin(reached["opportunity"]) & ~is_won
    is_over = leads["lead_id"].isin(over)
    known = leads[~is_won & ~is_deal & ~is_over].tail(25)
    won, deals = leads[is_won].tail(4), leads[is_deal & ~is_over].tail(3)
    own = pd.concat([known, won, deals])[list(HEADERS)].rename(columns=HEADERS)
    own["E-Mail-Adresse"] = own["E-Mail-Adresse"].str.upper()
    theirs = {"First Name": "Vorname", "Last Name": "Nachname", "E-Mail": "E-Mail-Adresse"}
    theirs |= {"Company": "Firma", "Job Title": "Position", "Industry": "Branche"}
    theirs |= {"Employees": "Mitarbeiterzahl", "Country": "Land"}
    new = show.rename(columns=theirs)
    rows = pd.concat([own, new, own.head(2)], ignore_index=True)
    rows.loc[40:42, "E-Mail-Adresse"] = ""
    rows["Land"] = rows["Land"].replace(COUNTRIES)
    rows["Rating"], rows["Notizen"] = "A", "=nett"
    path = tmp_path_factory.mktemp("fair") / "Messe.csv"
    rows.to_csv(path, sep=";", index=False, encoding="cp1252")
    counts = {"known": len(known), "customer": len(won), "open deal": len(deals), "duplicate": 2}
    counts |= {"no mail": 3, "profile": len(rows) - len(known) - len(won) - len(deals) - 5}
    return path, counts


@pytest.fixture(scope="module")
def done(scored, fair):  # type: ignore[no-untyped-def]
    return scored(fair[0], vendor="salesforce")


def test_the_list_is_mapped_and_said(done) -> None:
    assert done.manifest["mapping"] == {theirs: ours for ours, theirs in HEADERS.items()}
    assert done.manifest["columns_unused"] == ["Rating", "Notizen"]
    pasted = tomllib.loads((done.folder / "mapping.toml").read_text(encoding="utf-8"))
    assert pasted == {"lists": {"messe": done.manifest["mapping"]}}
    page = (done.folder / "list.html").read_text(encoding="utf-8")
    assert done.manifest["told"] in page and "Rating, Notizen" in page


def test_the_rows_are_matched_and_reconcile(done, fair) -> None:
    assert done.manifest["parts"] == fair[1]
    assert sum(fair[1].values()) == done.manifest["rows"]["read"] == len(done.scores)
    scores = done.scores
    deals = scores[scores["status"] == "open deal"]
    assert deals["status_reason"].str.contains("in an open deal, owner: ").all() and len(deals)
    known = scores[scores["crm_id"].notna() & (scores["status"] == "scored")]
    assert (known["basis"] == "full").all() and (known["matched_by"] == "e-mail").all()
    assert len(known) == fair[1]["known"]
    # "Deutschland" is what the CRM calls DE: nobody fails the agreed countries for the language.
    german = scores[(scores["Land"] == "Deutschland") & (scores["status"] == "scored")]
    assert len(german) and not german["criteria_failed"].str.contains("country").any()
    assert not german["unlike"].fillna("").str.contains("Deutschland").any()


def test_somebody_found_by_address_scores_as_by_id(company, scored, done) -> None:
    known = done.scores[done.scores["crm_id"].notna() & (done.scores["status"] == "scored")]
    by_id = scored("lead_id\n" + "\n".join(known["crm_id"]) + "\n").scores
    assert by_id["probability"].tolist() == known["probability"].tolist()


def test_every_row_is_in_one_import_file(done, fair) -> None:
    rows = done.manifest["imports"]["rows"]
    assert sum(rows.values()) == len(done.scores)
    with (done.folder / "salesforce_insert.csv").open(encoding="utf-8", newline="") as stream:
        inserted = list(csv.DictReader(stream))
    assert len(inserted) == rows["salesforce_insert.csv"] > 50
    assert all(r["LastName"] and r["Company"] for r in inserted)
    assert any(r["Predict_Reason_1__c"] for r in inserted)
    assert done.manifest["imports"]["undo"] is None
    with (done.folder / "not_imported.csv").open(encoding="utf-8", newline="") as stream:
        left = {int(r["row"]): r["why"] for r in csv.DictReader(stream)}
    told = done.manifest["imports"]["left_out"]
    assert told == Counter(why.split(", owner: ")[0] for why in left.values())
    with StringIO() as stream:
        print_scoring(Console(file=stream, width=400), done.done)
        printed = stream.getvalue()
    assert f"{len(left)} of {len(done.scores)} not in the import files: " in printed
    assert all(f"{why} ({n})" in printed for why, n in told.items()) and len(told) > 2
    assert set(left) >= set(done.scores.loc[done.scores["status"] != "scored", "row"])


def test_the_inbox_gives_the_same_list_back_complete(company, done, fair, tmp_path: Path) -> None:
    (tmp_path / "Messe.csv").write_bytes(fair[0].read_bytes())
    home = Home.at(company.home)
    found = empty_inbox(tmp_path, company.definition, home, as_of=AS_OF, vendor="salesforce")
    (result,) = found.results
    assert found.came_back == 0 and result.told == done.manifest["told"]
    for file in ("scored.csv", "list.html", "mapping.toml", "salesforce_insert.csv"):
        assert (result.folder / file).read_bytes() == (done.folder / file).read_bytes(), file
    assert (result.folder / "original" / "Messe.csv").read_bytes() == fair[0].read_bytes()


def test_what_the_export_holds_in_our_fields_can_be_put_back(
    company, scored, tmp_path: Path
) -> None:
    for file in company.exports.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    leads = pd.read_csv(tmp_path / "leads.csv", dtype=str, keep_default_na=False)
    leads["Predict grade"] = ["A", "B", ""] * (len(leads) // 3) + [""] * (len(leads) % 3)
    leads["predict_score"] = "007"
    leads.to_csv(tmp_path / "leads.csv", index=False)
    wanted = leads.tail(40)
    (tmp_path / "list.csv").write_text("lead_id\n" + "\n".join(wanted["lead_id"]) + "\n")
    done = scored(tmp_path / "list.csv", data=tmp_path, vendor="hubspot")
    updated = done.scores[(done.scores["status"] == "scored")]["crm_id"].tolist()
    undo = pd.read_csv(done.folder / "undo_hubspot.csv", dtype=str, keep_default_na=False)
    before = leads.set_index("lead_id").loc[updated]
    assert undo["Record ID"].tolist() == updated and len(updated) > 5
    assert undo["Predict grade"].tolist() == before["Predict grade"].tolist()
    assert undo["Predict score"].tolist() == before["predict_score"].tolist()
    assert list(undo.columns) == ["Record ID", "Predict score", "Predict grade"]
    assert done.manifest["imports"]["undo"] == len(undo)


def test_a_campaign_never_seen_is_judged_by_its_source(company, scored) -> None:
    leads = pd.read_csv(company.exports / "leads.csv", dtype=str, keep_default_na=False)
    source = leads.loc[leads["campaign"] != "", "source"].mode()[0]
    rows = [f"X{i},{source},{c},Buyer,DE\n" for i, c in enumerate(("Nova 2027", "Zeta 2028"))]
    found = scored("lead_id,source,campaign,job_title,country\n" + "".join(rows), reasons="all")
    first, second = found.scores["probability"]
    assert first == second  # what it is called says nothing
    marks = found.scores["unlike"].tolist()
    assert all("is new or rare: judged by its source" in m for m in marks)
    told = found.reasons["sentence"].fillna("")
    cited = told[told.str.contains("Nova|Zeta") & told.str.contains("; of ")]
    assert cited.str.contains("leads with a similarly rare value").all()
