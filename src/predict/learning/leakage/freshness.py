"""Freshness: columns that young leads lack and older ones have: filled in as time goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from predict.crm.holdings import raw_tables
from predict.crm.stamps import DAY, microseconds
from predict.history.association import raw_columns
from predict.history.suspects import SURE, exact_bounds
from predict.learning.leakage.case import Case
from predict.learning.leakage.verdict import Degree, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.crm.texttable import TextTable

#: Leads on either side.
FEWEST = 50
#: A column that young leads surely have less than this share as often is filled in later.
HALF = 0.5


class FreshnessRule:
    """How often a column is filled, in leads old enough to judge and in those that are young."""

    code = "leak-freshness"
    title = "freshness"
    severity: Degree = "warn"
    refits = False

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per raw column."""
        crm = case.crm
        text, names = given_columns(case)
        if crm is None or text is None or crm.definition.is_flat or not names:
            said = "Not applicable because there are no young leads to compare with, or no columns."
            yield Verdict(self.code, self.title, "all columns", "not applicable", said)
            return
        frame = _filled(crm, text, names)
        horizon = crm.definition.conversion.within_days * DAY
        age = microseconds(crm.exported_at) - frame["created_us"]
        young, old = age < horizon, (age >= horizon) & (age < 3 * horizon)
        if min(young.sum(), old.sum()) < FEWEST:
            said = "Not applicable because too few leads are young, or old enough to judge."
            yield Verdict(self.code, self.title, "all columns", "not applicable", said)
            return
        doubt = (1 - SURE) / (2 * len(names))
        for i, name in enumerate(names):
            filled = frame[f"f{i}"] > 0
            one = exact_bounds(float(filled[young].sum()), float(young.sum()), doubt)
            two = exact_bounds(float(filled[old].sum()), float(old.sum()), doubt)
            less = one.high < HALF * two.low
            said = (
                f"{100 * one.share:.0f} % of the leads too young to judge have a value, "
                f"{100 * two.share:.0f} % of the older ones"
            )
            said += ": it is filled in later than at creation." if less else "."
            figures = {"young": one.share, "older": two.share}
            degree: Degree = "warn" if less else "fine"
            yield Verdict(self.code, self.title, name, degree, said, figures)


def given_columns(case: Case) -> tuple[TextTable | None, list[str]]:
    """Return the leads' table as it was given, and its columns that are said not to change.

    Columns declared mutable, or known from a later moment on, are cut at the look: they may change.
    """
    crm = case.crm
    if crm is None:
        return None, []
    text = next((t for name, _, t in raw_tables(crm, frames=True) if name == "leads"), None)
    if text is None:
        return None, []
    declared = crm.definition.leads.columns
    moving = {c for c, said in declared.items() if said.cls != "fixed" or said.known_from}
    mine = {s.name for s in case.subjects if s.blocks and not s.in_time} - moving
    return text, [c for c in text.columns if c in mine and c not in text.lacking]


def _filled(crm: Crm, text: TextTable, names: list[str]) -> pd.DataFrame:
    rows = raw_columns(crm, text, names).inner_join(
        crm.leads.select("lead_no", "created_us"), "lead_no"
    )
    marks = {f"f{i}": rows[f"c{i}"].notnull().cast("int8") for i in range(len(names))}
    found: pd.DataFrame = rows.select("created_us", **marks).to_pandas()
    return found
