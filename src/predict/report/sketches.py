"""Sketches: the geometry of small pictures drawn in a page's own template, in both colour schemes.

Numbers only: where bars, lines and marks go. Larger figures are drawn by `displays`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: Points that a curve is drawn with at most.
_POINTS = 240
#: Height of a strip and width of one of its periods, in its own units.
STRIP_HEIGHT, SLOT = 36.0, 10.0


@dataclass(frozen=True)
class Bar:
    """A bar of a strip: left edge, top, width, height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Strip:
    """Rows of one table over the time that all tables span.

    Parameters
    ----------
    width : float
        Of the drawing; the same for all strips of a page.
    bars : tuple of Bar
        One per period with rows; heights are shares of the table's own fullest period.
    holes : tuple of Bar
        Periods without rows between the first and the last with some.
    """

    width: float
    bars: tuple[Bar, ...]
    holes: tuple[Bar, ...]

    @property
    def ends(self) -> tuple[float, float]:
        """Where the first bar begins and the last one ends, in per cent of the width."""
        if not self.bars:
            return 0.0, 100.0
        first, last = self.bars[0], self.bars[-1]
        return round(100 * first.x / self.width, 2), round(
            100 * (last.x + last.width) / self.width, 2
        )


def periods(first: date, last: date, unit: str) -> list[date]:
    """Return the first days of all weeks or months from one to another.

    Examples
    --------
    >>> [d.month for d in periods(date(2025, 11, 1), date(2026, 2, 1), "month")]
    [11, 12, 1, 2]
    >>> len(periods(date(2025, 1, 6), date(2025, 1, 20), "week"))
    3
    """
    found, current = [], first
    while current <= last:
        found.append(current)
        if unit == "week":
            current += timedelta(days=7)
        else:
            current = (current.replace(day=1) + timedelta(days=32)).replace(day=1)
    return found


def strip(rows: Mapping[date, float], axis: Sequence[date]) -> Strip:
    """Return the strip of one table.

    Parameters
    ----------
    rows : mapping of period to number
        Periods of the axis; those without rows may be absent.
    axis : sequence of date
        From `periods`.

    Examples
    --------
    >>> axis = periods(date(2025, 1, 1), date(2025, 4, 1), "month")
    >>> drawn = strip({axis[0]: 10, axis[2]: 5}, axis)
    >>> [bar.height for bar in drawn.bars], [hole.x for hole in drawn.holes]
    ([36.0, 18.0], [10.5])
    """
    most = max(rows.values(), default=0) or 1
    bars, holes = [], []
    filled = [i for i, p in enumerate(axis) if rows.get(p)]
    for i, period in enumerate(axis):
        n, x = rows.get(period, 0), i * SLOT + 0.5
        if n:
            height = max(STRIP_HEIGHT * n / most, 1.5)
            bars.append(Bar(x, round(STRIP_HEIGHT - height, 2), SLOT - 1, round(height, 2)))
        elif filled and filled[0] < i < filled[-1]:
            holes.append(Bar(x, STRIP_HEIGHT - 2, SLOT - 1, 2.0))
    return Strip(len(axis) * SLOT, tuple(bars), tuple(holes))


def ticks(axis: Sequence[date], most: int = 4) -> list[tuple[float, str]]:
    """Return where on the axis, in per cent, which date stands; at most ``most`` of them.

    Examples
    --------
    >>> ticks(periods(date(2025, 1, 1), date(2025, 12, 1), "month"), most=3)
    [(0.0, 'Jan 2025'), (33.33, 'May 2025'), (66.67, 'Sep 2025')]
    """
    step = max(1, math.ceil(len(axis) / most))
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    weekly = len(axis) > 1 and (axis[1] - axis[0]).days == 7
    told = []
    for i in range(0, len(axis), step):
        when = axis[i]
        text = f"{when.day} {months[when.month - 1]}" if weekly else months[when.month - 1]
        told.append((round(100 * i / len(axis), 2), f"{text} {when.year}"))
    return told


