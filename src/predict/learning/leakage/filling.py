"""Filling: columns filled in after creation: young leads have them less, exports change them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from predict.crm.earlier import archived_exports
from predict.crm.holdings import raw_tables
from predict.crm.sources import read_text
from predict.crm.stamps import DAY, microseconds, moment
from predict.errors import PredictError
from predict.history.association import raw_columns
from predict.history.suspects import SURE, exact_bounds
from predict.learning.leakage.case import MOST_LEADS, Case
from predict.learning.leakage.verdict import Degree, Verdict

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.crm.texttable import TextTable

#: Leads on either side.
FEWEST = 50
#: A column that young leads surely have less than this share as often is filled in later.
HALF = 0.5
#: Difference of the shares changed, winners less others, by the careful bounds: told of, and
#: stopping a training; the share changed at all that is told of in a column declared fixed.
TELLING, BEYOND, CHANGED = 0.02, 0.10, 0.05


class FreshnessRule:
    """How often a column is filled, in leads old enough to judge and in those that are young."""

    code = "leak-freshness"
    title = "freshness"
    severity: Degree = "warn"
    refits = False

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per raw column."""
        crm = case.crm
        text, names = _columns(case)
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


class ExportsRule:
    """The same leads in an earlier archived export: which values changed since, and whose."""

    code = "leak-exports"
    title = "two exports"
    severity: Degree = "block"
    refits = False

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per column that both exports have."""
        crm = case.crm
        text, names = _columns(case)
        known = archived_exports(case.archive, crm.definition.name) if crm is not None else []
        now = microseconds(crm.exported_at) if crm is not None else 0
        earlier = [e for e in known if e.exported_us < now and "leads" in e.tables]
        if crm is None or text is None or not earlier or not names:
            said = "Not applicable because no earlier export is archived."
            yield Verdict(self.code, self.title, "all columns", "not applicable", said)
            return
        export = earlier[-1]
        try:
            export.files("leads")
            places = tuple(str(export.folder / p) for p in export.tables["leads"])
            spec = crm.definition.leads.model_copy(
                update={"path": places, "sql": None, "url_env": None}
            )
            then = read_text(crm.workspace, spec, folder=export.folder)
        except PredictError as error:
            said = f"Not applicable because the archived export cannot be read: {error.what}."
            yield Verdict(self.code, self.title, "all columns", "not applicable", said)
            return
        both = [n for n in names if n in then.columns and n not in then.lacking]
        yield from self._compared(case, crm, both, then, text, export.exported_us)

    def _compared(
        self,
        case: Case,
        crm: Crm,
        names: list[str],
        then: TextTable,
        now: TextTable,
        exported_us: int,
    ) -> Iterator[Verdict]:
        step = max(1, -(-crm.counts["leads"] // MOST_LEADS))
        before, after = (
            rows.filter(rows.lead_no % step == 0).to_pandas().set_index("lead_no")
            for rows in (raw_columns(crm, then, names), raw_columns(crm, now, names))
        )
        after = after.reindex(before.index)
        stage = crm.definition.conversion.stage
        won = crm.outcomes.filter(
            (crm.outcomes.stage == stage) & (crm.outcomes.occurred_us >= exported_us)
        )
        winners = set(won.select("lead_no").distinct().to_pandas()["lead_no"])
        is_won = before.index.isin(winners)
        if min(is_won.sum(), (~is_won).sum()) < FEWEST // 5:
            said = "Not applicable because too few leads converted since the earlier export."
            yield Verdict(self.code, self.title, "all columns", "not applicable", said)
            return
        doubt = (1 - SURE) / (2 * max(len(names), 1))
        for i, name in enumerate(names):
            one, two = before[f"c{i}"].fillna(""), after[f"c{i}"].fillna("")
            changed = (one != two).to_numpy()
            mine = exact_bounds(float(changed[is_won].sum()), float(is_won.sum()), doubt)
            theirs = exact_bounds(float(changed[~is_won].sum()), float((~is_won).sum()), doubt)
            apart = max(mine.low - theirs.high, theirs.low - mine.high)
            share = float(np.mean(changed))
            said = (
                f"Since the export of {moment(exported_us):%Y-%m-%d} its value changed for "
                f"{100 * mine.share:.0f} % of the leads that converted since and for "
                f"{100 * theirs.share:.0f} % of the others"
            )
            degree: Degree = "fine"
            if apart >= TELLING:
                degree = "block" if apart >= BEYOND else "warn"
                said += ": it is written as the outcome comes about"
            elif share >= CHANGED:
                degree = "warn"
                said += ": it is not fixed at creation"
            figures = {"won_changed": mine.share, "others_changed": theirs.share, "apart": apart}
            yield Verdict(self.code, self.title, name, degree, f"{said}.", figures)


def _columns(case: Case) -> tuple[TextTable | None, list[str]]:
    """Return the leads' table as it was given, and the columns of it that may be learned from."""
    crm = case.crm
    if crm is None:
        return None, []
    text = next((t for name, _, t in raw_tables(crm, frames=True) if name == "leads"), None)
    if text is None:
        return None, []
    mine = {s.name for s in case.subjects if s.blocks and not s.in_time}
    return text, [c for c in text.columns if c in mine and c not in text.lacking]


def _filled(crm: Crm, text: TextTable, names: list[str]) -> pd.DataFrame:
    rows = raw_columns(crm, text, names).inner_join(
        crm.leads.select("lead_no", "created_us"), "lead_no"
    )
    marks = {f"f{i}": rows[f"c{i}"].notnull().cast("int8") for i in range(len(names))}
    found: pd.DataFrame = rows.select("created_us", **marks).to_pandas()
    return found
