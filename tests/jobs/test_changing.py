"""Why chances changed over three monthly runs of the simulated company, another model between."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from typer.testing import CliRunner

import predict as pr
from predict.cli.app import app
from predict.errors import InputError
from predict.home import Home
from predict.jobs.changing import change_of, changes_of
from predict.jobs.scoring import Order, score
from predict.learning.lead_model import LeadModel
from predict.registry.models import Registry
from predict.scoring.ledger import Ledger, run_key
from predict.scoring.words import forbidden_words

NAME = "opportunity-in-90-days"
MONTHS = [datetime(2026, month, 1) for month in (5, 6, 7)]


@pytest.fixture(scope="module")
def home(company: Any, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home of its own: its ledger holds the runs of these tests alone."""
    own, trained = (
        Home.at(tmp_path_factory.mktemp("changing") / "home"),
        Registry(Home.at(company.home)),
    )
    first = trained.champion(NAME)
    assert first is not None
    # Logged anew: a copied store would go on writing models where it was copied from.
    register(own, trained.fetch(first), "a" * 64)
    return own


def register(home: Home, folder: Path, inputs: str) -> None:
    about: dict[str, Any] = {"params": {}, "metrics": {}, "fold_metrics": [], "artifacts": {}}
    tags = {"inputs": inputs, "verdict": "for a test", "beats": True}
    version = Registry(home).log_training(NAME, folder, tags=tags, **about)
    Registry(home).promote(NAME, version.number, "for a test")


