"""The definitions in pipelines/ are read as they are; their files are looked for, if there."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from predict.definition.exports import Export
from predict.definition.schema import Definition

ROOT = Path(__file__).parents[2]
REAL = ["bpic2012", "bank", "olist"]
SHARED = ROOT.parent / "shared" / "data"


def _header(path: Path, delimiter: str) -> list[str]:
    unpack = gzip.open if path.suffix == ".gz" else open
    with unpack(path, "rt", encoding="utf-8") as text:
        return next(csv.reader(text, delimiter=delimiter))


@pytest.mark.parametrize("name", REAL)
def test_they_parse_and_survive_writing(name: str) -> None:
    d = Definition.read(ROOT / "pipelines" / f"{name}.toml")
    assert d.name == name
    assert d.folder == SHARED.resolve()
    again = Definition.parse(d.to_toml())
    assert again == d
    assert again.digest() == d.digest()
    assert d.not_built() == []


def test_bpic_keeps_outcomes_and_behaviour_apart() -> None:
    d = Definition.read(ROOT / "pipelines" / "bpic2012.toml")
    decision = d.outcomes["decision"]
    # Unmapped values would become a stage: the filter and the map must name the same.
    assert set(decision.where["activity"]) == set(decision.stages)
    assert set(decision.stages.values()) == set(d.closing_stages)
    assert {n: e.by for n, e in d.events.items()} == {"application": "lead", "work": "us"}


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_every_column_they_name_is_there(name: str) -> None:
    if not SHARED.exists():
        pytest.skip("the real exports are not at ../shared/data")
    d = Definition.read(ROOT / "pipelines" / f"{name}.toml")
    keys = ("lead_id", "created_at", "source", "occurred_at", "kind_column", "asset")
    keys += ("entered_at", "stage_column", "outcome_column")
    for where, table in d.tables():
        assert isinstance(table, Export)
        for path in table.paths:
            header = _header(d.folder / path, table.delimiter or ",")
            named = [getattr(table, key, None) for key in keys]
            named += [*table.where, *getattr(table, "columns", {})]
            assert {n for n in named if n} <= set(header), (where, path)


@pytest.mark.shared
def test_bank_declares_every_column() -> None:
    if not SHARED.exists():
        pytest.skip("the real exports are not at ../shared/data")
    leads = Definition.read(ROOT / "pipelines" / "bank.toml").leads
    header = _header(SHARED / "bank" / "contacts.csv", ";")
    assert set(header) == {*leads.columns, leads.lead_id, leads.created_at, leads.outcome_column}
    assert leads.of_class("hindsight") == ("duration",)
