"""Delay: how long success takes to show, what the agreed horizon catches, which leads are old."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from predict.crm.stamps import DAY, microseconds, moment
from predict.definition.stages import stage_words
from predict.findings import Finding
from predict.history.horizons import (
    HORIZONS,
    delay_curve,
    follow,
    horizon_table,
    seen_days,
    share_by,
)

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.tables import Crm

#: A horizon is suggested that catches this share of those who get there as far as the export sees,
#: and leaves so many leads that got there in time, old enough to learn from.
WANTED_SHARE, WANTED_WINS = 0.9, 100
#: Below this share, even by the careful bound, the agreed horizon is worth a warning.
POOR_SHARE = 0.75
#: Days at which the curve is kept for pages and pictures.
_POINTS = 60
_Z95 = 1.959963984540054

Interval = Mapping[str, float | None]
_UNKNOWN: Interval = {"value": None, "low": None, "high": None}


@dataclass(frozen=True)
class Delay:
    """How long leads take to reach the agreed stage, and what the agreed horizon makes of it.

    Parameters
    ----------
    stage : str
        The agreed stage.
    within_days : float
        The agreed horizon, in days after the first look.
    leads, arrived : int
        Leads followed from their first look on, and those that reached the stage at any time.
    seen_days : float
        How far the curve can be read: the largest delay that enough leads were followed for.
    eventual : mapping
        ``value``, ``low``, ``high``: share of all leads that get there within ``seen_days``
        (Kaplan and Meier; 95 % log-log interval). This is what "eventually" means here: later
        arrivals cannot be seen.
    caught : mapping
        The same of the share of those that get there within the horizon; None where the export
        is too short to say.
    median_days, slowest_tenth_days : float or None
        Days by which half, and nine in ten, of those have got there.
    suggested_days : float or None
        The shortest usual horizon that catches `WANTED_SHARE`; where it would leave fewer than
        `WANTED_WINS` to learn from, the longest that leaves them; None where none can be named.
    suggested_because : str
        The rule that spoke for it, in words.
    newest_created : str or None
        Day of creation of the newest lead that trains.
    newest_age_days : float or None
        Its age at the export.
    waiting : int
        Leads too young to judge: neither won nor lost yet.
    curve : tuple of mapping
        ``days``, ``share``, ``low``, ``high``, at about sixty delays.
    why_not : str
        Why nothing can be said, as a sentence; empty where something can.
    """

    stage: str
    within_days: float
    leads: int = 0
    arrived: int = 0
    seen_days: float = 0.0
    eventual: Interval = field(default_factory=lambda: dict(_UNKNOWN))
    caught: Interval = field(default_factory=lambda: dict(_UNKNOWN))
    median_days: float | None = None
    slowest_tenth_days: float | None = None
    suggested_days: float | None = None
    suggested_because: str = ""
    newest_created: str | None = None
    newest_age_days: float | None = None
    waiting: int = 0
    curve: tuple[Mapping[str, float], ...] = ()
    why_not: str = ""

    def findings(self) -> list[Finding]:
        """Return the same in sentences: the delay and the horizon, then the newest lead."""
        if self.why_not:
            return [Finding("delay", "note", "outcomes", self.why_not)]
        counts = {"leads": float(self.leads), "reached": float(self.arrived)}
        poor = (self.caught["high"] or 1.0) < POOR_SHARE
        found = [Finding("delay", "warn" if poor else "note", "outcomes", self._horizon(), counts)]
        if self.newest_created is not None:
            said = (
                f"The newest lead that trains was created on {self.newest_created}, "
                f"{self.newest_age_days:,.0f} days before the export; {self.waiting:,} of "
                f"{self.leads:,} leads are too young to judge and count neither way."
            )
            found.append(
                Finding("newest-lead", "note", "leads", said, {"waiting": float(self.waiting)})
            )
        return found

    def _horizon(self) -> str:
        reached, _ = stage_words(self.stage)
        eventual = _percent(self.eventual)
        said = (
            f"{eventual} of the leads {reached} within {self.seen_days:,.0f} days, as far as this "
            "export sees"
        )
        if self.median_days is not None:
            said += f": half of them by day {self.median_days:,.0f}"
        if self.slowest_tenth_days is not None:
            said += f", nine in ten by day {self.slowest_tenth_days:,.0f}"
        if self.caught["value"] is None:
            return (
                f"{said}. Too few leads were followed for {self.within_days:g} days to say what "
                "that horizon catches."
            )
        said += f". The agreed {self.within_days:g} days catch {_percent(self.caught)} of them"
        return f"{said}; {self.suggested_because}."

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-ready mapping."""
        told = asdict(self)
        told["eventual"], told["caught"] = dict(self.eventual), dict(self.caught)
        told["curve"] = [dict(point) for point in self.curve]
        return told

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Delay:
        """Return the delay that `as_dict` described."""
        return cls(**{**value, "curve": tuple(value["curve"])})