@pytest.fixture(scope="module")
def runs(company: Any, home: Home, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Open leads on the first of May, June and July; before July another model takes over."""
    folder = tmp_path_factory.mktemp("months")
    found = []
    for moment in MONTHS:
        if moment == MONTHS[-1]:
            retrain(company, home, folder / "model")
        to = folder / f"{moment:%m}"
        score(company.definition, home, Order(to, moment, reasons="none"))
        found.append(to)
    return found


def retrain(company: Any, home: Home, folder: Path) -> None:
    """Register and promote a model that learned from newer leads only, with one booster."""
    registry = Registry(home)
    first = registry.champion(NAME)
    assert first is not None
    old = LeadModel.load(registry.fetch(first))
    crm = pr.open_crm(pr.Definition.read(company.definition))
    data = pr.build_dataset(crm)
    crm.close()
    newer = data.take(data.as_of >= data.as_of.median())
    fits = {
        basis: pr.ConversionModel(
            horizon_days=data.horizon_days,
            n_seeds=1,
            half_lives=(None,),
            text_columns=tuple(c for c in data.text_columns if c in names),
        ).fit(newer.X[names], newer.y, as_of=newer.as_of, groups=newer.groups)
        for basis, names in (
            ("full", list(old.full.columns_.names)),
            ("profile", data.profile_columns),
        )
    }
    replace(old, **fits).save(folder)
    register(home, folder, "f" * 64)


@pytest.fixture(scope="module")
def told(company: Any, home: Home, runs: list[Path]) -> list[pd.DataFrame]:
    return [changes_of(home, company.definition, folder) for folder in runs]


def chances(folder: Path) -> pd.Series:
    frame = pd.read_parquet(folder / "scored.parquet")
    scored = frame[frame["status"] == "scored"]
    return scored.set_index("lead_id")["probability"]


def test_parts_sum_to_the_change_over_three_months_with_another_model_between(told, runs):
    for k in (1, 2):
        split = told[k][~told[k]["part"].isin(["new", "unknown"])]
        assert split["lead_id"].nunique() > 50
        then, now = chances(runs[k - 1]), chances(runs[k])
        for lead_id, mine in split.groupby("lead_id"):
            assert mine["before"].iloc[0] == then[lead_id]
            assert mine["after"].iloc[0] == now[lead_id]
            assert abs(mine["points"].sum() - (now[lead_id] - then[lead_id])) < 1e-9
    assert not set(told[1]["part"]) & {"model", "calibration"}  # the same model
    assert {"model", "calibration", "lead"} <= set(told[2]["part"])


def test_parts_are_those_of_the_two_models(told, home):
    """The same differences, from the rows of the ledger and the two model folders."""
    registry = Registry(home)
    old, new = (LeadModel.load(registry.fetch(registry.version(NAME, n))).full for n in (1, 2))
    rows = Ledger(home.ledger).frame()
    part = told[2][told[2]["part"].isin(["lead", "other", "model", "calibration"])]
    for lead_id in part["lead_id"].unique()[:10]:
        mine = rows[(rows["lead_id"] == lead_id) & rows["as_of"].isin(MONTHS[1:])]
        X = mine.rename(columns=lambda name: name.removeprefix("feature."))
        then, now = X.iloc[[0]], X.iloc[[1]]
        seen = {m: m.decision_function(now[m.columns_.names])[0] for m in (old, new)}
        was = old.decision_function(then[old.columns_.names])[0]
        sums = part[part["lead_id"] == lead_id].groupby("part")["log_odds"].sum()
        lead = sums.reindex(["lead", "other"]).sum()
        assert lead == pytest.approx(seen[old] - was, abs=1e-9)
        models = sums.reindex(["model", "calibration"]).sum()
        assert models == pytest.approx(seen[new] - seen[old], abs=1e-9)


def test_what_a_lead_did_since_is_counted_from_its_events(told, company):
    """ "viewed “pricing” 3 times since 1 June": counted again from the rows of the export."""
    events = pd.concat(
        pd.read_parquet(p) if p.suffix == ".parquet" else pd.read_csv(p)
        for p in sorted(company.exports.rglob("*event*"))
        if p.suffix in (".csv", ".parquet")
    )
    assert len(events)
    at = pd.to_datetime(events["occurred_at"], utc=True).dt.tz_localize(None)
    checked = 0
    for k in (1, 2):
        since = told[k][
            told[k]["sentence"].str.contains(r"\bsince\b") & told[k]["concept"].str.contains("=")
        ]
        for row in since.to_dict("records"):
            kind, asset = row["concept"].split("=", 1)
            own = (events["lead_id"] == row["lead_id"]) & (events["kind"] == kind)
            own &= (events["asset"] == asset) & (at >= row["since"]) & (at < row["as_of"])
            n = int(own.sum())
            said = {1: " once ", 2: " twice "}.get(n, f" {n} times ")
            assert said in row["sentence"], row["sentence"]
            checked += 1
    assert checked > 10


def test_sentences_are_a_readers(told):
    every = pd.concat(told)
    assert not [s for s in every["sentence"] if forbidden_words(s)]
    assert not every["sentence"].str.contains("__|_30d|=").any()
    named = every[every["part"] == "lead"]
    assert not named["concept"].str.startswith("our ").any()
    assert not named.duplicated(["as_of", "row", "concept"]).any()


def test_a_lead_not_seen_before_is_said_to_be_new(told, home, company):
    assert set(told[0]["part"]) == {"new"}
    first = told[0].iloc[0]
    assert first["sentence"] == "was not scored before"
    assert np.isnan(first["before"]) and first["since"] is None
    one = change_of(home, company.definition, first["lead_id"], datetime(2026, 4, 1))
    assert one.frame()["sentence"].tolist() == ["was not scored on or before 1 April 2026"]


def test_one_lead_since_a_date_or_since_the_run_before(told, home, company):
    both = set(told[1].loc[told[1]["part"] == "lead", "lead_id"]) & set(
        told[2].loc[told[2]["part"] == "lead", "lead_id"]
    )
    lead_id = min(both)
    last = change_of(home, company.definition, lead_id)
    assert (last.since, last.as_of) == (MONTHS[1], MONTHS[2])
    same = told[2][told[2]["lead_id"] == lead_id].reset_index(drop=True)
    pd.testing.assert_frame_equal(last.frame(), same[last.frame().columns])
    long = change_of(home, company.definition, lead_id, datetime(2026, 5, 20))
    assert long.since == MONTHS[0]
    assert abs(long.frame()["points"].sum() - long.points) < 1e-9


def test_a_lead_never_scored_is_an_error_with_the_nearest_id(home, runs, company, told):
    known = told[0]["lead_id"].iloc[0]
    with pytest.raises(InputError, match=f"did you mean {known}"):
        change_of(home, company.definition, known + "x")


def enter(home: Home, number: int, moment: datetime, X: pd.DataFrame, basis: str) -> None:
    """Enter an earlier run of leads, as scored by the first model."""
    registry = Registry(home)
    model = LeadModel.load(registry.fetch(registry.version(NAME, 1)))
    fit = model.model(basis)
    log_odds = fit.decision_function(X[fit.columns_.names])
    scores = pd.DataFrame({"row": range(len(X)), "lead_id": X["lead_id"].to_numpy()})
    scores = scores.assign(as_of=pd.Timestamp(moment), basis=basis, log_odds=log_odds)
    scores = scores.assign(
        probability=expit(log_odds), score=50.0, grade="C", rated_qualified=False
    )
    Ledger(home.ledger).enter(
        run_key(f"{number} {basis}", "digest", moment),
        scores,
        X[model.full.columns_.names],
        pd.DataFrame(index=range(len(X))),
        meta={"as_of": moment.isoformat(), "model": f"{NAME} {number}", "list": "made up"},
        profile=model.profile.columns_.names,
    )


@pytest.mark.parametrize("later", [1, 2])
def test_known_by_profile_alone_then_and_in_full_now(runs, home, company, later, tmp_path):
    own = Home.at(tmp_path / "home")
    shutil.copytree(home.root, own.root, ignore=shutil.ignore_patterns(".*"))
    rows = Ledger(own.ledger).frame()
    rows = rows[rows["as_of"] == MONTHS[later]].rename(columns=lambda n: n.removeprefix("feature."))
    enter(
        own, 1, datetime(2026, MONTHS[later].month - 1, 15), rows.head(30).reset_index(), "profile"
    )
    found = changes_of(own, company.definition, runs[later])
    found = found[found["lead_id"].isin(rows["lead_id"].head(30))]
    assert found["part"].eq("basis").sum() == 30
    sums = found.groupby("row").agg({"points": "sum", "before": "first", "after": "first"})
    assert np.allclose(sums["points"], sums["after"] - sums["before"], rtol=0, atol=1e-9)
    said = found.loc[found["part"] == "basis", "sentence"].unique()
    assert said.tolist() == ["what it did is known now; before, only who it is was known"]


def test_a_model_that_is_gone_is_said(runs, home, company, tmp_path):
    own = Home.at(tmp_path / "home")
    shutil.copytree(home.root, own.root, ignore=shutil.ignore_patterns(".*"))
    rows = Ledger(own.ledger).frame()
    rows = rows[rows["as_of"] == MONTHS[2]].rename(columns=lambda n: n.removeprefix("feature."))
    enter(own, 99, datetime(2026, 6, 15), rows.head(3).reset_index(), "full")
    found = changes_of(own, company.definition, runs[2])
    gone = found[found["lead_id"].isin(rows["lead_id"].head(3))]
    assert gone["part"].tolist() == ["unknown"] * 3
    assert "15 June 2026 is no longer kept" in gone["sentence"].iloc[0]
    assert np.allclose(gone["points"], gone["after"] - gone["before"], rtol=0, atol=1e-12)


def test_on_the_command_line(told, home, company):
    lead_id = told[2].loc[told[2]["part"] == "lead", "lead_id"].iloc[0]
    given = ["--definition", str(company.definition), "--home", str(home.root)]
    done = CliRunner().invoke(app, ["explain", lead_id, "--since", "last", *given])
    assert done.exit_code == 0, done.output
    assert "on 1 June 2026" in done.output and "points" in done.output
    sizes = [float(line.split()[0]) for line in done.output.splitlines() if " points" in line]
    assert sum(sizes[:-1]) == pytest.approx(sizes[-1], abs=1e-6)
    without = CliRunner().invoke(app, ["explain", lead_id, "--since", "last"])
    assert without.exit_code == 1
