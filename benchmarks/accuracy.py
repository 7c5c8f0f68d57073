"""Our figures on the real exports beside the plain reference, by paired resampling of leads.

    python -m benchmarks.accuracy [bpic2012] [bank]

The later folds are read only to report: nothing is chosen by them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import predict as pr
from benchmarks import reference
from predict.learning.metrics import evaluate, paired

ROOT = Path(__file__).parents[1]
FIGURES = ("roc_auc", "average_precision", "log_loss", "brier", "lift_10%")


def ours(name: str, start: pd.Timestamp | None = None) -> pd.DataFrame:
    """Return our as-if predictions on a data set of `reference`, by its protocol.

    Parameters
    ----------
    name : {"bpic2012", "bank"}
    start : datetime, optional
        First month of the bank; the 7th by default, as the protocol has it.
    """
    definition = pr.Definition.read(ROOT / "pipelines" / f"{name}.toml")
    crm = pr.open_crm(definition)
    try:
        data = pr.build_dataset(crm)
    finally:
        crm.close()
    if name == "bpic2012":
        result = pr.backtest(data, cutoffs=["2012-01-01"])
    else:
        seventh = sorted(data.as_of.unique())[6]
        result = pr.backtest(data, start=start or seventh, min_rows=1, min_wins=1)
    return result.frame()


def compared(name: str) -> tuple[pd.DataFrame, dict[str, dict[str, float]]]:
    """Return both predictions row by row, and how they differ.

    Raises
    ------
    ValueError
        The two have other rows or outcomes.
    """
    theirs = reference.bpic() if name == "bpic2012" else reference.bank()
    theirs = theirs.assign(lead_id=theirs["lead_id"].astype(str))
    # Our stamps are naive UTC; a look is the n-th of its lead in both.
    mine = ours(name)
    for frame in (mine, theirs):
        frame["look"] = frame.groupby("lead_id")["as_of"].rank(method="first").astype(int)
    both = mine.merge(theirs, on=["lead_id", "look"], suffixes=("", "_reference"))
    if len(both) != len(mine) or len(both) != len(theirs):
        raise ValueError(f"{len(mine):,} rows of ours, {len(theirs):,} of the reference")
    if not (both["y"] == both["y_reference"]).all():
        raise ValueError("the two disagree on outcomes")
    gap = paired(both["y"], both["probability"], both["probability_reference"], both["lead_id"])
    return both, gap


def main(names: list[str]) -> None:
    """Print the table of each data set."""
    for name in names or ["bpic2012", "bank"]:
        both, gap = compared(name)
        rows, leads = len(both), both["lead_id"].nunique()
        print(f"{name}: {rows:,} rows of {leads:,} leads, {both['y'].mean():.1%} won")
        sides = [evaluate(both["y"], both[c], draws=1) for c in ("probability", *_THEIRS)]
        for figure in FIGURES:
            mine, other = (side[figure]["value"] for side in sides)
            line = f"  {figure:<18} {mine:.4f}  reference {other:.4f}"
            if figure in gap:
                g = gap[figure]
                line += f"  difference {g['value']:+.4f} [{g['low']:+.4f}, {g['high']:+.4f}]"
            print(line)


_THEIRS = ("probability_reference",)

if __name__ == "__main__":
    main(sys.argv[1:])
