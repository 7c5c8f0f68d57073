from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq

from predict.definition.schema import Definition
from predict.demo.calendar import Calendar
from predict.demo.definition_text import definition_text
from predict.demo.incoming import VISITOR_HEADERS

PIPELINES = Path(__file__).parents[2] / "pipelines"


def headers(path: Path) -> set[str]:
    with path.open(encoding="utf-8", newline="") as handle:
        return set(next(csv.reader(handle)))


def test_the_pipeline_is_the_generated_text() -> None:
    """To renew it: write definition_text(Calendar(), "../data/demo/") to pipelines/demo.toml."""
    text = (PIPELINES / "demo.toml").read_text(encoding="utf-8")
    assert text == definition_text(Calendar(), "../data/demo/")


def test_beside_the_data_it_means_the_same(folder: Path) -> None:
    beside = Definition.read(folder / "definition.toml")
    assert beside.digest() == Definition.read(PIPELINES / "demo.toml").digest()
    assert beside.folder == folder


def test_it_maps_every_column_of_the_leads(folder: Path) -> None:
    leads = Definition.read(folder / "definition.toml").leads
    roles = {leads.lead_id, leads.created_at, leads.account_id, leads.source}
    roles |= {leads.campaign, leads.list, leads.owner}
    assert roles | set(leads.columns) == headers(folder / "leads.csv")
    assert not roles & set(leads.columns)
    assert headers(folder / "new_leads.csv") == headers(folder / "leads.csv")


def test_the_other_tables_have_the_columns_it_names(folder: Path) -> None:
    definition = Definition.read(folder / "definition.toml")
    account = definition.related["account"]
    assert {account.their_key, *account.columns} <= headers(folder / "accounts.csv")
    web, task = definition.events["activity"], definition.events["task"]
    activity = set(pq.read_schema(folder / "events.parquet").names)
    assert {web.lead_id, web.occurred_at, web.kind_column, web.asset, *web.values} == activity
    named = {task.lead_id, task.occurred_at, task.kind_column, *task.values}
    assert named <= headers(folder / "tasks.csv")
    stage = definition.outcomes["stage"]
    named = {stage.lead_id, stage.stage_column, stage.entered_at, stage.amount, stage.reason}
    assert named == headers(folder / "stages.csv")
    assert definition.suppression is not None
    assert definition.suppression.lead_id in headers(folder / "do-not-contact.csv")


def test_kinds_have_words(folder: Path) -> None:
    kinds = set(pq.read_table(folder / "events.parquet", columns=["kind"])["kind"].to_pylist())
    assert kinds | {"call", "email"} == set(Definition.read(folder / "definition.toml").words)


def test_the_organisers_headers_are_mapped(folder: Path) -> None:
    mapped = Definition.read(folder / "definition.toml").lists["trade_show"]
    assert dict(mapped) == {theirs: ours for ours, theirs in VISITOR_HEADERS.items()}
    assert headers(folder / "trade_show.csv") == set(mapped)
