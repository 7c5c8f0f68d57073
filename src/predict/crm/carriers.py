"""Carriers: which kinds of ids the rows of a table carry, told by how the ids begin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: What Salesforce's ids of 15 or 18 characters begin with, and the link that resolves them.
SALESFORCE = {
    "00Q": ("leads", "lead", "Id"),
    "003": ("contacts", "contact", "ConvertedContactId"),
    "001": ("accounts", "account", "ConvertedAccountId"),
    "006": ("opportunities", "opportunity", "ConvertedOpportunityId"),
}
_SALESFORCE = r"^(?:00Q|003|001|006)[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?$"
#: Letters, perhaps a separator, then a digit: what is before the digit says what kind of id it is.
_LETTERED = r"^([A-Za-z]{1,6}[-_:]?)[0-9]"


@dataclass(frozen=True)
class Carriers:
    """Rows of one table whose ids begin alike.

    Parameters
    ----------
    prefix : str
        "003" of Salesforce's ids, "L-" of "L-0042"; empty where ids have no such beginning. Never
        a whole id.
    rows, used : int
        Rows with such an id; those whose id leads to a lead.
    """

    prefix: str
    rows: int
    used: int

    @property
    def orphans(self) -> int:
        """Rows of no lead."""
        return self.rows - self.used


def prefix(column: ir.StringValue) -> ir.StringValue:
    """Return how ids begin, as far as it says what kind they are; else empty text."""
    import ibis

    lettered = column.re_extract(_LETTERED, 1).fill_null("")
    return ibis.ifelse(column.re_search(_SALESFORCE), column.substr(0, 3), lettered).fill_null("")


def count_carriers(rows: ir.Table) -> tuple[Carriers, ...]:
    """Count rows by how their ids begin, the most frequent first.

    Parameters
    ----------
    rows : Ibis table
        ``carrier`` (the id) and ``lead_no`` (null where it leads to no lead).
    """
    named = rows.mutate(prefix=prefix(rows.carrier))
    counted = named.group_by("prefix").aggregate(rows=named.count(), used=named.lead_no.count())
    frame = counted.to_pandas().sort_values(["rows", "prefix"], ascending=[False, True])
    return tuple(Carriers(str(r.prefix), int(r.rows), int(r.used)) for r in frame.itertuples())


def main_prefix(ids: ir.StringColumn) -> str:
    """Return how most of the ids of a column begin."""
    counted = (
        prefix(ids).name("prefix").as_table().group_by("prefix").aggregate(n=lambda t: t.count())
    )
    frame = counted.to_pandas().sort_values(["n", "prefix"], ascending=[False, True])
    return "" if frame.empty else str(frame["prefix"].iloc[0])


def strangers(carriers: Iterable[Carriers], own: str) -> list[Carriers]:
    """Return the kinds of ids of which not one led to a lead, beside the leads' own kind.

    Parameters
    ----------
    carriers : iterable of Carriers
        Of one table.
    own : str
        How the ids of leads begin.
    """
    return [c for c in carriers if c.prefix and c.prefix != own and not c.used]
