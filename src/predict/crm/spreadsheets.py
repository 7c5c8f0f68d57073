"""One sheet of a workbook as rows of text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from predict.crm.cells import shown
from predict.crm.footers import footer_finding, footer_of
from predict.crm.sniffing import checked_header
from predict.errors import InputError, nearest
from predict.findings import Finding

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook
#: Rows of one cell that are held back until it is clear that they end no table.
_HELD = 30


class Sheet:
    """A sheet: its header and, read once, its rows.

    Parameters
    ----------
    name : str
        How errors and findings name it.
    rows : iterator of list
        Text per cell of the sheet's rectangle, None where it is empty.

    Attributes
    ----------
    columns : tuple of str
        Names in the first row that holds anything.
    outside : int
        Rows so far with cells left or right of the named columns, such as notes beside a table.
    """

    def __init__(self, name: str, rows: Iterator[list[str | None]]) -> None:
        header = next((row for row in rows if any(c is not None for c in row)), None)
        if header is None:
            raise InputError("the sheet is empty", where=name)
        filled = [i for i, cell in enumerate(header) if cell is not None]
        self._inside = slice(filled[0], filled[-1] + 1)
        self._name, self._rows, self.outside, self.footer = name, rows, 0, 0
        self.columns = checked_header(header[self._inside], name)

    def rows(self) -> Iterator[list[str | None]]:
        """Yield text per column; rows with nothing in the named columns are left out.

        Rows of one cell at the end are held back: they may be the footer of a report.
        """
        held: list[list[str | None]] = []
        for row in self._rows:
            inside = row[self._inside]
            beside = [*row[: self._inside.start], *row[self._inside.stop :]]
            self.outside += any(cell is not None for cell in beside)
            filled = sum(cell is not None for cell in inside)
            if filled == 1 and len(inside) > 1 and len(held) < _HELD:
                held.append(inside)
            elif filled:
                yield from held
                held = []
                yield inside
        self.footer = footer_of([[cell or "" for cell in row if cell] for row in held])
        yield from held[: len(held) - self.footer]

    def findings(self) -> tuple[Finding, ...]:
        """Return, after the rows were read, what was left out of them."""
        said = (footer_finding(self.footer, self._name),) if self.footer else ()
        if not self.outside:
            return said
        sentence = f"{self.outside:,} rows have cells beside the named columns; they are left out."
        counts = {"rows": float(self.outside)}
        return (*said, Finding("beside-the-table", "note", self._name, sentence, counts))


def open_sheet(path: Path, *, name: str, sheet: str | None = None) -> Sheet:
    """Open one sheet of an XLSX, XLSM, XLSB, XLS or ODS workbook.

    Parameters
    ----------
    path : Path
        The workbook.
    name : str
        How errors name it.
    sheet : str, optional
        May be left out where the workbook has one sheet, or one that is not empty.

    Raises
    ------
    InputError
        Not a workbook, no such sheet, several sheets and none named, an empty sheet, a bad header.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        names = list(book.sheet_names)
        filled = names if len(names) == 1 or sheet is not None else _filled(book)
        chosen = sheet if sheet is not None else filled[0] if len(filled) == 1 else None
        if chosen is None or chosen not in names:
            near = nearest(sheet, names) if sheet else None
            raise InputError(
                "the workbook has no such sheet" if sheet else "the workbook has several sheets",
                where=name,
                got=sheet or ", ".join(names[:6]),
                do=f'is it "{near}"?' if near else f'name one: sheet = "{names[0]}"',
            )
        cells = book.get_sheet_by_name(chosen)
        rows = cells.iter_rows() if cells.start is not None else iter(())
    except (CalamineError, OSError) as error:
        raise InputError("the workbook cannot be read", where=name) from error
    return Sheet(f"{name}, sheet {chosen}", ([shown(cell) for cell in row] for row in rows))


def _filled(book: CalamineWorkbook) -> list[str]:
    """Return the sheets that hold anything: Excel used to give every workbook three."""
    return [n for n in book.sheet_names if book.get_sheet_by_name(n).start is not None]
