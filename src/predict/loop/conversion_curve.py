"""Conversion curve: young leads against earlier ones at equal age, long before they mature."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from predict.crm.stamps import DAY
from predict.history.horizons import follow
from predict.learning.usual import PERIOD_DAYS
from predict.loop.batches import MOST_BATCHES, span
from predict.loop.departure import BELIEF, spread_factor
from predict.loop.observation import Observation

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.tables import Crm

#: Earlier periods that young leads are compared with, the least and the most.
LEAST_PERIODS = 3
#: Conversions that must be expected of a cohort before anything is said of it.
LEAST_EXPECTED = 10.0
#: Share of what was expected beyond which it matters: a fifth more or less need not.
MATTERS = 0.2

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Curves:
    """How many leads of each period were still followed, and how many got there, by day of age.

    Parameters
    ----------
    at_risk, arrived : ndarray of shape (n_periods, n_days)
        Row 0 is the newest period: leads whose first look was in the last `PERIOD_DAYS` days.
    horizon_days : int
        Days in which a conversion counts.
    """

    at_risk: Whole
    arrived: Whole
    horizon_days: int

    def frame(self) -> pd.DataFrame:
        """Return ``back`` (periods before the newest), ``day`` of age, ``share`` there by its end.

        The share is Kaplan and Meier's: leads count for as long as they were followed.
        """
        import pandas as pd

        parts = []
        for back, (risk, came) in enumerate(zip(self.at_risk, self.arrived, strict=True)):
            seen = risk > 0
            share = 1 - np.cumprod(1 - came[seen] / risk[seen])
            days = np.flatnonzero(seen) + 1
            parts.append(pd.DataFrame({"back": back, "day": days, "share": share}))
        return pd.concat(parts, ignore_index=True)


def curves(crm: Crm) -> Curves:
    """Return the curves of the periods before the export, newest first.

    A lead that was lost stays in the count, for it will not arrive. Days beyond the horizon are
    left out.
    """
    agreed = crm.definition.conversion
    days = max(1, math.ceil(agreed.within_days))
    width = PERIOD_DAYS * DAY
    leads = follow(crm).of(agreed.stage)
    horizon = round(agreed.within_days * DAY)
    in_time = leads.after_us.notnull() & (leads.after_us < horizon)
    end = in_time.ifelse(leads.after_us, leads.followed_us.clip(upper=horizon - 1)) // DAY
    most = MOST_BATCHES + math.ceil(agreed.within_days / PERIOD_DAYS)
    counted = (
        leads.mutate(back=leads.followed_us // width, end=end, came=in_time)
        .filter(lambda t: t.back < most)
        .group_by(["back", "end"])
        .aggregate(leads=lambda t: t.count(), came=lambda t: t.came.cast("int64").sum())
        .to_pandas()
    )
    return tabulated(counted, days)


def tabulated(counted: pd.DataFrame, days: int) -> Curves:
    """Return the curves of counts by period and the last day of age that a lead was followed.

    Parameters
    ----------
    counted : pandas.DataFrame
        ``back``, ``end`` (day of age at which a lead arrived, or was followed to), ``leads``, of
        them ``came``.
    days : int
        Days in which a conversion counts.

    Examples
    --------
    >>> import pandas as pd
    >>> counted = pd.DataFrame({"back": 0, "end": [0, 2], "leads": [4, 6], "came": [4, 0]})
    >>> tabulated(counted, 3).at_risk.tolist()
    [[10, 6, 6]]
    """
    n = int(counted["back"].max()) + 1 if len(counted) else 0
    ended, arrived = np.zeros((2, n, days), dtype=np.int64)
    where = counted["back"].to_numpy(dtype=int), counted["end"].to_numpy(dtype=int)
    ended[where] = counted["leads"].to_numpy()
    arrived[where] = counted["came"].to_numpy()
    at_risk = ended[:, ::-1].cumsum(axis=1)[:, ::-1]
    return Curves(at_risk, arrived, days)


def expected(at_risk: Whole, hazard: NDArray[np.float64]) -> float:
    """Return how many would have arrived by now at the usual pace."""
    return float(at_risk @ hazard)


def conversions(
    found: Curves, stage: str, exported_at: datetime, *, alpha: float
) -> list[Observation]:
    """Compare the periods that are too young to judge with earlier ones, at equal age.

    Parameters
    ----------
    found : Curves
        From `curves`.
    stage : str
        What they convert to.
    exported_at : datetime
        End of the newest period.
    alpha : float
        Chance of a false alarm, over all young periods together.

    Returns
    -------
    list of Observation
        Per period that did not have the whole horizon yet, and the newest that had: conversions
        by now, over those that earlier leads had at the same ages.

    Notes
    -----
    The one-sample log-rank test: each lead adds its days of being followed at the pace of earlier
    leads of that age. What earlier periods differ by beyond chance widens the limits.
    """
    young = math.ceil(found.horizon_days / PERIOD_DAYS) + 1
    past_risk, past_came = found.at_risk[young:], found.arrived[young:]
    if len(past_risk) < LEAST_PERIODS or not past_came.sum():
        return []
    told = []
    for back in range(min(young, len(found.at_risk)) - 1, -1, -1):
        risk, came = found.at_risk[back], int(found.arrived[back].sum())
        awaited, dispersion, freedom = _awaited(risk, past_risk, past_came)
        if awaited < LEAST_EXPECTED:
            continue
        until = exported_at - timedelta(days=back * PERIOD_DAYS)
        level = alpha / young
        low, high = limits(awaited, dispersion, freedom, level)
        off = not low <= came <= high and abs(came / awaited - 1) >= MATTERS
        leads = int(risk[0])
        sentence = (
            f"Of the {leads:,} leads that came {span(until)}, {came:,} reached {stage} so far; "
            f"earlier leads of the same age had {awaited:,.0f}"
            + (
                ", and chance does not explain the difference. See whether sources, follow-up or "
                "the recording of stages changed."
                if off
                else ", which is within chance."
            )
        )
        told.append(
            Observation(
                "conversions",
                stage,
                span(until),
                until,
                "conversions over expected",
                came / awaited,
                low / awaited,
                high / awaited,
                "warn" if off else "fine",
                sentence,
                "conversions-at-equal-age",
                {"leads": leads, "came": came, "expected": awaited},
            )
        )
    return told


def limits(awaited: float, dispersion: float, freedom: float, alpha: float) -> tuple[float, float]:
    """Return between which counts a usual period lies.

    Examples
    --------
    >>> low, high = limits(50.0, 1.0, 1000.0, 0.05)
    >>> round(low), round(high)
    (37, 65)
    """
    from scipy.special import stdtrit

    # Of the square root, whose variance hardly depends on the count; by t, as the spread of the
    # periods is known from few of them.
    room = -float(stdtrit(freedom, alpha / 2)) * math.sqrt(dispersion) / 2
    root = math.sqrt(awaited)
    return max(0.0, root - room) ** 2, (root + room) ** 2


def _awaited(risk: Whole, past_risk: Whole, past_came: Whole) -> tuple[float, float, float]:
    """Return what earlier periods had at the same ages, their dispersion, and what it is worth."""
    awaited = expected(risk, _hazard(past_risk, past_came))
    spread, sizes = [], []
    for k in range(len(past_risk)):
        others = np.arange(len(past_risk)) != k
        # The ages at which the young period was followed, at the size of the earlier one.
        seen = np.minimum(1.0, risk / max(risk[0], 1)) * past_risk[k, 0]
        pace = _hazard(past_risk[others], past_came[others])
        own = _hazard(past_risk[k : k + 1], past_came[k : k + 1])
        usual = float(seen @ pace)
        if usual > 0:
            spread.append((float(seen @ own) - usual) ** 2 / usual * (len(past_risk) - 1))
            spread[-1] /= len(past_risk)
            sizes.append(usual)
    if not spread:
        return awaited, 1.0, BELIEF
    factor, freedom = spread_factor(spread, 1, awaited / float(np.mean(sizes)))
    # The earlier leads are a sample, too.
    sampled = awaited / max(float(past_came.sum()), 1.0)
    return awaited, factor + sampled, freedom


def _hazard(risk: Whole, came: Whole) -> NDArray[np.float64]:
    n, arrived = risk.sum(axis=0), came.sum(axis=0)
    return np.where(n > 0, arrived / np.maximum(n, 1), 0.0)
