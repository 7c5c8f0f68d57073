"""Monitoring on the simulated company: false pages in stable months, faults planted and found.

    python -m benchmarks.drift --seeds 20 --leads 6000 --to benchmarks/drift.md

Per seed a company is written once and a model of its first year fitted (the logistic member
alone, which is quick: the watches see chances, not members). Its later months are watched as they
are; then batches of several sizes are drawn from them, and a fault is planted in each.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

import predict as pr
from predict.crm.stamps import DAY
from predict.demo.company import write_company
from predict.history.building import Recipe
from predict.history.horizons import follow
from predict.history.recent import recent_first_looks
from predict.learning.usual import PERIOD_DAYS, build_usual, periods
from predict.loop.batches import Batch
from predict.loop.cohorts import cohorts
from predict.loop.conversion_curve import conversions, tabulated
from predict.loop.monitoring import PAGES_A_YEAR, watch_batch
from predict.loop.observation import WATCHES, Observation

#: When the model is taken to have been trained.
TRAINED = pd.Timestamp("2026-01-01")
SIZES = (100, 400, 2_000)
#: Batches drawn per seed, size and fault.
DRAWS = 2
ALPHA = PAGES_A_YEAR * PERIOD_DAYS / 365.25 / len(WATCHES)
ROUTINE = ("campaign", "list")
Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class World:
    """One simulated company, its model, and what came after.

    Parameters
    ----------
    model : object
        ``usual`` and ``specs``, as `watch_batch` asks of a model.
    later : pandas.DataFrame
        Features at the first look of the leads that came since those learned from, with
        ``as_of`` and ``probability`` as the last columns.
    told : pandas.DataFrame
        Looks since the training that are old enough: ``as_of``, ``lead_id``, ``probability``,
        ``y``.
    leads : pandas.DataFrame
        ``created`` and ``after`` (days to the opportunity, NaN for never) of every lead.
    until : pandas.Timestamp
        End of the history.
    horizon : float
        Days in which a conversion counts.
    """

    model: SimpleNamespace
    later: pd.DataFrame
    told: pd.DataFrame
    leads: pd.DataFrame
    until: pd.Timestamp
    horizon: float


def world(leads: int, seed: int) -> World:
    """Simulate a company, and fit a model on what was known at `TRAINED`."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "demo"
        write_company(home, leads=leads, seed=seed)
        crm = pr.open_crm(pr.Definition.read(home / "definition.toml"))
        data = pr.build_dataset(crm)
        keys, X = recent_first_looks(
            crm, Recipe.from_dict(data.manifest["recipe"]), since=datetime(2025, 9, 1)
        )
        followed = follow(crm).of("opportunity").to_pandas()
        until = pd.Timestamp(crm.exported_at)
        crm.close()
    wait = pd.Timedelta(days=data.horizon_days)
    past = data.take(data.as_of + wait <= TRAINED)
    quick = pr.ConversionModel(
        horizon_days=data.horizon_days,
        text_columns=tuple(data.text_columns),
        members="logistic",
        half_lives=(None,),
        n_threads=1,
    )
    result = pr.backtest(past, estimator=quick, start=past.manifest["first_fold"])
    quick.fit(past.X, past.y, as_of=past.as_of, groups=past.groups)
    sizes = quick.contributions(past.take(past.first_looks).X).abs().mean()
    usual = build_usual(past, importance=sizes.to_dict(), result=result)
    is_later = keys["as_of"] > pd.Timestamp(usual.until) + pd.Timedelta(days=1)
    later = X[is_later].reset_index(drop=True)
    later = later.assign(
        as_of=keys.loc[is_later, "as_of"].to_numpy(),
        probability=quick.predict_proba(later[list(past.X.columns)])[:, 1],
    )
    since = data.take(data.as_of >= TRAINED)
    told = since.keys[["lead_id", "as_of"]].assign(
        probability=quick.predict_proba(since.X)[:, 1], y=since.y
    )
    created = until - pd.to_timedelta(followed["followed_us"], unit="us")
    people = pd.DataFrame({"created": created, "after": followed["after_us"] / DAY})
    model = SimpleNamespace(usual=usual, specs=data.specs)
    return World(model, later, told, people, until, data.horizon_days)


