"""The archive of exports as a history: what a column held at each export, known from then on."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from predict.crm.archive import archive_export
from predict.crm.opening import open_crm
from predict.crm.tables import Crm
from predict.definition.schema import Definition
from predict.history.building import build_dataset

DAY = pd.Timedelta(days=1)
TEXT = """
name = "archive"
conversion = { stage = "won", within_days = 10 }
snapshots = { ages_days = [0, 7, 21] }
[leads]
path = "leads.csv"
exported_at = EXPORTED
lead_id = "id"
created_at = "created"
account_id = "account"
[leads.columns]
industry = "fixed"
status = "mutable"
views = { class = "mutable", type = "number" }
[related.account]
path = "accounts.csv"
key = "account"
[related.account.columns]
tier = "mutable"
[outcomes.stage]
path = "stages.csv"
lead_id = "id"
stage_column = "stage"
entered_at = "at"
"""
N = 40
#: Ends of the days on which exports were made; the last one is not archived.
EXPORTS = [pd.Timestamp(f"2024-0{m}-01") for m in (2, 3, 4, 6)]
Exports = tuple[Path, list[dict[str, Any]]]


def definition(folder: Path, when: pd.Timestamp, *, zipped: bool = False) -> Definition:
    text = TEXT.replace("EXPORTED", f"{when - DAY:%Y-%m-%d}")
    text = text.replace('"leads.csv"', '"all.zip::leads.csv"') if zipped else text
    return Definition.parse(text, folder=folder)


def write(folder: Path, when: pd.Timestamp, seed: int, *, zipped: bool) -> dict[str, Any]:
    """Write an export and return what it holds, by id."""
    rng = np.random.default_rng(seed)
    created = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N) * 3, unit="D")
    leads = pd.DataFrame({"id": [f"{i:02d}" for i in range(N)], "created": created})
    leads["account"] = np.resize(["A", "B", ""], N)
    leads["industry"] = np.resize(["Steel", "Paper", "Wood", "Steel"], N)
    leads["status"] = rng.choice(["new", "working", ""], N)
    leads["views"] = rng.choice(["1", "20.5", ""], N)
    leads = leads[leads["created"] < when]
    accounts = pd.DataFrame({"Id": ["A", "B"], "tier": rng.choice(["gold", "tin"], 2)})
    stages = pd.DataFrame({"id": ["05", "06"], "stage": "won", "at": "2024-02-20 10:00"})
    folder.mkdir(parents=True)
    leads.to_csv(folder / "leads.csv", index=False)
    accounts.to_csv(folder / "accounts.csv", index=False)
    stages.to_csv(folder / "stages.csv", index=False)
    if zipped:
        with zipfile.ZipFile(folder / "all.zip", "w") as archive:
            archive.write(folder / "leads.csv", "leads.csv")
    held: dict[str, Any] = leads.set_index("id")[["status", "views"]].to_dict("index")
    return held | accounts.set_index("Id").to_dict("index")


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    """Return a folder with the newest export and an archive of the others; and what all held."""
    held = []
    for i, when in enumerate(EXPORTS):
        folder = tmp_path / f"{i}"
        held.append(write(folder, when, i, zipped=i == 1))
        crm = open_crm(definition(folder, when, zipped=i == 1))
        assert "status" not in [p.name for p in crm.profile]
        if i < len(EXPORTS) - 1:
            archive_export(tmp_path / "archive", crm)
        crm.close()
    return tmp_path, held


def opened(folder: Path, **changes: Any) -> Crm:
    newest = str(len(EXPORTS) - 1)
    given = {"archive": folder / "archive"} | changes
    return open_crm(definition(folder / newest, EXPORTS[-1]), **given)


def test_values_are_those_of_the_newest_export_before_each_look(exports: Exports) -> None:
    folder, held = exports
    crm = opened(folder)
    try:
        data = build_dataset(crm)
    finally:
        crm.close()
    account = dict(zip([f"{i:02d}" for i in range(N)], np.resize(["A", "B", ""], N), strict=True))
    for i, (lead, as_of) in enumerate(zip(data.keys["lead_id"], data.as_of, strict=True)):
        made = [n for n, when in enumerate(EXPORTS) if when <= as_of]
        seen = [held[n][lead] for n in made if lead in held[n]]
        tiers = [held[n][account[lead]]["tier"] for n in made if account[lead]]
        status = seen[-1]["status"] or None if seen else None
        views = float(seen[-1]["views"] or "nan") if seen else np.nan
        found = data.X.iloc[i]
        assert found["status"] == status
        assert found["account.tier"] == (tiers[-1] if tiers else None)
        np.testing.assert_equal(found["views"], views)
    assert data.X["status"].notna().sum() > 10 and data.X["views"].nunique() == 2
    assert EXPORTS[1] in set(data.as_of)  # a look at the very moment of an export knows it
    assert "left-out-mutable" not in set(crm.check()["code"])


def test_what_this_export_holds_changes_no_look_before_it(exports: Exports) -> None:
    folder, _ = exports
    crm = opened(folder)
    before = build_dataset(crm)
    crm.close()
    path = folder / str(len(EXPORTS) - 1) / "leads.csv"
    leads = pd.read_csv(path, dtype=str)
    leads.assign(status="won", views="9").to_csv(path, index=False)
    crm = opened(folder)
    after = build_dataset(crm)
    crm.close()
    pd.testing.assert_frame_equal(after.X, before.X, check_exact=True)


def test_a_young_archive_unlocks_nothing_yet_and_says_when(exports: Exports) -> None:
    folder, _ = exports
    for old in sorted((folder / "archive" / "archive").iterdir())[:-1]:
        old.rename(folder / old.name)
    young = definition(folder / "3", pd.Timestamp("2024-04-05"))
    crm = open_crm(young, archive=folder / "archive")
    crm.close()
    said = crm.check().set_index("code")["sentence"]["left-out-mutable"]
    assert "status, views, account.tier" in said and "2024-04-11" in said
    assert {p.name for p in crm.profile} == {"industry"}
    assert not [c for c in crm.leads.columns if "status" in c]
    # A model that learned from them is given them all the same: what is known is known now.
    crm = open_crm(young, types={"status": "category"})
    crm.close()
    assert {p.name for p in crm.profile} == {"industry", "status"}


def test_an_altered_archive_is_left_aside_and_told(exports: Exports) -> None:
    folder, _ = exports
    first = sorted((folder / "archive" / "archive").iterdir())[0]
    path = next(first.glob("*leads.parquet"))
    pd.read_parquet(path).assign(status="planted").to_parquet(path)
    crm = opened(folder)
    try:
        data = build_dataset(crm)
    finally:
        crm.close()
    assert "planted" not in set(data.X["status"])
    assert crm.check()["code"].eq("archive-unread").sum() == 1
    assert {s["table"].split()[-1] for s in crm.archived} == {"leads", "related.account"}


def test_insisted_columns_stop_a_run_until_a_history_tells(exports: Exports) -> None:
    folder, _ = exports
    text = TEXT.replace("EXPORTED", f"{EXPORTS[-1] - DAY:%Y-%m-%d}")
    text = text.replace('status = "mutable"', 'status = { class = "mutable", insist = true }')
    insisting = Definition.parse(text, folder=folder / "3")
    for archive, blocks in ((None, 1), (folder / "archive", 0)):
        crm = open_crm(insisting, archive=archive)
        crm.close()
        found = crm.check()
        assert (found["severity"] == "block").sum() == blocks
        assert found["code"].eq("insisted-history").sum() == blocks
