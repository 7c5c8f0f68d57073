"""Floors: the least that is learned from, and how much more it takes, in leads and by when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from predict.definition.stages import stage_words
from predict.errors import RefusedError
from predict.findings import Finding
from predict.learning.backtest import MIN_ROWS, MIN_WINS, calendar
from predict.learning.intervals import wilson

if TYPE_CHECKING:
    from predict.history.dataset import Dataset

#: Leads that reached the agreed stage, and that did not, without which nothing is trained: below,
#: the rate itself is not known to a factor of two, and no past month can be judged.
LEAST_WINS = 30
#: With fewer leads that reached it, figures and chances are told as thin.
FEW_WINS = 200
#: Days of the past that the rate of a month is taken from.
_RATE_DAYS = 183
_DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Shortfall:
    """How much is missing.

    Parameters
    ----------
    wins, leads : int
        Leads old enough to judge that reached the stage, and all of them.
    missing : int
        Leads that must still reach it (or be lost, where too few were) before anything is trained.
    missing_kind : {"won", "lost", "leads"}
        Of which kind they are missing.
    a_month : float
        How many of that kind became old enough to judge a month, lately.
    by : pandas.Timestamp or None
        When they are there at that rate; None where there is no rate to go by.
    """

    wins: int
    leads: int
    missing: int
    missing_kind: str
    a_month: float
    by: pd.Timestamp | None


def shortfall(data: Dataset) -> Shortfall | None:
    """Return what is missing to train on a dataset; None where nothing is.

    Parameters
    ----------
    data : Dataset
        All matured looks, with ``exported_at`` in its manifest.

    Notes
    -----
    `LEAST_WINS` leads of either outcome; and, at the start of the newest month with looks to judge,
    as many earlier rows and wins with a known outcome as a fold of the backtest needs.
    """
    reached = data.y.groupby(data.keys["lead_id"].to_numpy()).max()
    wins, leads = int(reached.sum()), len(reached)
    as_of = data.as_of
    start = calendar(as_of.min(), as_of.max(), "month")[-2]
    known = as_of + pd.Timedelta(days=data.horizon_days + data.export_lag_days) <= start
    before = data.keys["lead_id"][known]
    won_rows = int(data.y[known].sum())
    # Rows are told as leads: each has so many of them.
    looks = max(len(data) / max(leads, 1), 1.0)
    looks_won = max(float(data.y.sum()) / max(wins, 1), 1.0)
    missing = {
        "won": max(LEAST_WINS - wins, -(-(MIN_WINS - won_rows) // looks_won)),
        "lost": max(LEAST_WINS - (leads - wins), -(-(MIN_WINS - len(before) + won_rows) // looks)),
        "leads": -(-(MIN_ROWS - len(before)) // looks),
    }
    kind = next((name for name, n in missing.items() if n > 0), None)
    if kind is None:
        return None
    number = int(missing[kind])
    a_month = _a_month(data, kind)
    by = None
    if a_month > 0:
        exported = pd.Timestamp(str(data.manifest["exported_at"]))
        by = exported + pd.Timedelta(days=number / a_month * _DAYS_A_MONTH)
    return Shortfall(wins, leads, number, kind, a_month, by)


def require(data: Dataset, stage: str) -> None:
    """Raise where a dataset lies below the floors.

    Parameters
    ----------
    data : Dataset
        All matured looks.
    stage : str
        The agreed stage, for the words.

    Raises
    ------
    RefusedError
        With how many more leads it takes, and about when they are there.
    """
    short = shortfall(data)
    if short is not None:
        raise RefusedError(
            f"there is too little to learn from yet; {_needs(short, stage)}",
            where="leads old enough to judge",
            got=f"{short.wins:,} of {short.leads:,} leads {stage_words(stage)[0]}",
            do="train again then; a longer history, or a stage that more leads reach, helps at "
            "once",
        )


def too_few(data: Dataset, stage: str) -> Finding | None:
    """Return the same as a finding that blocks; None where there is enough.

    Parameters
    ----------
    data, stage
        As of `require`.
    """
    short = shortfall(data)
    if short is None:
        return None
    said = (
        f"There is too little to learn from yet: {short.wins:,} of {short.leads:,} leads that are "
        f"old enough to judge {stage_words(stage)[0]}. It {_needs(short, stage)}."
    )
    counts = {"leads": float(short.leads), "reached": float(short.wins)}
    counts["missing"] = float(short.missing)
    return Finding("too-few-outcomes", "block", "leads", said, counts)


def _needs(short: Shortfall, stage: str) -> str:
    """Return what is missing and about when it is there, in words."""
    reached = stage_words(stage)[0]
    of_kind = {"won": f"leads that {reached}", "lost": "leads that did not", "leads": "leads"}
    thing = of_kind[short.missing_kind]
    if short.missing == 1:
        thing = thing.replace("leads", "lead", 1)
    needs = f"needs about {short.missing:,} more {thing}"
    if short.by is None:
        return needs
    rate = f"{short.a_month:.0f}" if short.a_month >= 1.5 else f"{short.a_month:.1g}"
    return f"{needs}; at your rate of {rate} a month about {short.by:%B %Y}"


def thin(data: Dataset, stage: str) -> list[Finding]:
    """Return a finding where the data are enough to train on and still few.

    Parameters
    ----------
    data : Dataset
        All matured looks.
    stage : str
        The agreed stage, for the words.
    """
    reached = data.y.groupby(data.keys["lead_id"].to_numpy()).max()
    wins, leads = int(reached.sum()), len(reached)
    if wins >= FEW_WINS:
        return []
    low, high = (float(bound) for bound in wilson(wins, leads))
    said = (
        f"Only {wins:,} of {leads:,} leads {stage_words(stage)[0]}: their share of "
        f"{wins / leads:.1%} is known no better than {low:.1%} to {high:.1%}. Chances are drawn "
        "towards it, and grades may move with the next hundred leads."
    )
    counts = {"leads": float(leads), "reached": float(wins), "low": low, "high": high}
    return [Finding("few-outcomes", "warn", "leads", said, counts)]


def _a_month(data: Dataset, kind: str) -> float:
    """Return how many leads of a kind a month brings, by the newest half year of looks."""
    first = data.keys.assign(y=data.y).sort_values(["y", "as_of"], ascending=[False, True])
    first = first.drop_duplicates("lead_id")  # a winner at its first winning look
    wanted = {"won": first["y"] == 1, "lost": first["y"] == 0, "leads": first["y"] >= 0}[kind]
    newest = first["as_of"].max()
    span = min((newest - first["as_of"].min()) / pd.Timedelta(days=1), _RATE_DAYS)
    recent = first["as_of"] > newest - pd.Timedelta(days=span)
    count = float(np.sum(wanted & recent))
    return count / max(span / _DAYS_A_MONTH, 1.0)
