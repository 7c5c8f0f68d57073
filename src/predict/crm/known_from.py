"""Known from: columns that hold the moment at which another column became known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from predict.crm.reader import Reader
from predict.crm.stamps import column_us
from predict.crm.tables import KNOWN
from predict.crm.texttable import FILE, RECORD, TextTable, require

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.definition.columns import Column


def with_stamps(
    reader: Reader,
    text: TextTable,
    columns: Mapping[str, Column],
    rows: ir.Table,
    prefix: str = "",
) -> tuple[ir.Table, list[pd.DataFrame]]:
    """Add to rows, as ``w:…``, since when the columns that say so are known.

    Parameters
    ----------
    reader : Reader
        Parses; a date alone counts at the end of its day.
    text : TextTable
        The table as it was read.
    columns : mapping of str to Column
        Those that become features.
    rows : Ibis table
        With ``file`` and ``record``; those of another ``origin`` than 0 are not in the table.
    prefix : str
        What feature names begin with: ``"account."``.

    Returns
    -------
    Ibis table, list of DataFrame
        The rows, and what could not be read.
    """
    told = {n: c.known_from for n, c in columns.items() if isinstance(c.known_from, str)}
    if not told:
        return rows, []
    stamps = dict.fromkeys(told.values(), "timestamp")
    require(text, list(stamps), "known_from")
    parsed = reader.parse(text, stamps, stamps=stamps)
    read = parsed.table
    known = read.select(
        stamp_file=read[FILE],
        stamp_record=read[RECORD],
        **{f"{KNOWN}{prefix}{name}": column_us(read[when]) for name, when in told.items()},
    )
    same = [rows.file == known.stamp_file, rows.record == known.stamp_record]
    if "origin" in rows.columns:
        same.append(rows.origin == 0)
    joined = rows.left_join(known, same)
    # Records that cannot be read at all were set apart when the table was parsed.
    mine = parsed.rejects[parsed.rejects["column"].isin(list(stamps))]
    return joined.drop("stamp_file", "stamp_record"), [mine]