# ---- watches, as `monitor` runs them -----------------------------------------------------------


def batch_of(known: World, rows: pd.DataFrame) -> Batch:
    """Return leads at their first look as a batch."""
    chance = rows["probability"].reset_index(drop=True)
    X = rows.drop(columns=["as_of", "probability"]).reset_index(drop=True)
    return Batch("lately", known.until.to_pydatetime(), X, chance)


def inputs(known: World, rows: pd.DataFrame, earlier: Sequence[Batch] = ()) -> list[Observation]:
    """Return what is said of some leads at their first look."""
    model: Any = known.model
    return watch_batch(batch_of(known, rows), model, earlier, alpha=ALPHA, routine=ROUTINE)


def outcomes(known: World, rows: pd.DataFrame) -> list[Observation]:
    """Return what is said of one cohort of leads, as they were scored."""
    until = known.until.to_pydatetime()
    judged = rows.assign(back=0)
    return cohorts(judged, known.model.usual.months, until, alpha=ALPHA)


def early(leads: pd.DataFrame, until: pd.Timestamp, horizon: float) -> list[Observation]:
    """Return what is said of young leads where the export ends at ``until``."""
    here = leads[leads["created"] < until]
    followed = (until - here["created"]) / pd.Timedelta(days=1)
    came = here["after"].notna() & (here["after"] < np.minimum(followed, horizon))
    end = np.where(came, here["after"], np.minimum(followed, horizon - 1e-6)).astype(int)
    back = (followed / PERIOD_DAYS).astype(int)
    counted = pd.DataFrame({"back": back, "end": end, "came": came.astype(int), "leads": 1})
    counted = counted[counted["back"] < 16].groupby(["back", "end"], as_index=False).sum()
    curves = tabulated(counted, round(horizon))
    return conversions(curves, "opportunity", until.to_pydatetime(), alpha=ALPHA)


def pages(found: list[Observation], watch: str | None = None) -> list[Observation]:
    """Return the warnings and blocks among observations."""
    return [
        o for o in found if o.severity in ("warn", "block") and (watch is None or o.watch == watch)
    ]


# ---- faults ------------------------------------------------------------------------------------

