"""Small exports in files, random but known, for first looks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from predict.crm.opening import open_crm
from predict.crm.tables import Crm
from predict.definition.schema import Definition

BEGIN = pd.Timestamp("2025-01-01")
EXPORTED = pd.Timestamp("2026-01-01")
TEXT = """
name = "small"
time_zone = "{zone}"
[conversion]
stage = "won"
within_days = 60
lost_stages = ["lost"]
export_lag_days = {lag}
[leads]
path = "leads.csv"
exported_at = 2026-01-01T00:00:00
lead_id = "id"
created_at = "created"
source = "source"
[leads.columns]
industry = "fixed"
name = "personal"
verdict = "hindsight"
[events.web]
path = "web.csv"
lead_id = "lead"
occurred_at = "at"
kind_column = "kind"
by = "lead"
[outcomes.stage]
path = "stages.csv"
lead_id = "lead"
stage_column = "stage"
entered_at = "at"
"""


@dataclass(frozen=True)
class Small:
    """Frames as they stand in the files."""

    leads: pd.DataFrame
    web: pd.DataFrame
    stages: pd.DataFrame
    text: str

    def open(self, folder: Path) -> Crm:
        for name in ("leads", "web", "stages"):
            getattr(self, name).to_csv(folder / f"{name}.csv", index=False)
        return open_crm(Definition.parse(self.text, folder=folder))


def small(
    seed: int, leads: int = 600, *, lag: float = 0, zone: str = "UTC", share: float = 0.4
) -> Small:
    """Return a company in which all columns but ``verdict``, ``filled`` and ``touched`` are noise.

    ``verdict`` is "good" for nine winners in ten and nobody else, ``filled`` has a value for
    winners only, ``touched`` is a date after the creation; ``note`` holds names.
    """
    rng = np.random.default_rng(seed)
    minutes = np.sort(rng.integers(0, 365 * 24 * 60, leads))
    created = BEGIN + pd.to_timedelta(minutes, unit="min")
    delay = pd.to_timedelta((rng.gamma(1.2, 30.0, leads) * 86_400).astype(int), unit="s")
    delay = pd.Series(delay).where(rng.random(leads) > 0.02, pd.Timedelta(0)).to_numpy()
    wins = rng.random(leads) < share
    at = created + pd.to_timedelta(delay)
    ids = [f"L{i:05d}" for i in range(leads)]
    table = pd.DataFrame({"id": ids, "created": created})
    for column, values in (
        ("source", ["web", "fair", "referral"]),
        ("industry", ["metal", "wood", "glass", "paper"]),
        ("hidden", [f"v{i}" for i in range(12)]),
    ):
        table[column] = rng.choice(values, leads)
    table["size"] = rng.integers(1, 900, leads)
    table["name"] = "Somebody"
    table["note"] = rng.choice(["Anna Muster", "Otto Beispiel"], leads)
    told = wins & (rng.random(leads) < 0.9)
    table["verdict"] = np.where(told, "good", rng.choice(["bad", "open"], leads))
    table["filled"] = np.where(wins, "yes", "")
    table["touched"] = (created + pd.Timedelta(days=20)).strftime("%Y-%m-%d %H:%M:%S")
    stages = pd.DataFrame({"lead": ids, "stage": "won", "at": at})[wins]
    # Some enter twice, some are lost first; later rows must not matter.
    again = stages.sample(frac=0.2, random_state=seed).assign(
        at=lambda d: d["at"] + pd.Timedelta(days=5)
    )
    lost = pd.DataFrame({"lead": ids, "stage": "lost", "at": created + pd.Timedelta(days=90)})
    lost = lost[~wins].sample(frac=0.5, random_state=seed)
    stages = pd.concat([stages, again, lost], ignore_index=True)
    web = pd.DataFrame(
        {
            "lead": rng.choice(ids, 2 * leads),
            "at": BEGIN + pd.to_timedelta(rng.integers(0, 365 * 24 * 60, 2 * leads), unit="min"),
            "kind": rng.choice(["page", "form"], 2 * leads),
        }
    )
    return Small(table, web, stages, TEXT.format(lag=lag, zone=zone))
