"""Mutable columns come alive by the archive: a later training learns from them, scoring too."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from predict.crm.opening import open_crm
from predict.definition.schema import Definition
from predict.home import Home
from predict.jobs.scoring import Order, champion, score
from predict.jobs.training import train
from predict.registry.models import Registry

TEXT = """
name = "archived"
conversion = { stage = "won", within_days = 20 }
snapshots = { ages_days = [0, 15] }
money = { capacity_per_month = 30 }
[leads]
path = "leads.csv"
exported_at = "from-name"
lead_id = "id"
created_at = "created"
[leads.columns]
industry = "fixed"
status = "mutable"
[outcomes.stage]
path = "stages.csv"
lead_id = "id"
stage_column = "stage"
entered_at = "at"
"""
N = 700


def write(folder: Path, when: pd.Timestamp) -> Path:
    """Write the export of a day: the status is overwritten as leads go on."""
    rng = np.random.default_rng(7)
    created = pd.Timestamp("2023-07-01") + pd.to_timedelta(np.arange(N) * 12, unit="h")
    steel = rng.random(N) < 0.5
    won = rng.random(N) < np.where(steel, 0.5, 0.1)
    at = created + pd.to_timedelta(rng.uniform(1, 19, N), unit="D")
    warm = (created + pd.Timedelta(days=3) < when) & (won | (rng.random(N) < 0.2))
    leads = pd.DataFrame({"id": [f"{i:04d}" for i in range(N)], "created": created})
    leads["industry"] = np.where(steel, "Steel", "Paper")
    leads["status"] = np.where(won & (at < when), "won", np.where(warm, "warm", "new"))
    stages = pd.DataFrame({"id": leads["id"], "stage": "won", "at": at})[won & (at < when)]
    folder.mkdir()
    leads[created < when].to_csv(folder / "leads.csv", index=False)
    stages.to_csv(folder / "stages.csv", index=False)
    text = TEXT.replace('"from-name"', f"{when - pd.Timedelta(days=1):%Y-%m-%d}")
    (folder / "definition.toml").write_text(text)
    return folder / "definition.toml"


def test_the_second_training_learns_from_the_archive_and_scores_with_it(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    first = write(tmp_path / "a", pd.Timestamp("2024-05-01"))
    second = write(tmp_path / "b", pd.Timestamp("2024-08-01"))
    one = train(first, home)
    assert "left-out-mutable" in {f.code for f in one.findings}
    assert train(first, home).already  # the archive holds this very export now
    two = train(second, home)
    assert "archive" in {f.code for f in two.findings}
    assert train(second, home).already
    definition = Definition.read(second)
    Registry(home).promote("archived", two.version.number, "for this test")
    assert "status" in champion(definition, home)[1].full.columns_.names
    order = Order(tmp_path / "out", datetime(2024, 8, 1), reasons="none")
    found = score(second, home, order)
    assert found.manifest["rows"]["scored"] > 20
    # Elsewhere, without the archive, the columns that the model asks for are there all the same.
    crm = open_crm(definition, types={"status": "category", "industry": "category"})
    crm.close()
    assert {p.name for p in crm.profile} == {"status", "industry"}
