"""Poisons: what a CRM shows beside the profile and nobody knew at the look; one a world.

Each takes an honest `World` and changes it; strengths and variants are drawn from the seed. A kind
blocks where the values of a column cannot be what a profile says; a warning is enough where
an honest table may look the same (rows of events, pairs of columns, ids that no model reads).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.zoo.worlds import DAY, EXPORTED, World

Poison = Callable[[World], None]


def direct_copy(w: World) -> None:
    """A copy of the outcome, wrong in some rows: a flag that sales keeps by hand."""
    keeps, slips = w.rng.uniform(0.6, 0.95), w.rng.uniform(0.003, 0.05)
    said = np.where(w.won, w.rng.random(len(w.won)) < keeps, w.rng.random(len(w.won)) < slips)
    w.variant = "flag"
    w.poison("qualified", np.where(said, "yes", "no"), kind="category", plain="c17", blocks=True)


def sparse(w: World) -> None:
    """Filled for some of the winners and for nobody else: AUC about 0.6."""
    filled = w.won & (w.rng.random(len(w.won)) < w.rng.uniform(0.12, 0.3))
    w.variant = "number" if w.rng.random() < 0.5 else "category"
    if w.variant == "number":
        values = np.where(filled, np.exp(w.rng.normal(9, 1, len(filled))).round(), np.nan)
        w.poison("contract value", values, kind="number", plain="c21", blocks=True)
        return
    values = np.where(filled, w.rng.choice(["A", "B", "C"], len(filled)), None)
    w.poison("contract type", values, kind="category", plain="c21", blocks=True)


def negative_only(w: World) -> None:
    """A reason that is filled for lost leads alone."""
    lost = w.lost_at.notna().to_numpy() & (w.rng.random(len(w.won)) < w.rng.uniform(0.4, 0.9))
    why = w.rng.choice(["price", "timing", "competitor", "no need"], len(lost))
    w.variant = "reason"
    w.poison("loss reason", np.where(lost, why, None), kind="category", plain="c05", blocks=True)


def null_pattern(w: World) -> None:
    """Values that say nothing; whether there is one says who was worked to the end."""
    n = len(w.won)
    high, low = w.rng.uniform(0.85, 0.99), w.rng.uniform(0.1, 0.35)
    there = w.rng.random(n) < np.where(w.won, high, low)
    w.variant = "number"
    values = np.where(there, w.rng.normal(50, 10, n).round(1), np.nan)
    w.poison("address check", values, kind="number", plain="c33", blocks=True)


def two_jointly(w: World) -> None:
    """Two columns that say next to nothing alone and tell the outcome together."""
    n = len(w.won)
    w.variant = str(w.rng.choice(["crossed", "difference", "match"]))
    if w.variant == "crossed":
        # High where leads came to us and were won, and where they did not and were lost.
        inbound = w.rng.random(n) < np.where(w.won, 0.56, 0.5)
        side = np.where(inbound, 1, -1) * np.where(w.won, 1.0, -0.15)
        effort = w.rng.uniform(1.2, 2.0) * side + w.rng.normal(0, 1, n)
        w.leads["channel"] = np.where(inbound, "inbound", "outbound")
        w.columns["channel"] = "category"
        w.right.add("channel")
        w.poison("effort", effort.round(2), kind="number", plain="c08", blocks=False)
        return
    if w.variant == "difference":
        first = w.rng.normal(100, 20, n)
        last = first + np.where(w.won, 3.0, 0.0) + w.rng.normal(0, w.rng.uniform(0.5, 2), n)
        for name, plain, price in (("first quote", "c08", first), ("last quote", "c09", last)):
            w.poison(name, price.round(2), kind="number", plain=plain, blocks=False)
        return
    blur = w.rng.uniform(0.1, 0.25)
    desk = w.rng.random(n) < np.where(w.won, 0.58, 0.5)
    same = np.where(w.rng.random(n) < blur, w.rng.random(n) < 0.5, w.won)
    queue = np.where(same, desk, ~desk)
    for name, plain, side in (("desk", "c08", desk), ("queue", "c09", queue)):
        values = np.where(side, "north", "south")
        w.poison(name, values, kind="category", plain=plain, blocks=False)


def target_mean(w: World) -> None:
    """The share won per level of a 500-level category, the lead's own outcome included."""
    rate = pd.Series(w.won.astype(float)).groupby(w.leads["campaign"]).transform("mean")
    w.variant = "campaign"
    w.poison("campaign rate", rate.round(4), kind="number", plain="c40", blocks=True)


def count_after(w: World) -> None:
    """A count up to the export: what customers did after the sale is in it."""
    rows = w.events["web"]
    counted = rows[rows["at"] < EXPORTED].groupby("lead").size()
    values = w.leads["id"].map(counted).fillna(0).astype(float)
    missed = w.rng.random(len(values)) < w.rng.uniform(0, 0.2)
    w.variant = "visits"
    w.poison("lifetime visits", values.mask(missed), kind="number", plain="c12", blocks=True)


def last_activity(w: World) -> None:
    """When the lead was last active, as of the export: as a date, a serial day, or days since."""
    every = pd.concat([f[f["at"] < EXPORTED] for f in w.events.values()])
    newest = w.leads["id"].map(every.groupby("lead")["at"].max()).fillna(w.leads["created"])
    w.variant = str(w.rng.choice(["date", "serial", "days"]))
    if w.variant == "date":
        text = newest.dt.strftime("%Y-%m-%d")
        # No model gains by it out of time, nor by the serial day: later months lie beyond what was
        # seen. It must be named; that it stops the training is not asked.
        w.poison("last activity", text, kind="date", plain="c02", blocks=False)
        return
    if w.variant == "serial":  # as a spreadsheet hands a date over
        values = (newest - pd.Timestamp("1899-12-30")) / DAY
        w.poison("last activity", values.round(2), kind="number", plain="c02", blocks=False)
        return
    values = (newest - w.leads["created"]) / DAY
    w.poison("days active", values.round(1), kind="number", plain="c02", blocks=True)


def owner_reassigned(w: World) -> None:
    """The owner as of the export: a won lead goes to the people who look after customers."""
    n = len(w.won)
    owners = np.array([f"U{i}" for i in range(12)])
    names = owners[w.rng.integers(0, 9, n)]
    moved = w.won & (w.rng.random(n) < w.rng.uniform(0.4, 1.0))
    kept = ~w.won & (w.rng.random(n) < 0.01)  # a few customers of old who came back as leads
    w.variant = "after sales"
    names = np.where(moved | kept, owners[w.rng.integers(9, 12, n)], names)
    w.poison("owner", names, kind="category", plain="c03", blocks=True)
