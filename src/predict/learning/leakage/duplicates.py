"""Near duplicates: the same person, or the same row, under two ids, on both sides of a split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predict.learning.leakage.case import Case
from predict.learning.leakage.verdict import Degree, Verdict
from predict.learning.splits import days_of

#: Share of leads with a double under another account that is told of as a warning.
MANY = 0.01
#: Columns that must agree, at least: few columns agree by chance.
FEWEST_COLUMNS = 3
#: Days within which doubles by chance are counted.
APART = 15.0


class DuplicateRule:
    """Leads with one e-mail address, or one row of values, and two groups."""

    code = "leak-duplicates"
    title = "near duplicates"
    severity: Degree = "warn"
    refits = False

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict about the leads; rows of one group stay together in every split."""
        yield self._rows(case)
        yield self._people(case)

    def _rows(self, case: Case) -> Verdict:
        data, sheet = case.data, case.leads
        related = [*case.crm.definition.related] if case.crm is not None else ["account"]
        own = [
            s.name
            for s in data.specs
            if s.view == "profile" and s.name.partition(".")[0] not in related
        ]
        if len(own) < FEWEST_COLUMNS:
            said = "Not applicable because too few columns say who a lead is."
            return Verdict(self.code, self.title, "leads", "not applicable", said)
        first = data.X[own].iloc[sheet.row]
        created = days_of(data.keys["created_at"].iloc[sheet.row], len(sheet))
        if np.mean(created % 1 == 0) > 0.5:
            said = "Not applicable because the export tells days and not times of creation."
            return Verdict(self.code, self.title, "leads", "not applicable", said)
        rows = pd.util.hash_pandas_object(first, index=False).to_numpy()
        near, by_chance = _near(rows, created, sheet.group)
        # Leads of few words share them by chance: as often a week apart as within a day.
        doubles = 0 if near <= 3 * by_chance else round(near - by_chance)
        return self._told(case, doubles, "all that is known of the person, within a day,", True)

    def _people(self, case: Case) -> Verdict:
        if case.crm is None:
            said = "Not applicable because the export is not at hand."
            return Verdict(self.code, self.title, "people", "not applicable", said)
        keys = case.crm.leads.select("lead_id", "mail_key").to_pandas()
        ids = case.data.keys["lead_id"].iloc[case.leads.row]
        mail = keys.set_index("lead_id")["mail_key"].reindex(ids).to_numpy()
        if pd.isna(mail).all():
            said = "Not applicable because no e-mail address is mapped."
            return Verdict(self.code, self.title, "people", "not applicable", said)
        same = pd.DataFrame({"mail": mail, "group": case.leads.group}).dropna()
        doubles = _doubles(same, ["mail"])
        return self._told(case, doubles, "one e-mail address", True, "people")

    def _told(self, case: Case, doubles: int, what: str, exact: bool, at: str = "leads") -> Verdict:
        total = max(len(case.leads), 1)
        figures = {"doubles": float(doubles), "leads": float(total)}
        if not doubles:
            return Verdict(self.code, self.title, at, "fine", f"No two leads have {what}.", figures)
        said = (
            f"{doubles:,} of {total:,} leads share {what} with a lead of another account. One may "
            "be learned from and the other judged, which flatters the figures."
        )
        degree: Degree = "warn" if exact and doubles >= MANY * total else "note"
        if degree == "warn":
            said += ' Merge them in the CRM, or map [links.…] with kind = "merged".'
        return Verdict(self.code, self.title, at, degree, said, figures)


def _near(
    rows: NDArray[Any], created: NDArray[np.float64], group: NDArray[np.int64]
) -> tuple[int, float]:
    """Count leads with a double of another account created within a day, and how many by chance.

    The second is taken from doubles that came in 1 to `APART` days apart.
    """
    order = np.lexsort((created, rows))
    rows, created, group = rows[order], created[order], group[order]
    same = (rows[1:] == rows[:-1]) & (group[1:] != group[:-1])
    apart = created[1:] - created[:-1]
    near = int(np.count_nonzero(same & (apart <= 1)))
    later = int(np.count_nonzero(same & (apart > 1) & (apart <= APART)))
    return 2 * near, 2 * later / (APART - 1)


def _doubles(frame: pd.DataFrame, keys: list[str]) -> int:
    """Count the leads whose key another group has too."""
    groups = frame.groupby(keys, sort=False)["group"].transform("nunique")
    return int(np.count_nonzero(groups.to_numpy() > 1))
