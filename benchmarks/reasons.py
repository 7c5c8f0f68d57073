"""Reasons against the truth of the simulated company: do they name what drives, with its sign?

    python -m benchmarks.reasons --seeds 5 --leads 6000 --to benchmarks/reasons.md

Per seed: fit on what was known by a cutoff, grade the later looks as training does, put the reasons
of those rated qualified into words, and judge each by the simulator. A reason is right where its
concept drives conversion (or counts what does) and this lead's value moves its true chance the way
the reason says, against the average lead. What cannot be judged counts as wrong.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import predict as pr
from benchmarks.demo_truth import CUTOFF
from predict.demo import names
from predict.demo.company import write_company
from predict.history.features import LOOK_BACK
from predict.learning.evidence import build_evidence
from predict.scoring.grades import grade, is_qualified, limits_from
from predict.scoring.reasons import OTHER, by_concept, reasons
from predict.scoring.stability import UNCERTAIN, stability
from predict.scoring.wording import Wording
from predict.scoring.words import Goal

#: Columns that the simulator draws without looking at the lead.
PLANTED = ("form_variant", "badge_colour")
_DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Findings:
    """What the reasons of one simulated company's rated-qualified looks showed.

    Parameters
    ----------
    leads : int
        Looks rated qualified.
    first, named : float
        Share of first reasons, and of all reasons, that name a true driver with its true sign.
    planted : float
        Share of looks with a planted column among their first three reasons.
    irrelevant : float
        Share of all reasons that name a concept without any effect.
    ours : int
        Reasons that name an action of ours.
    steady, uncertain : float
        Mean agreement of refits with the reasons, and share of looks below `UNCERTAIN`.
    wrong : dict of str to int
        First reasons that are not right, by concept and direction.
    """

    leads: int
    first: float
    named: float
    planted: float
    irrelevant: float
    ours: int
    steady: float
    uncertain: float
    wrong: dict[str, int]


def judged(leads: int, seed: int, keep: Path | None = None) -> Findings:
    """Simulate a company, fit, and compare the reasons with its truth."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "demo"
        write_company(home, leads=leads, seed=seed)
        definition = pr.Definition.read(home / "definition.toml")
        crm = pr.open_crm(definition)
        data = pr.build_dataset(crm)
        crm.close()
        truth = json.loads((home / "truth" / "drivers.json").read_text(encoding="utf-8"))
    known = data.as_of + pd.Timedelta(days=data.horizon_days) <= CUTOFF
    past, later = data.take(known), data.take(data.as_of >= CUTOFF)
    model = pr.ConversionModel(
        horizon_days=data.horizon_days, text_columns=data.text_columns, n_siblings=5
    ).fit(past.X, past.y, as_of=past.as_of, groups=past.groups)
    chance = model.predict_proba(later.X)[:, 1]
    best = pd.Series(chance).groupby(later.keys["lead_id"].to_numpy()).max()
    months = (later.as_of.max() - CUTOFF).days / _DAYS_A_MONTH
    share = leads / 20_000  # the capacity of the definition is that of 20,000 leads
    limits = limits_from(
        best.to_numpy(), months, capacity_per_month=definition.money.capacity_per_month * share
    )
    rated = later.take(is_qualified(grade(chance, limits), limits))
    evidence = build_evidence(past.X, past.y, past.keys, past.specs)
    wording = Wording(past.specs, Goal("opportunity", data.horizon_days), evidence)
    X = rated.X.reset_index(drop=True)
    added = model.contributions(X)
    told = reasons(added, X, wording, base=model.base_)
    told = told[told["direction"] != OTHER].reset_index(drop=True)
    told["right"] = Judge(truth, past.X).judge(told, X)
    if keep is not None:
        told.to_parquet(keep)
    nameable = list(dict.fromkeys(s.concept for s in past.specs if s.reason))
    steady = stability(
        by_concept(added, past.specs),
        [by_concept(other, past.specs) for other in model.sibling_contributions(X)],
        nameable,
    )
    first = told[told["rank"] == 1]
    ours = {s.concept for s in past.specs if s.view == "ours"}
    top = told[told["rank"] <= 3]
    wrong = first.loc[~first["right"]].groupby(["concept", "direction"]).size()
    return Findings(
        leads=len(X),
        first=float(first["right"].mean()),
        named=float(told["right"].mean()),
        planted=float(top.loc[top["concept"].isin(PLANTED), "row"].nunique() / len(X)),
        irrelevant=float(told["concept"].isin(truth["irrelevant"]).mean()),
        ours=int(told["concept"].isin(ours).sum()),
        steady=float(steady.mean()),
        uncertain=float((steady < UNCERTAIN).mean()),
        wrong={f"{concept}, {way}": int(n) for (concept, way), n in wrong.items()},
    )


