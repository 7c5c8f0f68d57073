"""The company's calendar: when leads come in, and which days of their lives are working days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

UNTIL: Final = date(2026, 6, 30)
"""Last day of the history that `predict demo` writes."""

MONTHS: Final = 18
DAY: Final = 86_400  # seconds
HOUR: Final = 3_600

_SEASON: Final = (0.9, 1.0, 1.15, 1.05, 1.0, 1.0, 0.75, 0.6, 1.1, 1.2, 1.1, 0.65)  # January first
_WEEKEND: Final = 0.12  # leads on a Saturday or Sunday, against a working day
_GROWTH: Final = 0.2  # more leads a day at the end than at the start


@dataclass(frozen=True)
class Calendar:
    """Eighteen months of history that end with the day ``until``.

    Parameters
    ----------
    until : datetime.date
        Last day of the history; everything is exported at its end.
    """

    until: date = UNTIL

    @property
    def start(self) -> date:
        """First day of the history: the first of the month, eighteen months back."""
        months = self.until.year * 12 + self.until.month - MONTHS
        return date(months // 12, months % 12 + 1, 1)

    @property
    def exported_at(self) -> np.datetime64:
        """The moment of the export: midnight after the last day, naive UTC."""
        return np.datetime64(self.until + timedelta(days=1), "s")

    def created_at(
        self, position: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.float64]]:
        """Return when leads come in, and how far into the history that is (0 to 1).

        Parameters
        ----------
        position : ndarray of shape (n,)
            Rank of the lead among all leads, in [0, 1); a larger rank is never earlier.

        Returns
        -------
        created_at : ndarray of shape (n,), datetime64[s]
            Between 7:00 and 20:00 UTC; fewer in August, in December and on weekends.
        elapsed : ndarray of shape (n,)
            Share of the eighteen months that has passed.
        """
        days = np.arange(np.datetime64(self.start, "D"), np.datetime64(self.until, "D") + 1)
        month = days.astype("datetime64[M]").astype(np.int64) % 12
        weight = np.asarray(_SEASON)[month] * np.where(weekday(days) >= 5, _WEEKEND, 1.0)
        weight *= 1 + _GROWTH * np.arange(len(days)) / len(days)
        edges = np.concatenate([[0.0], np.cumsum(weight)])
        place = position * edges[-1]
        day = np.clip(np.searchsorted(edges, place, side="right") - 1, 0, len(days) - 1)
        within = (place - edges[day]) / weight[day]
        seconds = (7 * HOUR + within * 13 * HOUR).astype(np.int64)
        created = days[day].astype("datetime64[s]") + seconds
        return created, (day + within) / len(days)


def weekday(moments: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
    """Return the day of the week, Monday = 0.

    Examples
    --------
    >>> weekday(np.array(["2026-06-29", "2026-07-05"], dtype="datetime64[D]"))
    array([0, 6])
    """
    return (moments.astype("datetime64[D]").astype(np.int64) + 3) % 7


def second_of_day(moments: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
    """Return the seconds since midnight.

    Examples
    --------
    >>> second_of_day(np.array(["2026-06-29T00:02:03"], dtype="datetime64[s]"))
    array([123])
    """
    return moments.astype("datetime64[s]").astype(np.int64) % DAY
