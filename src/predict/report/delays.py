"""Delays: how long conversions take, and what the agreed horizon catches, for a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from predict.history.horizons import delay_curve, follow
from predict.report.sketches import CurvePicture, curve_picture
from predict.scoring import figures

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.history.delay import Delay


@dataclass(frozen=True)
class Delays:
    """How long it takes until leads get there.

    Parameters
    ----------
    sentences : tuple of str
        From `predict.history.delay.Delay`.
    picture : CurvePicture or None
        The curve; None where nobody got there.
    """

    sentences: tuple[str, ...]
    picture: CurvePicture | None


def delays(crm: Crm, delay: Delay) -> Delays | None:
    """Return the delays of an export; None for a flat one, without dates.

    Parameters
    ----------
    crm : Crm
        The opened export.
    delay : Delay
        Its delay, measured.
    """
    agreed = crm.definition.conversion
    if crm.definition.is_flat:
        return None
    curve = delay_curve(follow(crm), agreed.stage)
    caught = delay.caught["value"]
    label = f"{agreed.within_days:g} days"
    label += "" if caught is None else f": {figures.percent(caught)}"
    picture = None
    if len(curve):
        picture = curve_picture(curve, delay.seen_days, agreed.within_days, label)
    return Delays(tuple(f.sentence for f in delay.findings()), picture)
