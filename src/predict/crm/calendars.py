"""Dates as people write them: which of day and month comes first, times of day, time zones."""

from __future__ import annotations

import re
from dataclasses import dataclass

import ibis
from ibis.expr import types as ir

from predict.errors import InputError

#: The two orders of dates with slashes or hyphens, and their names.
DAY_FIRST, MONTH_FIRST = "day first", "month first"
NAMES = ("the day first", "the month first")

_YEAR = r"(?:19|20|21)\d{2}"
_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
# Two digits are a year of this century up to 68, as in POSIX; only behind a slash or a dot, as
# 10-12-05 could begin with the year.
_THIS, _LAST = r"(?:[0-5]\d|6[0-8])", r"(?:69|[7-9]\d)"
_OFFSET = r"[+-]\d{2}(?::?\d{2})?"
_ZONE = rf"(?:[Zz]|UTC|GMT|{_OFFSET})"
_HALF = r"(?:[AaPp]\.?[Mm]\.?)"
_REST = r":\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?"
_TIME = rf"(?:[T ,]+(?:\d{{1,2}}{_REST}|{_MONTH}{_REST}\s*{_HALF})(?:\s*{_ZONE})?)?"
_ISO = rf"{_YEAR}[-/.]{_MONTH}[-/.]{_DAY}{_TIME}"
_COMPACT = rf"({_YEAR})(\d{{2}})(\d{{2}})"

#: What every engine reads without help.
PLAIN = (
    rf"^{_YEAR}-{_MONTH}-{_DAY}"
    rf"(?:[T ]\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,9}})?(?:Z|{_OFFSET})?)?)?$"
)
#: Milliseconds since 1970 UTC, as HubSpot's programs write stamps.
EPOCH = r"^[0-6]\d{12}$"
#: Dates whose order has to be found out, by what they would have to look like.
SLASHED = {
    DAY_FIRST: rf"^{_DAY}(?:/{_MONTH}/(?:{_YEAR}|\d{{2}})|-{_MONTH}-{_YEAR}){_TIME}$",
    MONTH_FIRST: rf"^{_MONTH}(?:/{_DAY}/(?:{_YEAR}|\d{{2}})|-{_DAY}-{_YEAR}){_TIME}$",
}
_NIGHT = r":00(?::00(?:[.,]0+)?)?"
#: No time of day is written but midnight; a time zone is written; AM or PM is.
MIDNIGHT = rf"^[^:]+$|[T ,](?:0?0{_NIGHT}|12{_NIGHT}\s*[Aa]\.?[Mm]\.?)(?:\s*{_ZONE})?$"
ZONED = rf":\d{{2}}(?:[.,]\d+)?(?:\s*{_HALF})?\s*{_ZONE}$"
HALVED = rf":\d{{2}}(?:[.,]\d+)?\s*{_HALF}"

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# From any accepted time of day to what engines read: 2026-07-01 9:30:00.5+02:00.
_TIDY = (
    (rf"^({_YEAR})[/.](\d{{1,2}})[/.](\d{{1,2}})", r"\1-\2-\3"),
    (r"^(\d{4}-\d{1,2}-\d{1,2})[T ,]+", r"\1 "),
    (rf"\s*{_HALF}(\s*{_ZONE})?$", r"\1"),
    (r"(:\d{2}),(\d)", r"\1.\2"),
    (r"(:\d{2}(?:\.\d+)?)\s*(?:[Zz]|UTC|GMT)$", r"\1+00"),
    (r"(:\d{2}(?:\.\d+)?)\s+([+-]\d)", r"\1\2"),
    (r"( \d{1,2}:\d{2})([+-]\d)", r"\1:00\2"),
)


@dataclass(frozen=True)
class Notation:
    """How the dates of one column are written.

    Parameters
    ----------
    shape : str
        Regular expression of everything that is a date here.
    rewrites : tuple of (pattern, replacement)
        Applied one after the other, they lead to ISO 8601.
    epochs : bool
        Thirteen digits are milliseconds since 1970.
    halves : bool
        Some times carry AM or PM.
    """

    shape: str
    rewrites: tuple[tuple[str, str], ...] = ()
    epochs: bool = False
    halves: bool = False


#: Year first, nothing that needs help.
ISO = Notation(PLAIN)


def sniffed(order: str) -> Notation:
    """Return the notation with day or month first; years in front and dots need no choice."""
    place = r"-\2-\1\4" if order == DAY_FIRST else r"-\1-\2\4"
    rules = []
    for sign, tail in (("[/-]", place), (r"\.", r"-\2-\1\4")):
        for century, year in (("", _YEAR), ("20", _THIS), ("19", _LAST)):
            pattern = rf"^(\d{{1,2}}){sign}(\d{{1,2}}){sign}({year})({_TIME})$"
            rules.append((pattern, century + r"\3" + tail))
    rules.append((f"^{_COMPACT}$", r"\1-\2-\3"))
    dotted = rf"{_DAY}\.{_MONTH}\.(?:{_YEAR}|\d{{2}}){_TIME}"
    shape = rf"(?:{SLASHED[order]}|^{dotted}$|^{_ISO}$|^{_COMPACT}$)"
    return Notation(shape, (*rules, *_TIDY), epochs=True, halves=True)


