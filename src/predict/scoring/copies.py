"""Copies: rows of a list whose person stands in an earlier row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from predict.crm.texttable import as_text

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.crm.texttable import TextTable
    from predict.scoring.headers import Headers

#: What tells one person from another where there is neither id nor address. A firm does not: two
#: buyers of one firm may well be two, and so may two rows that hold an industry and no more.
_TELLS = frozenset(("last_name", "full_name", "phone", "mobile"))


def whole_rows(text: TextTable, headers: Headers) -> ir.Table | None:
    """Return ``_file``, ``_record`` and ``whole``: the row as one text, where it names a person.

    None where no column of the list holds names or telephone numbers.
    """
    import ibis

    telling = [h for h, meaning in headers.meanings.items() if meaning in _TELLS]
    if not telling:
        return None
    cells = [as_text(text.table[c]).strip().fill_null("") for c in text.columns]
    # Lengths keep “ab”, “c” and “a”, “bc” apart, whatever signs the values hold.
    parts = [part for c in cells for part in (c.length().cast("string"), ibis.literal(":"), c)]
    named = ibis.or_(*(as_text(text.table[h]).strip().fill_null("") != "" for h in telling))
    whole = named.ifelse(ibis.literal("").concat(*parts), ibis.null("string"))
    return text.table.select("_file", "_record", whole=whole)


def with_copies(rows: ir.Table) -> ir.Table:
    """Mark rows whose person stands in an earlier row: same id, same lead, or same address.

    Two leads of the CRM are two even where they share an address: a row that was found by its own
    id is a copy only of one with the same id. A row with neither id nor address is a copy of one
    that is the same in every column, where it names somebody (`whole_rows`).

    Parameters
    ----------
    rows : Ibis table
        ``row``, ``lead_id``, ``lead_no``, ``matched_by``, ``mail_hash``, ``whole``.

    Returns
    -------
    Ibis table
        ``rows`` with ``twice`` instead of ``whole``.
    """
    import ibis

    def copies(key: str) -> ir.Value:
        order = ibis.window(group_by=key, order_by="row")
        return rows[key].notnull() & (ibis.row_number().over(order) > 0)

    found_by_id = (rows.matched_by == "id").fill_null(False)
    alone = rows.lead_id.isnull() & rows.mail_hash.isnull()
    twice = copies("lead_id") | copies("lead_no") | (copies("mail_hash") & ~found_by_id)
    twice = twice | (copies("whole") & alone)
    return rows.mutate(twice=twice.fill_null(False)).drop("whole")
