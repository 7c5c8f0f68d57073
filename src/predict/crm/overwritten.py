"""Overwritten columns: those the CRM changes, and what becomes of the ones without a history."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from predict.findings import Finding

if TYPE_CHECKING:
    from predict.definition.columns import Column
    from predict.definition.schema import Definition


def overwritten(definition: Definition) -> dict[str, str]:
    """Return the mutable columns that may be learned from: feature name → ``leads`` or related.

    Who works on a lead is routing and never learned from.
    """
    never = {*definition.never_use.columns, definition.leads.owner}
    found = {c: "leads" for c in definition.leads.of_class("mutable") if c not in never}
    for name, spec in definition.related.items():
        allowed = [c for c in spec.of_class("mutable") if not {c, f"{name}.{c}"} & never]
        found |= {f"{name}.{c}": f"related.{name}" for c in allowed}
    return found


def declared(definition: Definition, name: str) -> Column | None:
    """Return what the definition says of a profile column, by feature name; None if nothing."""
    if name in definition.leads.columns:
        return definition.leads.columns[name]
    for related, spec in definition.related.items():
        column = spec.columns.get(name.removeprefix(f"{related}."))
        if name.startswith(f"{related}.") and column is not None:
            return column
    return None


def left_out(definition: Definition, covered: Collection[str], archived: str) -> list[Finding]:
    """List the mutable columns without a history once, with what would unlock them.

    Parameters
    ----------
    covered : collection of str
        Feature names with a history.
    archived : str
        What the archive of exports can do for them, as a sentence.
    """
    missing = [name for name in overwritten(definition) if name not in covered]
    if not missing:
        return []
    listed = Finding(
        "left-out-mutable",
        "note",
        "leads",
        f"Left out: {', '.join(missing)}. They are overwritten by the CRM and have no history "
        "here, so their values at the time of each look are not known; a history table "
        f"([history.…]: field history, property history) would unlock them. {archived}",
        {"columns": len(missing)},
    )
    said = {name: declared(definition, name) for name in missing}
    insisted = [name for name, column in said.items() if column is not None and column.insist]
    return [
        listed,
        *(
            Finding(
                "insisted-history",
                "block",
                name,
                f"The definition insists on “{name}”, and no history tells what it held at each "
                "look. Export its history and name it in fields of a [history.…] table, or "
                "remove insist.",
            )
            for name in insisted
        ),
    ]
