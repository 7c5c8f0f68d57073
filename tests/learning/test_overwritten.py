"""Columns filled in later: an earlier archived export tells, and so do the young leads."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import predict as pr
from predict.crm.archive import archive_export
from predict.crm.opening import open_crm
from predict.definition.schema import Definition
from predict.learning.leakage.audit import Audit

TEXT = """
name = "twice"
conversion = { stage = "won", within_days = 60 }
snapshots = { ages_days = [0] }
[leads]
path = "leads.csv"
exported_at = DAY
lead_id = "Mail"
created_at = "Created"
owner = "Owner"
[leads.columns]
Industry = "fixed"
Owner = "fixed"
Contact = "fixed"
Size = "fixed"
Since = "fixed"
Handover = "fixed"
Visits = "fixed"
Late = "fixed"
Phone = "personal"
Status = "mutable"
[outcomes.stage]
path = "stages.csv"
lead_id = "Mail"
stage_column = "stage"
entered_at = "at"
[audit.allow.Industri]
reason = "asked on the form"
by = "A. Muster"
until = 2030-12-31
"""
N = 1_800
THEN, NOW = pd.Timestamp("2024-04-01"), pd.Timestamp("2024-07-01")


def export(folder: Path, when: pd.Timestamp, *, notation: int = 0) -> Definition:
    """Write the export of a day; ``notation`` is how numbers and dates are written."""
    rng = np.random.default_rng(11)
    created = pd.Timestamp("2023-07-01") + pd.to_timedelta(np.arange(N) * 4.8, unit="h")
    won = rng.random(N) < 0.25
    at = created + pd.to_timedelta(rng.uniform(1, 55, N), unit="D")
    there, is_won = created < when, won & (at < when)
    old = created + pd.Timedelta(days=50) < when
    size, since = (
        rng.integers(1, 900, N),
        pd.Timestamp("2000-01-01") + pd.to_timedelta(rng.integers(0, 7_000, N), unit="D"),
    )
    call = rng.random(N) < 0.1
    told = rng.random(N)
    data = pd.DataFrame(
        {
            "Mail": [f"Lead{i:04d}@firm.example" for i in range(N)],
            "Created": created.strftime("%Y-%m-%d %H:%M:%S"),
            "Owner": rng.choice(["Ann Lee", "Bo Ek", "Cy Day"], N),
            "Industry": rng.choice(["Steel", "Paper", "Glass"], N),
            "Contact": np.where(call, "jo@firm.example", rng.choice(["mail", "post"], N)),
            "Size": size if not notation else size.astype(float),
            "Since": since.strftime("%Y-%m-%d" if not notation else "%d.%m.%Y"),
            "Handover": np.where(is_won & (told < 0.8), "sent", ""),
            "Visits": np.where(old & (told < 0.6), "2", "1"),
            "Late": np.where(old & (told < 0.9), rng.integers(1, 9, N).astype(str), ""),
            "Phone": [f"+49 30 {i:07d}" for i in rng.integers(0, 9_999_999, N)],
            "Status": np.where(is_won, "closed", "open"),
            "Undeclared": np.where(is_won & (told > 0.2), "x", ""),
        }
    )
    folder.mkdir()
    data[there].to_csv(folder / "leads.csv", index=False)
    stages = pd.DataFrame({"Mail": data["Mail"], "stage": "won", "at": at})[is_won]
    stages.to_csv(folder / "stages.csv", index=False)
    (folder / "definition.toml").write_text(TEXT.replace("DAY", f"{when:%Y-%m-%d}"))
    return Definition.read(folder / "definition.toml")


@pytest.fixture(scope="module")
def audits(tmp_path_factory) -> tuple[Audit, Audit]:
    """Return the audit of the later export, without and with the earlier one in the archive."""
    root = tmp_path_factory.mktemp("twice")
    with closing(open_crm(export(root / "then", THEN))) as crm:
        archive_export(root / "archive", crm)
    with closing(open_crm(export(root / "now", NOW, notation=1))) as crm:
        data = pr.build_dataset(crm)
        alone = pr.audit(data, crm=crm, quick=True)
        both = pr.audit(data, crm=crm, archive=root / "archive", quick=True)
    return alone, both


def told(audit: Audit, rule: str) -> dict[str, str]:
    frame = audit.frame()
    mine = frame[frame["rule"] == rule]
    return dict(zip(mine["column"], mine["severity"], strict=True))


def test_values_written_as_leads_convert_are_told_by_two_exports(audits):
    found = told(audits[1], "leak-exports")
    assert found["Handover"] == found["Undeclared"] == "block"
    # It changes as leads grow old, whoever converts.
    assert found["Visits"] == "warn"


def test_what_the_archive_hashed_or_emptied_has_not_changed(audits):
    """Owner is hashed, addresses in Contact are empty, ids are hashed; notations differ."""
    found = told(audits[1], "leak-exports")
    honest = ("Owner", "Contact", "Industry", "Size", "Since")
    assert [found[c] for c in honest] == ["fine"] * 5
    # Neither learned from nor said to stay as they are.
    assert not {"Phone", "Status"} & set(found)


def test_without_an_earlier_export_the_rule_says_that_it_does_not_apply(audits):
    assert told(audits[0], "leak-exports") == {"all columns": "not applicable"}


def test_columns_that_young_leads_lack_are_told(audits):
    found = told(audits[0], "leak-freshness")
    assert found.pop("Late") == "warn"
    found = {c: s for c, s in found.items() if c not in ("Handover", "Undeclared")}
    assert set(found.values()) == {"fine"}
    assert {"Owner", "Industry", "Contact", "Visits"} <= set(found)


def test_an_allowance_of_a_column_that_is_not_there_is_told(audits):
    (found,) = [f for f in audits[0].findings if f.code == "leak-allow"]
    assert (found.severity, found.subject) == ("warn", "Industri")
    assert "Did you mean “Industry”?" in found.sentence


def test_a_column_that_the_archive_does_not_hold_is_not_judged(tmp_path):
    with closing(open_crm(export(tmp_path / "then", THEN))) as crm:
        folder = archive_export(tmp_path / "archive", crm)
    assert folder.is_dir()
    definition = export(tmp_path / "now", NOW)
    path = tmp_path / "now" / "leads.csv"
    pd.read_csv(path, dtype=str).rename(columns={"Handover": "New"}).to_csv(path, index=False)
    text = (tmp_path / "now" / "definition.toml").read_text().replace("Handover", "New")
    (tmp_path / "now" / "definition.toml").write_text(text)
    definition = Definition.read(tmp_path / "now" / "definition.toml")
    with closing(open_crm(definition)) as crm:
        data = pr.build_dataset(crm)
        found = pr.audit(data, crm=crm, archive=tmp_path / "archive", quick=True)
    assert told(found, "leak-exports")["New"] == "not applicable"
