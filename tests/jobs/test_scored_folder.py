"""The folder of a scored list: rows, columns, counts, sums, reasons, ledger; the same twice."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from predict.errors import PredictError, RefusedError
from predict.home import Home
from predict.jobs import run
from predict.jobs.output import OURS
from predict.publish import files_in, verify
from predict.registry.models import Registry
from predict.scoring.ledger import Ledger

AS_OF = datetime(2026, 7, 1)
PLANTED = ("Zebedee", "Quuxington", "zebedee.quuxington@planted.example", "+49 30 5550199")
#: One row of each fate: known, foreign, formula, copy, asked to be left alone, in the future.
MIXED = """lead_id,score,created_at,email,first_name,last_name,phone,job_title,source,note
{known},high,2026-06-01,,,,,,,=1+1
F-1,low,2026-06-20,zebedee.quuxington@planted.example,Zebedee,Quuxington,+49 30 5550199,Head of IT,\
moon,@cmd
F-1,low,2026-06-20,,,,,Clerk,website,-3
F-2,low,never,,,,,"=HYPERLINK(""x"")",website,plain
F-3,low,2026-07-02,,,,,Clerk,website,
F-4,low,2026-06-20
F-5,low,2026-06-20,{blocked},,,,Clerk,website,
,low,2026-06-20,,,,,Clerk,website,
{won},low,2026-06-20,,,,,Clerk,website,
"""


@pytest.fixture(scope="module")
def leads(company) -> pd.DataFrame:
    return pd.read_csv(company.exports / "leads.csv", dtype=str)


@pytest.fixture(scope="module")
def mixed(company, leads) -> str:
    stages = pd.read_csv(company.exports / "stages.csv", dtype=str)
    listed = pd.read_csv(company.exports / "do-not-contact.csv", dtype=str)
    over = stages[stages["stage"].isin(["opportunity", "lost", "disqualified"])]
    won = stages.loc[stages["stage"] == "opportunity", "lead_id"].iloc[0]
    free = leads[~leads["lead_id"].isin([*over["lead_id"], *listed["lead_id"]])]
    known = free["lead_id"].iloc[-1]
    return MIXED.format(known=known, blocked=listed["email"].dropna().iloc[0].upper(), won=won)


@pytest.fixture(scope="module")
def of_mixed(scored, mixed: str):  # type: ignore[no-untyped-def]
    return scored(mixed, reasons="all")


@pytest.fixture(scope="module")
def of_small(scored, small: Path):  # type: ignore[no-untyped-def]
    return scored(small, reasons="all")


@pytest.fixture(scope="module")
def small(company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a short list of leads that the CRM knows, in a file."""
    path = tmp_path_factory.mktemp("lists") / "small.csv"
    new = pd.read_csv(company.exports / "new_leads.csv", dtype=str)
    new.head(60).to_csv(path, index=False)
    return path


def test_every_row_comes_out_once_with_what_became_of_it(of_mixed) -> None:
    done, scores = of_mixed, of_mixed.scores
    assert scores["row"].tolist() == list(range(9))
    assert scores["status"].tolist() == [
        "scored",
        "scored",
        "duplicate",
        "scored",
        "not open",
        "unreadable",
        "suppressed",
        "scored",
        "converted",
    ]
    is_scored = scores["status"] == "scored"
    assert scores["probability"].notna().equals(is_scored)
    assert scores["grade"].notna().equals(is_scored)
    assert (scores.loc[~is_scored, "status_reason"] != "").all()
    assert not scores.loc[~is_scored, "rated_qualified"].any()
    assert "became an opportunity" in scores["status_reason"].iloc[8]
    assert scores.loc[is_scored, "basis"].tolist() == ["full", "profile", "profile", "profile"]
    assert "moon" in scores["unlike"].iloc[1]
    counts = dict(done.manifest["rows"])
    assert counts.pop("read") == sum(counts.values()) == 9
    assert sum(done.manifest["grades"].values()) == sum(done.manifest["basis"].values()) == 4
    assert verify(done.folder)["rows"] == done.manifest["rows"]


