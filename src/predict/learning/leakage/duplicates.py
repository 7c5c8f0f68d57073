"""Near duplicates: the same person, or the same row, under two ids, on both sides of a split."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from predict.learning.leakage.case import Case
from predict.learning.leakage.verdict import Degree, Verdict

#: Share of leads with a double under another account that is told of as a warning.
MANY = 0.01
#: Columns that must agree, at least: few columns agree by chance.
FEWEST_COLUMNS = 3


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
        if data.X.shape[1] < FEWEST_COLUMNS:
            said = "Not applicable because too few columns are learned from."
            return Verdict(self.code, self.title, "leads", "not applicable", said)
        first = data.X.iloc[sheet.row]
        created = data.keys["created_at"].iloc[sheet.row].reset_index(drop=True)
        rows = pd.util.hash_pandas_object(first, index=False).reset_index(drop=True)
        group = pd.Series(sheet.group)
        same = pd.DataFrame({"row": rows, "group": group, "created": created})
        # Leads with one row of values are one person where they came in at one moment too; where
        # only days are known, many share a day, and with few values many share all of them.
        day = created.dt.normalize()
        exact = not bool((created == day).mean() > 0.5)
        keys = ["row", "created"] if exact else ["row"]
        doubles = _doubles(same, keys)
        return self._told(case, doubles, "the same values in every column", exact)

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

    def _told(
        self, case: Case, doubles: int, what: str, exact: bool, at: str = "leads"
    ) -> Verdict:
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
            said += " Merge them in the CRM, or map [links.…] with kind = \"merged\"."
        return Verdict(self.code, self.title, at, degree, said, figures)


def _doubles(frame: pd.DataFrame, keys: list[str]) -> int:
    """Count the leads whose key another group has too."""
    groups = frame.groupby(keys, sort=False)["group"].transform("nunique")
    return int(np.count_nonzero(groups.to_numpy() > 1))
