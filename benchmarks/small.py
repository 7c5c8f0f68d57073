"""Small firms: few leads of the simulated company, judged on later leads that nobody trained on.

    python -m benchmarks.small --seeds 20 --to benchmarks/small.md

One company is simulated. A seed draws leads from what was known by a cutoff: 448 of them, or as
many as hold 40 or 100 that became an opportunity; once with the outcomes of the 40-win draw
shuffled, where nothing can be learned. All are judged on the same later leads, paired by draw.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import predict as pr
from predict.demo.company import write_company
from predict.history.dataset import Dataset
from predict.learning.baselines import source_rate
from predict.learning.estimators import chances, fit, logistic
from predict.learning.metrics import log_loss, roc_auc

CUTOFF = pd.Timestamp("2025-10-01")
MOST_TEST_ROWS = 4_000
SIZES: dict[str, tuple[str, int]] = {
    "448 leads": ("leads", 448),
    "40 wins": ("wins", 40),
    "100 wins": ("wins", 100),
    "40 wins, shuffled": ("shuffled", 40),
}
RIVALS = ("source rate", "logistic", "logistic, C = 0.01", "LightGBM")


def history(leads: int = 20_000, seed: int = 7) -> tuple[Dataset, Dataset]:
    """Return what was known by the cutoff, and looks at leads that came later."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "demo"
        write_company(home, leads=leads, seed=seed)
        crm = pr.open_crm(pr.Definition.read(home / "definition.toml"))
        data = pr.build_dataset(crm)
        crm.close()
    past = data.take(data.as_of + pd.Timedelta(days=data.horizon_days) <= CUTOFF)
    later = data.take((data.as_of >= CUTOFF) & (data.keys["created_at"] >= CUTOFF))
    kept = np.zeros(len(later), dtype=bool)
    order = np.random.default_rng(0).permutation(later.keys["lead_id"].unique())
    codes = later.keys["lead_id"].map({lead: n for n, lead in enumerate(order)}).to_numpy()
    kept[np.argsort(codes, kind="stable")[:MOST_TEST_ROWS]] = True
    return past, later.take(pd.Series(kept))


def drawn(past: Dataset, kind: str, size: int, seed: int) -> Dataset:
    """Return the looks of so many leads, or of as many leads as hold so many wins."""
    rng = np.random.default_rng(seed)
    won = past.y.groupby(past.keys["lead_id"].to_numpy()).max()
    order = rng.permutation(won.index.to_numpy())
    n = size if kind == "leads" else int(np.searchsorted(won[order].cumsum().to_numpy(), size)) + 1
    data = past.take(past.keys["lead_id"].isin(order[:n]))
    if kind != "shuffled":
        return data
    # By lead, so that the looks of one lead still go together: each has the outcomes of another.
    leads = data.keys["lead_id"].to_numpy()
    look = data.y.groupby(leads).cumcount()
    own = {(lead, n): y for lead, n, y in zip(leads, look, data.y, strict=True)}
    turned = dict(zip(np.unique(leads), rng.permutation(np.unique(leads)), strict=True))
    theirs = [own.get((turned[lead], n), 0) for lead, n in zip(leads, look, strict=True)]
    shuffled = pd.Series(theirs, dtype="int8")
    return Dataset(data.X, shuffled, data.keys, data.specs, data.horizon_days)


def candidates() -> dict[str, Callable[[Dataset, Dataset], np.ndarray]]:
    """Return, by name, what takes the looks learned from and those judged, and gives chances."""

    def ours(train: Dataset, test: Dataset) -> np.ndarray:
        model = pr.ConversionModel(
            horizon_days=train.horizon_days, text_columns=tuple(train.text_columns), n_threads=1
        )
        fitted = model.fit(train.X, train.y, as_of=train.as_of, groups=train.groups)
        return np.asarray(fitted.predict_proba(test.X)[:, 1])

    def plain(estimator: Callable[[], Any]) -> Callable[[Dataset, Dataset], np.ndarray]:
        return lambda train, test: chances(fit(estimator(), train.X, train.y), test.X)

    def trees() -> Any:
        from lightgbm import LGBMClassifier

        return LGBMClassifier(n_jobs=1, verbosity=-1)

    return {
        "predict": ours,
        "source rate": source_rate,
        "logistic": plain(logistic),
        "logistic, C = 0.01": plain(lambda: logistic(0.01)),
        "LightGBM": plain(trees),
    }


def judged(past: Dataset, test: Dataset, size: str, seed: int) -> dict[str, float]:
    """Return log losses of one draw, and how modest our chances are."""
    kind, n = SIZES[size]
    train = drawn(past, kind, n, seed)
    found: dict[str, float] = {"leads": train.keys["lead_id"].nunique(), "seed": seed}
    for name, predicted in candidates().items():
        p = predicted(train, test)
        found[name] = log_loss(test.y, p)
        if name == "predict":
            found |= {"auc": roc_auc(test.y, p), "largest": float(p.max()), "mean": float(p.mean())}
            found["rate"] = float(test.y.mean())
    return found


def table(rows: pd.DataFrame) -> str:
    """Return the draws as a Markdown table: means, and differences with 95 % t intervals."""
    from scipy.stats import t

    lines = [
        f"| drawn | leads | log loss | {' | '.join(f'against {r}' for r in RIVALS)} "
        "| ROC-AUC | mean chance (rate) | largest chance |",
        "|---" * (6 + len(RIVALS)) + "|",
    ]
    for size, part in rows.groupby("size", sort=False):
        gaps = []
        for rival in RIVALS:
            gap = part["predict"] - part[rival]
            half = t.ppf(0.975, len(gap) - 1) * gap.std(ddof=1) / len(gap) ** 0.5
            gaps.append(f"{gap.mean():+.4f} [{gap.mean() - half:+.4f}, {gap.mean() + half:+.4f}]")
        mean = part[["leads", "predict", "auc", "mean", "rate", "largest"]].mean()
        lines.append(
            f"| {size} | {mean['leads']:.0f} | {mean['predict']:.4f} | {' | '.join(gaps)} | "
            f"{mean['auc']:.3f} | {mean['mean']:.3f} ({mean['rate']:.3f}) | "
            f"{mean['largest']:.2f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--leads", type=int, default=20_000)
    parser.add_argument("--to", type=Path, required=True)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    past, test = history(asked.leads)
    command = f"python -m benchmarks.small --seeds {asked.seeds} --leads {asked.leads}"
    told = (
        f"`{command}`\n\n{asked.seeds} draws each, judged on {len(test):,} looks at "
        f"{test.keys['lead_id'].nunique():,} leads created after the cutoff. Log loss, less is "
        "better; differences are ours less theirs, mean and 95 % interval over draws. "
        "“Logistic” is scikit-learn's, one-hot and scaled, with its default C = 1 and with a "
        "hundred times the regularisation; LightGBM has its own defaults.\n\n"
    )
    rows = []
    for size in SIZES:
        for seed in range(1, asked.seeds + 1):
            rows.append({"size": size, **judged(past, test, size, seed)})
        text = f"# Small data\n\n{told}{table(pd.DataFrame(rows))}"
        print(text, flush=True)
        asked.to.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
