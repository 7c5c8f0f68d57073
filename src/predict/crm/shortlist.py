"""Shortlist: which undeclared columns are worth a look, by how well they foretell later leads.

Each column alone foretells, from what became of the leads of the earlier half, those of the later
half. Nothing is judged on leads that it was learned from, and nothing enters a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from predict.crm.stamps import DAY
from predict.crm.texttable import FILE, RECORD, TextTable, as_text
from predict.findings import Finding

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.crm.sources import Workspace
    from predict.definition.schema import Definition

#: Leads looked at; every n-th of all.
SAMPLE = 10_000
#: Columns read at once: bounds memory.
AT_ONCE = 32
#: Leads of each outcome that either half must hold.
FEWEST = 20
#: Parts into which numbers are cut.
PARTS = 8
#: Weight of the average against the leads of one value, in leads.
SHRINK = 20.0
#: A column whose values nearly all differ is a name, a text or an id.
MOST_DIFFERENT = 0.5
#: A gain this many of its standard errors above zero is taken for more than chance.
CLEAR = 3.0
SHOWN = 8


@dataclass(frozen=True)
class Hint:
    """How much a column tells of later leads.

    Parameters
    ----------
    column : str
        Its name.
    gain : float
        Log loss that it saves per later lead, in nats, against their average.
    error : float
        Standard error of that.
    filled : float
        Share of leads with a value.
    """

    column: str
    gain: float
    error: float
    filled: float

    @property
    def helps(self) -> bool:
        """Whether the gain is more than chance."""
        return self.gain > CLEAR * self.error > 0


def hints(
    workspace: Workspace,
    text: TextTable,
    columns: Sequence[str],
    places: ir.Table,
    sample: pd.DataFrame,
) -> list[Hint]:
    """Return what columns of leads tell, the most telling first.

    Parameters
    ----------
    workspace : Workspace
        Engine of the tables.
    text : TextTable
        The leads as they were read.
    columns : sequence of str
        Those to look at.
    places : Ibis table
        ``lead_no``, ``file``, ``record``: where each lead stands in the text.
    sample : pandas.DataFrame
        From `judged`.

    Returns
    -------
    list of Hint
        Of columns with more than one value; empty where either half of the leads holds too few of
        either outcome.
    """
    y = sample["won"].to_numpy(dtype=float)
    early, late = y[: len(y) // 2], y[len(y) // 2 :]
    if min(min(part.sum(), len(part) - part.sum()) for part in (early, late)) < FEWEST:
        return []
    chosen = places.semi_join(workspace.frame(sample[["lead_no"]], "sample"), "lead_no")
    table = text.table
    joined = chosen.inner_join(table, [chosen.file == table[FILE], chosen.record == table[RECORD]])
    found = []
    for start in range(0, len(columns), AT_ONCE):
        names = columns[start : start + AT_ONCE]
        values = joined.select(
            "lead_no", **{f"v{i}": as_text(joined[c]).strip() for i, c in enumerate(names)}
        )
        frame = values.to_pandas().set_index("lead_no").reindex(sample["lead_no"])
        told = [_hint(c, frame[f"v{i}"].to_numpy(dtype=object), y) for i, c in enumerate(names)]
        found += [hint for hint in told if hint is not None]
    return sorted(found, key=lambda h: (-h.gain, h.column))


def judged(
    definition: Definition, leads: ir.Table, outcomes: ir.Table, exported_us: int
) -> pd.DataFrame:
    """Return every n-th lead old enough to judge, oldest first: ``lead_no``, ``won``."""
    import ibis

    agreed = definition.conversion
    horizon = round(agreed.within_days * DAY)
    reached = outcomes.filter(outcomes.stage == agreed.stage)
    first = reached.group_by("lead_no").aggregate(first_us=reached.occurred_us.min())
    old = leads.created_us + horizon + round(agreed.export_lag_days * DAY) <= exported_us
    ripe = leads.filter(old & ~leads.suppressed).left_join(
        first.rename(first_lead="lead_no"), leads.lead_no == first.lead_no
    )
    after = ripe.first_us - ripe.created_us
    ripe = ripe.filter(ripe.first_us.isnull() | (after >= 0))
    won = ripe.first_us.notnull()
    won = won if definition.is_flat else won & (after < horizon)
    order = ibis.window(order_by=["created_us", "lead_no"])
    ranked = ripe.select("lead_no", "created_us", won=won.fill_null(False)).mutate(
        place=ibis.row_number().over(order)
    )
    step = max(1, -(-int(ranked.count().execute()) // SAMPLE))
    kept = ranked.filter(ranked.place % step == 0).order_by("place")
    return kept.select("lead_no", "won").to_pandas()


def _hint(column: str, values: Any, y: Any) -> Hint | None:
    """Learn the share of wins per value from the earlier half; judge it on the later half."""
    half = len(y) // 2
    codes, filled = _codes(values, half)
    if codes.max() == codes.min():
        return None
    size = int(codes.max()) + 1
    average = y[:half].mean()
    seen = np.bincount(codes[:half], minlength=size)
    won = np.bincount(codes[:half], weights=y[:half], minlength=size)
    share = ((won + SHRINK * average) / (seen + SHRINK))[codes[half:]]
    later = y[half:]
    saved = later * np.log(share / average) + (1 - later) * np.log((1 - share) / (1 - average))
    error = saved.std(ddof=1) / np.sqrt(len(saved))
    return Hint(column, float(saved.mean()), float(error), filled)


def _codes(values: Any, half: int) -> tuple[Any, float]:
    """Return a code per value: parts of numbers, values, or whether there is one at all."""
    import pandas as pd

    text = pd.Series(values, dtype=object)
    there = text.notna().to_numpy() & (text != "").to_numpy()
    filled = float(there.mean())
    different = text[there].nunique()
    numbers = pd.to_numeric(text.where(there), errors="coerce").to_numpy(dtype=float)
    read = np.isfinite(numbers)
    if read.sum() >= 0.99 * max(there.sum(), 1) and different > PARTS and read[:half].any():
        limits = np.quantile(numbers[:half][read[:half]], np.linspace(0, 1, PARTS + 1)[1:-1])
        return np.where(read, np.searchsorted(limits, numbers, side="right") + 1, 0), filled
    if different > MOST_DIFFERENT * there.sum():
        return there.astype(int), filled
    known = pd.Index(text[:half][there[:half]].unique())
    # Values that the earlier leads did not have tell nothing; they count as one.
    return np.where(there, known.get_indexer(text) + 2, 0), filled


def undeclared(columns: Sequence[str], told: Sequence[Hint]) -> list[Finding]:
    """Return the one finding about columns that the definition does not name."""
    if not columns:
        return []
    n = len(columns)
    helpful = [h.column for h in told if h.helps]
    counts = {"columns": n, "would help": len(helpful)}
    shown = helpful[:SHOWN] if helpful else list(columns[:SHOWN])
    names = ", ".join(shown) + (" …" if len(helpful or columns) > SHOWN else "")
    if helpful:
        sentence = (
            f"{n:,} columns are not declared and are left out; {len(helpful)} of them would help "
            f"if known at creation, look at these first: {names}. The more one tells, the likelier "
            "it was filled in after the outcome: declare as “fixed” only what is known when the "
            "lead is created."
        )
    else:
        sentence = (
            f"{n:,} columns are not declared and are left out: {names}. Those known when the lead "
            "is created can be declared “fixed”."
        )
    return [Finding("undeclared", "note", "leads", sentence, counts)]
