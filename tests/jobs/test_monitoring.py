"""Monitoring of the simulated company: published, logged once, said where it cannot be done."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from predict.crm.opening import open_crm
from predict.definition.schema import Definition
from predict.home import Home
from predict.jobs.monitoring import watch
from predict.learning.lead_model import LeadModel
from predict.loop.monitoring import Monitoring, monitor
from predict.publish import files_in
from predict.registry.models import Registry
from predict.registry.store import Store

NAME = "opportunity-in-90-days"


@pytest.fixture(scope="module")
def to(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("monitor") / "out"


@pytest.fixture(scope="module")
def home(company, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home of its own: other tests score into the company's meanwhile."""
    own = tmp_path_factory.mktemp("monitored") / "home"
    shutil.copytree(company.home, own, ignore=shutil.ignore_patterns("ledger", ".*"))
    return Home.at(own)


@pytest.fixture(scope="module")
def done(company, home: Home, to: Path) -> Monitoring:
    return watch(company.definition, home, to=to)


def runs(home: Home) -> list:
    store = Store(home)
    with store.opened() as client:
        experiment = store.experiment(client, NAME)
        return client.search_runs([experiment], "tags.kind = 'monitoring'")


def test_a_stable_company_has_nothing_to_look_at(done: Monitoring, to: Path):
    assert done.pages == ()
    frame = done.frame()
    assert {"data", "scores", "drift"} <= set(frame["watch"])
    assert done.not_applicable["cohorts"] == "no list has been scored yet"
    assert frame["sentence"].str.endswith(".").all()
    assert {"monitoring.json", "monitoring.csv", "inputs.svg"} <= set(files_in(to))
    assert len(pd.read_csv(to / "monitoring.csv")) == len(frame)


def test_the_model_keeps_what_its_leads_looked_like(company, home: Home):
    registry = Registry(home)
    model = LeadModel.load(registry.fetch(registry.champion(NAME)))
    assert model.usual is not None
    assert set(model.usual.columns) == {s.name for s in model.specs}
    assert sum(c.importance for c in model.usual.columns.values()) == pytest.approx(1)
    assert model.usual.months


def test_the_same_again_is_one_run_and_no_changed_byte(company, home, done, to: Path):
    before, logged = files_in(to), len(runs(home))
    watch(company.definition, home, to=to)
    assert files_in(to) == before
    assert len(runs(home)) == logged
    newest = runs(home)[0].data
    assert newest.metrics["pages"] == 0
    assert newest.tags["version"] == "1"


def test_a_model_of_before_is_told_apart_from_one_with_nothing_wrong(company, home: Home):
    registry = Registry(home)
    model = replace(LeadModel.load(registry.fetch(registry.champion(NAME))), usual=None)
    definition = Definition.read(company.definition)
    crm = open_crm(definition)
    try:
        found = monitor(home, definition, crm, model=model)
    finally:
        crm.close()
    assert "train again" in found.not_applicable["drift"]
    assert {"no-data", "no-drift"} <= {f.code for f in found.findings}


def test_a_fault_of_the_export_is_printed_and_ends_with_2(company, home, tmp_path: Path):
    from predict.cli.app import app

    exports = tmp_path / "exports"
    shutil.copytree(company.exports, exports, ignore=shutil.ignore_patterns("truth"))
    leads = pd.read_csv(exports / "leads.csv", dtype=str, keep_default_na=False)
    leads["employees"] = [f"{float(e) * 1000:.0f}" if e else "" for e in leads["employees"]]
    leads.to_csv(exports / "leads.csv", index=False)
    said = CliRunner().invoke(
        app, ["monitor", str(exports / "definition.toml"), "--home", str(home.root)]
    )
    assert said.exit_code == 2, said.output
    assert "“employees” of the" in said.output and "1,000 times as large" in said.output
