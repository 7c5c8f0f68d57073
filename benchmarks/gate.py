"""The gate under simulation: how often it promotes what it should, and what it should not.

    python -m benchmarks.gate --draws 200 --seed 2026 --to benchmarks/gate.md

Leads, accounts, looks and outcomes are drawn from a known truth; two models are noisy readings of
it, each calibrated, with noise in common. So the true difference of their log loss is known, and a
contest costs no fit. A smaller part refits plain models as if month by month. The page is written
anew after every cell, so a run that was stopped leaves what it has.
"""

from __future__ import annotations

import argparse
import json
import os
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
from predict.learning.intervals import wilson
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
_ABOUT = """Share of simulated contests in which the gate promotes. A lead is looked at one to four
times, accounts hold one to eight leads, 9 % of looks lead to a win, the model in use saves 9 % of
the log loss of the plain rate. Both models are calibrated readings of the truth with noise: 50 %
of it in common for another recipe, 90 % for newer data.

- *true gain*: log loss that the challenger saves, measured on 200,000 leads; the margin of the
  refresh lane is {margin:.0%} of the log loss of the model in use.
- *leads, draws*: leads in the twelve months of a contest; contests. Resamples of accounts in each:
  {resamples}.
- *se*: mean standard error of the gain.
- *challenge, refresh, first*: share promoted in that lane; every contest is judged in each. *first*
  has no model in use, so the simple rule is the rival. A *replacement* asks the same as *first*
  where the model in use cannot score, and the same as *refresh* where it is only old.
- *also failed*: how often each condition other than the gain failed in the first of these lanes.

The first table pools cells. They are drawn from the same seeds and a contest is counted in each
of its lanes, so that its intervals are too narrow; a cell of 200 without an error says that at
most 1.8 % are wrong.
"""
_YEARS = """Each month another equal challenger of another recipe is judged on the twelve months
before, in the challenge lane, against the same champion. The months of a year share the champion
and most of the leads, so the interval is over years. An equal model in place of an equal one costs
nothing but a change.
"""
_REFITS = """Plain logistic models of ten simulated features, refitted as if month by month by the
contest itself, on 2,000 leads. The recipe that is a month older is compared at
cutoffs a month older.
"""
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
    part : {"gate", "year", "refit"}
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
        found = promoted(self.leads, asked.pair, self.draws, asked.lanes, self.seed)
        prefix = f"{asked.lanes[0]}/"
        failed = {c.removeprefix(prefix): found[c].mean() for c in found if c.startswith(prefix)}
        given: dict[str, Any] = {lane: float(found[lane].mean()) for lane in asked.lanes}
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
    refit = [Cell("refit", row, 2_000, 1, seed) for row in range(max(draws // 20, 1))]
    sizes = ((SIZES[0], draws // 2), (SIZES[1], draws // 4))
    year = [Cell("year", 0, leads, max(years, 1), seed) for leads, years in sizes]
    return sorted([*gate, *year, *refit], key=_order)


def _draws(scenario: Scenario, leads: int, draws: int) -> int:
    if scenario.required:
        return draws
    return max(draws // (4 if leads == SIZES[-1] else 2), 1)


def _order(cell: Cell) -> tuple[int, int, int]:
    """Return what is computed first: small contests, and there what a promise rests on."""
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


def page(found: dict[Cell, dict[str, Any]], draws: int, seed: int = 0) -> str:
    """Return the page of the cells that were computed, and how many are missing."""
    missing = len(cells(draws, seed)) - len(found)
    cpu = sum(figures["cpu"] for figures in found.values())
    parts = [f"{cpu:,.0f} seconds of one core, on a machine of {os.cpu_count()} cores."]
    if missing:
        parts[0] += f" {missing} cells are not computed yet."
    resamples = ", ".join(f"{n:,} at {leads:,} leads" for leads, n in RESAMPLES.items())
    parts += ["", _ABOUT.format(margin=MARGIN, resamples=resamples), *_promises(found), ""]
    parts += _gate_table(found)
    parts += ["", "## A year of monthly looks", "", _YEARS]
    parts += ["| Leads a year | years | promoted per month | 95 % | at least once a year |"]
    parts += ["|---|---|---|---|---|"]
    for cell, figures in found.items():
        if cell.part == "year":
            parts.append(f"| {cell.leads:,} | {cell.draws} | {_year(figures['months'])} |")
    refitted = [row for c, f in found.items() if c.part == "refit" for row in f["rows"]]
    parts += ["", "## Real refits", "", _REFITS]
    parts += ["| Case | lane | promoted | mean gain |", "|---|---|---|---|"]
    if refitted:
        for (case, lane), rows in pd.DataFrame(refitted).groupby(["case", "lane"], sort=False):
            share = f"{rows['promoted'].sum():.0f} of {len(rows)}"
            parts.append(f"| {case} | {lane} | {share} | {rows['gain'].mean():+.4f} |")
    return "\n".join(parts) + "\n"


def _promises(found: dict[Cell, dict[str, Any]]) -> Iterator[str]:
    """Yield a table of error rates: pooled over sizes with a 95 % interval, and the worst cell."""
    asked: tuple[tuple[str, str, tuple[Lane, ...], bool], ...] = (
        ("equal challenger promoted: at most 5 %", "equal, ", ("challenge",), False),
        ("worse challenger promoted: at most 1 %", "worse", ("challenge",), False),
        ("random labels promoted, each lane: never", "random", ALL, False),
        ("refresh: equal newer data held back", "equal, newer", ("refresh",), True),
        ("refresh: worse by the margin promoted", "worse by the margin", ("refresh",), False),
        ("refresh: worse by twice the margin promoted", "worse by twice", ("refresh",), False),
    )
    yield "| Error | sizes | wrong | 95 % | worst cell |"
    yield "|---|---|---|---|---|"
    for name, start, lanes, held in asked:
        here = [
            (cell, abs(held - figures[lane]))
            for cell, figures in found.items()
            if cell.part == "gate" and SCENARIOS[cell.row].name.startswith(start)
            for lane in lanes
        ]
        if here:
            n = sum(cell.draws for cell, _ in here)
            wrong = round(sum(cell.draws * share for cell, share in here))
            low, high = wilson(wrong, n)
            sizes = ", ".join(f"{leads:,}" for leads in sorted({cell.leads for cell, _ in here}))
            worst, share = max(here, key=lambda known: known[1])
            yield (
                f"| {name} | {sizes} | {wrong} of {n:,} | {low:.1%} to {high:.1%} | "
                f"{share:.1%} at {worst.leads:,} |"
            )


def _gate_table(found: dict[Cell, dict[str, Any]]) -> Iterator[str]:
    names = ("Challenger", "true gain", "leads", "draws", "se", *ALL, "also failed")
    yield f"| {' | '.join(names)} |"
    yield "|---" * len(names) + "|"
    for i, scenario in enumerate(SCENARIOS):
        here = {c: f for c, f in found.items() if (c.part, c.row) == ("gate", i)}
        gains = [f["gain"] for f in here.values() if "gain" in f]
        against = gains and scenario.lanes != ("first",) and not scenario.pair.random
        gain = f"{gains[0]:+.4f}" if against else "–"
        for cell, f in sorted(here.items(), key=lambda known: known[0].leads):
            shares = [f"{f[lane]:.1%}" if lane in f else "–" for lane in ALL]
            failed = [f"{k} {v:.0%}" for k, v in f["failed"].items() if k != "gain" and v >= 0.005]
            yield (
                f"| {scenario.name} | {gain} | {cell.leads:,} | {cell.draws} | {f['se']:.4f} | "
                f"{' | '.join(shares)} | {', '.join(failed) or '–'} |"
            )


def _year(months: list[int]) -> str:
    """Return the share of months, its interval over years, and the share of years with one."""
    rates = np.array(months) / MONTHS
    half = 1.96 * rates.std(ddof=1) / np.sqrt(len(rates)) if len(rates) > 1 else np.nan
    low, high = max(rates.mean() - half, 0.0), rates.mean() + half
    return f"{rates.mean():.1%} | {low:.1%} to {high:.1%} | {np.mean(rates > 0):.0%}"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder of figures computed before")
    parser.add_argument("--to", type=Path, required=True)
    asked = parser.parse_args()
    command = f"python -m benchmarks.gate --draws {asked.draws} --seed {asked.seed} --to {asked.to}"
    found = {}
    for cell, figures in told(asked.draws, asked.seed, asked.processes, asked.keep):
        found[cell] = figures
        text = f"# The gate under simulation\n\n`{command}`\n\n"
        asked.to.write_text(text + page(found, asked.draws, asked.seed), encoding="utf-8")


if __name__ == "__main__":
    main()
