"""Delays: how long conversions take, and what the agreed horizon catches, for a report."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from predict.crm.stamps import moment
from predict.history.horizons import (
    HORIZONS,
    delay_curve,
    follow,
    horizon_table,
    seen_days,
    share_by,
)
from predict.report.sketches import CurvePicture, curve_picture
from predict.scoring import figures

if TYPE_CHECKING:
    from predict.crm.tables import Crm

#: Share of the eventual conversions that a horizon should catch.
ENOUGH = 0.9


@dataclass(frozen=True)
class Delays:
    """How long it takes until leads convert.

    Parameters
    ----------
    within_days : float
        The agreed horizon.
    seen_days : float
        Days that the curve can be read.
    eventual : float
        Share of leads that converted as far as the curve can be read.
    caught : float or None
        Share of those that the horizon catches; None where it lies beyond what can be read.
    suggested : float or None
        The shortest usual horizon that catches `ENOUGH` of them.
    newest : datetime or None
        Creation of the newest lead that is old enough to learn from; naive UTC.
    picture : CurvePicture or None
        The curve; None where nobody converted.
    """

    within_days: float
    seen_days: float
    eventual: float
    caught: float | None
    suggested: float | None
    newest: datetime | None
    picture: CurvePicture | None


def delays(crm: Crm) -> Delays | None:
    """Return the delays of an export (Kaplan and Meier 1958); None for a flat one, without dates.

    Parameters
    ----------
    crm : Crm
        The opened export.
    """
    agreed = crm.definition.conversion
    if crm.definition.is_flat:
        return None
    followed = follow(crm)
    curve = delay_curve(followed, agreed.stage)
    seen = seen_days(curve)
    table = horizon_table(followed, agreed.stage, (*HORIZONS, agreed.within_days))
    caught = newest = None
    own = table[table["days"] == agreed.within_days]
    if len(own):
        share = float(own["caught"].iloc[0])
        caught = None if math.isnan(share) else share
        newest = moment(int(own["newest_us"].iloc[0]))
    enough = table.loc[table["caught"] >= ENOUGH, "days"]
    label = f"{agreed.within_days:g} days" + (
        "" if caught is None else f": {figures.percent(caught)}"
    )
    return Delays(
        within_days=agreed.within_days,
        seen_days=seen,
        eventual=share_by(curve, seen),
        caught=caught,
        suggested=float(enough.iloc[0]) if len(enough) else None,
        newest=newest,
        picture=curve_picture(curve, seen, agreed.within_days, label) if len(curve) else None,
    )
