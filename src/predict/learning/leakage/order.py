"""Ids and the order of rows: they must foretell nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predict.learning.leakage.case import Case, Sheet, Subject
from predict.learning.leakage.foretelling import foretell
from predict.learning.leakage.verdict import Degree, Verdict

Floats = NDArray[np.float64]

#: AUC within months, by the lower bound, that is told of; and that stops where it could be learned.
TELLING, BEYOND = 0.55, 0.65
#: Share of leads with a value of their own that makes a column an id.
MOSTLY_UNIQUE = 0.95


class OrderRule:
    """Numbers in ids, their order, and the place in the file, ranked within each month."""

    code = "leak-order"
    title = "ids and row order"
    severity: Degree = "block"
    refits = False

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict for the id, the order of rows, and each column that looks like an id."""
        ids = case.data.keys["lead_id"].iloc[case.leads.row]
        yield self._of(case, "lead_id", _order_of(ids), learned=False)
        if case.places is not None:
            yield self._of(case, "row order", case.places, learned=False)
        else:
            said = "Not applicable because the export is not at hand."
            yield Verdict(self.code, self.title, "row order", "not applicable", said)
        for subject in case.subjects:
            order = _as_id(subject)
            if order is not None:
                on = subject.sheet
                yield self._of(case, subject.name, order, learned=subject.blocks, sheet=on)

    def _of(
        self, case: Case, name: str, order: Floats, *, learned: bool, sheet: Sheet | None = None
    ) -> Verdict:
        on = case.leads if sheet is None else sheet
        ranked = pd.Series(order).groupby(on.month).rank(pct=True).to_numpy(dtype=float)
        ranks = foretell(Subject(name, "role", "number", ranked, (), on))
        if not ranks.enough:
            said = "Not applicable because too few later leads converted, or failed to."
            return Verdict(self.code, self.title, name, "not applicable", said)
        auc = ranks.auc()
        low, high = ranks.bounds(seed=case.seed) if auc >= TELLING else (0.0, 1.0)
        figures = {"auc": auc, "auc_low": low, "auc_high": high}
        if low < TELLING:
            said = f"The order of “{name}” foretells nothing (AUC {auc:.2f} within months)."
            return Verdict(self.code, self.title, name, "fine", said, figures)
        said = (
            f"Within a month the order of “{name}” ranks later leads with an AUC of {auc:.2f}, at "
            f"the least {low:.2f}: an order that knows the outcome was made after it. Ask how the "
            "export was sorted or put together, and whether leads are missing."
        )
        degree: Degree = "block" if learned and low >= BEYOND else "warn"
        return Verdict(self.code, self.title, name, degree, said, figures)


def _order_of(ids: pd.Series) -> Floats:
    """Return the number in each id where nearly all have one, else the rank of its text."""
    text = ids.astype("string")
    digits = text.str.extract(r"(\d+)\D*$", expand=False).str.slice(-15)
    numbers = pd.to_numeric(digits, errors="coerce")
    there = text.notna()
    if numbers.notna().sum() >= MOSTLY_UNIQUE * max(int(there.sum()), 1):
        distinct = numbers.nunique() >= MOSTLY_UNIQUE * text.nunique()
        if distinct:
            return np.asarray(numbers, dtype=np.float64)
    return np.asarray(text.astype(object).rank(method="dense"), dtype=np.float64)


def _as_id(subject: Subject) -> Floats | None:
    """Return the order of a column whose values nearly all differ, if it may be an id."""
    if subject.in_time or subject.hidden or subject.dated:
        return None
    filled = subject.filled
    if filled.sum() < MOSTLY_UNIQUE * len(subject.sheet):
        return None
    distinct = len(np.unique(subject.values[filled]))
    # A sheet of looks holds a lead several times.
    leads = len(np.unique(subject.sheet.lead[filled]))
    if distinct < MOSTLY_UNIQUE * leads:
        return None
    if subject.kind == "number":
        whole = bool(np.all(np.mod(subject.values[filled], 1) == 0))
        return subject.values if whole else None
    levels = pd.Series(list(subject.levels))
    order = np.append(_order_of(levels), np.nan)
    return np.asarray(order[subject.values], dtype=float)
