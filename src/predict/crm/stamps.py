"""Stamps: moments as whole microseconds since 1970 UTC, so that ages are exact on any engine."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: Microseconds in a day.
DAY = 86_400_000_000


def microseconds(moment: datetime) -> int:
    """Return a moment as microseconds since 1970 UTC; a naive one is taken as UTC.

    Examples
    --------
    >>> microseconds(datetime(1970, 1, 2)) == DAY
    True
    """
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment(stamp: int) -> datetime:
    """Return microseconds since 1970 as a naive UTC moment.

    Examples
    --------
    >>> moment(DAY)
    datetime.datetime(1970, 1, 2, 0, 0)
    """
    return datetime(1970, 1, 1) + timedelta(microseconds=int(stamp))


def start_of_day(day: date, time_zone: str) -> int:
    """Return when a day begins on the clocks of a time zone, as microseconds since 1970 UTC.

    Examples
    --------
    >>> moment(start_of_day(date(2024, 1, 2), "Europe/Berlin"))
    datetime.datetime(2024, 1, 1, 23, 0)
    """
    return microseconds(datetime.combine(day, time(), ZoneInfo(time_zone)))


def column_us(column: ir.Column) -> ir.Column:
    """Return a timestamp column as microseconds since 1970 UTC."""
    import ibis

    return column.delta(ibis.timestamp("1970-01-01"), unit="microsecond").cast("int64")


def day_shift(time_zone: str, year: int) -> int:
    """Return microseconds that put a moment on the day of a zone's clocks, near enough to count by.

    The larger offset of the year, so that midnight by the clock never falls on the day before;
    in winter a day may begin an hour early.

    Examples
    --------
    >>> day_shift("Europe/Berlin", 2024) == 2 * DAY // 24, day_shift("UTC", 2024)
    (True, 0)
    """
    zone = ZoneInfo(time_zone)
    offsets = [datetime(year, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)]
    return max((o // timedelta(microseconds=1) for o in offsets if o is not None), default=0)
