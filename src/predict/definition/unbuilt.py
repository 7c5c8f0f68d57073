"""What a definition may already say and this version does not act on, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from predict.definition.complaints import dotted
from predict.definition.profiles import LeadsTable, RelatedTable
from predict.definition.tables import HistoryTable


def sentences(
    leads: LeadsTable,
    related: Mapping[str, RelatedTable],
    history: Mapping[str, HistoryTable],
) -> list[str]:
    """Return one sentence for each thing that is read and not acted on.

    None of them is an error: what is not built is left out, and nothing is learned from it.
    """
    said = [
        f"{dotted(('history', name))}: histories of overwritten columns are not read yet."
        for name in history
    ]
    joined = [(dotted(("related", name)), table) for name, table in related.items()]
    for name, profile in [("leads", leads), *joined]:
        overwritten = profile.of_class("mutable")
        if overwritten:
            said.append(
                f"{name}.columns: {', '.join(overwritten)}: the CRM overwrites such columns "
                "(mutable); they are left out of learning until histories are read."
            )
        dated = [n for n, column in profile.columns.items() if column.known_from is not None]
        if dated:
            said.append(f"{name}.columns: {', '.join(dated)}: known_from is not looked at yet.")
    return said
