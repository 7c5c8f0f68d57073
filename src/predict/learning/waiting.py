"""Waiting: how many more wins would settle a comparison, and when they will have come."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

_DAYS_PER_MONTH = 365.25 / 12
#: No contest pools more months, nor goes further back once so many leads have won: a difference
#: that this cannot show is too small to wait for.
MOST_MONTHS, ENOUGH_WINS = 24, 1_000


@dataclass(frozen=True)
class Wait:
    """What is missing.

    Parameters
    ----------
    wins : float
        More winning leads; infinite where more of the same would not change it.
    months : float
        Until they are old enough to judge, at the rate of the months that were looked at.
    reachable : bool
        Whether a contest can hold that many.
    """

    wins: float
    months: float
    reachable: bool = True

    @classmethod
    def for_bound(cls, value: float, bound: float, limit: float, *, wins: int, months: int) -> Wait:
        """Return the wait until a bound passes a limit, if the estimate stays as it is.

        The distance of a bound from its estimate shrinks with the root of the number of wins, so
        (1 + more / wins) = (distance of the bound / distance of the limit)².

        Parameters
        ----------
        value, bound, limit : float
            Estimate, its lower bound, and what the bound has to exceed.
        wins, months : int
            Winning leads so far, and the months they came in.

        Examples
        --------
        >>> Wait.for_bound(0.002, -0.001, 0.0, wins=112, months=8)
        Wait(wins=140.0, months=10.0, reachable=True)
        >>> Wait.for_bound(-0.002, -0.005, 0.0, wins=112, months=8).wins
        inf
        """
        if not value > limit or not math.isfinite(bound):
            return cls(math.inf, math.inf, False)
        times = ((value - bound) / (value - limit)) ** 2
        more = max(float(math.ceil(round(wins * (times - 1), 6))), 1.0)
        longer = more * months / wins if wins else math.inf
        reachable = wins + more <= ENOUGH_WINS and months + longer <= MOST_MONTHS
        return cls(more, longer, reachable)

    def sentence(self, since: pd.Timestamp, verb: str = "would decide") -> str:
        """Return what to wait for, in words, without a full stop.

        Parameters
        ----------
        since : pandas.Timestamp
            When the data were exported.
        verb : str
            What the wins would do.

        Examples
        --------
        >>> Wait(140, 2.5).sentence(pd.Timestamp("2025-10-28"))
        'about 140 more wins would decide, about 12 January'
        >>> Wait(9000, 40, reachable=False).sentence(pd.Timestamp("2025-10-28"))
        'even 24 months of leads could not tell, so little depends on it'
        """
        if not math.isfinite(self.wins):
            return "more data would not change it"
        if not self.reachable:
            return f"even {MOST_MONTHS} months of leads could not tell, so little depends on it"
        on = since + pd.Timedelta(days=self.months * _DAYS_PER_MONTH)
        year = f" {on.year}" if self.months > 10 else ""
        noun = "win" if self.wins == 1 else "wins"
        return f"about {self.wins:,.0f} more {noun} {verb}, about {on.day} {on:%B}{year}"
