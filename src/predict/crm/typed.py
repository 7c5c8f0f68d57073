"""One column of text, or of a type of its own, as the type that the definition asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ibis
from ibis.expr import types as ir

from predict.crm import calendars, numerals
from predict.crm.clocks import utc_from_instant, utc_from_wall
from predict.crm.formats import DateFormat, NumberFormat, stripped
from predict.crm.texttable import FILE, as_text

#: What a rejected value is not.
RULES = {
    "number": "a number",
    "integer": "a whole number",
    "decimal": "a number",
    "timestamp": "a date and time",
    "date": "a date",
    "boolean": "yes or no",
    "id": "text",
    "text": "text",
}
_HELD = {"number": "float64", "decimal": "decimal(18, 4)"}
#: What programs write where a number, a moment or a yes is missing; in text they stay text.
MISSING = (
    *("na", "n/a", "#n/a", "nan", "nat", "null", "(null)", "none", "(none)", "nil", "-", "--"),
    *("\\n", "\u2013", "\u2014", "0000-00-00", "0000-00-00 00:00:00"),
)
TRUE = (
    "true",
    "t",
    "yes",
    "y",
    "1",
    "on",
    "ja",
    "j",
    "wahr",
    "oui",
    "vrai",
    "si",
    "sí",
    "sì",
    "sim",
)
FALSE = ("false", "f", "no", "n", "0", "off", "nein", "falsch", "non", "faux", "não", "nao", "nee")


@dataclass(frozen=True)
class Typing:
    """What was decided about the columns of a table before their values are read.

    Parameters
    ----------
    numbers : NumberFormat
        How the table writes numbers.
    dates : mapping of str to DateFormat
        How its columns of text write moments.
    dates_only : frozenset of str
        Columns with a type of their own that hold dates only.
    time_zone : str
        Of stamps that carry none.
    end_of_day : frozenset of str
        Columns in which a date without time is known at the end of its day.
    """

    numbers: NumberFormat
    dates: Mapping[str, DateFormat]
    dates_only: frozenset[str]
    time_zone: str
    end_of_day: frozenset[str]


def typed(table: ir.Table, column: str, kind: str, how: Typing) -> tuple[ir.Value, ir.BooleanValue]:
    """Return a column as another type, and whether a value is there that is not of that type.

    Parameters
    ----------
    table : ibis Table
        With ``_file``.
    column : str
        Text, or a type of its own.
    kind : str
        A key of `RULES`.
    how : Typing
        What was decided.
    """
    source = table[column]
    if kind in ("id", "text"):
        return stripped(as_text(source)), ibis.literal(False)
    if not source.type().is_string():
        value = _from_native(source, kind, column, how)
        there = source.notnull()
        there = there & ~source.isnan() if source.type().is_floating() else there
        return value, there & value.isnull()
    text = stripped(source)
    if kind == "boolean":
        value = _boolean(text)
    elif kind == "timestamp":
        value = _stamp(text, column, how)
    elif kind == "date":
        value = calendars.day(text, how.dates[column].notation)
    else:
        value = _number(table, text, kind, column, how)
    return value, text.notnull() & value.isnull() & ~text.lower().isin(MISSING)


def _stamp(text: ir.StringValue, column: str, how: Typing) -> ir.TimestampValue:
    """Return naive UTC; a date alone, where asked for, as the midnight at its end."""
    written = how.dates[column]
    stamp = calendars.instant(text, written.notation)
    if column in how.end_of_day:
        if written.dates_only:
            stamp = stamp + ibis.interval(days=1)
        else:
            days = ibis.ifelse(calendars.is_timed(text), 0, 1)
            stamp = stamp + days.as_interval("D")
    if written.zoned:
        return stamp
    here = utc_from_wall(stamp, how.time_zone)
    return here if written.zoned is False else ibis.ifelse(calendars.is_zoned(text), stamp, here)


def _number(
    table: ir.Table, text: ir.StringValue, kind: str, column: str, how: Typing
) -> ir.NumericValue:
    if column in how.numbers.plain and kind in _HELD:
        return text.try_cast(_HELD[kind])
    reader: Callable[[ir.StringValue, str], ir.NumericValue] = {
        "number": numerals.number,
        "integer": numerals.whole_number,
        "decimal": numerals.exact_number,
    }[kind]
    signs = how.numbers.signs
    commas = sorted(f for f, sign in signs.items() if sign == numerals.COMMA)
    if not commas or len(commas) == len(signs):
        return reader(text, numerals.COMMA if commas else numerals.POINT)
    comma, point = reader(text, numerals.COMMA), reader(text, numerals.POINT)
    return ibis.ifelse(table[FILE].isin(commas), comma, point)


def _boolean(text: ir.StringValue) -> ir.BooleanValue:
    word = text.lower()
    yes, no = word.isin(TRUE), word.isin(FALSE)
    return ibis.cases((yes, True), (no, False), else_=ibis.null("boolean"))


def _from_native(source: ir.Value, kind: str, column: str, how: Typing) -> ir.Value:
    held = source.type()
    if kind == "boolean":
        return source if held.is_boolean() else _boolean(as_text(source))
    if kind in ("timestamp", "date"):
        return _native_stamp(source, kind, column, how)
    if not (held.is_numeric() or held.is_boolean()):
        return ibis.null(_HELD.get(kind, "int64"))
    number = source.cast("int64") if held.is_boolean() else source
    if held.is_floating():
        number = ibis.ifelse(number.isnan() | number.isinf(), ibis.null(held), number)
    if kind == "integer" and not (held.is_integer() or held.is_boolean()):
        number = ibis.ifelse(number == number.floor(), number, ibis.null(held))
    return number.try_cast(_HELD.get(kind, "int64"))


def _native_stamp(source: ir.Value, kind: str, column: str, how: Typing) -> ir.Value:
    held = source.type()
    if held.is_integer():  # milliseconds since 1970
        text = source.cast("string")
        notation = calendars.Notation(calendars.EPOCH, epochs=True)
        stamp, zoned = calendars.instant(text, notation), True
    elif held.is_timestamp() or held.is_date():
        zoned = held.is_timestamp() and held.timezone is not None
        stamp = utc_from_instant(source) if zoned else source.cast("timestamp")
    else:
        stamp, zoned = ibis.null("timestamp"), True
    if kind == "date":
        return stamp.date()
    if column in how.end_of_day and (held.is_date() or column in how.dates_only):
        stamp = stamp + ibis.interval(days=1)
    return stamp if zoned else utc_from_wall(stamp, how.time_zone)
