"""How an export writes numbers and dates, decided from all its values before any is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis
from ibis.expr import types as ir

from predict.crm import calendars, numerals
from predict.crm.calendars import DAY_FIRST, MONTH_FIRST, Notation
from predict.crm.readings import Evidence, choose
from predict.crm.rejects import REDACTED
from predict.crm.texttable import FILE, TextTable


@dataclass(frozen=True)
class NumberFormat:
    """How an export writes numbers.

    Parameters
    ----------
    signs : mapping of str to {".", ","}
        Decimal sign by name of the file.
    plain : frozenset of str
        Columns in which all values are numbers that an engine reads without help.
    """

    signs: Mapping[str, str]
    plain: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DateFormat:
    """How one column writes moments.

    Parameters
    ----------
    notation : Notation
        What leads from the text to year, month and day.
    order : str or None
        ``"day first"`` or ``"month first"``; None where nothing depends on it, or it is declared.
    dates_only : bool
        No value of the column has a time of day other than midnight.
    zoned : bool or None
        All values name their time zone, or none does; None where some do.
    """

    notation: Notation
    order: str | None
    dates_only: bool
    zoned: bool | None


def stripped(column: ir.Value) -> ir.StringValue:
    """Return a text column without outer blanks; blank is missing."""
    return column.strip().nullif("")


def number_format(
    read: TextTable, columns: Sequence[str], *, personal: Collection[str] = ()
) -> NumberFormat:
    """Return the decimal sign of each file, decided over all its number columns together.

    Parameters
    ----------
    read : TextTable
        A declared sign holds for all files and nothing is decided.
    columns : sequence of str
        Those that hold numbers as text. A file in which no value decides follows the others.
    personal : collection of str
        Columns whose values errors must not show.

    Raises
    ------
    InputError
        Both readings are possible.
    """
    if not columns:
        return NumberFormat({})
    sums: dict[str, Any] = {}
    for i, column in enumerate(columns):
        text = stripped(read.table[column])
        signed = text.contains(".") | text.contains(",")
        point = numerals.is_number(text, numerals.POINT)
        comma = numerals.is_number(text, numerals.COMMA)
        kinds = (point & ~comma, comma & ~point, point & comma)
        sums |= _three(i, text, signed, kinds, hidden=column in personal)
        sums[f"odd{i}"] = _count(~text.re_search(numerals.PLAIN))
    rows = read.table.group_by(FILE).aggregate(**sums).order_by(FILE).to_pandas().to_dict("records")
    plain = {c for i, c in enumerate(columns) if not any(row[f"odd{i}"] for row in rows)}
    if read.decimal is not None:
        signs = {str(row[FILE]): read.decimal for row in rows}
    else:
        said = {
            str(row[FILE]): _together([_of_column(row, i) for i in range(len(columns))])
            for row in rows
        }
        signs = _signs(said)
    points = all(sign == numerals.POINT for sign in signs.values())
    return NumberFormat(signs, frozenset(plain) if points else frozenset())


def _signs(said: Mapping[str, Evidence]) -> dict[str, str]:
    """Return the sign of each file; one in which no value decides follows the others."""
    do = 'declare decimal = "." or decimal = "," for this table (of a list: --decimal)'
    chosen: dict[str, int | None] = {}
    for file, evidence in said.items():
        silent = not (evidence.first or evidence.second)
        chosen[file] = None if silent else choose(evidence, numerals.NAMES, where=file, do=do)
    known = {sign for sign in chosen.values() if sign is not None}
    for file, evidence in said.items():
        if chosen[file] is None and len(known) == 1:
            chosen[file] = next(iter(known))
        elif chosen[file] is None:
            chosen[file] = choose(evidence, numerals.NAMES, where=file, do=do)
    return {f: numerals.COMMA if sign == 1 else numerals.POINT for f, sign in chosen.items()}


def date_formats(
    read: TextTable, columns: Sequence[str], *, personal: Collection[str] = ()
) -> dict[str, DateFormat]:
    """Return how each column writes moments, decided over all its values.

    Parameters
    ----------
    read : TextTable
        A declared format holds, and nothing is decided.
    columns : sequence of str
        Those that hold moments as text.
    personal : collection of str
        Columns whose values errors must not show.

    Raises
    ------
    InputError
        Day and month can change places in a column, and no value decides.
    """
    if not columns:
        return {}
    sums: dict[str, Any] = {}
    for i, column in enumerate(columns):
        text = stripped(read.table[column])
        day = text.re_search(calendars.SLASHED[DAY_FIRST])
        month = text.re_search(calendars.SLASHED[MONTH_FIRST])
        first, second = (text.re_extract(r"^0?(\d+)[/-]0?(\d+)[/-]", k) for k in (1, 2))
        kinds = (day & ~month, month & ~day, day & month & (first != second))
        odd = ~text.re_search(calendars.PLAIN)
        sums |= _three(i, text, odd, kinds, hidden=column in personal)
        zoned = calendars.is_zoned(text)
        sums[f"timed{i}"] = _count(~calendars.is_midnight(text))
        sums[f"halves{i}"] = _count(ibis.ifelse(odd, calendars.is_halved(text), False))
        sums[f"odd{i}"], sums[f"zoned{i}"], sums[f"known{i}"] = (
            _count(odd),
            _count(zoned),
            _count(text.notnull()),
        )
    row = read.table.aggregate(**sums).to_pandas().to_dict("records")[0]
    return {
        column: _date_format(read, column, {k: row[f"{k}{i}"] for k in _KEYS}, _of_column(row, i))
        for i, column in enumerate(columns)
    }


_KEYS = ("timed", "halves", "odd", "zoned", "known")


def _date_format(
    read: TextTable, column: str, counted: Mapping[str, int], evidence: Evidence
) -> DateFormat:
    where, order = f"{read.name}, column {column}", None
    given = read.dates.get(column) if isinstance(read.dates, Mapping) else read.dates
    if not counted["odd"]:
        notation = calendars.ISO
    elif given is not None:
        notation = calendars.declared(given, where=where)
    else:
        do = 'declare dates = "%d/%m/%Y" or dates = "%m/%d/%Y" for this table (of a list: --dates)'
        chosen = choose(evidence, calendars.NAMES, where=where, do=do)
        order = None if chosen is None else (DAY_FIRST, MONTH_FIRST)[chosen]
        notation = calendars.sniffed(order or DAY_FIRST)
    zoned = {0: False, counted["known"]: True}.get(counted["zoned"])
    if not counted["halves"]:
        notation = replace(notation, halves=False)
    return DateFormat(notation, order, not counted["timed"], zoned)


def _count(holds: ir.BooleanValue) -> ir.IntegerScalar:
    return holds.fill_null(False).cast("int64").sum().fill_null(0)


def _three(
    i: int,
    text: ir.StringValue,
    asked: ir.BooleanValue,
    kinds: Sequence[ir.BooleanValue],
    *,
    hidden: bool,
) -> dict[str, ir.Value]:
    """Return, for one column, how often each of three things holds and the least such value."""
    sums: dict[str, ir.Value] = {}
    for k, holds in enumerate(kinds):
        true = ibis.ifelse(asked, holds, False)
        shown = ibis.literal(REDACTED) if hidden else text
        sums[f"n{i}_{k}"] = _count(true)
        sums[f"e{i}_{k}"] = ibis.ifelse(true, shown, ibis.null("string")).min()
    return sums


def _of_column(row: Mapping[Any, Any], i: int) -> Evidence:
    first, second, either = (int(row[f"n{i}_{k}"]) for k in range(3))
    shown = tuple(row[f"e{i}_{k}"] if isinstance(row[f"e{i}_{k}"], str) else None for k in range(3))
    return Evidence(first, second, either, (shown[0], shown[1], shown[2]))


def _together(parts: Sequence[Evidence]) -> Evidence:
    """Return what several columns say."""
    shown = [next((p.examples[k] for p in parts if p.examples[k]), None) for k in range(3)]
    return Evidence(
        sum(p.first for p in parts),
        sum(p.second for p in parts),
        sum(p.either for p in parts),
        (shown[0], shown[1], shown[2]),
    )
