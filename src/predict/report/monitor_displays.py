"""Pictures of a monitoring: cohorts, early conversions, what lies furthest from usual.

Drawn as those of a backtest are (`predict.report.displays`).
"""

from __future__ import annotations

from datetime import timedelta
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from predict.learning.intervals import wilson
from predict.learning.usual import PERIOD_DAYS
from predict.report.displays import (
    BLUE,
    INK,
    ORANGE,
    SOFT,
    Display,
    Drawn,
    legend,
    percent_axis,
)

if TYPE_CHECKING:
    from predict.loop.conversion_curve import Curves
    from predict.loop.monitoring import Monitoring

#: Columns that are shown, those furthest off first; letters of a name that fit beside it.
MOST_COLUMNS, _LINE = 15, 36
#: Young periods that are drawn each on its own.
_YOUNG = 3


class CohortDisplay(Drawn):
    """Chances given to leads that are old enough now, against what became of them.

    Parameters
    ----------
    cohorts : pandas.DataFrame
        ``probability``, ``y``, ``back``: as `predict.loop.cohorts.matured` returns.
    until : pandas.Timestamp
        End of the newest cohort.
    """

    def __init__(self, cohorts: pd.DataFrame, until: pd.Timestamp) -> None:
        by = cohorts.groupby("back")
        table = by.agg(said=("probability", "mean"), rate=("y", "mean"), n=("y", "size"))
        low, high = wilson(by["y"].sum().to_numpy(), table["n"].to_numpy())
        self.table = table.assign(low=low, high=high).sort_index(ascending=False)
        self.until = until
        self.title = "Did the chances given come true?"

    def plot(self, ax: Any = None) -> CohortDisplay:
        """Draw on ``ax`` or on new axes; returns itself."""
        ax = self._axes(ax, (6.4, 3.8))
        t, at = self.table, np.arange(len(self.table))
        ax.vlines(at, t["low"], t["high"], color=BLUE, linewidth=5, alpha=0.25)
        ax.plot(at, t["rate"], "o", color=BLUE, markersize=5.5, label="what became of them")
        ax.plot(at, t["said"], "_", color=ORANGE, markersize=18, mew=2, label="chance given, mean")
        ends = [self.until - timedelta(days=PERIOD_DAYS * int(k)) for k in t.index]
        ax.set_xticks(at, [f"{e.day} {e:%b %y}" for e in ends])
        ax.set_xlim(-0.5, len(at) - 0.5)
        ax.set_ylim(bottom=0)
        percent_axis(ax.yaxis)
        ax.set_xlabel(f"leads scored in the {PERIOD_DAYS} days before", color=INK)
        ax.set_ylabel("share that got there in time", color=INK)
        legend(ax, loc="best")
        self._settle()
        return self


class EarlyDisplay(Drawn):
    """Young leads beside earlier ones at the same age.

    Parameters
    ----------
    curves : Curves
        From `predict.loop.conversion_curve.curves`.
    stage : str
        What they reach.
    """

    def __init__(self, curves: Curves, stage: str) -> None:
        self.curves, self.stage = curves, stage
        self.title = "Are young leads on the way that earlier ones were?"

    def plot(self, ax: Any = None) -> EarlyDisplay:
        """Draw on ``ax`` or on new axes; returns itself."""
        ax = self._axes(ax, (6.4, 4.2))
        frame = self.curves.frame()
        young = min(_YOUNG, len(self.curves.at_risk) - 1)
        parts = {place: frame[frame["back"] == place] for place in range(len(self.curves.at_risk))}
        for back, part in parts.items():
            if back >= young:
                label = "earlier leads" if back == young else None
                ax.plot(part["day"], part["share"], color=SOFT, lw=1, alpha=0.5, label=label)
        for back in range(young):
            part, colour = parts[back], (ORANGE, BLUE, INK)[back]
            name = f"came {back * PERIOD_DAYS} to {(back + 1) * PERIOD_DAYS} days ago"
            ax.plot(part["day"], part["share"], color=colour, lw=2, label=name)
        ax.set_xlim(left=0)
        ax.set_ylim(bottom=0)
        percent_axis(ax.yaxis)
        ax.set_xlabel("days since the lead came", color=INK)
        ax.set_ylabel(fill(f"share that reached {self.stage}", _LINE), color=INK)
        legend(ax, loc="best")
        self._settle()
        return self


class InputsDisplay(Drawn):
    """Columns of the newest leads that lie furthest from what the model learned.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `Monitoring.frame` returns; the rows of watch "drift" are drawn.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        rows = frame[(frame["watch"] == "drift") & frame["high"].gt(0)]
        rows = rows[rows["as_of"] == rows["as_of"].max()]
        rows = rows.assign(times=rows["value"] / rows["high"])
        self.rows = rows.nlargest(MOST_COLUMNS, "times").iloc[::-1]
        self.title = "Which columns are unlike those learned from?"

    def plot(self, ax: Any = None) -> InputsDisplay:
        """Draw on ``ax`` or on new axes; returns itself."""
        ax = self._axes(ax, (6.4, 0.8 + 0.3 * max(len(self.rows), 3)))
        at = np.arange(len(self.rows))
        flagged = self.rows["severity"].ne("fine").to_numpy()
        ax.barh(at, self.rows["times"], color=np.where(flagged, ORANGE, BLUE), height=0.6)
        ax.axvline(1, color=SOFT, linewidth=1, dashes=(4, 3))
        names = [str(s).replace("$", r"\$") for s in self.rows["subject"]]
        ax.set_yticks(at, [n if len(n) <= _LINE else n[: _LINE - 1] + "…" for n in names])
        ax.set_xlabel("distance, over the largest that chance explains", color=INK)
        self._settle()
        return self


def displays_of(done: Monitoring) -> dict[str, Display]:
    """Return the pictures that a monitoring has something for, by file name."""
    found: dict[str, Display] = {}
    frame = done.frame()
    cohorts = frame[frame["watch"] == "cohorts"]
    if done.cohorts is not None and len(done.cohorts) and len(cohorts):
        found["cohorts"] = CohortDisplay(done.cohorts, cohorts["as_of"].max())
    early = frame[frame["watch"] == "conversions"]
    if done.curves is not None and len(early):
        found["conversions"] = EarlyDisplay(done.curves, str(early["subject"].iloc[0]))
    if (frame["watch"] == "drift").any():
        found["inputs"] = InputsDisplay(frame)
    return found