def test_the_files_and_their_columns(of_mixed, mixed: str) -> None:
    done = of_mixed
    assert sorted(p.name for p in done.folder.iterdir()) == [
        "list.html",
        "list.xlsx",
        "manifest.json",
        "mapping.toml",
        "reasons.parquet",
        "rejects.csv",
        "scored.csv",
        "scored.parquet",
    ]
    header = mixed.splitlines()[0].split(",")
    kept = ["list.score" if h == "score" else h for h in header]
    assert list(done.scores.columns) == [*kept, *OURS]
    assert done.scores["list.score"].iloc[0] == "high"
    csv = pd.read_csv(done.folder / "scored.csv", dtype=str, keep_default_na=False)
    assert list(csv.columns) == list(done.scores.columns)
    assert len(csv) == 9
    rejects = pd.read_csv(done.folder / "rejects.csv")
    assert "never" in rejects["value"].tolist()
    page = (done.folder / "list.html").read_text(encoding="utf-8")
    assert "Zebedee" in page  # sales must know whom to call


def test_a_spreadsheet_finds_no_formulas_and_a_program_the_text_itself(of_mixed) -> None:
    done = of_mixed
    csv = pd.read_csv(done.folder / "scored.csv", dtype=str, keep_default_na=False)
    assert done.scores["note"].tolist()[:4] == ["=1+1", "@cmd", "-3", "plain"]
    assert csv["note"].tolist()[:4] == ["'=1+1", "'@cmd", "-3", "plain"]
    assert csv["job_title"].iloc[3] == '\'=HYPERLINK("x")'
    assert not csv.map(lambda v: v[:1] in "=@" and v != "").any().any()


def test_a_list_of_no_rows_is_a_complete_folder(scored) -> None:
    done = scored("lead_id,job_title\n")
    assert done.manifest["rows"]["read"] == 0
    assert len(done.scores) == 0 and len(done.reasons) == 0
    assert list(done.scores.columns) == ["lead_id", "job_title", *OURS]
    verify(done.folder)
    assert "<html" in (done.folder / "list.html").read_text(encoding="utf-8")
    assert scored("lead_id,job_title\n", to=done.folder).done.already


def test_base_and_contributions_are_the_chance_of_every_lead(company, of_small) -> None:
    done = of_small
    scores = done.scores.set_index("row")
    told = scores[scores["status"] == "scored"]
    assert len(told) > 20
    logistic = 1 / (1 + np.exp(-told["log_odds"]))
    np.testing.assert_allclose(told["probability"], logistic, rtol=0, atol=1e-12)
    assert (told["probability"] != told["probability"].round(6)).any()
    entered = Ledger(Home.at(company.home).ledger).frame()
    entered = entered[entered["run"] == done.manifest["ledger"]].set_index("row")
    concepts = entered[[c for c in entered.columns if c.startswith("concept.")]]
    base = told["log_odds"] - concepts.sum(axis=1)
    by_basis = base.groupby(told["basis"])
    assert (by_basis.max() - by_basis.min() < 1e-6).all()


def test_chances_are_the_models_own_for_the_features_entered(company, of_small) -> None:
    done = of_small
    home = Home.at(company.home)
    registry = Registry(home)
    from predict.learning.lead_model import LeadModel

    version = registry.champion("opportunity-in-90-days")
    model = LeadModel.load(registry.fetch(version))
    entered = Ledger(home.ledger).frame()
    entered = entered[entered["run"] == done.manifest["ledger"]]
    X = entered.filter(regex=r"^feature\.")
    X = X.set_axis([c.removeprefix("feature.") for c in X.columns], axis=1)
    for basis, rows in entered.groupby("basis"):
        fit = model.model(basis)
        part = X.loc[rows.index, fit.columns_.names]
        np.testing.assert_array_equal(fit.predict_proba(part)[:, 1], rows["probability"])


