"""What the learners said, compared row by row with what ours said; as a Markdown table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.quality.folds import Folds
from benchmarks.quality.peers import OURS, Run
from predict.learning.metrics import LOWER_IS_BETTER, paired

FIGURES = ("log_loss", "brier", "average_precision", "lift_10%")
WORDS = {
    "log_loss": "log loss",
    "brier": "Brier",
    "average_precision": "average precision",
    "lift_10%": "lift@10 %",
}
DRAWS = 1000

#: Learner → its runs, one per fold.
Runs = Mapping[str, Sequence[Run]]


@dataclass(frozen=True)
class Compared:
    """One learner beside ours on one data set.

    Parameters
    ----------
    name : str
    figures : dict of str to dict
        From `predict.learning.metrics.paired`: a is ours, b theirs. Empty where every fold failed.
    fit_seconds, cpu_seconds : float
        Medians over folds: wall time of the fit; processor time of fit and prediction.
    limit : float or None
        Wall time that it was given for a fit.
    folds, failed : int
        Folds asked for, and those without an answer: these are left out on both sides.
    why : str
        What the last failure said.
    """

    name: str
    figures: Mapping[str, Mapping[str, float]]
    fit_seconds: float
    cpu_seconds: float
    limit: float | None
    folds: int
    failed: int
    why: str = ""


def compared(folds: Folds, runs: Runs, name: str, draws: int = DRAWS) -> Compared:
    """Return a learner beside ours, on the folds that both have answers for.

    Figures are pooled over the rows of all folds; intervals resample whole groups.
    """
    rows = []
    for fold, mine, theirs in zip(folds.folders, runs[OURS.name], runs[name], strict=True):
        if mine.chances is not None and theirs.chances is not None:
            found = folds.outcomes(fold).reset_index(drop=True)
            rows.append(found.assign(a=mine.chances.array, b=theirs.chances.array))
    done = [run.about for run in runs[name] if run.chances is not None]
    why = [run.about.get("failed", "") for run in runs[name] if run.chances is None]
    figures: dict[str, dict[str, float]] = {}
    if rows:
        both = pd.concat(rows, ignore_index=True)
        figures = paired(both.y, both.a, both.b, both.group, figures=FIGURES, draws=draws)
    return Compared(
        name,
        figures,
        fit_seconds=_median(done, "fit_seconds"),
        cpu_seconds=_median(done, "cpu_seconds"),
        limit=next((a["limit"] for a in done if a.get("limit")), None),
        folds=len(folds.folders),
        failed=len(why),
        why=why[-1] if why else "",
    )


def section(folds: Folds, found: Sequence[Compared], rows: int, groups: int, rate: float) -> str:
    """Return the part of one data set: ours first, then each of the others."""
    ours, *others = found
    lines = [
        f"## {folds.name}",
        "",
        f"{len(folds.folders)} fold{'s' * (len(folds.folders) > 1)}, {rows:,} test rows of "
        f"{groups:,} groups, {rate:.1%} converted.",
        "",
        "| learner | " + " | ".join(WORDS[f] for f in FIGURES) + " | fit, s | limit, s | CPU, s |",
        "|---|" + "---|" * (len(FIGURES) + 3),
        f"| **{ours.name}** | "
        + " | ".join(f"**{ours.figures[f]['a']:.4f}**" for f in FIGURES)
        + f" | {_times(ours)} |",
    ]
    for other in others:
        cells = [_cell(other.figures[f]) for f in FIGURES] if other.figures else ["–"] * 4
        said = other.name
        if other.failed:
            said += f" (no answer on {other.failed} of {other.folds} folds: {other.why})"
        lines.append(f"| {said} | {' | '.join(cells)} | {_times(other)} |")
    return "\n".join(lines) + "\n"


def verdict(name: str, found: Sequence[Compared]) -> str:
    """Return the line of the summary: ours beside the best of the others in log loss."""
    answered = [f for f in found[1:] if f.figures and not f.failed]
    if not answered:
        return f"| {name} | {found[0].figures['log_loss']['a']:.4f} | none | – | – |"
    best = min(answered, key=lambda f: f.figures["log_loss"]["b"])
    gap = best.figures["log_loss"]
    return (
        f"| {name} | {gap['a']:.4f} | {best.name} | {gap['b']:.4f} | "
        f"{_signed(gap['value'])} [{_signed(gap['low'])}, {_signed(gap['high'])}] |"
    )


def better(gap: Mapping[str, float], figure: str) -> str:
    """Return which side a paired interval favours: "ours", "theirs", or neither.

    Examples
    --------
    >>> better({"low": -0.02, "high": -0.01}, "log_loss"), better({"low": -1, "high": 1}, "brier")
    ('ours', '')
    """
    if gap["low"] <= 0 <= gap["high"] or not np.isfinite(gap["low"]):
        return ""
    return "ours" if (gap["high"] < 0) == (figure in LOWER_IS_BETTER) else "theirs"


def _cell(gap: Mapping[str, float]) -> str:
    return (
        f"{gap['b']:.4f}; {_signed(gap['value'])} [{_signed(gap['low'])}, {_signed(gap['high'])}]"
    )


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("-", "−")


def _times(one: Compared) -> str:
    times = (one.fit_seconds, one.limit, one.cpu_seconds)
    return " | ".join("–" if t is None or np.isnan(t) else f"{t:.1f}" for t in times)


def _median(about: Sequence[Mapping[str, float]], key: str) -> float:
    return float(np.median([a[key] for a in about])) if about else float("nan")
