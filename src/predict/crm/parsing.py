"""Text to types: ids, numbers, moments, booleans; what cannot be read is kept as rejects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import ibis
from ibis.expr import types as ir

from predict.crm.formats import date_formats, number_format
from predict.crm.guessing import guess_types
from predict.crm.rejects import Reject, allowed, frame, refuse_many, shortened
from predict.crm.sources import Workspace
from predict.crm.texttable import FILE, RECORD, TextTable, as_text, require
from predict.crm.typed import RULES, Typing, typed
from predict.errors import InputError
from predict.findings import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ColumnType", "Parsed", "guess_types", "parse"]

ColumnType = Literal["id", "text", "number", "integer", "decimal", "timestamp", "date", "boolean"]

CAP_ROWS, CAP_SHARE = 100, 0.01
_BAD = "_bad"


@dataclass(frozen=True)
class Parsed:
    """An export with types, and what could not be read.

    Parameters
    ----------
    table : ibis Table
        One row per record: the columns asked for, under their new names, then ``_file`` and
        ``_record``. Stamps are naive UTC; a value that could not be read is missing.
    rejects : pandas.DataFrame
        Columns of `predict.crm.rejects.COLUMNS`, in reading order.
    rows : int
        Records read, ragged ones among them (these are not in ``table``).
    findings : list of Finding
        What was assumed while reading.
    decimals : mapping of str to str
        Decimal sign of each text file that was asked for numbers.
    orders : mapping of str to str or None
        "day first" or "month first" per column of moments held as text; None where no value
        depends on it.
    """

    table: ir.Table
    rejects: pd.DataFrame
    rows: int
    findings: list[Finding] = field(default_factory=list)
    decimals: Mapping[str, str] = field(default_factory=dict)
    orders: Mapping[str, str | None] = field(default_factory=dict)


def parse(
    workspace: Workspace,
    read: TextTable,
    columns: Mapping[str, str],
    *,
    time_zone: str,
    end_of_day: Collection[str] = frozenset(),
    cap_rows: int = CAP_ROWS,
    cap_share: float = CAP_SHARE,
    personal: Collection[str] = frozenset(),
    renames: Mapping[str, str] | None = None,
) -> Parsed:
    """Give the columns of an export their types, strictly, and set apart what cannot be read.

    Parameters
    ----------
    workspace : Workspace
        That of ``read``.
    read : TextTable
        An export as it was read.
    columns : mapping of str to ColumnType
        ``id`` and ``text`` are text without outer blanks, leading zeros kept; ``number`` is
        float64, ``decimal`` DECIMAL(18, 4), ``integer`` int64, ``timestamp`` naive UTC, ``date``
        the day as written, ``boolean`` true or false in the words of several languages.
    time_zone : str
        Of stamps that do not carry one, summer time included.
    end_of_day : collection of str
        Timestamp columns that say when something happened or became known: a date without time
        becomes the midnight at its end. A column in which every time is midnight holds dates.
    cap_rows, cap_share : int, float
        Records with rejects allowed: the larger of the two.
    personal : collection of str
        Columns whose values never appear in rejects or messages.
    renames : mapping of str to str, optional
        New names.

    Raises
    ------
    InputError
        A column is missing, or numbers or dates can be read in two ways.
    RefusedError
        More records than the caps allow could not be read.
    """
    require(read, list(columns), read.name)
    _check_zone(time_zone)
    texts = [c for c in columns if read.table[c].type().is_string()]
    numbers = [c for c in texts if columns[c] in ("number", "integer", "decimal")]
    moments = [c for c in texts if columns[c] in ("timestamp", "date")]
    how = Typing(
        number_format(read, numbers, personal=personal),
        date_formats(read, moments, personal=personal),
        _dates_only(read, [c for c in end_of_day if c in columns and c not in texts]),
        time_zone,
        frozenset(end_of_day),
    )
    selected, bad = [], []
    for i, (column, kind) in enumerate(columns.items()):
        value, unread = typed(read.table, column, kind, how)
        selected.append(value.name((renames or {}).get(column, column)))
        bad.append(ibis.ifelse(unread.fill_null(False), f"{i},", ""))
    marks = reduce(add, bad, ibis.literal("")).nullif("").name(_BAD)
    staged = workspace.materialise(
        read.table.select(*selected, FILE, RECORD, marks), f"{read.name} typed"
    )
    rejects, rows = _rejects(read, staged, columns, personal, cap_rows, cap_share)
    return Parsed(
        table=staged.drop(_BAD),
        rejects=frame(rejects),
        rows=rows,
        findings=list(read.findings),
        decimals=how.numbers.signs,
        orders={c: f.order for c, f in how.dates.items()},
    )


def _rejects(
    read: TextTable,
    staged: ir.Table,
    columns: Mapping[str, str],
    personal: Collection[str],
    cap_rows: int,
    cap_share: float,
) -> tuple[list[Reject], int]:
    marked = staged.filter(staged[_BAD].notnull()).select(FILE, RECORD, _BAD)
    counts = staged.aggregate(rows=staged.count(), bad=staged[_BAD].count()).to_pandas()
    rows = int(counts["rows"][0]) + len(read.rejects)
    bad = int(counts["bad"][0]) + len(read.rejects)
    over = bad > allowed(rows, cap_rows, cap_share)
    if over:  # only the first few are shown, so only they are fetched
        marked = marked.order_by(FILE, RECORD).limit(10)
    raw = read.table.select(
        read.table[FILE].name("file"),
        read.table[RECORD].name("record"),
        *(as_text(read.table[c]).name(f"v{i}") for i, c in enumerate(columns)),
    )
    joined = marked.inner_join(raw, [marked[FILE] == raw.file, marked[RECORD] == raw.record])
    rejects = list(read.rejects)
    if bad > len(read.rejects):
        names = list(columns)
        for row in joined.order_by("file", "record").to_pandas().to_dict("records"):
            for i in map(int, str(row[_BAD]).rstrip(",").split(",")):
                reject = Reject(
                    str(row["file"]),
                    int(row["record"]),
                    names[i],
                    shortened(str(row[f"v{i}"])),
                    RULES[columns[names[i]]],
                )
                rejects.append(reject.redacted() if names[i] in personal else reject)
    rejects = _with_lines(read, rejects)
    refuse_many(rejects, bad, rows, where=read.name, cap_rows=cap_rows, cap_share=cap_share)
    return rejects, rows


def _with_lines(read: TextTable, rejects: list[Reject]) -> list[Reject]:
    lines = {
        file: read.lines(file, {r.record for r in rejects if r.file == file and r.line is None})
        for file in sorted({r.file for r in rejects})
    }
    return [
        r if r.line is not None else replace(r, line=lines[r.file].get(r.record)) for r in rejects
    ]


def _dates_only(read: TextTable, columns: Collection[str]) -> frozenset[str]:
    """Return which columns with a type of their own hold no time of day but midnight."""
    table, stamps = read.table, [c for c in columns if read.table[c].type().is_timestamp()]
    if not stamps:
        return frozenset()
    clocks = {c: table[c].cast("timestamp") for c in stamps}
    timed = {f"t{i}": (clocks[c] != clocks[c].truncate("D")).any() for i, c in enumerate(stamps)}
    row = table.aggregate(**timed).to_pandas().to_dict("records")[0]
    return frozenset(c for i, c in enumerate(stamps) if row[f"t{i}"] is None or not row[f"t{i}"])


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputError(
            "no time zone has this name", where="time_zone", got=name, do='say "Europe/Berlin"'
        ) from error
