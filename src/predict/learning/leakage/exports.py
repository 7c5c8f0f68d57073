"""Exports: the same leads in an earlier archived export: which values changed since, and whose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predict.crm.earlier import Archived, archived_exports, archived_text, unexpired
from predict.crm.layout import roles_of
from predict.crm.personal import names_somebody
from predict.crm.stamps import DAY, microseconds, moment
from predict.errors import PredictError
from predict.history.association import raw_columns
from predict.history.candidates import NEARLY_ALL, stamps_of
from predict.history.suspects import SURE
from predict.learning.leakage.case import Case, Sheet
from predict.learning.leakage.cells import Cell, measure
from predict.learning.leakage.freshness import given_columns
from predict.learning.leakage.verdict import Degree, Verdict

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.crm.texttable import TextTable

Marks = NDArray[np.bool_]

#: Leads that converted since the earlier export, and others.
FEWEST = 10
#: Difference of the shares changed, winners less others, by the careful bounds: told of, and
#: stopping a training; the share changed at all that is told of in a column said to be fixed.
TELLING, BEYOND, CHANGED = 0.02, 0.10, 0.05
#: Parts of the age that leads had at the earlier export: they are compared at equal age.
AGES = 4


class ExportsRule:
    """The same leads in an earlier archived export: which values changed since, and whose."""

    code = "leak-exports"
    title = "two exports"
    severity: Degree = "block"
    refits = False

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per column that is said not to change and that both exports hold."""
        text, names = given_columns(case)
        if case.crm is None or text is None or not names:
            yield self._none("no earlier export is archived")
            return
        crm = case.crm
        exports = archived_exports(case.archive, crm.definition.name)
        exports = unexpired(exports, crm.definition.retention, crm.exported_at)
        now = microseconds(crm.exported_at)
        earlier = [e for e in exports if e.exported_us < now and "leads" in e.tables]
        if not earlier:
            yield self._none("no earlier export is archived")
            return
        # The latest that lies far enough back for leads to have converted since.
        for export in reversed(earlier):
            created, won = _since(crm, export)
            if won.sum() >= 3 * FEWEST:
                break
        if min(won.sum(), (~won).sum()) < FEWEST:
            yield self._none("too few leads converted since the earlier export")
            return
        try:
            then = archived_text(crm.workspace, crm.definition, export, "leads")
        except PredictError as error:
            yield self._none(f"the archived export cannot be read: {error.what}")
            return
        both = [n for n in names if n in then.columns and n not in then.lacking]
        for name in names:
            if name not in both:
                said = "the archive does not keep it, or it was not in the earlier export"
                yield self._none(said, name)
        if both:
            yield from self._compared(crm, both, then, text, export, created, won)

    def _none(self, why: str, column: str = "all columns") -> Verdict:
        said = f"Not applicable because {why}."
        return Verdict(self.code, self.title, column, "not applicable", said)

    def _compared(
        self,
        crm: Crm,
        names: Sequence[str],
        then: TextTable,
        now: TextTable,
        export: Archived,
        created: pd.Series,
        won: pd.Series,
    ) -> Iterator[Verdict]:
        before = _values(crm, then, names, archived=export.typed)
        after = _values(crm, now, names)
        both = before.index.intersection(after.index).intersection(won.index)
        before, after = before.loc[both], after.loc[both]
        age = (export.exported_us - created.loc[both]).to_numpy(dtype=float)
        is_won = won.loc[both].to_numpy(dtype=bool)
        if min(is_won.sum(), (~is_won).sum()) < FEWEST:
            yield self._none("too few leads converted since the earlier export")
            return
        cuts = np.unique(np.quantile(age[is_won], np.arange(1, AGES) / AGES))
        part = np.searchsorted(cuts, age, side="right")
        own = np.arange(len(both))
        owner = roles_of(crm.definition).get("owner")
        doubt = (1 - SURE) / (2 * len(names))
        for i, name in enumerate(names):
            one, two = before[f"c{i}"], after[f"c{i}"]
            if export.typed and name == owner:
                two = two.map(lambda v: sha256(v.encode()).hexdigest(), na_action="ignore")
            if export.emptied.get(f"leads.{name}"):
                two = _unnamed(crm, two)
            changed = _changed(one, two, (then.decimal, now.decimal))
            sheet = Sheet(changed.astype(float), part, own, own, age, own)
            found = measure(Cell("converted since", is_won), sheet, doubt, one_of_each=False)
            if found is None:
                yield self._none("those that converted since were of another age", name)
                continue
            mine, theirs = found.inside, found.outside
            apart = max(mine.low - theirs.high, theirs.low - mine.high)
            said = (
                f"Since the export of {moment(export.exported_us):%Y-%m-%d} its value changed for "
                f"{100 * mine.share:.0f} % of the leads that converted since and for "
                f"{100 * theirs.share:.0f} % of others of the same age"
            )
            degree: Degree = "fine"
            if apart >= TELLING:
                degree = "block" if apart >= BEYOND else "warn"
                said += ": it is written as the outcome comes about"
            elif min(mine.low, theirs.low) >= CHANGED:
                degree = "warn"
                said += ": it is not fixed at creation"
            figures = {"won_changed": mine.share, "others_changed": theirs.share, "apart": apart}
            yield Verdict(self.code, self.title, name, degree, f"{said}.", figures)


