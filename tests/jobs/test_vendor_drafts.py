"""Exports of two vendors, from the files to scored leads, on the definition that init drafts."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

from predict.cli.app import main
from predict.crm.opening import open_crm
from predict.definition.schema import Definition
from predict.demo.company import write_company
from predict.findings import blocking
from predict.history.building import build_dataset
from predict.history.dataset import Dataset
from predict.jobs.beginning import begin

#: Columns of the clean shape by their names in the other.
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


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One company in three shapes, with a drafted definition beside two of them."""
    home = tmp_path_factory.mktemp("vendors")
    for shape in ("clean", "salesforce", "hubspot"):
        write_company(home / shape, leads=1_000, seed=6, shape=shape)
        if shape != "clean":
            begin([home / shape], home / shape / "my.toml")
    return home


def dataset(definition: Definition) -> Dataset:
    crm = open_crm(definition)
    try:
        assert not blocking(crm.findings), [f.sentence for f in blocking(crm.findings)]
        return build_dataset(crm)
    finally:
        crm.close()


def test_features_of_the_draft_are_those_of_the_clean_shape(shapes: Path) -> None:
    clean = dataset(Definition.read(shapes / "clean" / "definition.toml"))
    drafted = dataset(Definition.read(shapes / "salesforce" / "my.toml"))
    leads = pd.read_csv(shapes / "salesforce" / "Lead.csv", dtype=str)
    ours = pd.read_csv(shapes / "clean" / "leads.csv", dtype=str).lead_id
    names = dict(zip(leads[leads.IsDeleted == "false"].Id, ours, strict=True))

    def keyed(data: Dataset, ids: pd.Series) -> pd.DataFrame:
        return data.X.set_index(pd.MultiIndex.from_arrays([ids, data.as_of]))

    theirs = keyed(drafted, drafted.keys.lead_id.map(names)).rename(columns=NAMES)
    theirs.columns = [c.replace("Pages", "pages").replace("Seconds", "seconds") for c in theirs]
    mine = keyed(clean, clean.keys.lead_id)
    # The draft takes customers for no leads; all other looks are there.
    assert theirs.index.isin(mine.index).all()
    assert len(theirs) > 0.95 * len(mine)
    both = [c for c in mine if c in theirs]
    assert set(mine) - set(theirs) == {"campaign"} and len(both) > 100
    pd.testing.assert_frame_equal(theirs[both], mine.loc[theirs.index, both], check_names=False)


def test_without_the_contact_link_check_refuses_and_names_the_column(
    shapes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (shapes / "salesforce" / "my.toml").read_text(encoding="utf-8")
    text = text.replace('["lead", "contact"]', '"lead"')
    text = re.sub(r"\[(?:links|people)\.contact\]\n(?:[^\n]+\n)+", "", text)
    unlinked = shapes / "salesforce" / "unlinked.toml"
    unlinked.write_text(text, encoding="utf-8")
    assert run(monkeypatch, "check", unlinked, "--quick") == 2
    said = capsys.readouterr().out
    assert "WhoId" in said and "003" in said


@pytest.mark.parametrize("shape", ["salesforce", "hubspot"])
def test_a_draft_trains_and_scores_without_editing_a_line(
    shapes: Path, shape: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shapes / shape
    assert (folder / "first_look.html").stat().st_size > 20_000
    home = folder / "home"
    assert run(monkeypatch, "check", folder / "my.toml", "--quick") == 0  # training audits it
    assert run(monkeypatch, "train", folder / "my.toml", "--home", home) == 0
    assert "is the first model in use" in capsys.readouterr().out
    asked = ["--definition", folder / "my.toml", "--to", folder / "open", "--home", home]
    assert run(monkeypatch, "score", "--open", *asked, "--as-of", "2026-07-01") == 0
    scored = pd.read_parquet(folder / "open" / "scored.parquet")
    assert scored.status.isin(["scored", "suppressed"]).all()
    assert (scored.status == "scored").sum() > 100
    assert (scored.basis == "full").all()


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["predict", *map(str, arguments)])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0