class Judge:
    """Knows what each value of a lead does to its true chance, against the average lead.

    Parameters
    ----------
    truth : mapping
        From `predict.demo.drivers.drivers`.
    X : pandas.DataFrame
        Leads learned from: what is average.
    """

    def __init__(self, truth: Mapping[str, Any], X: pd.DataFrame) -> None:
        self.drivers = {c: d for d in truth["drivers"] for c in d["concepts"]}
        self.carriers: Mapping[str, str] = truth["carriers"]
        self.average = X
        self.of_title: dict[str, float] = {}
        effects = self.drivers["job_title"]["log_odds"]
        for level in names.SENIORITIES:
            for function in names.FUNCTIONS:
                for title in names.titles(level, function):
                    # A bare "Student" has no function.
                    also = effects[function] if title != "Student" else 0.0
                    self.of_title[title] = effects[level] + also

    def judge(self, told: pd.DataFrame, X: pd.DataFrame) -> np.ndarray:
        """Return whether each reason names a true driver with its true sign."""
        rows = zip(told["row"], told["concept"], told["direction"], strict=True)
        signs = [self.sign(concept, X.loc[row]) for row, concept, _ in rows]
        way = told["direction"].map({"for": 1.0, "against": -1.0}).to_numpy()
        return np.sign(signs) == way

    def sign(self, concept: str, lead: pd.Series) -> float:
        """Return the sign of what is true of this lead, 0 where nothing is or none can tell."""
        if concept == "job_title":
            return self.of_title.get(str(lead["job_title"]), 0.0)
        if concept == "employees":
            return self._employees(lead)
        if concept.endswith("touch"):
            return self._touch(lead[concept.replace(" ", "_")])
        driver = self.drivers.get(concept)
        if driver is not None and driver["sign"] == "by level":
            column = concept if concept in lead else f"account.{concept}"
            value = lead[column] if lead[column] is not None else lead.get(f"account.{concept}")
            return float(driver["log_odds"].get(str(value), 0.0))
        sign = self.carriers.get(concept, "0") if driver is None else driver["sign"]
        if sign not in "+-":
            return 0.0
        return (1.0 if sign == "+" else -1.0) * self._more(concept, lead)

    def _more(self, concept: str, lead: pd.Series) -> float:
        """Return 1 where the lead did more of a thing than the average lead, else -1."""
        if concept == "age":
            return float(np.sign(lead["age_days"] - self.average["age_days"].mean()))
        prefix = "any" if concept == "activity" else concept
        counts = [f"{prefix}__count_{days}d" for days in (30, LOOK_BACK)]
        return 1.0 if any(lead[c] > self.average[c].mean() for c in counts) else -1.0

    def _employees(self, lead: pd.Series) -> float:
        known = self.drivers["employees"]["log_odds"]
        sizes = sorted(known, key=float)
        knots = np.log([float(size) for size in sizes]), [known[size] for size in sizes]
        column = "employees" if pd.notna(lead["employees"]) else "account.employees"
        if pd.isna(lead[column]):
            return 0.0
        average = np.interp(np.log(self.average["account.employees"].dropna()), *knots).mean()
        return float(np.interp(np.log(lead[column]), *knots) - average)

    def _touch(self, value: object) -> float:
        kind, _, asset = str(value).partition(": ")
        kind = kind.replace(" ", "_")
        driver = self.drivers.get(f"{kind}={asset}") or self.drivers.get(kind)
        return 0.0 if driver is None else (1.0 if driver["sign"] == "+" else -1.0)


def table(leads: int, seeds: list[int]) -> str:
    """Return the findings of several seeds as a Markdown table."""
    lines = [
        "| seed | rated qualified | first reason right | any reason right | planted in top 3 "
        "| reasons without effect | ours | steadiness | uncertain | first reasons not right |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    found = []
    for seed in seeds:
        f = judged(leads, seed)
        found.append(f)
        wrong = sorted(f.wrong.items(), key=lambda item: -item[1])[:4]
        lines.append(
            f"| {seed} | {f.leads:,} | {f.first:.1%} | {f.named:.1%} | {f.planted:.2%} | "
            f"{f.irrelevant:.1%} | {f.ours} | {f.steady:.2f} | {f.uncertain:.1%} | "
            f"{'; '.join(f'{name}: {n}' for name, n in wrong) or 'none'} |"
        )
        print(lines[-1], flush=True)
    n = np.array([f.leads for f in found])
    lines.append(
        f"| all | {n.sum():,} | {np.average([f.first for f in found], weights=n):.1%} | "
        f"{np.average([f.named for f in found], weights=n):.1%} | "
        f"{np.average([f.planted for f in found], weights=n):.2%} | | "
        f"{sum(f.ours for f in found)} | {np.average([f.steady for f in found], weights=n):.2f} | "
        f"{np.average([f.uncertain for f in found], weights=n):.1%} | |"
    )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="The first seed.")
    parser.add_argument("--leads", type=int, default=6_000)
    parser.add_argument("--to", type=Path, required=True)
    asked = parser.parse_args()
    command = f"python -m benchmarks.reasons --seeds {asked.seeds} --leads {asked.leads}"
    command += f" --first {asked.first}" if asked.first else ""
    text = table(asked.leads, list(range(asked.first, asked.first + asked.seeds)))
    asked.to.write_text(
        f"# Reasons against the truth of the simulated company\n\n`{command}`\n\n{text}",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
