"""Title rows: in which row of a list that could not be read the columns are named."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable
from itertools import islice
from pathlib import Path

from predict.scoring.synonyms import meaning_of, plain

#: Rows that are looked at, and names of columns that make a row the header.
_ROWS, _SEVERAL = 5, 2
_HEAD = 1 << 16
_SHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


def row_of_names(path: Path, known: Collection[str] = ()) -> int | None:
    """Return the row, from 1, that names columns where the first does not; None where none does.

    Parameters
    ----------
    path : Path
        The list.
    known : collection of str
        Further names of columns.
    """
    ours = {plain(name) for name in known}
    for number, cells in enumerate(_first_rows(path), 1):
        named = {meaning_of(c) or plain(c) for c in cells if meaning_of(c) or plain(c) in ours}
        if len(named - {""}) >= _SEVERAL:
            return number if number > 1 else None
    return None


def _first_rows(path: Path) -> list[list[str]]:
    if path.suffix.lower() in _SHEETS:
        return _of_sheet(path)
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if b"\0" in head:
        return []
    text = head.decode("utf-8-sig", errors="replace")
    found: list[list[str]] = []
    for delimiter in ";,\t|":
        try:
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            rows = list(islice(lines, _ROWS))
        except csv.Error:
            continue
        found = max(found, rows, key=_cells)
    return found


def _of_sheet(path: Path) -> list[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
        filled = [s for s in sheets if s.start is not None]
        rows = filled[0].to_python(skip_empty_area=False, nrows=_ROWS) if filled else []
    except (CalamineError, OSError):
        return []
    return [[str(cell) for cell in row] for row in rows]


def _cells(rows: Iterable[list[str]]) -> int:
    return sum(len(row) for row in rows)
