"""Contests of two simulated models, and in what share of them the gate promotes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.contests import MONTHS, Pair, contest, true_gain
from benchmarks.refits import refits
from predict.learning.comparison import Comparison
from predict.learning.gate import Margins, decided
from predict.learning.verdict import Lane

SIZES = (1_000, 4_000, 20_000)
BOTH: tuple[Lane, ...] = ("challenge", "refresh")
ALL: tuple[Lane, ...] = (*BOTH, "first")


@dataclass(frozen=True)
class Scenario:
    """A question to the gate.

    Parameters
    ----------
    name : str
        What the challenger is.
    pair : Pair
        The two models, and the kind of world.
    required : bool
        A promise rests on it: all draws, at every size.
    lanes : tuple of str
        Lanes that are asked; "first" means that no model is in use.
    """

    name: str
    pair: Pair
    required: bool = False
    lanes: tuple[Lane, ...] = BOTH


#: Another recipe has half of its noise in common with the champion; newer data, most of it.
OTHER, NEWER = Pair(common=0.5), Pair(common=0.9)
MARGIN = Margins().refresh


def _newer(noise: float) -> Pair:
    return replace(NEWER, challenger=noise)


def _other(noise: float) -> Pair:
    return replace(OTHER, challenger=noise)


def _luck(noise: float) -> Pair:
    return Pair(noise, noise, 0.5, random=True)


# The noise of each challenger was sought so that the true gain is the share of the margin that
# its name says; the page prints the true gain.
SCENARIOS = (
    Scenario("equal, another recipe", OTHER, True),
    Scenario("equal, newer data", NEWER, True),
    Scenario("random labels, faint models", _luck(0.05), True, ALL),
    Scenario("random labels, middling models", _luck(0.15), True, ALL),
    Scenario("random labels, loud models", _luck(0.3), True, ALL),
    Scenario("worse by half the margin, another recipe", _other(0.920), True),
    Scenario("worse by half the margin, newer data", _newer(0.920), True),
    Scenario("worse by the margin, newer data", _newer(1.053), True),
    Scenario("worse by twice the margin, newer data", _newer(1.365)),
    Scenario("knows nothing, against a real model", Pair(0.8, np.inf), False, ALL),
    Scenario("a real model", OTHER, False, ("first",)),
    Scenario("a real model of half the skill", _other(1.6), False, ("first",)),
    Scenario("better by half the margin, newer data", _newer(0.686)),
    Scenario("better by half the margin, another recipe", _other(0.686)),
    Scenario("better by the margin, another recipe", _other(0.576)),
    Scenario("better by twice the margin, another recipe", _other(0.335)),
    Scenario("the best there can be, another recipe", _other(0.0)),
    Scenario("equal ranking, chances far too far apart", Pair(common=0.9, over=1.8)),
)
#: Sizes at which fewer leads win than the limit for a first model of few wins.
FEW = (300, 600)
#: Resamples per contest: fewer where contests are large, so that the table is done in minutes.
RESAMPLES = {1_000: 400, 4_000: 300, 20_000: 120}


def promoted(
    leads: int, pair: Pair, draws: int, lanes: tuple[Lane, ...] = BOTH, seed: int = 0
) -> pd.DataFrame:
    """Simulate contests and return, per draw, whether each lane promotes and what failed.

    Returns
    -------
    pandas.DataFrame
        One row per draw: gain (measured), se, a column per lane, and one per lane and condition
        that failed.
    """
    rows = []
    for draw in range(draws):
        frame = contest(leads, pair, np.random.default_rng([seed, draw, leads]))
        given: dict[str, float] = {}
        for alone in (False, True):
            asked = [lane for lane in lanes if (lane == "first") is alone]
            if not asked:
                continue
            seen = _compared(frame.assign(champion=np.nan) if alone else frame, leads, draw)
            given = {"gain": seen.gain.value, "se": seen.gain.se} | given
            for lane in asked:
                verdict = decided(seen, lane, frame["as_of"].max(), (), Margins())
                given[lane] = verdict.promote
                given |= {f"{lane}/{c.name}": not c.passed for c in verdict.conditions}
        rows.append(given)
    return pd.DataFrame(rows)


def _compared(frame: pd.DataFrame, leads: int, seed: int) -> Comparison:
    return Comparison.of(
        frame,
        capacity_per_month=leads / MONTHS / 10,
        draws=RESAMPLES.get(leads, 300),
        seed=seed,
    )


def years(leads: int, draws: int, pair: Pair, seed: int = 0) -> list[int]:
    """Return in how many months of each simulated year an equal challenger is promoted.

    Each month another equal challenger is judged on the twelve months before it, against the same
    champion. `leads` come in twelve months.
    """
    months = []
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw, leads, 12])
        world = contest(2 * leads, pair, rng, 2 * MONTHS, challengers=MONTHS)
        fresh = [c for c in world if c.startswith("challenger")]
        looks = 0
        for month, name in enumerate(fresh):
            first = pd.Timestamp("2025-01-01") + pd.DateOffset(months=month)
            until = first + pd.DateOffset(months=MONTHS)
            rows = world[(world["as_of"] >= first) & (world["as_of"] < until)]
            rows = rows.assign(challenger=rows[name]).drop(columns=fresh[1:])
            seen = _compared(rows, leads, draw)
            looks += decided(seen, "challenge", until, (), Margins()).promote
        months.append(looks)
    return months


@dataclass(frozen=True)
class Cell:
    """One cell of the page, kept so that a run that was stopped goes on where it was.

    Parameters
    ----------
    part : {"gate", "few", "year", "refit"}
        Which table.
    row : int
        Scenario, or draw of the refits.
    leads, draws, seed : int
        Size and number of contests, and their seed.
    """

    part: str
    row: int
    leads: int
    draws: int
    seed: int = 0

    def told(self, keep: Path | None) -> dict[str, Any]:
        """Return the cell's figures, from where they are kept if they were computed before."""
        name = f"{self.part}_{self.row}_{self.leads}_{self.draws}_{self.seed}.json"
        path = None if keep is None else keep / name
        if path is not None and path.exists():
            return json.loads(path.read_text(encoding="utf-8"))
        start = time.process_time()
        found = self._computed()
        found["cpu"] = time.process_time() - start
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(found), encoding="utf-8")
        return found

    def _computed(self) -> dict[str, Any]:
        if self.part == "year":
            return {"months": years(self.leads, self.draws, OTHER, self.seed)}
        if self.part == "refit":
            told = refits(self.seed + self.row, self.leads).to_json(orient="records")
            return {"rows": json.loads(told)}
        asked = SCENARIOS[self.row]
        lanes: tuple[Lane, ...] = ("first",) if self.part == "few" else asked.lanes
        found = promoted(self.leads, asked.pair, self.draws, lanes, self.seed)
        prefix = f"{lanes[0]}/"
        failed = {c.removeprefix(prefix): found[c].mean() for c in found if c.startswith(prefix)}
        given: dict[str, Any] = {lane: float(found[lane].mean()) for lane in lanes}
        given |= {"se": float(found["se"].mean()), "failed": failed}
        if self.leads == SIZES[0]:
            given["gain"] = true_gain(asked.pair)
        return given


