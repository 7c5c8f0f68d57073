"""Remarks: what whoever dropped a list should know first of how its columns were read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from predict.crm.texttable import as_text
from predict.scoring.contents import HALF
from predict.scoring.words import safe_text

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.texttable import TextTable
    from predict.scoring.headers import Headers


def remarks(text: TextTable, rejects: pd.DataFrame, headers: Headers) -> tuple[str, ...]:
    """Return sentences on columns that hold hardly anything readable, and on those left for others.

    Parameters
    ----------
    text : TextTable
        The list.
    rejects : pandas.DataFrame
        Values that did not parse; their columns are headers of the list.
    headers : Headers
        What became of each header.
    """
    said = []
    bad = rejects.loc[rejects["column"] != "", "column"].value_counts()
    columns = [c for c in text.columns if c in bad.index]
    if columns:
        filled = text.table.aggregate(
            **{
                f"c{i}": (as_text(text.table[c]).strip().fill_null("") != "").sum()
                for i, c in enumerate(columns)
            }
        ).to_pandas()
        for i, column in enumerate(columns):
            n, of = int(bad[column]), int(filled[f"c{i}"][0])
            if n > HALF * of:
                said.append(unread(column, n, of))
    for one in headers.found:
        if one.ours is None and one.use == "unused" and one.rival:
            said.append(
                f"“{safe_text(one.header)}” is left aside: {safe_text(one.note, limit=120)}"
            )
    return tuple(said)


def unread(column: str, n: int, of: int) -> str:
    """Return the sentence on a column of which most values could not be read.

    Examples
    --------
    >>> unread("Mitarbeiter", 20, 20)
    '“Mitarbeiter” could not be read in 20 rows, all that hold it: it counts as not known there'
    >>> unread("Size", 2, 3)
    '“Size” could not be read in 2 of the 3 rows that hold it: it counts as not known there'
    """
    rows = f"{n:,} row{'' if n == 1 else 's'}, all that hold it" if n >= of else ""
    rows = rows or f"{n:,} of the {of:,} rows that hold it"
    return f"“{safe_text(column)}” could not be read in {rows}: it counts as not known there"
