"""Values and records that could not be read: kept with their place, never silently gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from predict.errors import RefusedError

if TYPE_CHECKING:
    import pandas as pd

#: What stands in the place of a personal value.
REDACTED = "•••"
#: Columns of ``rejects.csv``.
COLUMNS = ("file", "record", "column", "value", "rule", "line")
_SHOWN = 3
_LONGEST = 200


@dataclass(frozen=True, order=True)
class Reject:
    """One value, or one record, that could not be read.

    Parameters
    ----------
    file : str
        Name of the export file.
    record : int
        Position among the records below the header, from 1.
    column : str
        Header of the column; empty where the whole record is meant.
    value : str
        The text found; ``•••`` for personal columns; empty where the whole record is meant.
    rule : str
        What it should have been.
    line : int or None
        Line of the file on which the record starts, from 1, where that is knowable.
    """

    file: str
    record: int
    column: str
    value: str
    rule: str
    line: int | None = None

    def redacted(self) -> Reject:
        """Return the same place without the value."""
        return replace(self, value=REDACTED if self.value else "")


def shortened(value: str) -> str:
    """Return a value as rejects keep it: its first 200 letters.

    Examples
    --------
    >>> len(shortened("x" * 1_000))
    201
    """
    return value if len(value) <= _LONGEST else value[:_LONGEST] + "…"


def frame(rejects: Iterable[Reject]) -> pd.DataFrame:
    r"""Return rejects as a table with the columns of ``rejects.csv``, in reading order.

    Examples
    --------
    >>> frame([Reject("leads.csv", 7, "Amount", "n.a.", "a number", 8)]).to_csv(index=False)
    'file,record,column,value,rule,line\nleads.csv,7,Amount,n.a.,a number,8\n'
    """
    import pandas as pd

    rows = [asdict(r) for r in sorted(rejects, key=_place)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"line": "Int64", "record": "int64"})


def allowed(rows: int, cap_rows: int, cap_share: float) -> int:
    """Return how many records may have rejects: the larger of a number and a share of the rows.

    Examples
    --------
    >>> allowed(1_000, 100, 0.01), allowed(1_000_000, 100, 0.01)
    (100, 10000)
    """
    return max(cap_rows, int(cap_share * rows))


def refuse_many(
    rejects: Sequence[Reject], bad: int, rows: int, *, where: str, cap_rows: int, cap_share: float
) -> None:
    """Stop where more records could not be read than the caps allow.

    Parameters
    ----------
    rejects : sequence of Reject
        The first few at least, for the message.
    bad : int
        Records with rejects.
    rows : int
        Records read, the rejected ones among them.
    where : str
        The table, for the message.
    cap_rows, cap_share : int, float
        See `allowed`.

    Raises
    ------
    RefusedError
        Names the first few.
    """
    most = allowed(rows, cap_rows, cap_share)
    if bad <= most:
        return
    first = sorted(rejects, key=_place)[:_SHOWN]
    raise RefusedError(
        f"{bad:,} of {rows:,} records could not be read, {most:,} are allowed",
        where=where,
        got="; ".join(map(_told, first)),
        do="correct the export or the definition (decimal, dates, the column's type), "
        "or raise [reading] reject_cap_rows or reject_cap_share",
    )


def _told(reject: Reject) -> str:
    place = f"record {reject.record}" if reject.line is None else f"line {reject.line}"
    if not reject.column:
        return f"{reject.file} {place}: {reject.rule}"
    return f'{reject.file} {place}, {reject.column} "{reject.value}" is not {reject.rule}'


def _place(reject: Reject) -> tuple[str, int, str]:
    return (reject.file, reject.record, reject.column)
