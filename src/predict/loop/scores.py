"""Scores: whether the chances given are spread as those of earlier leads and runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from predict.learning.usual import counted
from predict.loop.departure import departure, ks
from predict.loop.observation import Observation, Severity

if TYPE_CHECKING:
    import pandas as pd

    from predict.learning.lead_model import LeadModel
    from predict.loop.batches import Batch
    from predict.scoring.ledger import Ledger

#: Stability index, less what chance adds, below which nobody need act.
MATTERS = 0.02
#: Distance between two runs of the open leads that is worth a page: most are the same leads.
RUN_MATTERS = 0.15
#: Earlier batches that are needed to know by how much they differ.
LEAST_EARLIER = 2
#: Fewer rows than this say nothing of a list; how many runs are looked back on.
LEAST_ROWS, MOST_RUNS = 50, 12
#: Share of a list with one and the same chance from which scoring itself is broken.
_ONE_CHANCE = 0.95


def first_look_scores(
    batch: Batch, earlier: Sequence[Batch], *, alpha: float
) -> Observation | None:
    """Compare the chances of a batch at first look with those of earlier batches.

    Parameters
    ----------
    batch : Batch
    earlier : sequence of Batch
        That came since the leads learned from, oldest first: the same model, and leads that it
        had not seen. Those that it learned from it fits too well, and the backtest's refits are
        other models.
    alpha : float
        Chance of a false alarm.

    Returns
    -------
    Observation or None
        None where there are fewer than `LEAST_EARLIER` of them.
    """
    past = [b.probability for b in earlier if b.probability is not None]
    if batch.probability is None or len(past) < LEAST_EARLIER:
        return None
    usual = counted("score", past)
    counts = usual.count(batch.probability)
    found = departure(counts, usual.table, ordered=len(counts) - 1)
    off = found.p <= alpha and found.excess >= MATTERS
    mean, n = float(batch.probability.mean()), len(batch)
    sentence = (
        f"The chances given to the {n:,} leads that came {batch.name} ({mean:.1%} on average) are "
        f"spread unlike those of earlier ones (stability index {found.psi:.2f}, "
        f"{found.by_chance * found.dispersion:.2f} would be usual); see which inputs changed."
        if off
        else f"The chances given, {mean:.1%} on average, are spread as usual."
    )
    return Observation(
        "scores",
        "leads at first look",
        batch.name,
        batch.until,
        "psi",
        found.psi,
        0.0,
        math.nan,
        "warn" if off else "fine",
        sentence,
        "score-distribution",
        {"leads": n, "mean": mean, "psi": found.psi, "p": found.p},
    )


def run_scores(ledger: Ledger, model: LeadModel, *, alpha: float) -> list[Observation]:
    """Compare the chances of recent runs with the reference leads, and with the run before.

    A list from elsewhere may well be unlike the reference leads: that is noted. Runs of the open
    leads hold mostly the same leads, so that a jump between two of the same model is a page.
    """
    runs = ledger.runs()
    if runs.empty or "as_of" not in runs:
        return []
    recent = runs[runs["rows"] >= LEAST_ROWS].tail(MOST_RUNS)
    rows = ledger.frame(columns=["probability"])
    before: dict[tuple[str, str], pd.Series] = {}
    found = []
    for run in recent.to_dict("records"):
        given = rows.loc[rows["run"] == run["run"], "probability"]
        kind = (str(run.get("list")), str(run.get("model")))
        found.append(_run(run, given, before.get(kind), model, alpha))  # type: ignore[arg-type]
        if kind[0] == "open leads":
            before[kind] = given
    return found


def _run(
    run: dict[str, object],
    given: pd.Series,
    before: pd.Series | None,
    model: LeadModel,
    alpha: float,
) -> Observation:
    from scipy import stats

    name, n = str(run.get("list")), len(given)
    distance, p = ks(given, model.reference)
    alike = float(given.value_counts(normalize=True).iloc[0])
    severity: Severity = "note" if p <= alpha and distance >= RUN_MATTERS else "fine"
    sentence = (
        f"The chances given to “{name}” are spread unlike those of the reference leads "
        f"(distance {distance:.2f}), as those of another kind of leads are."
        if severity == "note"
        else f"The chances given to “{name}” are spread as those of the reference leads."
    )
    if before is not None:
        jump = stats.ks_2samp(given, before, method="asymp")
        if jump.pvalue <= alpha and jump.statistic >= RUN_MATTERS:
            severity = "warn"
            sentence = (
                f"The chances given to “{name}” jumped since the run before (distance "
                f"{jump.statistic:.2f}), by the same model; see which inputs changed."
            )
    if alike >= _ONE_CHANCE:
        severity = "warn"
        sentence = (
            f"{alike:.0%} of the {n:,} leads of “{name}” were given one and the same chance: the "
            "list holds nothing that the model knows."
        )
    return Observation(
        "scores",
        name,
        f"scored as of {run['as_of']:%Y-%m-%d}",
        run["as_of"],  # type: ignore[arg-type]
        "distance from the reference leads",
        distance,
        0.0,
        RUN_MATTERS,
        severity,
        sentence,
        "run-distribution",
        {"leads": n, "distance": distance, "p": p, "one_chance": alike},
    )
