from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from predict.demo.company import write_company
from predict.demo.shape import NAMES
from predict.demo.simulation import BLOCK, Block, Company
from predict.demo.truth import HORIZON_DAYS
from predict.errors import PredictError
from predict.publish import files_in


@pytest.mark.parametrize("shape", NAMES)
def test_same_seed_same_bytes_another_seed_others(tmp_path: Path, shape: str) -> None:
    write_company(tmp_path / "a", leads=500, seed=1, shape=shape)
    write_company(tmp_path / "b", leads=500, seed=1, shape=shape)
    write_company(tmp_path / "c", leads=500, seed=2, shape=shape)
    a, b, c = (files_in(tmp_path / name) for name in "abc")
    assert a == b
    seeded = set(a) - {"definition.toml", "truth/drivers.json"}
    assert all(a[name] != c[name] for name in seeded)


def test_a_shape_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PredictError, match="no such shape"):
        write_company(tmp_path / "demo", leads=200, shape="sap")
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("shape", NAMES)
def test_a_small_company_has_every_file_in_every_shape(tmp_path: Path, shape: str) -> None:
    counts = write_company(tmp_path / "demo", leads=100, shape=shape)
    for name, rows in counts.items():
        path = next(p for p in (tmp_path / "demo").rglob("*.*") if p.stem == name)
        read = pd.read_parquet if path.suffix == ".parquet" else pd.read_csv
        assert len(read(path)) == rows, name


@pytest.mark.parametrize("shape", NAMES)
def test_blocks_do_not_show_in_the_files(tmp_path: Path, shape: str) -> None:
    """Ids are unique over blocks, and the definition reads what several blocks have written."""
    home = tmp_path / "demo"
    write_company(home, leads=BLOCK + 200, seed=3, shape=shape)
    for path in home.glob("*.csv"):
        table = pd.read_csv(path, dtype=str)
        for key in ("Id", "Record ID"):
            if key in table and path.stem != "new_leads":
                assert table[key].is_unique, path.name


def test_a_block_drawn_alone_is_the_block_of_the_whole() -> None:
    company = Company(BLOCK * 2 + 300, seed=5)
    accounts = company.accounts()
    whole = list(company.blocks(accounts))
    assert [len(block.leads) for block in whole] == [BLOCK, BLOCK, 300]
    for place in (2, 0):
        alone = company.block(place, accounts)
        for part in ("leads", "events", "tasks", "truth", "deals", "traps", "path"):
            left, right = getattr(alone, part), getattr(whole[place], part)
            for name in left.__dataclass_fields__:
                expected = getattr(right, name)
                actual = getattr(left, name)
                if expected.dtype == object:
                    assert actual.tolist() == expected.tolist()
                else:
                    np.testing.assert_array_equal(actual, expected, err_msg=f"{part}.{name}")