def cells(draws: int, seed: int = 0) -> list[Cell]:
    """Return all cells in the order of computing, the dear ones last."""
    gate = [
        Cell("gate", row, leads, _draws(scenario, leads, draws), seed)
        for leads in SIZES
        for row, scenario in enumerate(SCENARIOS)
    ]
    few = [
        Cell("few", row, leads, draws, seed)
        for leads in FEW
        for row, scenario in enumerate(SCENARIOS)
        if "first" in scenario.lanes
    ]
    refit = [Cell("refit", row, 2_000, 1, seed) for row in range(max(draws // 20, 1))]
    sizes = ((SIZES[0], draws // 2), (SIZES[1], draws // 4))
    year = [Cell("year", 0, leads, max(years, 1), seed) for leads, years in sizes]
    return sorted([*few, *gate, *year, *refit], key=_order)


def _draws(scenario: Scenario, leads: int, draws: int) -> int:
    if scenario.required:
        return draws
    return max(draws // (4 if leads == SIZES[-1] else 2), 1)


def _order(cell: Cell) -> tuple[int, int, int]:
    """Return what is computed first: small contests, and there what a promise rests on."""
    if cell.part == "few":
        return -1, FEW.index(cell.leads), cell.row
    if cell.part != "gate":
        return (SIZES.index(SIZES[1]), 1, cell.row) if cell.part == "year" else (2, 1, cell.row)
    return SIZES.index(cell.leads), 0 if SCENARIOS[cell.row].required else 2, cell.row


def told(
    draws: int, seed: int = 0, processes: int = 1, keep: Path | None = None
) -> Iterator[tuple[Cell, dict[str, Any]]]:
    """Yield the cells in the order of computing, with their figures."""
    asked = cells(draws, seed)
    if processes == 1:
        yield from ((cell, cell.told(keep)) for cell in asked)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from zip(asked, pool.map(Cell.told, asked, [keep] * len(asked)), strict=True)