def delay_of(crm: Crm) -> Delay:
    """Return how long the agreed stage takes in an opened export.

    Parameters
    ----------
    crm : Crm
        From `predict.crm.opening.open_crm`; stays open.
    """
    agreed = crm.definition.conversion
    if crm.definition.is_flat:
        said = "The outcome stands in the row of the lead: there is no delay to measure."
        return Delay(agreed.stage, agreed.within_days, why_not=said)
    followed = follow(crm)
    curve = with_interval(delay_curve(followed, agreed.stage))
    if curve.empty or not curve["arrived"].sum():
        said = f"No lead {stage_words(agreed.stage)[0]} after its first look: no delay to measure."
        return Delay(agreed.stage, agreed.within_days, why_not=said)
    table = horizon_table(followed, agreed.stage, (*HORIZONS, agreed.within_days))
    seen, leads = seen_days(curve), int(curve["at_risk"].iloc[0])
    ours = table[table["days"] == agreed.within_days].to_dict("records")
    newest = moment(int(ours[0]["newest_us"])) if ours else None
    age = None if newest is None else (microseconds(crm.exported_at) - microseconds(newest)) / DAY
    best, because = suggested(table)
    return Delay(
        stage=agreed.stage,
        within_days=agreed.within_days,
        leads=leads,
        arrived=int(curve["arrived"].sum()),
        seen_days=seen,
        eventual=share_interval(curve, seen),
        caught=caught_interval(curve, agreed.within_days, seen),
        median_days=days_until(curve, seen, 0.5),
        slowest_tenth_days=days_until(curve, seen, 0.9),
        suggested_days=best,
        suggested_because=because,
        newest_created=None if newest is None else f"{newest:%Y-%m-%d}",
        newest_age_days=age,
        waiting=leads - (int(ours[0]["leads"]) if ours else 0),
        curve=tuple(_points(curve, seen)),
    )


def with_interval(curve: pd.DataFrame) -> pd.DataFrame:
    r"""Return a delay curve with Greenwood's variance and 95 % log-log bounds of the share.

    Parameters
    ----------
    curve : DataFrame
        ``hour``, ``at_risk``, ``arrived``, ``share``, from `predict.history.horizons.delay_curve`.

    Returns
    -------
    DataFrame
        With ``spread`` (Greenwood 1926: the variance of :math:`\log(1 - share)`), ``low``, ``high``
        (Kalbfleisch and Prentice 1980: symmetric in :math:`\log(-\log(1 - share))`, so that they
        stay within 0 and 1).

    Examples
    --------
    >>> import pandas as pd
    >>> curve = pd.DataFrame({"hour": [6], "at_risk": [21], "arrived": [3], "share": [3 / 21]})
    >>> [round(float(v), 3) for v in with_interval(curve)[["low", "high"]].iloc[0]]
    [0.048, 0.38]
    """
    import numpy as np

    at_risk, arrived = curve["at_risk"].astype(float), curve["arrived"].astype(float)
    left = at_risk - arrived
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (arrived / (at_risk * left)).where(arrived > 0, 0.0).cumsum()
        hazard = -np.log1p(-curve["share"])
        width = np.exp(_Z95 * np.sqrt(spread) / hazard)
        low, high = -np.expm1(-hazard / width), -np.expm1(-hazard * width)
    usable = (hazard > 0) & np.isfinite(spread) & np.isfinite(hazard)
    return curve.assign(
        spread=spread,
        low=low.where(usable, curve["share"]),
        high=high.where(usable, curve["share"]),
    )


def share_interval(curve: pd.DataFrame, days: float) -> Interval:
    """Return ``value``, ``low``, ``high`` of the share that had arrived within some days."""
    within = curve[curve["hour"] < days * 24]
    if within.empty:
        return {"value": 0.0, "low": 0.0, "high": 1.0}
    last = within.iloc[-1]
    return {"value": float(last["share"]), "low": float(last["low"]), "high": float(last["high"])}


