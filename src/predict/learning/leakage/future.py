"""Future rows: features stay as they are when all that came after the look is taken away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from predict.history.building import Recipe, all_looks, catalogue, feature_chunks
from predict.learning.leakage.case import Case
from predict.learning.leakage.verdict import Degree, Verdict

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.crm.tables import Crm

#: Looks computed twice, one an account.
LOOKS = 300


class FutureRule:
    """A sample of looks computed anew without the rows at or after them: nothing may change."""

    code = "leak-future"
    title = "future rows"
    severity: Degree = "block"
    refits = True

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per feature that changes, or one for all."""
        crm, data = case.crm, case.data
        if crm is None or "recipe" not in data.manifest:
            said = "Not applicable because the export is not at hand."
            yield Verdict(self.code, self.title, "all columns", "not applicable", said)
            return
        if crm.definition.is_flat:
            said = "Not applicable because a flat export has no rows beside the lead's own."
            yield Verdict(self.code, self.title, "all columns", "not applicable", said)
            return
        rows = np.sort(np.unique(case.looks.group, return_index=True)[1])[:LOOKS]
        keys = data.keys.iloc[case.looks.row[rows]]
        chosen = crm.workspace.frame(_chosen(keys), "chosen")
        grid = _grid(crm, chosen)
        recipe = Recipe.from_dict(data.manifest["recipe"])  # type: ignore[arg-type]
        features = catalogue(crm, recipe)
        before = pd.concat(list(feature_chunks(crm, grid, features)), ignore_index=True)
        cut = replace(
            crm,
            events=_before(crm, crm.events, grid),
            outcomes=_before(crm, crm.outcomes, grid),
        )
        after = pd.concat(list(feature_chunks(cut, grid, features)), ignore_index=True)
        changed = [c for c in before.columns if not before[c].equals(after[c])]
        for name in changed:
            n = int((before[name].fillna(0) != after[name].fillna(0)).sum())
            said = (
                f"“{name}” differs at {n:,} of {len(before):,} looks once rows at or after the "
                "look are taken away: it reads the future. Please report it."
            )
            yield Verdict(self.code, self.title, name, "block", said, {"looks": float(n)})
        if not changed:
            said = (
                f"At {len(before):,} looks, one an account, no feature changes when all rows at "
                "or after the look are taken away."
            )
            figures = {"looks": float(len(before))}
            yield Verdict(self.code, self.title, "all columns", "fine", said, figures)


def _chosen(keys: pd.DataFrame) -> pd.DataFrame:
    us = keys["as_of"].astype("datetime64[us]").astype("int64")
    return pd.DataFrame({"chosen": keys["lead_id"].astype(str), "chosen_us": us})


def _grid(crm: Crm, chosen: ir.Table) -> ir.Table:
    import ibis

    looks = all_looks(crm)
    same = [looks.lead_id == chosen.chosen, looks.as_of_us == chosen.chosen_us]
    grid = looks.semi_join(chosen, same)
    order = ibis.window(order_by=["lead_no", "as_of_us"])
    grid = grid.mutate(row=ibis.row_number().over(order).cast("int64"))
    return crm.workspace.materialise(grid, "chosen looks", order_by=["row"])


def _before(crm: Crm, rows: ir.Table, grid: ir.Table) -> ir.Table:
    """Return rows known before the look of their lead; of other leads, before the last look."""
    import ibis

    last = int(grid.as_of_us.max().execute())
    looks = grid.select(look_of="lead_no", look_us="as_of_us")
    joined = rows.left_join(looks, rows.lead_no == looks.look_of)
    known = ibis.greatest(joined.occurred_us, joined.known_us)
    kept = joined.filter(known < joined.look_us.fill_null(last))
    return crm.workspace.materialise(kept.select(*rows.columns), "rows before")
