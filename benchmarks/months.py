"""Exports of a small company, month by month: for the monthly run, its kills and its tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

TEXT = """
name = "won-in-20-days"
conversion = { stage = "won", within_days = 20 }
snapshots = { ages_days = [0, 10] }
money = { capacity_per_month = 15 }
[leads]
path = "leads.csv"
exported_at = "EXPORTED"
lead_id = "id"
created_at = "created"
source = "source"
[leads.columns]
industry = "fixed"
[events.web]
path = "visits.csv"
lead_id = "id"
occurred_at = "at"
kind = "page_view"
by = "lead"
[outcomes.stage]
path = "stages.csv"
lead_id = "id"
stage_column = "stage"
entered_at = "at"
"""
#: Leads, one every half day from the first of July 2023 on: a year of them.
N = 720
FIRST, SECOND, THIRD = "2024-05-01", "2024-06-01", "2024-07-01"


def write_export(
    folder: Path, day: str, *, share: float = 1.0, silent: bool = False, seed: int = 7
) -> Path:
    """Write what the company exports on a day; return its definition.

    Parameters
    ----------
    folder : Path
        Made where absent; files in it are written over.
    day : str
        The export holds what happened before it.
    share : float
        Of the leads, which are in the export: for broken ones.
    silent : bool
        Whether what winners did is missing, as where their visits are filed under another id.
    seed : int
        Of the company.
    """
    rng = np.random.default_rng(seed)
    when = pd.Timestamp(day)
    created = pd.Timestamp("2023-07-01 09:00") + pd.to_timedelta(np.arange(N) * 12, unit="h")
    steel, fair = rng.random(N) < 0.4, rng.random(N) < 0.5
    eager = rng.poisson(np.where(steel, 2.5, 1.0))
    won = rng.random(N) < 1 / (1 + np.exp(3.4 - 2.0 * steel - 0.8 * eager))
    at = created + pd.to_timedelta(rng.uniform(2, 19, N), unit="D")
    leads = pd.DataFrame({"id": [f"{i:04d}" for i in range(N)], "created": created})
    leads["industry"] = np.where(steel, "Steel", "Paper")
    leads["source"] = np.where(fair, "fair", "web")
    visits = leads.loc[leads.index.repeat(eager), ["id", "created"]]
    hours = rng.uniform(-200, 40, len(visits))
    visits = pd.DataFrame({"id": visits["id"], "at": visits["created"]})
    visits["at"] += pd.to_timedelta(hours, unit="h")
    if silent:
        visits = visits[~visits["id"].isin(leads.loc[won, "id"])]
    stages = pd.DataFrame({"id": leads["id"], "stage": "won", "at": at})[won]
    kept = leads["id"].where(rng.random(N) < share).dropna() if share < 1 else leads["id"]
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"leads": (leads, "created"), "visits": (visits, "at"), "stages": (stages, "at")}
    for name, (table, moment) in tables.items():
        shown = table[(table[moment] < when) & table["id"].isin(kept)]
        shown.assign(**{moment: shown[moment].dt.floor("s")}).to_csv(
            folder / f"{name}.csv", index=False
        )
    text = TEXT.replace('"EXPORTED"', f"{when - pd.Timedelta(days=1):%Y-%m-%d}")
    (folder / "definition.toml").write_text(text, encoding="utf-8")
    return folder / "definition.toml"
