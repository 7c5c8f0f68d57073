"""Change: why chances are not what they were, split exactly into lead, model, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predict.learning.newton import sigmoid
from predict.scoring.reasons import by_concept
from predict.scoring.walk import mean_slope

if TYPE_CHECKING:
    from predict.history.specs import Spec
    from predict.learning.lead_model import LeadModel
    from predict.learning.model import ConversionModel

Floats = NDArray[np.float64]

#: Parts of a change that no concept of the lead has: what is known of it at all, another model,
#: another level of it.
BASIS, MODEL, CALIBRATION = "basis", "model", "calibration"


@dataclass(frozen=True)
class Changes:
    """What moved the chances of leads between two runs; one row a lead.

    Parameters
    ----------
    before, after : ndarray of shape (n,)
        Log-odds then and now.
    columns : pandas.DataFrame of shape (n, n_columns)
        Per column of the earlier model: by how much what is known of the lead moved it, as that
        model sees it.
    specs : sequence of Spec
        Of those columns.
    basis, model, calibration : ndarray of shape (n,)
        By how much it counts that behaviour is known where it was not, or the other way round; that
        another model sees the lead of today differently; that its level and spread were set anew.
    """

    before: Floats
    after: Floats
    columns: pd.DataFrame
    specs: Sequence[Spec]
    basis: Floats
    model: Floats
    calibration: Floats

    def __len__(self) -> int:
        return len(self.before)

    @property
    def lead(self) -> pd.DataFrame:
        """What is known of the lead, by concept: shape (n, n_concepts)."""
        return by_concept(self.columns, self.specs)

    @property
    def slope(self) -> Floats:
        """Shares of 1 per log-odds, by which parts become points; shape (n,)."""
        return mean_slope(self.before, self.after)

    def of(self, position: int) -> Change:
        """Return the change of one lead."""
        return Change(
            before=float(self.before[position]),
            after=float(self.after[position]),
            lead=self.lead.iloc[position],
            model=float(self.model[position]),
            calibration=float(self.calibration[position]),
            basis=float(self.basis[position]),
        )


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
    basis : float
        By how much it counts that behaviour is known where it was not, or the other way round.
    """

    before: float
    after: float
    lead: pd.Series
    model: float
    calibration: float
    basis: float = 0.0

    @property
    def total(self) -> float:
        """The change of the log-odds; the parts sum to it."""
        return self.after - self.before

    def frame(self) -> pd.DataFrame:
        """Return the parts, the largest first.

        Returns
        -------
        pandas.DataFrame
            ``part`` ("lead", "basis", "model", "calibration"), ``concept`` (of the lead, else ""),
            ``log_odds``, ``points``: the share of the change of the chance, in shares of 1.
        """
        rows = [("lead", str(name), float(value)) for name, value in self.lead.items()]
        rows += [(BASIS, "", self.basis)] if self.basis else []
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
    return changes(before, then, after, now, specs).of(0)


def changes(
    before: ConversionModel,
    then: pd.DataFrame,
    after: ConversionModel,
    now: pd.DataFrame,
    specs: Sequence[Spec],
) -> Changes:
    """Split the changes of many leads at once; see `change`.

    Parameters
    ----------
    before, after : ConversionModel
        What scored then and now.
    then, now : pandas.DataFrame of shape (n, n_features)
        The same leads in the same order.
    specs : sequence of Spec
        Of the earlier model's columns, at least.
    """
    names = before.columns_.names
    then, now = then.reset_index(drop=True), now.reset_index(drop=True)
    today = _today(names, then, now)
    moved = before.contributions(today) - before.contributions(then[names])
    seen = before.decision_function(today)
    start, end = before.decision_function(then[names]), after.decision_function(now)
    if before is after:
        end = uncalibrated = seen
    else:
        margin = after.blend_.margin(after.columns_.encode(now[after.columns_.names]))
        uncalibrated = before.blend_.calibrator.apply(margin)
    by_name = {spec.name: spec for spec in specs}
    return Changes(
        before=start,
        after=end,
        columns=moved,
        specs=[by_name[name] for name in names],
        basis=np.zeros(len(start)),
        model=uncalibrated - seen,
        calibration=end - uncalibrated,
    )


def changes_of_basis(
    before: LeadModel,
    then: pd.DataFrame,
    after: LeadModel,
    now: pd.DataFrame,
    specs: Sequence[Spec],
    *,
    bases: tuple[str, str],
) -> Changes:
    """Split the changes of leads of which more is known than then, or less.

    What is known both times is compared by the profile-only fit of the earlier model. That its
    other fit says something else of the same lead is the basis' part.

    Parameters
    ----------
    before, after : LeadModel
        What scored then and now.
    then, now : pandas.DataFrame of shape (n, n_features)
        The same leads in the same order; columns of a fit that was not used may be missing.
    specs : sequence of Spec
        Of the earlier model's columns.
    bases : tuple of str
        "full" or "profile": what was known then, and now.
    """
    first, last = before.model(bases[0]), after.model(bases[1])
    if bases[0] == bases[1]:
        return changes(first, then, last, now, specs)
    if bases == ("profile", "full"):
        known = changes(before.profile, then, before.profile, now, specs)
        today = _today(before.full.columns_.names, then.reset_index(drop=True), now)
        rest = changes(before.full, today, last, now, specs)
        return replace(
            known,
            after=rest.after,
            basis=rest.before - known.after,
            model=rest.model,
            calibration=rest.calibration,
        )
    known = changes(before.profile, then, last, now, specs)
    start = before.full.decision_function(then)
    return replace(known, before=start, basis=known.before - start)


def _today(names: Sequence[str], then: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Return today's rows in the columns of the earlier model, those lacking as they were."""
    now = now.reset_index(drop=True)
    missing = [name for name in names if name not in now]
    return pd.concat([now, then[missing]], axis=1)[names] if missing else now[names]
