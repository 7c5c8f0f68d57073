"""One value of a spreadsheet, query or data frame as the text a reader would have seen."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

# What pandas shows for its missing values.
_MISSING = ("<NA>", "NaT")


def shown(value: object) -> str | None:
    """Return a value as text; None, NaN and blank text are missing.

    Whole numbers have no decimals (an id that a spreadsheet holds as 123.0 reads ``123``), dates
    are ISO 8601, a date at midnight without time zone stays a date.

    Examples
    --------
    >>> [shown(v) for v in (123.0, 0.1, True, "00123", float("nan"))]
    ['123', '0.1', 'true', '00123', None]
    >>> shown(dt.datetime(2026, 7, 1, 9, 30)), shown(dt.datetime(2026, 7, 1))
    ('2026-07-01 09:30:00', '2026-07-01')
    """
    if isinstance(value, dt.datetime):
        text = _stamp(value)
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, float | Decimal):
        text = _number(value)
    elif isinstance(value, bytes):
        text = value.decode("utf-8", errors="replace")
    elif hasattr(value, "item"):  # a NumPy scalar
        return shown(value.item())
    else:
        text = "" if value is None else str(value)
    return None if not text.strip() or text in _MISSING else text


def _stamp(value: dt.datetime) -> str:
    if value.tzinfo is None and value.time() == dt.time():
        return value.date().isoformat()
    return value.isoformat(sep=" ")


def _number(value: float | Decimal) -> str:
    if not math.isfinite(value):
        return "" if math.isnan(value) else str(value)
    return (
        str(int(value))
        if value == int(value)
        else repr(value)
        if isinstance(value, float)
        else str(value)
    )
