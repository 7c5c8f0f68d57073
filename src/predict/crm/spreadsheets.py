"""One sheet of a workbook as rows of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from predict.crm.cells import shown
from predict.crm.sniffing import checked_header
from predict.errors import InputError, nearest


@dataclass(frozen=True)
class Sheet:
    """A sheet: its header and, read once, its rows.

    Parameters
    ----------
    columns : tuple of str
        Names in the first row that holds anything.
    rows : iterator of list
        Text per column, None where the cell is empty; blank rows are left out.
    """

    columns: tuple[str, ...]
    rows: Iterator[list[str | None]]


def open_sheet(path: Path, *, name: str, sheet: str | None = None) -> Sheet:
    """Open one sheet of an XLSX, XLSM, XLSB, XLS or ODS workbook.

    Parameters
    ----------
    path : Path
        The workbook.
    name : str
        How errors name it.
    sheet : str, optional
        May be left out where the workbook has one sheet.

    Raises
    ------
    InputError
        Not a workbook, no such sheet, several sheets and none named, an empty sheet, a bad header.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        names = list(book.sheet_names)
        chosen = sheet if sheet is not None else names[0] if len(names) == 1 else None
        if chosen is None or chosen not in names:
            near = nearest(sheet, names) if sheet else None
            raise InputError(
                "the workbook has no such sheet" if sheet else "the workbook has several sheets",
                where=name,
                got=sheet or ", ".join(names[:6]),
                do=f'is it "{near}"?' if near else f'name one: sheet = "{names[0]}"',
            )
        cells = book.get_sheet_by_name(chosen)
        start = cells.start
        rows = cells.to_python(skip_empty_area=False) if start is not None else []
    except (CalamineError, OSError) as error:
        raise InputError(
            "the workbook cannot be read", where=name, got=type(error).__name__
        ) from error
    texts = ([shown(cell) for cell in row] for row in rows)
    filled = (row for row in texts if any(cell is not None for cell in row))
    header = next(filled, None)
    if header is None:
        raise InputError("the sheet is empty", where=f"{name}, sheet {chosen}")
    # A sheet is a rectangle: what lies right of the header's last name, or left of its first,
    # is no column.
    width = max(i for i, cell in enumerate(header, 1) if cell is not None)
    first = next(i for i, cell in enumerate(header) if cell is not None)
    columns = checked_header(header[first:width], f"{name}, sheet {chosen}")
    return Sheet(columns, (row[first:width] for row in filled))
