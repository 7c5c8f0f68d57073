"""An export as it was read: text in columns, nothing interpreted, each row with file and record."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from operator import or_
from pathlib import Path

import ibis
from ibis.expr import types as ir

from predict.crm.exports import ExportFile
from predict.crm.records import lines_of
from predict.crm.rejects import Reject
from predict.errors import InputError, nearest
from predict.findings import Finding

#: Bookkeeping columns of every table read: name of the file, position below its header from 1.
FILE, RECORD = "_file", "_record"


@dataclass(frozen=True)
class TextTable:
    """An export as it was read: nothing interpreted yet.

    Parameters
    ----------
    table : ibis Table
        The columns of the export, then ``_file`` (its name) and ``_record`` (position below its
        header, from 1). Text where the source holds text; Parquet files and data frames keep their
        types. Empty values are missing; ``NA`` is text.
    columns : tuple of str
        Names without the two bookkeeping columns.
    files : tuple of ExportFile
        What it was read from.
    name : str
        How messages name it.
    exported_at_hint : datetime or None
        The earliest date that a file's name, folder or zip entry states; naive, as written.
    decimal : str or None
        Decimal sign, where declared or fixed by the source.
    dates : str or mapping or None
        Declared date format, of all columns or by column.
    rejects : tuple of Reject
        Records that do not have the header's number of fields.
    findings : tuple of Finding
        What had to be assumed.
    lacking : mapping of str to tuple of str
        Columns that some of the files lack, with the names of those files.
    unfiltered : ibis Table or None
        The same before ``where``, where there is one.
    """

    table: ir.Table
    columns: tuple[str, ...]
    files: tuple[ExportFile, ...]
    name: str
    exported_at_hint: datetime | None = None
    decimal: str | None = None
    dates: str | Mapping[str, str] | None = None
    rejects: tuple[Reject, ...] = ()
    findings: tuple[Finding, ...] = ()
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unfiltered: ir.Table | None = None
    _texts: Mapping[str, tuple[Path, str]] = field(default_factory=dict, repr=False)

    def left_out(self) -> int:
        """Count the rows that ``where`` leaves out."""
        if self.unfiltered is None:
            return 0
        return int(self.unfiltered.count().execute()) - int(self.table.count().execute())

    def lines(self, file: str, numbers: Collection[int]) -> dict[int, int]:
        """Return the line on which records of a text file start; empty for other sources."""
        if file not in self._texts or not numbers:
            return {}
        path, delimiter = self._texts[file]
        return lines_of(path, delimiter, numbers, name=file)

    def described(self) -> list[dict[str, object]]:
        """Return what was read, for manifests and archives.

        Per file: table, path, member (where it is an entry of a zip), bytes, sha256.
        """
        return [
            {
                "table": self.name,
                "path": str(f.path),
                **({} if f.member is None else {"member": f.member}),
                "bytes": f.size,
                "sha256": f.sha256,
            }
            for f in self.files
        ]


def require(read: TextTable, names: Collection[str], where: str) -> None:
    """Check that a table has the columns that the definition names, in every file of it.

    Parameters
    ----------
    where : str
        Key path of the definition, for the message.

    Raises
    ------
    InputError
        Names the first missing column and the nearest one there is.
    """
    for name in names:
        if name in read.columns and name not in read.lacking:
            continue
        near = nearest(name, [c for c in read.columns if c != name])
        raise InputError(
            f'the column "{name}" is missing',
            where=f"{', '.join(read.lacking.get(name, (read.name,))[:3])} ({where})",
            got=", ".join(read.columns[:12]) + (", …" if len(read.columns) > 12 else ""),
            do=f'is it "{near}"?' if near else "export it, or correct the name in the definition",
        )


def keep_where(read: TextTable, where: Mapping[str, object]) -> TextTable:
    """Keep the rows whose columns have one of the values asked for.

    Parameters
    ----------
    where : mapping of column to value, pattern or list of them
        Compared as text without outer blanks; ``"A_*"`` and ``"?"`` are patterns; ``""`` is a
        missing value.
    """
    if not where:
        return read
    require(read, list(where), "where")
    table = read.table
    for column, wanted in where.items():
        values = (
            list(wanted)
            if isinstance(wanted, Sequence | set) and not isinstance(wanted, str)
            else [wanted]
        )
        table = table.filter(reduce(or_, (_matches(table[column], v) for v in values)))
    return replace(read, table=table, unfiltered=read.table)


def _matches(column: ir.Value, wanted: object) -> ir.BooleanValue:
    text = as_text(column).strip()
    word = str(wanted).lower() if isinstance(wanted, bool) else str(wanted)
    if not word:
        return text.isnull() | (text == "")
    if "*" not in word and "?" not in word:
        return text == word
    pattern = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in word)
    return text.re_search(f"(?s)^{pattern}$")


def as_text(column: ir.Value) -> ir.StringValue:
    """Return a column as text, whole numbers without decimals."""
    kind = column.type()
    if kind.is_string():
        return column
    if kind.is_floating():
        whole = (column == column.floor()) & (column.abs() < 2**53)
        return ibis.ifelse(whole, column.try_cast("int64").cast("string"), column.cast("string"))
    return column.cast("string")


def united(
    headers: Mapping[str, tuple[str, ...]],
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Return the columns of several files as one table has them, and which files lack which.

    Upper and lower case are the same; the first file's spelling holds.

    Examples
    --------
    >>> united({"a.csv": ("Id", "x"), "b.csv": ("Id", "y")})
    (('Id', 'x', 'y'), {'x': ('b.csv',), 'y': ('a.csv',)})
    """
    spelled: dict[str, str] = {}
    for header in headers.values():
        for column in header:
            spelled.setdefault(column.casefold(), column)
    held = {name: {c.casefold() for c in header} for name, header in headers.items()}
    lacking = {c: tuple(n for n in headers if k not in held[n]) for k, c in spelled.items()}
    return tuple(spelled.values()), {c: names for c, names in lacking.items() if names}


def numbered_rows(table: ir.Table, columns: Sequence[str], file: ir.Value) -> ir.Table:
    """Return the columns with ``_file`` and ``_record``, from a table with ``file_row_number``."""
    texts = {c: table[c].nullif("") for c in columns if table[c].type().is_string()}
    selected = [texts[c].name(c) if c in texts else table[c] for c in columns]
    record = (table["file_row_number"] + 1).cast("int64")
    return table.select(*selected, file.cast("string").name(FILE), record.name(RECORD))