def test_reasons_for_the_qualified_for_all_or_for_none(scored, small: Path, of_small) -> None:
    some, every, none = scored(small, reasons="qualified"), of_small, scored(small, reasons="none")
    is_scored = every.scores["status"] == "scored"
    qualified = every.scores["rated_qualified"]
    assert set(every.reasons["row"]) == set(every.scores.loc[is_scored, "row"])
    assert set(some.reasons["row"]) == set(every.scores.loc[qualified, "row"])
    assert none.reasons.empty
    assert (none.scores["reasons"] == "").all()
    assert (every.scores.loc[is_scored, "reasons"] != "").any()
    pd.testing.assert_series_equal(none.scores["probability"], every.scores["probability"])
    ranks = every.reasons[every.reasons["direction"] == "for"].groupby("row")["rank"].max()
    assert ranks.max() <= 3


def test_scores_depend_neither_on_neighbours_nor_on_their_order(
    scored, small: Path, of_small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = ["lead_id", "probability", "log_odds", "score", "grade", "basis", "status"]
    whole = of_small.scores[ours].set_index("lead_id")
    frame = pd.read_csv(small, dtype=str)
    shuffled = tmp_path / "shuffled.csv"
    frame.sample(frac=1, random_state=3)[frame.columns[::-1]].to_csv(shuffled, index=False)
    turned = scored(shuffled).scores[ours].set_index("lead_id")
    pd.testing.assert_frame_equal(turned.loc[whole.index], whole, rtol=0, atol=1e-9)
    monkeypatch.setattr(run, "CHUNK_ROWS", 17)
    parts = scored(small, as_of=AS_OF).scores[ours].set_index("lead_id")
    pd.testing.assert_frame_equal(parts, whole, rtol=0, atol=1e-9)


def test_open_leads_add_up_also_where_a_chunk_holds_none(
    company, scored, leads: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in company.exports.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    stages = pd.read_csv(company.exports / "stages.csv", dtype=str)
    over = stages.loc[stages["stage"].isin(["opportunity", "lost", "disqualified"]), "lead_id"]
    is_over = leads["lead_id"].isin(over)
    first, middle, last = leads[~is_over].head(30), leads[is_over], leads[~is_over].iloc[30:]
    pd.concat([first, middle, last]).to_csv(tmp_path / "leads.csv", index=False)
    whole = scored(None, data=tmp_path)
    rows, gone = dict(whole.manifest["rows"]), whole.manifest["not_open"]
    assert rows["read"] == len(whole.scores) == rows["scored"] + rows["suppressed"]
    assert rows["read"] + sum(gone.values()) == len(leads)
    assert gone["converted"] > 50 and gone["closed"] > 200
    assert (whole.scores["basis"] == "full").all()
    monkeypatch.setattr(run, "CHUNK_ROWS", len(middle) // 3)  # the second chunk holds no lead
    parts = scored(None, data=tmp_path)
    pd.testing.assert_frame_equal(parts.scores, whole.scores, rtol=0, atol=1e-9)


def test_the_same_order_twice_leaves_every_byte_as_it_was(company, scored, mixed, tmp_path) -> None:
    to = tmp_path / "out"
    path = tmp_path / "list.csv"
    path.write_text(mixed)
    first = scored(path, to=to)
    before = {**files_in(to), "manifest": (to / "manifest.json").read_bytes()}
    stamps = {p: p.stat().st_mtime_ns for p in to.iterdir()}
    second = scored(path, to=to)
    assert second.done.already and not first.done.already
    assert {**files_in(to), "manifest": (to / "manifest.json").read_bytes()} == before
    assert {p: p.stat().st_mtime_ns for p in to.iterdir()} == stamps
    elsewhere = scored(path, to=tmp_path / "again")
    assert files_in(elsewhere.folder) == files_in(to)
    assert elsewhere.manifest["ledger"] == first.manifest["ledger"]
    entered = Ledger(Home.at(company.home).ledger).frame()
    assert entered["run"].eq(first.manifest["ledger"]).sum() == first.manifest["rows"]["scored"]
    path.write_text(mixed.replace("Clerk", "Buyer"))
    with pytest.raises(PredictError, match="result of other inputs"):
        scored(path, to=to)
    (to / "scored.csv").write_text("mine")
    with pytest.raises(PredictError, match="holds something else"):
        scored(path, to=to)
    assert (to / "scored.csv").read_text() == "mine"


def test_personal_data_stay_out_of_ledger_store_models_and_manifests(company, of_mixed) -> None:
    done = of_mixed
    assert PLANTED[2] in done.scores["email"].tolist()
    own = pd.read_csv(company.exports / "leads.csv", dtype=str)
    theirs = own[["email", "phone", "last_name"]].dropna().sample(40, random_state=1)
    words = [*PLANTED, *theirs["email"], *(own["first_name"] + " " + own["last_name"]).dropna()[:9]]
    needles = [w.encode() for w in words]
    home = Home.at(company.home)
    ledger = Ledger(home.ledger).frame().to_csv().encode()
    texts = {"ledger": ledger}
    kept = [p for p in home.root.rglob("*") if p.is_file() and home.archive not in p.parents]
    texts |= {str(p): p.read_bytes() for p in kept}
    texts |= {p: pd.read_parquet(p).to_csv().encode() for p in texts if p.endswith(".parquet")}
    texts["manifest"] = (done.folder / "manifest.json").read_bytes()
    texts["reasons"] = done.reasons.to_csv().encode()
    assert any(p.endswith("mlflow.db") for p in texts)
    assert any(p.endswith("lightgbm.txt") for p in texts)
    assert [(p, n) for p, text in texts.items() for n in needles if n in text] == []


def test_a_definition_that_means_something_else_is_refused(company, scored, tmp_path) -> None:
    text = company.definition.read_text(encoding="utf-8")
    other = company.exports / "other.toml"
    other.write_text(text.replace("within_days = 90", "within_days = 60"), encoding="utf-8")
    with pytest.raises(RefusedError, match=r"found: conversion\.within_days") as refused:
        scored("lead_id\nx\n", definition=other)
    assert refused.value.exit_code == 2
    moved = company.exports / "moved.toml"
    moved.write_text(text.replace("cost_of_follow_up = 90", "cost_of_follow_up = 80"), "utf-8")
    assert scored("lead_id\nx\n", definition=moved).manifest["rows"]["scored"] == 1


def test_a_foreign_list_is_scored_on_its_profile(company, scored) -> None:
    done = scored(company.exports / "trade_show.csv", mapping="trade_show")
    assert done.manifest["rows"]["scored"] == done.manifest["rows"]["read"] > 100
    assert done.manifest["basis"] == {"full": 0, "profile": done.manifest["rows"]["read"]}
    assert done.manifest["mapping"]["Job Title"] == "job_title"
    assert done.scores["probability"].nunique() > 10
    assert done.manifest["lead_id_column"] is None
    with pytest.raises(PredictError, match=r"no \[lists.tradeshow\](?s:.)*did you mean trade_show"):
        scored(company.exports / "trade_show.csv", mapping="tradeshow")


def test_a_list_looked_at_long_after_the_export_says_so(scored, company):
    """Everybody seems to have gone quiet: nothing is known of the time since."""
    late = scored("lead_id,country\nnobody,DE\n", as_of=datetime(2026, 11, 27))
    told = {f["code"]: f["sentence"] for f in late.manifest["findings"]}
    assert told["stale-export"].startswith("The export is 149 days older")
    assert "149 days older" in (late.folder / "list.html").read_text(encoding="utf-8")
    fresh = scored("lead_id,country\nnobody,DE\n")
    assert "stale-export" not in {f["code"] for f in fresh.manifest["findings"]}


def test_a_list_that_reads_two_ways_is_read_as_the_user_says(scored):
    text = "lead_id,country,created_at\n" + "".join(f"n{i},DE,0{i}/03/2026\n" for i in range(1, 9))
    with pytest.raises(PredictError, match="--dates"):
        scored(text)
    done = scored(text, read_as={"dates": "%d/%m/%Y"})
    assert done.manifest["rows"]["scored"] == 8
    with pytest.raises(PredictError, match=r"no list can be read like that[\s\S]*--dates"):
        scored(text, read_as={"dates": "%d"})


def test_columns_that_a_list_lacks_are_named(scored):
    done = scored("lead_id,job_title\nstranger,CEO\n")
    absent = done.manifest["columns_absent"]
    assert {"industry", "employees", "country"} <= set(absent)
    assert not {"job_title", "email_kind", "account.industry"} & set(absent)