def _since(crm: Crm, export: Archived) -> tuple[pd.Series, pd.Series]:
    """Return creation, and whether it converted since, of each lead open at an earlier export.

    Those that converted before, or whose time was over, have nothing left to betray.
    """
    stage, window = crm.definition.conversion.stage, crm.definition.conversion.within_days
    reached = crm.outcomes.filter(crm.outcomes.stage == stage)
    first = reached.group_by("lead_no").aggregate(won_us=reached.occurred_us.min())
    leads = crm.leads.select("lead_no", "created_us")
    rows = leads.left_join(first, "lead_no").select("lead_no", "created_us", "won_us")
    oldest = export.exported_us - round(window * DAY)
    rows = rows.filter((rows.created_us < export.exported_us) & (rows.created_us >= oldest))
    rows = rows.filter(rows.won_us.isnull() | (rows.won_us >= export.exported_us))
    frame = rows.to_pandas().set_index("lead_no").sort_index()
    return frame["created_us"], frame["won_us"].notna()


def _values(
    crm: Crm, text: TextTable, names: Sequence[str], *, archived: bool = False
) -> pd.DataFrame:
    """Return columns as text, by the number of the lead."""
    rows = raw_columns(crm, text, names, archived=archived)
    found: pd.DataFrame = rows.to_pandas().set_index("lead_no")
    return found


def _unnamed(crm: Crm, values: pd.Series) -> pd.Series:
    """Return values without those that name somebody, as the archive kept the earlier ones."""
    given = values.where(values.notna(), None).astype(object)
    rows = crm.workspace.frame(pd.DataFrame({"no": range(len(given)), "v": list(given)}), "unnamed")
    marks = rows.select("no", named=names_somebody(rows.v.cast("string"))).to_pandas()
    named = marks.sort_values("no")["named"].to_numpy(dtype=bool)
    return values.mask(named)


def _changed(one: pd.Series, two: pd.Series, decimals: tuple[str | None, str | None]) -> Marks:
    """Tell which values differ as text, as number and as moment: another notation is no change."""
    there = one.notna().to_numpy(), two.notna().to_numpy()
    changed = (there[0] != there[1]) | (there[0] & there[1] & (one != two).to_numpy())
    open_ = np.flatnonzero(changed & there[0] & there[1])
    if not len(open_):
        return np.asarray(changed, dtype=bool)
    a, b = one.iloc[open_].astype(str), two.iloc[open_].astype(str)
    same = _number(a, decimals[0]) == _number(b, decimals[1])
    same |= (_moments(a) == _moments(b)).to_numpy()
    changed[open_[same]] = False
    return np.asarray(changed, dtype=bool)


def _number(text: pd.Series, decimal: str | None) -> NDArray[np.float64]:
    if decimal == ",":
        text = text.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    return pd.to_numeric(text, errors="coerce").to_numpy(dtype=float)


def _moments(text: pd.Series) -> pd.Series:
    """Return values as moments in the first notation that reads nearly all of them, else NaT."""
    for stamps in stamps_of(text):
        if stamps.notna().mean() >= NEARLY_ALL:
            return stamps
    return pd.Series(pd.NaT, index=text.index)