@dataclass(frozen=True)
class CurvePicture:
    """The curve of arrivals, in a frame of 400 by 230.

    Parameters
    ----------
    line, naive : str
        Points of the curve, and of the one that takes young leads for losses.
    area : str
        Points of what lies under the curve.
    x_ticks, y_ticks : tuple
        Place and text.
    mark : tuple or None
        x, y and text of the agreed horizon.
    anchor : str
        On which side of the mark its text stands: "start" or "end".
    """

    line: str
    naive: str
    area: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    mark: tuple[float, float, str] | None
    anchor: str = "start"


#: Frame of the curve: left, right, top, bottom.
LEFT, RIGHT, TOP, BOTTOM = 44.0, 392.0, 14.0, 196.0


def curve_picture(
    curve: pd.DataFrame, seen: float, agreed_days: float, label: str
) -> CurvePicture | None:
    """Return the picture of a curve from `delay_curve`, as far as it can be read.

    Parameters
    ----------
    curve : DataFrame
        ``hour``, ``at_risk``, ``arrived``, ``share``.
    seen : float
        Days the curve can be read.
    agreed_days : float
        The horizon to mark.
    label : str
        What stands beside the mark.
    """
    frame = curve[curve["hour"] < seen * 24]
    whole = float(frame["share"].iloc[-1]) if len(frame) else 0.0
    if whole <= 0:
        return None
    # Where nearly all have come, the rest of the line is flat and says nothing.
    done = float(frame.loc[frame["share"] >= 0.995 * whole, "hour"].iloc[0]) / 24
    days = min(seen, max(1.1 * done, 1.5 * agreed_days, 1.0))
    total = int(curve["at_risk"].iloc[0])
    frame = frame[frame["hour"] < days * 24]
    top = _above(float(frame["share"].max()))
    naive = (frame["arrived"].cumsum() / total).tolist()
    hours, share = ((frame["hour"] + 1) / 24).tolist(), frame["share"].tolist()
    places = sorted({round(i * (len(hours) - 1) / _POINTS) for i in range(_POINTS + 1)})

    def x(day: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * min(day, days) / days, 1)

    def y(value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * value / top, 1)

    def points(values: list[float]) -> str:
        first = [f"{x(0)},{y(0)}"]
        last = [f"{x(days)},{y(values[-1])}"]
        return " ".join(first + [f"{x(hours[i])},{y(values[i])}" for i in places] + last)

    line = points(share)
    mark = None
    if 0 < agreed_days <= days:
        reached = frame.loc[frame["hour"] < agreed_days * 24, "share"]
        at = float(reached.iloc[-1]) if len(reached) else 0.0
        mark = (x(agreed_days), y(at), label)
    return CurvePicture(
        line,
        points(naive),
        f"{line} {x(days)},{BOTTOM} {LEFT},{BOTTOM}",
        tuple((x(d), f"{d:g}") for d in _steps(days)),
        tuple((y(v), f"{100 * v:g} %") for v in _steps(top, 3)),
        mark,
        "start" if mark and mark[0] < (LEFT + RIGHT) / 2 else "end",
    )


def _above(value: float) -> float:
    """Return a round number a little above a share."""
    return min(1.0, _steps(value * 1.2, 3)[-1] + (_steps(value * 1.2, 3)[1]))


def _steps(top: float, about: int = 5) -> list[float]:
    """Return round numbers from 0 up to ``top``.

    Examples
    --------
    >>> _steps(100), _steps(0.13, 3)
    ([0, 20, 40, 60, 80, 100], [0.0, 0.05, 0.1])
    """
    size = 10 ** math.floor(math.log10(top / about))
    step = next(size * m for m in (1, 2, 5, 10) if size * m * about >= top * 0.999)
    return [round(i * step, 10) for i in range(int(top / step + 1e-9) + 1)]
