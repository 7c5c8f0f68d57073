"""Lead-time decay: what stands beside the outcome tells of wins of tomorrow, not of next month.

To move the look 7 or 30 days earlier is to leave out the wins of the first 7 or 30 days: then
features are as old, when the win comes, as an earlier look would have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from predict.crm.stamps import DAY
from predict.learning.leakage.case import Case, Subject
from predict.learning.leakage.foretelling import foretell
from predict.learning.leakage.verdict import Degree, Verdict

#: Days by which the look is moved.
DAYS = (7.0, 30.0)
#: AUC of the wins close by, by the lower bound, and of the later ones, by the upper: a collapse.
CLOSE, LATER = 0.80, 0.60
#: Columns that tell less than this of all wins have nothing to lose.
_IDLE = 0.60


class DecayRule:
    """Refits on wins close by and on later ones; a collapse between them is told of."""

    code = "leak-decay"
    title = "lead-time decay"
    severity: Degree = "warn"
    refits = True

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per column that tells anything."""
        crm = case.crm
        horizon = case.data.horizon_days
        if crm is None or crm.definition.is_flat or horizon <= DAYS[0]:
            why = "the export is not at hand" if crm is None else "the horizon is too short"
            said = f"Not applicable because {why}."
            yield Verdict(self.code, self.title, "all columns", "not applicable", said)
            return
        alone = {v.column: v.figures.get("auc", 0.5) for v in case.told if v.rule == "leak-single"}
        days = _days_to_win(case)
        for subject in case.subjects:
            if subject.blocks and alone.get(subject.name, 0.5) >= _IDLE:
                yield self._of(case, subject, days[subject.sheet.row])

    def _of(self, case: Case, subject: Subject, days: NDArray[np.float64]) -> Verdict:
        lost = subject.sheet.y == 0
        close = foretell(_only(subject, lost | (days < DAYS[0])))
        said = "Not applicable because too few wins come at once, or later."
        for moved in DAYS:
            later = foretell(_only(subject, lost | (days >= moved)))
            if not (close.enough and later.enough):
                continue
            near, far = close.auc(), later.auc()
            figures = {"auc_close": near, "auc_later": far, "moved_days": moved}
            said = (
                f"Of wins within {DAYS[0]:g} days it tells with an AUC of {near:.2f}, of those at "
                f"least {moved:g} days away with {far:.2f}"
            )
            if near >= CLOSE and close.bounds(seed=case.seed)[0] >= CLOSE:
                high = later.bounds(seed=case.seed)[1]
                if high <= LATER:
                    said += ": it stands beside the outcome, not before it."
                    return Verdict(self.code, self.title, subject.name, "warn", said, figures)
            last = Verdict(self.code, self.title, subject.name, "fine", f"{said}.", figures)
        if said.startswith("Not"):
            return Verdict(self.code, self.title, subject.name, "not applicable", said)
        return last


def _only(subject: Subject, rows: NDArray[np.bool_]) -> Subject:
    sheet = subject.sheet
    kept = replace(
        sheet,
        **{f: getattr(sheet, f)[rows] for f in ("y", "month", "group", "lead", "time", "row")},
    )
    return replace(subject, values=subject.values[rows], sheet=kept)


def _days_to_win(case: Case) -> NDArray[np.float64]:
    """Return, per row of the dataset, the days from the look to the first win; NaN without."""
    assert case.crm is not None
    crm, keys = case.crm, case.data.keys
    won = crm.outcomes.filter(crm.outcomes.stage == crm.definition.conversion.stage)
    first = won.group_by("lead_no").aggregate(won_us=won.occurred_us.min())
    frame = crm.leads.inner_join(first, "lead_no").select("lead_id", "won_us").to_pandas()
    at = frame.set_index("lead_id")["won_us"].astype("float64").reindex(keys["lead_id"])
    looks = keys["as_of"].astype("datetime64[us]").astype("int64").to_numpy(dtype=float)
    return (at.to_numpy(dtype=float) - looks) / DAY
