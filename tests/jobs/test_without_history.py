"""Exports without a history of changes: what may have been overwritten never trains."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from predict.crm.opening import open_crm
from predict.definition.schema import Definition
from predict.demo.company import write_company
from predict.history.building import build_dataset
from predict.history.first_look import look
from predict.jobs.beginning import begin

#: Which files are handed over, what they can be told to overwrite, and what would tell.
SHAPES = {
    "salesforce": ("*.csv", ("Title", "NumberOfEmployees"), "LeadHistory"),
    "hubspot": ("*contacts*.csv", ("Job Title",), "Property history of contacts"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_may_be_overwritten_is_left_out_and_its_history_asked_for(
    shape: str, tmp_path: Path
) -> None:
    pattern, overwritten, history = SHAPES[shape]
    write_company(tmp_path / "all", leads=1_200, seed=6, shape=shape)
    given = tmp_path / "given"
    given.mkdir()
    for file in (tmp_path / "all").glob(pattern):
        if file.name != "LeadHistory.csv":
            shutil.copy(file, given)
    begun = begin([given], given / "my.toml")
    definition = Definition.read(begun.path)
    mutable = definition.leads.of_class("mutable")
    assert set(overwritten) <= set(mutable)
    crm = open_crm(definition)
    try:
        used = set(build_dataset(crm).X)
        asked = {one.export: one.columns for one in look(crm).unlocks}
    finally:
        crm.close()
    assert not used & set(mutable)
    assert set(overwritten) <= set(asked[history])
    assert begun.page is not None and history in begun.page.read_text(encoding="utf-8")
