"""Horizons: which stage could count as success, by when, and what each choice would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from predict.crm.stamps import DAY, microseconds, start_of_day
from predict.history.snapshots import FIRST_LOOK

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.crm.tables import Crm

#: Days that a first look holds against each other, beside the agreed ones.
HORIZONS = (7.0, 14.0, 30.0, 60.0, 90.0, 180.0, 365.0, 730.0)
#: Leads that must still be followed for the curve to say something; fewer only in small exports.
STILL_FOLLOWED = 50
_HOUR = DAY // 24


@dataclass(frozen=True)
class Followed:
    """How far every lead was followed, and when it first reached a stage.

    Parameters
    ----------
    leads : Ibis table
        The leads that could be learned from: ``lead_no``, ``created_us``, ``followed_us``
        (microseconds from the first look to the end of what the export knows).
    arrivals : Ibis table
        One row a lead and stage: ``lead_no``, ``stage``, ``delay_us`` from creation, ``after_us``
        from the first look (negative where the lead was there before anybody could look).
    """

    leads: ir.Table
    arrivals: ir.Table

    def of(self, stage: str) -> ir.Table:
        """Return the leads that were not there before the first look, with ``after_us`` or null."""
        came = self.arrivals.filter(self.arrivals.stage == stage).drop("stage")
        joined = self.leads.left_join(came, "lead_no")
        joined = joined.select(*self.leads.columns, "delay_us", "after_us")
        return joined.filter(joined.after_us.isnull() | (joined.after_us >= 0))


def follow(crm: Crm) -> Followed:
    """Return how far leads were followed and when they arrived, as the export knows it.

    Suppressed leads and those from before ``covers_from`` are left out, as in training. What
    happened after the export (less its lag) is not known, even where a table holds it.
    """
    definition = crm.definition
    lag = round(definition.conversion.export_lag_days * DAY)
    until = microseconds(crm.exported_at) - lag
    leads = crm.leads.filter(~crm.leads.suppressed)
    if definition.leads.covers_from:
        begins = start_of_day(definition.leads.covers_from, definition.time_zone)
        leads = leads.filter(leads.created_us >= begins)
    # The outcome of a flat export stands in the row: it is looked at as it comes.
    look = 0 if definition.is_flat else FIRST_LOOK
    leads = leads.select("lead_no", "created_us", followed_us=until - leads.created_us - look)
    leads = leads.filter(leads.followed_us >= 0)
    known = crm.outcomes
    if not definition.is_flat:
        known = known.filter(known.occurred_us < until)
    first = known.group_by(["lead_no", "stage"]).aggregate(first_us=known.occurred_us.min())
    joined = first.inner_join(leads, "lead_no")
    delay = joined.first_us - joined.created_us
    arrivals = joined.select("lead_no", "stage", delay_us=delay, after_us=delay - look)
    workspace = crm.workspace
    return Followed(
        workspace.materialise(leads, "followed", order_by=["lead_no"]),
        workspace.materialise(arrivals, "arrivals", order_by=["lead_no", "stage"]),
    )


def stage_delays(followed: Followed) -> pd.DataFrame:
    """Return, per stage of the outcomes, who reached it and how long that took.

    Returns
    -------
    DataFrame
        ``stage``, ``leads`` (reached it after the first look), ``before`` (were there already,
        so that nothing could be foretold), ``median_days`` and ``p90_days`` from creation;
        the stage most leads reached first.
    """
    came = followed.arrivals
    later = came.after_us >= 0
    delays = later.ifelse(came.delay_us, None)
    frame = (
        came.group_by("stage")
        .aggregate(
            leads=later.cast("int64").sum(),
            before=(~later).cast("int64").sum(),
            median_days=delays.quantile(0.5) / DAY,
            p90_days=delays.quantile(0.9) / DAY,
        )
        .to_pandas()
    )
    frame = frame[frame["stage"].notna()].sort_values(["leads", "stage"], ascending=[False, True])
    return frame.astype({"leads": int, "before": int}).reset_index(drop=True)


def delay_curve(followed: Followed, stage: str) -> pd.DataFrame:
    """Return the share of leads that reached a stage by each hour (Kaplan and Meier 1958).

    A young lead that has not arrived yet is no loss: it counts for as long as it was followed. A
    lead that was lost stays in the count, for it will not arrive.

    Returns
    -------
    DataFrame
        ``hour`` (whole hours after the first look), ``at_risk`` (leads still followed and not
        there yet), ``arrived`` in that hour, ``share`` that had arrived at its end.
    """
    leads = followed.of(stage)
    arrived = leads.after_us.notnull()
    hour = arrived.ifelse(leads.after_us, leads.followed_us) // _HOUR
    per_hour = leads.group_by(hour=hour.cast("int64")).aggregate(
        leads=leads.count(), arrived=arrived.cast("int64").sum()
    )
    frame = per_hour.order_by("hour").to_pandas().astype("int64")
    frame["at_risk"] = frame["leads"][::-1].cumsum()[::-1]
    frame["share"] = 1 - (1 - frame["arrived"] / frame["at_risk"]).cumprod()
    return frame[["hour", "at_risk", "arrived", "share"]]


def seen_days(curve: pd.DataFrame) -> float:
    """Return how many days the curve can be read: until too few leads were followed that long."""
    if curve.empty:
        return 0.0
    enough = min(STILL_FOLLOWED, max(1, int(curve["at_risk"].iloc[0]) // 10))
    return float(curve.loc[curve["at_risk"] >= enough, "hour"].iloc[-1] + 1) / 24


def share_by(curve: pd.DataFrame, days: float) -> float:
    """Return the share of leads that had arrived within a number of days.

    Examples
    --------
    >>> import pandas as pd
    >>> curve = pd.DataFrame({"hour": [5, 30], "share": [0.25, 0.5]})
    >>> share_by(curve, 0.1), share_by(curve, 1), share_by(curve, 2)
    (0.0, 0.25, 0.5)
    """
    within = curve.loc[curve["hour"] < days * 24, "share"]
    return float(within.iloc[-1]) if len(within) else 0.0


def horizon_table(
    followed: Followed, stage: str, horizons: Sequence[float] = HORIZONS
) -> pd.DataFrame:
    """Return what each horizon would give and cost.

    Parameters
    ----------
    followed : Followed
        From `follow`.
    stage : str
        The candidate for success.
    horizons : sequence of float
        Days after the first look; those that no lead is old enough for are left out.

    Returns
    -------
    DataFrame
        ``days``; ``leads`` old enough to judge; ``reached`` in time; ``rate``; ``later`` (old
        enough, and got there after the horizon: would be taught as losses); ``caught`` (share of
        those who get there as far as the export sees, that do so in time; missing beyond what it
        sees); ``newest_us`` (creation of the newest lead that trains).
    """
    import pandas as pd

    days = sorted({float(d) for d in horizons if d > 0})
    leads = followed.of(stage)
    figures: dict[str, Any] = {}
    for i, horizon in enumerate(days):
        window = round(horizon * DAY)
        old = leads.followed_us >= window
        there = old & leads.after_us.notnull()
        figures |= {
            f"leads{i}": old.cast("int64").sum().fill_null(0),
            f"reached{i}": (there & (leads.after_us < window)).cast("int64").sum().fill_null(0),
            f"later{i}": (there & (leads.after_us >= window)).cast("int64").sum().fill_null(0),
            f"newest{i}": old.ifelse(leads.created_us, None).max(),
        }
    row = leads.aggregate(**figures).to_pandas().to_dict("records")[0]
    curve = delay_curve(followed, stage)
    seen = seen_days(curve)
    whole = share_by(curve, seen)
    rows = []
    for i, horizon in enumerate(days):
        n, reached = int(row[f"leads{i}"]), int(row[f"reached{i}"])
        if not n:
            continue
        caught = share_by(curve, horizon) / whole if whole and horizon <= seen else None
        newest = int(row[f"newest{i}"])
        rows.append([horizon, n, reached, reached / n, int(row[f"later{i}"]), caught, newest])
    columns = ["days", "leads", "reached", "rate", "later", "caught", "newest_us"]
    return pd.DataFrame(rows, columns=columns).astype({"caught": float})
