"""The simulated company as two vendors export it, on drafted definitions, beside its clean shape.

    python -m benchmarks.shapes --leads 4000 --seed 7

Each shape is backtested on its own; compared are the looks that all three have.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pandas as pd

import predict as pr
from predict.demo.company import write_company
from predict.jobs.beginning import begin
from predict.learning.metrics import log_loss, roc_auc

SHAPES = ("clean", "salesforce", "hubspot")


def predicted(folder: Path, shape: str, leads: int, seed: int) -> pd.DataFrame:
    """Return as-if predictions of one shape, one row a look: which lead, its n-th look, y."""
    write_company(folder, leads=leads, seed=seed, shape=shape)
    path = folder / "definition.toml"
    if shape != "clean":
        path = folder / "drafted.toml"
        begin([folder], path)
    crm = pr.open_crm(pr.Definition.read(path))
    data = pr.build_dataset(crm)
    crm.close()
    frame = pr.backtest(data, start=data.manifest["first_fold"]).frame()
    # Truth has a row for every lead and look, in the same order in every shape.
    truth = pd.read_parquet(folder / "truth" / "truth.parquet")
    truth["lead"] = pd.factorize(truth["lead_id"])[0]
    days = truth[["lead_id", "lead", "age_days", "as_of"]]
    days = days.assign(minute=days["as_of"].dt.floor("min"))
    frame = frame.assign(minute=frame["as_of"].dt.floor("min"))
    keyed = frame.merge(days, on=["lead_id", "minute"], suffixes=("", "_truth"))
    return keyed.set_index(["lead", "age_days"])[["y", "probability"]]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        found = {s: predicted(Path(home) / s, s, asked.leads, asked.seed) for s in SHAPES}
    common = found["clean"].index
    for frame in found.values():
        common = common.intersection(frame.index)
    print(f"{len(common):,} looks that all shapes have")
    print("| shape | looks | log loss | of the clean shape's | ROC-AUC |")
    print("|---|---|---|---|---|")
    base = found["clean"].loc[common]
    clean = log_loss(base["y"], base["probability"])
    for shape, frame in found.items():
        rows = frame.loc[common]
        assert (rows["y"] == base["y"]).all()
        loss, auc = (
            log_loss(rows["y"], rows["probability"]),
            roc_auc(rows["y"], rows["probability"]),
        )
        print(
            f"| {shape} | {len(frame):,} | {loss:.4f} | {loss / clean:.1%} | {auc:.4f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
