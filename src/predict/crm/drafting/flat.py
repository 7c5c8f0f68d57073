"""Flat exports: one column of the leads says what became of the row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from predict.crm.drafting import signs
from predict.crm.drafting.sketch import Sketch
from predict.crm.recognition import Recognised

if TYPE_CHECKING:
    import ibis.expr.types as ir


def flat_outcome(sketch: Sketch, one: Recognised, taken: Sequence[str]) -> ir.BooleanValue | None:
    """Map the column that says yes or no; return which rows were successful, or None.

    The column is told by its name, else the last one that holds two values of which one means yes.
    """
    look, found = one.look, None
    two = [
        n
        for n, c in look.columns.items()
        if n not in taken and len(c.values) == 2 and c.filled == look.rows and _yes(c.values)
    ]
    for name in look.columns:
        values = look.columns[name].values
        if name not in taken and signs.OUTCOME.search(signs.words(name)) and _yes(values):
            found = (name, "by its name")
    if found is None and two and two[-1] == list(look.columns)[-1]:
        found = (two[-1], "the last column, and it says yes or no")
    if found is None:
        return None
    name, why = found
    yes = _yes(look.columns[name].values)
    n = sum(look.columns[name].values[v] for v in yes)
    sketch.lead.put("outcome_column", name, f"guessed: {why}; what became of the row")
    sketch.lead.put("outcome_values", yes)
    sketch.stages["converted"] = (n, f"{name} is {' or '.join(yes)}")
    sketch.days, sketch.days_why = 0.0, "the outcome belongs to the row"
    return look.cell(name).isin(yes)


def _yes(values: Iterable[str]) -> list[str]:
    return [v for v in values if v.lower() in signs.YES]
