"""Histories of overwritten columns in a draft."""

from __future__ import annotations

from collections.abc import Mapping

from predict.crm.drafting.sketch import Sketch, table_block
from predict.crm.recognition import Recognised


def values_of_field(history: Recognised, field: str, new: str, names: list[str]) -> dict[str, int]:
    """Return the values that some fields were set to, by a history, with how often."""
    assert history.look.text is not None
    cells = history.look.text.table.select(
        field=history.look.cell(field), value=history.look.cell(new)
    )
    kept = cells.filter(cells.field.isin(names) & cells.value.notnull())
    counted = kept.group_by("value").aggregate(n=kept.count()).order_by("value").to_pandas()
    return {str(v): int(n) for v, n in zip(counted["value"], counted["n"], strict=True)}


def history_block(sketch: Sketch, history: Recognised | None, tracked: Mapping[str, str]) -> None:
    """Add the history of overwritten columns, where it tells of some."""
    if history is None:
        return
    classed = sketch.columns.classed
    fields = {
        name: column
        for column, name in tracked.items()
        if column in classed and classed[column][0]["class"] == "mutable"
    }
    if not fields:
        return
    comment = "What overwritten columns were set to, and when."
    block = table_block(("history", "lead"), history, comment)
    block.put("of", "leads").put("id", history.part("lead")).put("field", history.part("field"))
    block.put("old", history.part("old")).put("new", history.part("new"))
    changed = history.part("changed")
    block.put("changed_at", changed).put("fields", fields)
    first = history.look.columns[str(changed)].first
    if first is not None:
        why = "its first row; if a field was tracked later, say when"
        block.put("covers_from", first.date(), why)
    sketch.add(block, history, "history.lead")
