"""The gate under simulation: how often it promotes what it should, and what it should not.

    python -m benchmarks.gate --draws 200 --to benchmarks/gate.md

Leads, accounts, looks and outcomes are drawn from a known truth; two models are noisy readings of
it, each calibrated, with noise in common. So the true difference of their log loss is known, and a
contest costs no fit. A smaller part refits plain models as if month by month.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.contests import MONTHS, Pair, contest, true_gain
from benchmarks.refits import refits
from predict.learning.comparison import Comparison
from predict.learning.gate import Margins, decided
from predict.learning.verdict import Lane

SIZES = (1_000, 4_000, 20_000)


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
    """

    name: str
    pair: Pair
    required: bool = False


#: Another recipe has half of its noise in common with the champion; newer data, most of it.
OTHER, NEWER = Pair(common=0.5), Pair(common=0.9)
MARGIN = Margins().refresh


def _newer(noise: float) -> Pair:
    return replace(NEWER, challenger=noise)


def _other(noise: float) -> Pair:
    return replace(OTHER, challenger=noise)


# The noise of each challenger was sought so that the true gain is the share of the margin that
# its name says; the page prints the true gain.
SCENARIOS = (
    Scenario("equal, another recipe", OTHER, True),
    Scenario("equal, newer data", NEWER, True),
    Scenario("worse by half the margin, another recipe", _other(0.920), True),
    Scenario("worse by half the margin, newer data", _newer(0.920), True),
    Scenario("random labels, faint models", Pair(0.05, 0.05, 0.5, random=True), True),
    Scenario("random labels, loud models", Pair(0.3, 0.3, 0.5, random=True), True),
    Scenario("a challenger that learned from random labels", Pair(0.8, np.inf), True),
    Scenario("worse by the margin, newer data", _newer(1.053), True),
    Scenario("worse by twice the margin, newer data", _newer(1.365)),
    Scenario("better by half the margin, newer data", _newer(0.686)),
    Scenario("better by half the margin, another recipe", _other(0.686)),
    Scenario("better by the margin, another recipe", _other(0.576)),
    Scenario("better by twice the margin, another recipe", _other(0.335)),
    Scenario("equal ranking, chances far too far apart", Pair(common=0.9, over=1.8)),
)
_ABOUT = """{draws} draws of each cell ({few} where no promise rests on it): share of contests in
which the gate promotes. A lead is looked at one to four times, accounts hold one to eight leads,
9 % of looks lead to a win, the model in use saves 9 % of the log loss of the plain rate. Both
models are calibrated readings of the truth with noise: 50 % of it in common for another recipe,
90 % for newer data. The true gain is in log loss, measured on 200,000 leads; the margin of the
refresh lane is {margin:.0%} of the log loss of the model in use. Every contest is judged in both
lanes; se is the mean standard error of the gain.
"""
_YEARS = """Each month another equal challenger of another recipe is judged on the twelve months
before, in the challenge lane. An equal model in place of an equal one costs nothing but a change.
"""
_REFITS = """Plain logistic models of ten simulated features, refitted as if month by month by the
contest itself, on 2,000 leads. The recipe that is a month older is compared at
cutoffs a month older.
"""
#: Resamples per contest: fewer where contests are large, so that the table is done in minutes.
RESAMPLES = {1_000: 400, 4_000: 300, 20_000: 120}


def promoted(leads: int, pair: Pair, draws: int) -> pd.DataFrame:
    """Simulate contests and return, per draw, whether each lane promotes and what failed.

    Returns
    -------
    pandas.DataFrame
        One row per draw: gain (measured), se, a column per lane ("first" where outcomes are
        random: there no model should ever be used), and one per lane and condition that failed.
    """
    rows = []
    for seed in range(draws):
        frame = contest(leads, pair, np.random.default_rng([seed, leads]))
        lanes: list[Lane] = ["challenge", "refresh"]
        given: dict[str, float] = {}
        seen = _compared(frame, leads, seed)
        given |= {"gain": seen.gain.value, "se": seen.gain.se}
        for lane in lanes + (["first"] if pair.random else []):
            if lane == "first":
                seen = _compared(frame.assign(champion=np.nan), leads, seed)
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


def years(leads: int, draws: int, pair: Pair) -> tuple[float, float]:
    """Return how often an equal challenger is promoted: per month, and at least once a year.

    Each month another equal challenger is judged on the twelve months before it, against the same
    champion. `leads` come in twelve months.
    """
    monthly, yearly = [], []
    for seed in range(draws):
        rng = np.random.default_rng([seed, leads, 12])
        world = contest(2 * leads, pair, rng, 2 * MONTHS, challengers=MONTHS)
        fresh = [c for c in world if c.startswith("challenger")]
        looks = []
        for month, name in enumerate(fresh):
            first = pd.Timestamp("2025-01-01") + pd.DateOffset(months=month)
            until = first + pd.DateOffset(months=MONTHS)
            rows = world[(world["as_of"] >= first) & (world["as_of"] < until)]
            rows = rows.assign(challenger=rows[name]).drop(columns=fresh[1:])
            seen = _compared(rows, leads, seed)
            looks.append(decided(seen, "challenge", until, (), Margins()).promote)
        monthly.append(np.mean(looks))
        yearly.append(any(looks))
    return float(np.mean(monthly)), float(np.mean(yearly))


