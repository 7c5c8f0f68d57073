"""Change: why a lead's chance is not what it was, split exactly into lead, model, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from predict.learning.newton import sigmoid
from predict.scoring.reasons import by_concept
from predict.scoring.walk import mean_slope

if TYPE_CHECKING:
    from predict.history.specs import Spec
    from predict.learning.model import ConversionModel

#: Parts of a change that no concept of the lead has: another model, another level of it.
MODEL, CALIBRATION = "model", "calibration"


@dataclass(frozen=True)
class Change:
    """What moved a lead's chance between two runs.

    Parameters
    ----------
    before, after : float
        Log-odds then and now.
    lead : pandas.Series
        Per concept: by how much what is known of the lead moved it, as the earlier model sees it.
    model, calibration : float
        By how much another model sees the lead of today differently, and how far its level and
        spread were set anew. Both 0 where the model is the same.
    """

    before: float
    after: float
    lead: pd.Series
    model: float
    calibration: float

    @property
    def total(self) -> float:
        """The change of the log-odds; lead, model and calibration sum to it."""
        return self.after - self.before

    def frame(self) -> pd.DataFrame:
        """Return the parts, the largest first.

        Returns
        -------
        pandas.DataFrame
            ``part`` ("lead", "model", "calibration"), ``concept`` (of the lead, else ""),
            ``log_odds``, ``points``: the share of the change of the chance, in shares of 1.
        """
        rows = [("lead", str(name), float(value)) for name, value in self.lead.items()]
        rows += [(MODEL, "", self.model), (CALIBRATION, "", self.calibration)]
        frame = pd.DataFrame(rows, columns=["part", "concept", "log_odds"])
        frame["points"] = frame["log_odds"] * float(mean_slope(self.before, self.after))
        order = (-frame["log_odds"].abs()).argsort(kind="stable")
        return frame.iloc[order].reset_index(drop=True)

    @property
    def points(self) -> float:
        """The change of the chance, in shares of 1."""
        then, now = sigmoid(np.array([self.before, self.after]))
        return float(now - then)


def change(
    before: ConversionModel,
    then: pd.DataFrame,
    after: ConversionModel,
    now: pd.DataFrame,
    specs: Sequence[Spec],
) -> Change:
    """Split the change of one lead's log-odds between two runs.

    The lead of today is first seen by the earlier model, then by the later one with the earlier
    one's calibration, then as it is. Each step is a difference, so that the parts sum to the
    change whatever the models are.

    Parameters
    ----------
    before, after : ConversionModel
        What scored then and now; the same where nothing was trained in between.
    then, now : pandas.DataFrame of shape (1, n_features)
        The lead's row then and now. Columns of the earlier model that today's row does not have
        are taken from the row of then: what they would say now is part of the other model.
    specs : sequence of Spec
        Of the earlier model's columns.

    Returns
    -------
    Change

    Notes
    -----
    The lead's part per concept is the difference of its contributions (TreeSHAP, and coefficient
    times difference), which sums to the difference of the earlier model's log-odds.
    """
    names = before.columns_.names
    missing = [name for name in names if name not in now]
    today = pd.concat([now, then[missing]], axis=1)[names] if missing else now[names]
    added = before.contributions(pd.concat([then[names], today], ignore_index=True))
    by_name = {spec.name: spec for spec in specs}
    concepts = by_concept(added, [by_name[name] for name in names])
    seen_before = float(before.decision_function(today)[0])
    start, end = float(before.decision_function(then)[0]), float(after.decision_function(now)[0])
    if before is after:
        uncalibrated = seen_before
    else:
        margin = after.blend_.margin(after.columns_.encode(now[after.columns_.names]))
        uncalibrated = float(before.blend_.calibrator.apply(margin)[0])
    return Change(
        before=start,
        after=end,
        lead=concepts.iloc[1] - concepts.iloc[0],
        model=uncalibrated - seen_before,
        calibration=end - uncalibrated,
    )
