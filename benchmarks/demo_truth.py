"""The model against the truth of the simulated company: calibration, drivers, bare lists.

    python -m benchmarks.demo_truth --seeds 20 --leads 20000 --to benchmarks/demo_truth.md

Per seed: fit on what was known by a cutoff, judge the later looks by their true probability.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import predict as pr
from predict.demo.company import write_company
from predict.history.dataset import Dataset
from predict.learning.metrics import log_loss
from predict.learning.newton import sigmoid
from predict.scoring.reasons import by_concept

CUTOFF = pd.Timestamp("2025-12-01")


@dataclass(frozen=True)
class Findings:
    """What one simulated company showed.

    Parameters
    ----------
    slope : float
        Of the true log-odds on ours: 1 where our chances are as spread as the true ones.
    log_loss, truth_loss : float
        Of ours and of the true probabilities, on what became of the leads.
    top : list of str
        Ten concepts whose contributions vary most.
    missed : list of str
        Main drivers that are not among them.
    bare, zeros : float
        Log loss of leads whose behaviour is not known: by the profile-only fit, and by the full
        fit with behaviour fed as zeros.
    """

    slope: float
    log_loss: float
    truth_loss: float
    top: list[str]
    missed: list[str]
    bare: float
    zeros: float


def judged(leads: int, seed: int) -> Findings:
    """Simulate a company, fit, and compare with its truth."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "demo"
        write_company(home, leads=leads, seed=seed)
        crm = pr.open_crm(pr.Definition.read(home / "definition.toml"))
        data = pr.build_dataset(crm)
        crm.close()
        truth = pd.read_parquet(home / "truth" / "truth.parquet")
        drivers = json.loads((home / "truth" / "drivers.json").read_text(encoding="utf-8"))
    known = data.as_of + pd.Timedelta(days=data.horizon_days) <= CUTOFF
    past, later = data.take(known), data.take(data.as_of >= CUTOFF)
    model = _fit(past, list(past.X.columns))
    ours = model.decision_function(later.X)
    merged = later.keys.merge(truth, on=["lead_id", "as_of"], how="left", validate="one_to_one")
    true = merged["probability"].to_numpy()
    top = _top(model, later)
    main = [d["concepts"] for d in drivers["drivers"] if d["main"]]
    first = later.take(later.first_looks)
    zeros = _without_behaviour(first)
    profile = past.take(past.first_looks)
    bare = _fit(profile, profile.profile_columns).predict_proba(first.X[first.profile_columns])
    return Findings(
        slope=_slope(ours, true),
        log_loss=log_loss(later.y, sigmoid(ours)),
        truth_loss=log_loss(later.y, true),
        top=top,
        missed=[c[0] for c in main if not set(c) & set(top)],
        bare=log_loss(first.y, bare[:, 1]),
        zeros=log_loss(first.y, model.predict_proba(zeros)[:, 1]),
    )


def _fit(data: Dataset, names: list[str]) -> pr.ConversionModel:
    texts = tuple(c for c in data.text_columns if c in names)
    model = pr.ConversionModel(horizon_days=data.horizon_days, text_columns=texts)
    return model.fit(data.X[names], data.y, as_of=data.as_of, groups=data.groups)


def _slope(ours: np.ndarray, true: np.ndarray) -> float:
    """Return the slope of the logistic line through the true probabilities."""
    from sklearn.linear_model import LogisticRegression

    line = LogisticRegression(C=np.inf, tol=1e-8)
    n = len(ours)
    line.fit(
        np.concatenate([ours, ours])[:, None],
        np.repeat([1, 0], n),
        sample_weight=np.concatenate([true, 1 - true]),
    )
    return float(line.coef_[0, 0])


def _top(model: pr.ConversionModel, data: Dataset) -> list[str]:
    sums = by_concept(model.contributions(data.X), data.specs)
    named = [c for c in sums if any(s.reason for s in data.specs if s.concept == c)]
    # By variance, as rare behaviour that decides much would drown in a mean of absolute values.
    spread = sums[named].var()
    return list(spread.sort_values(ascending=False).index[:10])


def _without_behaviour(data: Dataset) -> pd.DataFrame:
    """Return the leads as if they had done nothing: counts zero, the rest missing."""
    X = data.X.copy()
    for spec in data.specs:
        if spec.view != "profile" and spec.view not in ("age", "calendar"):
            counts = spec.dtype == "number" and not spec.name.endswith(
                ("_last", "_first", "reached")
            )
            X[spec.name] = 0.0 if counts else (np.nan if spec.dtype == "number" else None)
    return X


def table(leads: int, seeds: int) -> str:
    """Return the findings of several seeds as a Markdown table."""
    lines = [
        "| seed | slope | log loss | of the truth | main drivers missed | bare list | as zeros |",
        "|---|---|---|---|---|---|---|",
    ]
    for seed in range(1, seeds + 1):
        f = judged(leads, seed)
        lines.append(
            f"| {seed} | {f.slope:.3f} | {f.log_loss:.4f} | {f.truth_loss:.4f} | "
            f"{', '.join(f.missed) or 'none'} | {f.bare:.4f} | {f.zeros:.4f} |"
        )
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--leads", type=int, default=20_000)
    parser.add_argument("--to", type=Path, required=True)
    asked = parser.parse_args()
    command = f"python -m benchmarks.demo_truth --seeds {asked.seeds} --leads {asked.leads}"
    text = table(asked.leads, asked.seeds)
    asked.to.write_text(
        f"# The simulated company against its truth\n\n`{command}`\n\n{text}", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