def declared(format: str, *, where: str) -> Notation:
    """Return the notation of a declared format such as ``%d/%m/%Y %H:%M``.

    Parameters
    ----------
    format : str
        Of ``%Y %y %m %d %H %I %M %S %f %p %z %b %B`` (English names of months). A time of day may
        follow a format that has none. ISO 8601 is always accepted beside it.
    where : str
        File and column, for the message.

    Raises
    ------
    InputError
        Another directive, one twice, or no year, month and day.
    """
    parts = dict.fromkeys("mdHIMS", r"(\d{1,2})")
    parts |= {"Y": f"({_YEAR})", "y": r"(\d{2})", "f": r"(\d{1,9})", "p": rf"({_HALF})"}
    parts |= {"z": f"({_ZONE})", "b": r"(\d{1,2})", "B": r"(\d{1,2})"}
    pattern, seen = "", []
    for directive, other in re.findall(r"%(.)|([^%]+)", format):
        pattern += parts.get(directive, "") if directive else re.escape(other)
        seen += [directive] if directive else []
    roles = [{"b": "m", "B": "m", "I": "H"}.get(d, d) for d in seen]
    complete = {"m", "d"} <= set(roles) and ("Y" in roles) != ("y" in roles)
    if not complete or len(set(roles)) < len(roles) or set(seen) - set(parts):
        raise InputError(
            "the date format cannot be used",
            where=where,
            got=format,
            do='write it like "%d/%m/%Y" or "%m/%d/%Y %I:%M %p"',
        )
    at = {role: rf"\{i}" for i, role in enumerate(roles, 1)}
    if "H" in at:
        rest = f" {at['H']}:{at.get('M', '00')}:{at.get('S', '00')}"
        rest += f".{at['f']}" if "f" in at else ""
        rest += at.get("p", "") + at.get("z", "")
    else:
        pattern, rest = f"{pattern}({_TIME})", rf"\{len(roles) + 1}"
    rest = f"-{at['m']}-{at['d']}{rest}"
    named = {"b", "B"} & set(seen)
    names = [(rf"(?i)\b{m}[a-z]*", f"{i:02d}") for i, m in enumerate(_MONTHS, 1) if named]
    if "Y" in at:
        rules = [(f"^{pattern}$", at["Y"] + rest)]
    else:
        years = (("20", f"({_THIS})"), ("19", f"({_LAST})"))
        rules = [(f"^{pattern.replace(parts['y'], y)}$", c + at["y"] + rest) for c, y in years]
    shape = pattern
    for directive in named:
        spelled = shape.split(parts[directive])
        before = [d for d in seen if parts[d] == parts[directive]].index(directive)
        shape = parts[directive].join(spelled[: before + 1]) + "([A-Za-z]{3,9})"
        shape += parts[directive].join(spelled[before + 1 :])
    return Notation(f"(?:^{shape}$|^{_ISO}$)", (*names, *rules, *_TIDY), halves=True)


def instant(text: ir.StringValue, notation: Notation) -> ir.TimestampValue:
    """Return stripped text as a moment, as if written in UTC where it does not name its zone."""
    stamp = _iso(text, notation).try_cast("timestamp('UTC')").cast("timestamp")
    if notation.halves:
        after = text.re_search(r":\d{2}(?:[.,]\d+)?\s*[Pp]\.?[Mm]")
        noon = text.re_search(r"[T ,]12:")
        hours = ibis.cases((after & ~noon, 12), (~after & noon & is_halved(text), -12), else_=0)
        stamp = stamp + hours.as_interval("h")
    if not notation.epochs:
        return stamp
    return ibis.ifelse(text.re_search(EPOCH), text.try_cast("int64").as_timestamp("ms"), stamp)


def day(text: ir.StringValue, notation: Notation) -> ir.DateValue:
    """Return the date that stripped text states, in whatever zone."""
    iso = _iso(text, notation).re_extract(r"^(\d{4}-\d{1,2}-\d{1,2})", 1).try_cast("date")
    if not notation.epochs:
        return iso
    stamp = text.try_cast("int64").as_timestamp("ms")
    return ibis.ifelse(text.re_search(EPOCH), stamp.date(), iso)


def is_zoned(text: ir.StringValue) -> ir.BooleanValue:
    """Tell whether stripped text names its time zone."""
    return text.re_search(rf"{ZONED}|{EPOCH}")


def is_timed(text: ir.StringValue) -> ir.BooleanValue:
    """Tell whether stripped text states a time of day."""
    return text.contains(":") | text.re_search(EPOCH)


def is_midnight(text: ir.StringValue) -> ir.BooleanValue:
    """Tell whether stripped text states midnight or no time of day at all."""
    whole_days = text.try_cast("int64") % 86_400_000 == 0
    return ibis.ifelse(text.re_search(EPOCH), whole_days, text.re_search(MIDNIGHT))


def is_halved(text: ir.StringValue) -> ir.BooleanValue:
    """Tell whether stripped text states AM or PM."""
    return text.re_search(HALVED)


def _iso(text: ir.StringValue, notation: Notation) -> ir.StringValue:
    """Return ISO 8601 where the text has the notation's shape, else missing."""
    iso = text
    for pattern, replacement in notation.rewrites:
        iso = iso.re_replace(pattern, replacement)
    return ibis.ifelse(text.re_search(notation.shape), iso, ibis.null("string"))