def test_a_complete_folder_is_left_untouched(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    first = write_company(home, leads=200)
    stamp = (home / "leads.csv").stat().st_mtime_ns
    assert write_company(home, leads=200) == first
    assert (home / "leads.csv").stat().st_mtime_ns == stamp
    with pytest.raises(PredictError, match="other inputs"):
        write_company(home, leads=201)


@pytest.mark.parametrize(
    ("leads", "seed", "said"), [(99, 1, "nothing to show"), (200, -1, "whole number from 0")]
)
def test_senseless_sizes_are_refused(tmp_path: Path, leads: int, seed: int, said: str) -> None:
    with pytest.raises(PredictError, match=said):
        write_company(tmp_path / "demo", leads=leads, seed=seed)
    assert not (tmp_path / "demo").exists()


def test_counts_are_the_rows_written(tmp_path: Path) -> None:
    told: list[int] = []
    counts = write_company(tmp_path / "demo", leads=300, progress=told.append)
    assert told == [300]
    for name, rows in counts.items():
        path = next(p for p in (tmp_path / "demo").rglob("*.*") if p.stem == name)
        read = pd.read_parquet if path.suffix == ".parquet" else pd.read_csv
        assert len(read(path)) == rows, name


def test_the_history_ends_where_it_is_told_to(tmp_path: Path) -> None:
    write_company(tmp_path / "demo", leads=400, until=date(2025, 12, 31))
    leads = pd.read_csv(tmp_path / "demo" / "leads.csv", parse_dates=["created_at"])
    assert leads.created_at.min() >= pd.Timestamp("2024-07-01")
    assert leads.created_at.max() < pd.Timestamp("2026-01-01")
    text = (tmp_path / "demo" / "definition.toml").read_text()
    assert "exported_at = 2025-12-31" in text
    assert "covers_from = 2023-07-01" in text


def test_nothing_is_dated_after_the_export(folder: Path) -> None:
    export = pd.Timestamp("2026-07-01")
    dated = {
        "leads.csv": ["created_at", "last_activity_at"],
        "tasks.csv": ["occurred_at"],
        "stages.csv": ["entered_at"],
        "new_leads.csv": ["created_at", "last_activity_at"],
    }
    for name, columns in dated.items():
        table = pd.read_csv(folder / name, parse_dates=columns)
        for column in columns:
            assert table[column].max() < export, (name, column)
    assert pd.read_parquet(folder / "events.parquet").occurred_at.max() < export
    assert pd.read_parquet(folder / "truth" / "truth.parquet").as_of.max() < export


def test_young_leads_are_not_yet_judged(folder: Path) -> None:
    """The export cannot show the outcome of leads that came in its last 90 days; truth can."""
    truth = pd.read_parquet(folder / "truth" / "truth.parquet")
    stages = pd.read_csv(folder / "stages.csv", parse_dates=["entered_at"])
    shown = stages[stages.stage == "opportunity"].set_index("lead_id").entered_at
    due = truth.as_of + pd.Timedelta(days=HORIZON_DAYS)
    at = truth.lead_id.map(shown)
    by_export = (at >= truth.as_of) & (at < due)
    matured = due <= pd.Timestamp("2026-07-01")
    assert (by_export == truth.converted)[matured].all()
    assert truth.converted[~matured].sum() > by_export[~matured].sum() > 0


def test_truth_stays_out_of_the_export(folder: Path) -> None:
    assert {p.name for p in (folder / "truth").iterdir()} == {"truth.parquet", "drivers.json"}
    assert "truth/" not in (folder / "definition.toml").read_text()
    told = {"probability", "probability_profile", "converted", "state", "fit", "intent"}
    for path in folder.iterdir():
        if path.suffix in {".csv", ".parquet"}:
            read = pd.read_parquet if path.suffix == ".parquet" else pd.read_csv
            assert not told & set(read(path).columns), path.name
    json.loads((folder / "truth" / "drivers.json").read_text())


def test_rates_and_shares_are_as_documented(folder: Path) -> None:
    leads = pd.read_csv(folder / "leads.csv", dtype=str)
    truth = pd.read_parquet(folder / "truth" / "truth.parquet")
    first = truth[truth.age_days == 0]
    assert len(first) == len(leads)
    assert 0.07 <= first.converted.mean() <= 0.10
    assert leads.employees.isna().mean() == pytest.approx(0.20, abs=0.02)
    assert leads.job_title.isna().mean() == pytest.approx(0.08, abs=0.015)
    assert leads.account_id.isna().mean() == pytest.approx(0.14, abs=0.02)
    assert leads.account_id.dropna().duplicated().mean() > 0.2
    assert leads.job_title.nunique() > 80
    assert leads.lead_id.is_unique
    assert leads.created_at.is_monotonic_increasing


def test_the_world_changes_under_the_model(blocks: list[Block]) -> None:
    """A new campaign half-way, a lower base rate, and partner leads that get worse."""
    early, late = blocks[0], blocks[-1]
    for block, most in ((early, 2), (late, 3)):
        assert block.leads.campaign.max() == most
    rate = [
        float(np.mean(block.truth.probability_profile[block.truth.age_days == 0]))
        for block in (early, late)
    ]
    assert 0.6 < rate[1] / rate[0] < 0.95
    partner = [
        float(
            np.mean(
                block.truth.probability_profile[
                    (block.truth.age_days == 0) & (block.leads.source[block.truth.row] == 2)
                ]
            )
        )
        for block in (early, late)
    ]
    assert partner[1] / partner[0] < 0.6
