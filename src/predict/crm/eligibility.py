"""Eligibility: columns that say who may not be contacted; no features, shown beside the score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from predict.crm.texttable import as_text
from predict.findings import Finding

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.definition.columns import Column

#: What an opt-out or a do-not-call box holds where it is set.
REFUSES = ("true", "yes", "1", "1.0", "y", "x", "t", "ja", "wahr", "oui", "vrai", "si", "sí", "sì")
#: Column of leads: names of the columns that refuse contact, joined with "; "; empty text where
#: none does.
NO_CONTACT = "no_contact"


def no_contact(rows: ir.Table, columns: Mapping[str, Column]) -> ir.StringValue:
    """Return, per row, the names of the columns that refuse contact.

    One may have opted out of e-mail and not of calls, so a lead that a column refuses is still
    scored and graded; which column it was stands beside the score. Who must not be scored at all
    stands on the suppression list.

    Parameters
    ----------
    rows : Ibis table
        The leads as text.
    columns : mapping of str to Column
        Eligibility columns of the definition.
    """
    import ibis

    said: ir.StringValue = ibis.literal("")
    for name, column in columns.items():
        values = sorted({v.strip().lower() for v in column.refuses} or REFUSES)
        refused = as_text(rows[name]).strip().lower().isin(values).fill_null(False)
        said = said + refused.ifelse(f"; {name}", "")
    return said.substr(2)


def told(leads: ir.Table, columns: Mapping[str, Column]) -> list[Finding]:
    """Return a note per eligibility column: how many leads it refuses, and how it was read."""
    if not columns:
        return []
    names = list(columns)
    named = {f"n{i}": leads[NO_CONTACT].split("; ").contains(n).sum() for i, n in enumerate(names)}
    row = leads.aggregate(**named).to_pandas().fillna(0)
    found = []
    for i, name in enumerate(names):
        n = int(row[f"n{i}"][0])
        read = ", ".join(f"“{v}”" for v in columns[name].refuses) or "true, yes, 1"
        sentence = (
            f"{name} refuses contact with {n:,} leads ({read}); they are scored and marked in "
            "do_not_contact. If other values mean that, say refuses = […] in the column."
        )
        found.append(Finding("do-not-contact", "note", "leads", sentence, {"leads": n}))
    return found
