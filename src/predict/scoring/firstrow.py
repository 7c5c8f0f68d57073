"""First row: whether a list names its columns there, or begins with its first person."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from predict.crm.texttable import FILE, RECORD, as_text
from predict.errors import InputError
from predict.scoring.contents import HALF, LOOKED_AT
from predict.scoring.countries import is_country
from predict.scoring.synonyms import meaning_of

if TYPE_CHECKING:
    from predict.crm.texttable import TextTable

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
#: Rows in which the names may stand below a title, and meanings whose names are values as well.
_TITLES, _ALSO_VALUES = 5, frozenset(("source", "campaign", "list", "website", "phone"))
_NUMBER = re.compile(r"[+(]*\d[\d\s.,:/()+-]*")


def holds_address(header: str) -> bool:
    """Tell whether a header holds an e-mail address, as no name of a column does.

    Examples
    --------
    >>> holds_address("ulla@muster.example"), holds_address("E-mail @ work")
    (True, False)
    """
    return _ADDRESS.search(header) is not None


def is_number(header: str) -> bool:
    """Tell whether a header is a number, a date in digits or a telephone number.

    Examples
    --------
    >>> is_number("120"), is_number("+49 30 123-45"), is_number("2026-05-01"), is_number("Day 2")
    (True, True, True, False)
    """
    return _NUMBER.fullmatch(header.strip()) is not None


def check_first_row(text: TextTable, known: Collection[str], given: Collection[str] = ()) -> None:
    """Stop where the first row of a list is a person, who would be lost as its header.

    An e-mail address is proof. Where no header is one that is known, so is a number, a value that
    the column below repeats, or a country above countries. A header known by its name that the
    column repeats is none: “Messe” above “Messe” is where people came from.

    Parameters
    ----------
    text : TextTable
        The list.
    known : collection of str
        Headers that are called as ours or by a synonym.
    given : collection of str
        Headers that the definition itself maps; these are never doubted.

    Raises
    ------
    InputError
        The first row holds a person, or a title above the names.
    """
    if any(h in given for h in text.columns):
        return
    if any(holds_address(h) for h in text.columns):
        raise _a_person(text)
    below = _below(text)
    repeated = {h for h in text.columns if h.strip().casefold() in below[h]}
    if set(known) - repeated:
        return
    if not repeated and _named_below(text):
        raise InputError(
            "the names of the columns stand below the first row",
            where=text.name,
            do="delete the rows above them",
        )
    if repeated or any(is_number(h) or _is_country(h, below[h]) for h in text.columns):
        raise _a_person(text)


def _below(text: TextTable) -> dict[str, list[str]]:
    """Return the values of the first rows by header; a header that comes again is no row."""
    rows = text.table.order_by([FILE, RECORD]).limit(LOOKED_AT)
    named = {f"c{i}": as_text(rows[c]) for i, c in enumerate(text.columns)}
    head = [c.strip().casefold() for c in text.columns]
    found: dict[str, list[str]] = {c: [] for c in text.columns}
    for row in rows.select(**named).to_pandas().itertuples(index=False):
        cells = [v.strip().casefold() if isinstance(v, str) else "" for v in row]
        if cells == head:
            continue
        for column, cell in zip(text.columns, cells, strict=True):
            if cell:
                found[column].append(cell)
    return found


def _named_below(text: TextTable) -> bool:
    """Tell whether one of the next rows names columns, as below the title of a sheet."""
    rows = text.table.order_by([FILE, RECORD]).limit(_TITLES)
    cells = rows.select(**{f"c{i}": as_text(rows[c]) for i, c in enumerate(text.columns)})
    for row in cells.to_pandas().itertuples(index=False):
        filled = [v for v in row if isinstance(v, str) and v.strip()]
        named = {m for v in filled if (m := meaning_of(v)) and m not in _ALSO_VALUES}
        if len(named) >= min(2, len(text.columns)) and 2 * len(named) >= len(filled):
            return True
    return False


def _is_country(header: str, values: list[str]) -> bool:
    return is_country(header) and sum(map(is_country, values)) >= HALF * max(1, len(values))


def _a_person(text: TextTable) -> InputError:
    # What stands there is personal, and is not repeated in the message.
    return InputError(
        "the first row holds a person, not the names of the columns",
        where=text.name,
        do="put a row above it that names every column",
    )
