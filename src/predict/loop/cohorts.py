"""Cohorts: leads as they were scored, once they are old enough, against what became of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from predict.crm.stamps import DAY, microseconds
from predict.learning.metrics import lift
from predict.learning.usual import PERIOD_DAYS, TOP, periods
from predict.loop.batches import span
from predict.loop.departure import BELIEF, spread_factor
from predict.loop.observation import Observation
from predict.scoring.unlike import AGE_SLACK

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.scoring.ledger import Ledger

#: Winners that a cohort must have, or be foretold, before anything is said of it.
LEAST_WINS = 10
#: Fewer wins than this say nothing of the order of a list.
LEAST_LIFT_WINS = 20
#: Shift in log-odds below which nobody need act: a chance of 10 % that is really 8 %.
MATTERS = 0.25
#: Share of the alarm that calibration has; the lift has the rest.
CALIBRATION = 0.75
_AGE = "feature.age_days"


def matured(ledger: Ledger, crm: Crm, *, oldest_days: float | None = None) -> pd.DataFrame:
    """Return the leads of the ledger that are old enough to judge, as scored, with what became.

    Parameters
    ----------
    ledger : Ledger
    crm : Crm
        The newest export.
    oldest_days : float, optional
        Leads older than the oldest learned from, by `AGE_SLACK`, are left out: they were marked
        as unlike any.

    Returns
    -------
    pandas.DataFrame
        ``lead_id``, ``as_of``, ``probability``, ``y``, ``back`` (whole periods before the newest
        moment that is old enough); a lead once a period, as it was first scored in it. Sorted by
        ``as_of``, then lead. Leads that the export does not know cannot be judged and are not
        there.
    """
    import pandas as pd

    agreed = crm.definition.conversion
    limit = pd.Timestamp(judged_until(crm))
    rows = ledger.frame(columns=["probability", "grade", _AGE])
    if rows.empty:
        return pd.DataFrame(columns=["lead_id", "as_of", "probability", "y", "back"])
    rows = rows[(rows["as_of"] <= limit) & rows["lead_id"].notna()]
    if oldest_days is not None:
        ages = rows[_AGE].astype(float)
        rows = rows[~(ages > oldest_days * AGE_SLACK + 1)]
    known = crm.links["lead"].select("other_id", "lead_no").to_pandas()
    rows = rows.merge(known, left_on="lead_id", right_on="other_id")
    rows["back"] = periods(rows["as_of"], limit)
    order = ["as_of", "lead_id", "run", "row"]
    rows = rows.sort_values(order, kind="stable").drop_duplicates(["back", "lead_no"])
    rows["y"] = _reached(rows, crm, agreed.within_days)
    columns = ["lead_id", "as_of", "probability", "y", "back"]
    return rows[columns].reset_index(drop=True)


def judged_until(crm: Crm) -> datetime:
    """Return the newest moment of scoring that is old enough to judge."""
    agreed = crm.definition.conversion
    return crm.exported_at - timedelta(days=agreed.within_days + agreed.export_lag_days)


def _reached(rows: pd.DataFrame, crm: Crm, within_days: float) -> np.ndarray:
    """Return 1 where the lead reached the agreed stage in [as_of, as_of + horizon)."""
    stage = crm.definition.conversion.stage
    came = crm.outcomes.filter(crm.outcomes.stage == stage).select("lead_no", "occurred_us")
    arrived = came.to_pandas()
    if crm.definition.is_flat:  # the outcome belongs to the row, whenever it was scored
        return rows["lead_no"].isin(arrived["lead_no"]).to_numpy().astype(np.int8)
    looks = rows[["lead_no"]].assign(
        place=np.arange(len(rows)), as_of_us=rows["as_of"].map(microseconds)
    )
    both = looks.merge(arrived, on="lead_no")
    after = both["occurred_us"] - both["as_of_us"]
    hit = both.loc[(after >= 0) & (after < round(within_days * DAY)), "place"]
    y = np.zeros(len(rows), dtype=np.int8)
    y[hit.to_numpy()] = 1
    return y


def cohorts(
    judged: pd.DataFrame, months: Sequence[Mapping[str, Any]], limit: datetime, *, alpha: float
) -> list[Observation]:
    """Compare what matured cohorts were told with what became of them.

    Parameters
    ----------
    judged : pandas.DataFrame
        From `matured`.
    months : sequence of mapping
        How the model's kind did month by month in the backtest; see `Usual`.
    limit : datetime
        The newest moment that is old enough to judge: the end of the newest cohort.
    alpha : float
        Chance of a false alarm of a cohort, over its figures.

    Returns
    -------
    list of Observation
        Per cohort the shift of its log-odds (0: the chances came true) and its lift in the best
        tenth, each between what the months of the backtest lead one to expect.
    """
    found = []
    for back in sorted(judged["back"].unique(), reverse=True):
        part = judged[judged["back"] == back]
        until = limit - timedelta(days=PERIOD_DAYS * int(back))
        name = f"scored {span(until)}"
        p, y = part["probability"].to_numpy(dtype=float), part["y"].to_numpy(dtype=float)
        if max(p.sum(), y.sum()) < LEAST_WINS:
            continue
        found.append(_calibration(p, y, months, name, until, alpha * CALIBRATION))
        if y.sum() >= LEAST_LIFT_WINS and months:
            found.append(_lift(p, y, months, name, until, alpha * (1 - CALIBRATION)))
    return found


def shift_limits(
    variance: float, months: Sequence[Mapping[str, Any]], alpha: float
) -> tuple[float, float]:
    """Return between which shifts of the log-odds a sound month lies.

    Parameters
    ----------
    variance : float
        Sum of p (1 − p) of the month.
    months : sequence of mapping
        Of the backtest.
    alpha : float
        Share of sound months beyond the limits.

    Notes
    -----
    The shift is (wins − expected) / variance, one Newton step of the intercept; its own error is
    1 / √variance. What the backtest's months differ by beyond that does not shrink with the size
    of the cohort; see `predict.loop.departure.departure`.
    """
    from scipy.special import stdtrit

    if not months:
        room = -float(stdtrit(BELIEF, alpha / 2)) / math.sqrt(variance)
        return -room, room
    v = np.array([m["variance"] for m in months], dtype=float)
    shift = np.array([m["wins"] - m["expected"] for m in months]) / v
    # About 0 and not about their mean: months that were all too high were off, too.
    factor, freedom = spread_factor(v * shift**2, 1, variance / float(v.mean()))
    room = -float(stdtrit(freedom, alpha / 2)) * math.sqrt(factor / variance)
    return -room, room


def _calibration(
    p: np.ndarray,
    y: np.ndarray,
    months: Sequence[Mapping[str, Any]],
    name: str,
    until: Any,
    alpha: float,
) -> Observation:
    expected, variance, wins, n = p.sum(), float((p * (1 - p)).sum()), y.sum(), len(p)
    shift = float((wins - expected) / variance)
    low, high = shift_limits(variance, months, alpha)
    off = not low <= shift <= high and abs(shift) >= MATTERS
    sentence = (
        f"Of {n:,} leads {name}, {int(wins):,} got there in time; the chances they were given said "
        f"{expected:,.0f}"
        + (
            ", further off than past months were: the chances are too "
            f"{'high' if shift < 0 else 'low'}. Train again, and see what has changed."
            if off
            else ", as near as in past months."
        )
    )
    return Observation(
        "cohorts",
        "calibration",
        name,
        until,
        "shift in log-odds",
        shift,
        low,
        high,
        "warn" if off else "fine",
        sentence,
        "cohort-calibration",
        {"leads": n, "wins": float(wins), "expected": float(expected)},
    )


def _lift(
    p: np.ndarray,
    y: np.ndarray,
    months: Sequence[Mapping[str, Any]],
    name: str,
    until: Any,
    alpha: float,
) -> Observation:
    from scipy.special import ndtri

    value = float(lift(y, p, TOP))
    past = np.array([m["lift"] for m in months if m["lift"] is not None], dtype=float)
    hits = max(value * TOP * float(y.sum()), 0.5)
    # Of the logarithm: winners among the best tenth, of all winners, is a share.
    own = math.sqrt(max(1 / hits - 1 / float(y.sum()), 0.0)) * max(value, 0.1)
    spread = float(past.std(ddof=1)) if len(past) > 2 else 0.0
    room = -float(ndtri(alpha)) * math.hypot(own, spread)
    low = float(past.mean()) - room if len(past) else math.nan
    off = value < low
    sentence = (
        f"The best tenth of {len(p):,} leads {name} held {value:.1f} times as many that got there "
        f"as the average; past months had {past.mean():.1f}"
        + (
            ", and chance does not explain so little: the order is worse than it was. Train again."
            if off
            else ", which is within chance."
        )
    )
    return Observation(
        "cohorts",
        f"best {TOP:.0%}",
        name,
        until,
        "lift",
        value,
        low,
        math.nan,
        "warn" if off else "fine",
        sentence,
        "cohort-lift",
        {"leads": len(p), "wins": float(y.sum()), "usual": float(past.mean())},
    )