@dataclass(frozen=True)
class Cell:
    """One number of the page, kept so that a run that was stopped goes on where it was.

    Parameters
    ----------
    part : {"gate", "year", "refit"}
        Which table.
    row : int
        Scenario, or draw of the refits.
    leads, draws : int
        Size and number of contests.
    """

    part: str
    row: int
    leads: int
    draws: int

    def told(self, keep: Path | None) -> list[dict[str, object]]:
        """Return the cell's figures, from where they are kept if they were computed before."""
        path = None if keep is None else keep / f"{self.part}_{self.row}_{self.leads}_{self.draws}"
        if path is not None and path.exists():
            return json.loads(path.read_text(encoding="utf-8"))
        if self.part == "gate":
            pair = SCENARIOS[self.row].pair
            found: list[dict[str, object]] = [{"cell": _cell(self.leads, pair, self.draws)}]
            if self.leads == SIZES[0]:
                found[0]["gain"] = true_gain(pair)
        elif self.part == "year":
            month, year = years(self.leads, self.draws, OTHER)
            found = [{"month": month, "year": year}]
        else:
            found = json.loads(refits(self.row, self.leads).to_json(orient="records"))
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(found), encoding="utf-8")
        return found


def cells(draws: int) -> list[Cell]:
    """Return all cells in the order of computing."""
    gate = [
        Cell("gate", row, leads, draws if scenario.required else max(draws // 4, 1))
        for leads in SIZES
        for row, scenario in enumerate(SCENARIOS)
    ]
    refit = [Cell("refit", seed, 2_000, 1) for seed in range(max(draws // 50, 1))]
    year = [Cell("year", 0, leads, max(draws // 8, 1)) for leads in SIZES[:2]]
    return sorted([*gate, *refit, *year], key=_order)


def _order(cell: Cell) -> tuple[bool, bool, int]:
    """Return what is computed first: the promise of equal challengers, then the small ones."""
    if cell.part != "gate":
        return True, False, cell.leads
    return (
        cell.row > 0,
        not SCENARIOS[cell.row].required,
        -cell.leads if not cell.row else cell.leads,
    )


def markdown(draws: int, processes: int = 1, keep: Path | None = None) -> str:
    """Return the page."""
    asked = cells(draws)
    with ProcessPoolExecutor(processes) as pool:
        found = dict(zip(asked, pool.map(Cell.told, asked, [keep] * len(asked)), strict=True))
    return page(found, draws)


def page(found: dict[Cell, list[dict[str, object]]], draws: int) -> str:
    """Return the page of the cells that were computed; the others show a dash."""
    parts = [_ABOUT.format(draws=draws, few=max(draws // 4, 1), margin=MARGIN)]
    parts.append("| Challenger | true gain |" + "".join(f" {n:,} leads |" for n in SIZES))
    parts.append("|---|---|" + "---|" * len(SIZES))
    for i, scenario in enumerate(SCENARIOS):
        here = {c.leads: told[0] for c, told in found.items() if (c.part, c.row) == ("gate", i)}
        gains = [told["gain"] for told in here.values() if "gain" in told]
        gain = f"{gains[0]:+.4f}" if gains else "–"
        row = [str(here[n]["cell"]) if n in here else "–" for n in SIZES]
        parts.append(f"| {scenario.name} | {gain} | {' | '.join(row)} |")
    parts += ["", "## A year of monthly looks", "", _YEARS]
    parts += ["| Leads a year | years | promoted per month | at least once a year |"]
    parts += ["|---|---|---|---|"]
    for cell, (told,) in ((c, told) for c, told in found.items() if c.part == "year"):
        rates = f"{told['month']:.1%} | {told['year']:.0%}"
        parts.append(f"| {cell.leads:,} | {cell.draws} | {rates} |")
    refitted = [row for c, told in found.items() if c.part == "refit" for row in told]
    parts += ["", "## Real refits", "", _REFITS]
    parts += ["| Case | lane | promoted | mean gain |", "|---|---|---|---|"]
    if refitted:
        for (case, lane), rows in pd.DataFrame(refitted).groupby(["case", "lane"], sort=False):
            share = f"{rows['promoted'].sum():.0f} of {len(rows)}"
            parts.append(f"| {case} | {lane} | {share} | {rows['gain'].mean():+.4f} |")
    return "\n".join(parts) + "\n"


def _cell(leads: int, pair: Pair, draws: int) -> str:
    found = promoted(leads, pair, draws)
    shares = [f"{lane} {found[lane].mean():.1%}" for lane in ("challenge", "refresh")]
    if "first" in found:
        shares.append(f"first {found['first'].mean():.1%}")
    return ", ".join(shares) + f" (se {found['se'].mean():.4f})"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder of figures computed before")
    parser.add_argument("--to", type=Path, required=True)
    asked = parser.parse_args()
    command = f"python -m benchmarks.gate --draws {asked.draws} --to {asked.to}"
    text = markdown(asked.draws, asked.processes, asked.keep)
    asked.to.write_text(
        f"# The gate under simulation\n\n`{command}`\n\n{text}",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
