"""The page of the gate's simulation: error rates, power, years, refits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.contests import MONTHS
from benchmarks.gate.cells import ALL, MARGIN, RESAMPLES, SCENARIOS, Cell, cells
from predict.learning.gate import Margins
from predict.learning.intervals import wilson
from predict.learning.verdict import Lane

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
_FEW = """While nothing is in use that can score, a first model with fewer than {few} winning leads
must save log loss with {sure:.0%} certainty instead of 97.5 %, and the slope of outcomes on its
chances must be above 0 by a one-sided bound of 99 % instead of 99.99 %.
"""


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
    parts += [
        "",
        "## A first model of few wins",
        "",
        _FEW.format(few=Margins().few, sure=Margins().first_sure),
        *_few_table(found),
    ]
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


def _few_table(found: dict[Cell, dict[str, Any]]) -> Iterator[str]:
    yield "| Challenger | leads | draws | promoted | 95 % | failed |"
    yield "|---|---|---|---|---|---|"
    for cell, f in sorted(found.items(), key=lambda known: (known[0].row, known[0].leads)):
        if cell.part == "few":
            low, high = wilson(round(f["first"] * cell.draws), cell.draws)
            failed = [f"{k} {v:.0%}" for k, v in f["failed"].items() if v >= 0.005]
            yield (
                f"| {SCENARIOS[cell.row].name} | {cell.leads:,} | {cell.draws} | "
                f"{f['first']:.1%} | {low:.1%} to {high:.1%} | {', '.join(failed) or '–'} |"
            )


def _year(months: list[int]) -> str:
    """Return the share of months, its interval over years, and the share of years with one."""
    rates = np.array(months) / MONTHS
    half = 1.96 * rates.std(ddof=1) / np.sqrt(len(rates)) if len(rates) > 1 else np.nan
    low, high = max(rates.mean() - half, 0.0), rates.mean() + half
    return f"{rates.mean():.1%} | {low:.1%} to {high:.1%} | {np.mean(rates > 0):.0%}"