def caught_interval(curve: pd.DataFrame, days: float, seen: float) -> Interval:
    r"""Return what share of those who arrive within ``seen`` days does so within ``days``.

    Notes
    -----
    With :math:`a = -\log S(h)` and :math:`b = -\log S(T)/S(h)`, which are independent for large
    samples, the share is :math:`(1 - e^{-a}) / (1 - e^{-a-b})`; its variance follows from
    Greenwood's of :math:`a` and :math:`b` by the delta method, its bounds are symmetric in
    log-odds. Where nobody arrived between the two, the lower bound takes the largest :math:`b`
    that leaves a chance of 2.5 % for that.
    """
    early, whole = share_by(curve, days), share_by(curve, seen)
    if days > seen or not whole:
        return dict(_UNKNOWN)
    if not early:
        return {"value": 0.0, "low": 0.0, "high": 1.0}
    value = early / whole
    if days == seen:
        return {"value": 1.0, "low": 1.0, "high": 1.0}
    if value == 1.0:
        end = curve[curve["hour"] < seen * 24].iloc[-1]
        most = -math.log(0.025) / float(end["at_risk"])
        return {
            "value": 1.0,
            "low": early / (early + (1 - early) * -math.expm1(-most)),
            "high": 1.0,
        }
    first = _spread_by(curve, days)
    second = max(_spread_by(curve, seen) - first, 0.0)
    by_a = ((1 - early) * whole - early * (1 - whole)) / whole**2
    by_b = -early * (1 - whole) / whole**2
    deviation = math.sqrt(by_a**2 * first + by_b**2 * second)
    odds, step = math.log(value / (1 - value)), _Z95 * deviation / (value * (1 - value))
    return {"value": value, "low": _inverse(odds - step), "high": _inverse(odds + step)}


def days_until(curve: pd.DataFrame, seen: float, share: float) -> float | None:
    """Return the days by which ``share`` of those who arrive within ``seen`` days have arrived.

    Examples
    --------
    >>> import pandas as pd
    >>> curve = pd.DataFrame({"hour": [23, 47, 95], "share": [0.1, 0.3, 0.4]})
    >>> days_until(curve, 4, 0.5), days_until(curve, 4, 0.9)
    (2.0, 4.0)
    """
    wanted = share * share_by(curve, seen) * (1 - 1e-12)
    reached = curve[(curve["share"] >= wanted) & (curve["hour"] < seen * 24)]
    if not wanted or reached.empty:
        return None
    return float(reached["hour"].iloc[0] + 1) / 24


def suggested(table: pd.DataFrame) -> tuple[float | None, str]:
    """Return the horizon that a table of horizons speaks for, by the rule at `WANTED_SHARE`.

    Parameters
    ----------
    table : DataFrame
        ``days``, ``reached``, ``caught``, from `predict.history.horizons.horizon_table`.

    Returns
    -------
    days : float or None
    because : str

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"days": [30.0, 90.0, 180.0], "reached": [400, 300, 80]})
    >>> suggested(table.assign(caught=[0.6, 0.92, 0.99]))
    (90.0, '90 days is the shortest usual horizon that catches nine in ten')
    >>> suggested(table.assign(caught=[0.4, 0.7, 0.95]))[0]
    90.0
    >>> suggested(table.assign(caught=[0.4, 0.7, 0.95], reached=[30, 20, 8]))[0] is None
    True
    """
    able = table[(table["reached"] >= WANTED_WINS) & table["caught"].notna()]
    if able.empty:
        return None, f"no usual horizon leaves {WANTED_WINS} of them to learn from yet"
    catching = able[able["caught"] >= WANTED_SHARE]
    if len(catching):
        days = float(catching["days"].min())
        return days, f"{days:g} days is the shortest usual horizon that catches nine in ten"
    days = float(able["days"].max())
    return days, (
        f"none that leaves {WANTED_WINS} of them to learn from catches nine in ten; "
        f"{days:g} days comes nearest"
    )


def _spread_by(curve: pd.DataFrame, days: float) -> float:
    within = curve.loc[curve["hour"] < days * 24, "spread"]
    return float(within.iloc[-1]) if len(within) else 0.0


def _inverse(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _points(curve: pd.DataFrame, seen: float) -> list[dict[str, float]]:
    """Return the curve at evenly spaced delays, from 0 on."""
    import numpy as np

    points = [{"days": 0.0, "share": 0.0, "low": 0.0, "high": 0.0}]
    for days in np.linspace(0.0, seen, _POINTS + 1)[1:]:
        found = share_interval(curve, float(days))
        low, high = (found["low"], found["high"]) if found["value"] else (0.0, 0.0)
        points.append(
            {
                "days": round(float(days), 3),
                "share": float(found["value"] or 0.0),
                "low": float(low or 0.0),
                "high": float(high or 0.0),
            }
        )
    return points


def _percent(found: Interval) -> str:
    value, low, high = (float(found[k] or 0.0) * 100 for k in ("value", "low", "high"))
    return f"{value:.0f} % ({low:.0f} to {high:.0f} %)"
