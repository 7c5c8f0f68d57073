"""The quality harness on a made-up shop, with the learners that our own environment has."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import predict as pr
from benchmarks.quality import __main__ as harness
from benchmarks.quality import folds as quality_folds
from benchmarks.quality import peers, table
from predict.history.dataset import Dataset
from predict.history.specs import Spec
from predict.learning.metrics import brier, lift, log_loss

IN_HOUSE = [p for p in peers.PEERS if p.environment is None]
CUTOFFS = [pd.Timestamp(day) for day in ("2024-05-01", "2024-06-01", "2024-07-01")]


@pytest.fixture(scope="module")
def shop() -> Dataset:
    rng = np.random.default_rng(3)
    n = 900
    days = np.sort(rng.uniform(0, 182, n))
    as_of = pd.Timestamp("2024-01-01") + pd.Series(pd.to_timedelta(days, unit="D"))
    X = pd.DataFrame(
        {
            "visits/30d": rng.poisson(3, n).astype(float),
            "days since": rng.exponential(20, n),
            "source": rng.choice(["web", "fair", None], n),
            "title": rng.choice(["CEO", "Head of IT", None], n),
            "empty": np.nan,
        }
    )
    X.loc[rng.random(n) < 0.2, "days since"] = np.nan
    pull = 0.4 * X["visits/30d"] + (X["source"] == "fair") + (X["title"] == "CEO")
    y = pd.Series((rng.random(n) < 1 / (1 + np.exp(3 - pull))).astype("int8"))
    lead = pd.Series(rng.integers(0, 500, n).astype(str))
    keys = pd.DataFrame({"lead_id": lead, "as_of": as_of, "created_at": as_of, "group": lead})
    kinds = ("number", "number", "category", "text", "number")
    specs = tuple(
        Spec(name, kind, "behaviour", name, name) for name, kind in zip(X, kinds, strict=True)
    )
    return Dataset(X, y, keys, specs, horizon_days=14.0)


@pytest.fixture(scope="module")
def work(shop: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quality")
    quality_folds.write(shop, CUTOFFS, folder / "bank")
    return folder


@pytest.fixture(scope="module")
def folds(work: Path) -> quality_folds.Folds:
    return quality_folds.written("bank", work)


@pytest.fixture(scope="module")
def runs(folds: quality_folds.Folds, tmp_path_factory: pytest.TempPathFactory):
    return harness.runs_of(folds, IN_HOUSE, tmp_path_factory.mktemp("none"))


def test_folds_are_those_of_the_backtest(shop, folds, runs):
    result = pr.backtest(shop, cutoffs=CUTOFFS[:-1], end=CUTOFFS[-1], min_rows=1, min_wins=1)
    about = [json.loads((f / "about.json").read_text()) for f in folds.folders]
    assert [a["train_rows"] for a in about] == result.folds()["train_rows"].tolist()
    assert [a["test_rows"] for a in about] == result.folds()["test_rows"].tolist()
    mine = pd.concat([run.chances for run in runs["predict"]])
    np.testing.assert_allclose(mine, result.frame()["probability"], atol=1e-12)


def test_no_learner_is_handed_an_outcome_of_the_test_rows(folds):
    for fold in folds.folders:
        assert "y" not in pd.read_parquet(fold / "test.parquet")
        train, test = (pd.read_parquet(fold / f"{part}.parquet") for part in ("train", "test"))
        horizon = pd.Timedelta(days=json.loads((fold / "about.json").read_text())["horizon_days"])
        assert (train["as_of"] + horizon).max() <= test["as_of"].min()


def test_each_learner_answers_each_row(folds, runs):
    in_house = {"logistic regression", "HistGradientBoosting", "LightGBM, plain"}
    assert set(runs) == {"predict", *in_house}
    for found in runs.values():
        for fold, run in zip(folds.folders, found, strict=True):
            assert len(run.chances) == len(folds.outcomes(fold))
            assert run.chances.between(0, 1).all() and run.chances.nunique() > 10
            assert run.about["fit_seconds"] > 0 and run.about["versions"]


def test_figures_are_those_of_the_pooled_rows(folds, runs):
    found = table.compared(folds, runs, "LightGBM, plain", draws=50)
    y = pd.concat([folds.outcomes(fold)["y"] for fold in folds.folders])
    mine, theirs = (
        pd.concat([run.chances for run in runs[name]]) for name in ("predict", "LightGBM, plain")
    )
    for figure, plain in (
        ("log_loss", log_loss),
        ("brier", brier),
        ("lift_10%", lambda y, p: lift(y, p, 0.1)),
    ):
        gap = found.figures[figure]
        assert gap["a"] == pytest.approx(plain(y, mine))
        assert gap["b"] == pytest.approx(plain(y, theirs))
        assert gap["value"] == pytest.approx(gap["a"] - gap["b"])
        assert gap["low"] <= gap["value"] <= gap["high"]


def test_what_is_on_disk_is_not_run_again(folds, runs, tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "_run", lambda *_: pytest.fail("ran again"))
    again = harness.runs_of(folds, IN_HOUSE, tmp_path)
    for name, found in runs.items():
        for one, other in zip(found, again[name], strict=True):
            pd.testing.assert_series_equal(one.chances, other.chances)


def test_the_page_names_who_is_not_there(folds, work, runs, tmp_path):
    everybody = list(peers.PEERS)
    text = harness.report(["bank"], work, tmp_path, everybody, command="this command")
    assert "`this command`" in text
    for peer in everybody:
        line = next(row for row in text.split("\n") if row.startswith(f"| {peer.name}"))
        absent = "no answer on 2 of 2 folds: not installed" in line
        assert absent == (peer.environment is not None)
    assert not re.search(r"\b(nan|inf|None)\b", text)
    summary = next(row for row in text.split("\n") if row.startswith("| bank |"))
    best = min(
        (table.compared(folds, runs, p.name, draws=2) for p in IN_HOUSE),
        key=lambda found: found.figures["log_loss"]["b"],
    )
    assert best.name in summary


def test_a_learner_that_fails_leaves_word(folds, tmp_path, monkeypatch):
    broken = tmp_path / "fitting"
    broken.mkdir()
    (broken / "broken.py").write_text("raise SystemExit('no such luck')")
    monkeypatch.setattr(peers, "HERE", tmp_path)
    run = peers.ran(
        peers.Peer("broken", "broken"), folds.folders[0], seconds=5, environments=tmp_path
    )
    assert run.chances is None and run.about["failed"] == "no such luck"


def test_learners_have_pinned_environments_and_scripts_of_their_own():
    for peer in (peers.OURS, *peers.PEERS):
        script = peers.HERE / "fitting" / f"{peer.script}.py"
        names = {
            name.split(".")[0]
            for node in ast.walk(ast.parse(script.read_text(encoding="utf-8")))
            for name in (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert ("predict" in names) == (peer is peers.OURS)
        if peer.environment is not None:
            pins = peers.HERE / "requirements" / f"{peer.environment}.txt"
            for line in pins.read_text(encoding="utf-8").split():
                assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line), line