Fault = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def _shifted(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    logs = np.log(rows["employees"])
    return rows.assign(employees=np.ceil(np.exp(logs + 0.5 * logs.std())))


def _swapped(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    ranked = rows["industry"].value_counts().index
    swap = {ranked[0]: ranked[-1], ranked[-1]: ranked[0]}
    return rows.assign(industry=rows["industry"].replace(swap))


def _emptied(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    gone = rng.random(len(rows)) < 0.3
    return rows.assign(industry=rows["industry"].where(~gone, None))


def _renamed(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    new = rng.random(len(rows)) < 0.2
    return rows.assign(source=rows["source"].where(~new, "webinar"))


def _thousandfold(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return rows.assign(employees=rows["employees"] * 1_000)


def _untracked(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    lost = [c for c in rows if str(c).startswith("page_view") and str(c).endswith("d")]
    return rows.assign(**dict.fromkeys(lost, 0.0))


def _spelt(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return rows.assign(employees=rows["employees"].astype(str) + " people")


def _dropped(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return rows.drop(columns="industry")


#: Fault → how it is planted, what the page must name, and by which rules.
FAULTS: Mapping[str, tuple[Fault, str, tuple[str, ...]]] = {
    "number shifted by 0.5 SD (employees, in logs)": (_shifted, "employees", ("drift",)),
    "two categories swapped (industry, most and least)": (_swapped, "industry", ("drift",)),
    "30 % of a column emptied (industry)": (_emptied, "industry", ("fill-rate",)),
    "new value for 20 % (source)": (_renamed, "source", ("new-level",)),
    "unit ×1,000 (employees)": (_thousandfold, "employees", ("unit-jump",)),
    "page views no longer tracked": (_untracked, "page_view", ("drift",)),
    "number became text (employees)": (_spelt, "employees", ("type-change",)),
    "column gone (industry)": (_dropped, "industry", ("missing-column",)),
}


def is_found(fault: str, seen: list[Observation]) -> bool:
    """Tell whether a page names the right column by the right rule."""
    _, subject, codes = FAULTS[fault]
    return any(o.code in codes and o.subject.startswith(subject) for o in pages(seen))


def halved(values: pd.Series, rng: np.random.Generator, nothing: float) -> pd.Series:
    """Return outcomes of which every second winner, at random, did not get there."""
    return values.where(rng.random(len(values)) < 0.5, nothing)


# ---- results -----------------------------------------------------------------------------------


@dataclass
class Tally:
    """Pages and batches, counted.

    Parameters
    ----------
    batches, paged : Counter
        By what was watched.
    named : Counter
        Rule and subject of the false pages.
    """

    batches: Counter[tuple[object, ...]] = field(default_factory=Counter)
    paged: Counter[tuple[object, ...]] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)

    def add(self, key: tuple[object, ...], is_paged: bool) -> None:
        """Count a batch."""
        self.batches[key] += 1
        self.paged[key] += is_paged

    def rate(self, key: tuple[object, ...]) -> float:
        """Return the share of batches that were paged."""
        return self.paged[key] / self.batches[key] if self.batches[key] else float("nan")


def stable(known: World, tally: Tally) -> None:
    """Watch the later months as they are."""
    moment = pd.Timedelta(microseconds=1)
    back = periods(known.later["as_of"], known.until - moment)
    earlier: list[Batch] = []
    for k in np.unique(back)[::-1]:
        rows = known.later[back == k]
        _count(tally, "inputs", inputs(known, rows, earlier))
        earlier.append(batch_of(known, rows))
    ago = periods(known.told["as_of"], known.told["as_of"].max())
    for k in np.unique(ago):
        part = known.told[ago == k].sort_values("as_of").drop_duplicates("lead_id")
        if len(part) >= 100:
            _count(tally, "cohorts", outcomes(known, part))
    for k in range(9):
        until = known.until - pd.Timedelta(days=k * PERIOD_DAYS)
        _count(tally, "conversions", early(known.leads, until, known.horizon))


def _count(tally: Tally, kind: str, seen: list[Observation]) -> None:
    for watch in ("data", "scores", "drift") if kind == "inputs" else (kind,):
        wrong = pages(seen, watch)
        tally.add(("month", watch), bool(wrong))
        tally.named.update({f"{o.code} {o.subject}" for o in wrong})


def planted(known: World, tally: Tally, seed: int, draws: int = DRAWS) -> None:
    """Draw batches of each size from the later months, with and without each fault."""
    rng = np.random.default_rng(seed)
    for n in SIZES:
        for _ in range(draws):
            rows = _drawn(known.later, n, rng)
            tally.add((n, "no fault", "inputs"), bool(pages(inputs(known, rows))))
            for fault, (plant, _, _) in FAULTS.items():
                tally.add((n, fault), is_found(fault, inputs(known, plant(rows, rng))))
            told = _drawn(known.told, n, rng)
            tally.add((n, "no fault", "cohorts"), bool(pages(outcomes(known, told))))
            half = told.assign(y=halved(told["y"], rng, 0))
            tally.add((n, "cohort"), bool(pages(outcomes(known, half))))
            _young(known, tally, n, rng)


def _young(known: World, tally: Tally, n: int, rng: np.random.Generator) -> None:
    """Let a period of halved conversions grow older, and see when it is told."""
    grown = known.leads[known.leads["created"] + pd.Timedelta(days=90) <= known.until]
    count = 12
    after = grown["after"].sample(n * count, replace=True, random_state=rng).to_numpy()
    start = pd.Timestamp("2025-01-01")
    days = rng.random(n * count) * PERIOD_DAYS + np.repeat(np.arange(count), n) * PERIOD_DAYS
    leads = pd.DataFrame({"created": start + pd.to_timedelta(days, unit="D"), "after": after})
    last = np.arange(len(leads)) >= n * (count - 1)
    worse = leads.assign(after=leads["after"].where(~last, halved(leads["after"], rng, np.nan)))
    found = wrong = False
    for months in range(4):
        until = start + timedelta(days=(count + months) * PERIOD_DAYS)
        more = months * n
        if months:
            again = grown["after"].sample(more, replace=True, random_state=rng).to_numpy()
            later = rng.random(more) * months * PERIOD_DAYS + count * PERIOD_DAYS
            fill = pd.DataFrame(
                {"created": start + pd.to_timedelta(later, unit="D"), "after": again}
            )
        else:
            fill = leads.iloc[:0]
        wrong |= bool(pages(early(pd.concat([leads, fill]), until, known.horizon)))
        of_batch = [
            o
            for o in pages(early(pd.concat([worse, fill]), until, known.horizon))
            if o.as_of == until - timedelta(days=months * PERIOD_DAYS) and o.value < 1
        ]
        found |= bool(of_batch)
        tally.add((n, "early", months), found)
    tally.add((n, "no fault", "conversions"), wrong)


def _drawn(rows: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    return rows.iloc[rng.integers(0, len(rows), n)].reset_index(drop=True)


def run(seeds: range, leads: int, draws: int = DRAWS) -> Tally:
    """Return the counts of several companies."""
    tally = Tally()
    for seed in seeds:
        known = world(leads, seed)
        stable(known, tally)
        planted(known, tally, seed, draws)
        print(f"seed {seed}: {dict(tally.named)}", flush=True)
    return tally


def text(tally: Tally) -> str:
    """Return the counts as Markdown."""
    a_year = 365.25 / PERIOD_DAYS
    lines = [
        "## Stable months, as they came",
        "",
        "| watch | batches | with a page | pages a year |",
        "|---|---|---|---|",
    ]
    total = 0.0
    for watch in WATCHES:
        key = ("month", watch)
        total += tally.rate(key) * a_year
        lines.append(
            f"| {WATCHES[watch]} | {tally.batches[key]} | {tally.paged[key]} | "
            f"{tally.rate(key) * a_year:.2f} |"
        )
    lines.append(f"| together | | | {total:.2f} |")
    told = ", ".join(f"{name} ({n})" for name, n in tally.named.most_common()) or "none"
    sizes = [n for n in SIZES if tally.batches[(n, "no fault", "inputs")]]
    head = " | ".join(f"{n:,} leads" for n in sizes)
    lines += ["", f"What they named: {told}.", "", "## Batches drawn from them", ""]
    lines += [f"| planted | {head} |", "|---|" + "---|" * len(sizes)]

    def row(name: str, *key: object) -> str:
        shares = " | ".join(f"{tally.rate((n, *key)):.1%}" for n in sizes)
        return f"| {name} | {shares} |"

    lines += [row(fault, fault) for fault in FAULTS]
    lines.append(row("base rate halved: the matured cohort", "cohort"))
    for months in range(4):
        age = f"{months * PERIOD_DAYS} to {(months + 1) * PERIOD_DAYS} days old"
        lines.append(row(f"base rate halved: told by the time it is {age}", "early", months))
    lines.append(row("nothing: a false page on the inputs", "no fault", "inputs"))
    lines.append(row("nothing: a false page on the cohort", "no fault", "cohorts"))
    lines.append(row("nothing: one in four runs on early conversions", "no fault", "conversions"))
    n = tally.batches[(sizes[0], "cohort")]
    return "\n".join([*lines, "", f"{n} draws a cell."]) + "\n"


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--leads", type=int, default=6_000)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--to", type=Path, required=True)
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    command = f"python -m benchmarks.drift --seeds {asked.seeds} --leads {asked.leads}"
    if asked.first != 1:
        command += f" --first {asked.first}"
    found = text(run(seeds, asked.leads))
    asked.to.write_text(
        f"# Monitoring: false pages, and faults found\n\n`{command}`\n\n{found}", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
