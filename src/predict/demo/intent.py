"""The chain behind every lead: how interest grows, fades, becomes a sales talk, and ends.

A lead is in one of four hidden states; once in each 24 hours of its life it may move. The rates
depend on its fit alone, so that what is to come depends on the past only through the state. Truth
(`predict.demo.truth`) is computed from the same table of moves that the simulation draws from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from predict.demo.calendar import weekday
from predict.demo.profile import Leads

STATES: Final = ("dormant", "curious", "evaluating", "in talks", "opportunity", "closed")
DORMANT, CURIOUS, EVALUATING, TALKS, OPPORTUNITY, CLOSED = range(6)
OPEN: Final = 4
"""The first four states are open; the other two are for ever."""

LIFE_DAYS: Final = 180
"""A lead still open after so many days is closed: "no response"."""

_START: Final = np.array(
    [  # dormant, curious, evaluating; one line for each source
        (0.62, 0.28, 0.10),
        (0.45, 0.33, 0.22),
        (0.64, 0.27, 0.09),
        (0.74, 0.22, 0.04),
        (0.70, 0.23, 0.07),
        (0.70, 0.25, 0.05),
        (0.88, 0.11, 0.01),
    ]
)
# (from, to, moves a day at fit 0, weight of the fit, on working days only)
_MOVES: Final = (
    (DORMANT, CURIOUS, 0.005, 0.0, False),
    (CURIOUS, DORMANT, 0.025, 0.0, False),
    (CURIOUS, EVALUATING, 0.014, 0.5, False),
    (EVALUATING, CURIOUS, 0.020, 0.0, False),
    (EVALUATING, DORMANT, 0.015, 0.0, False),
    (EVALUATING, TALKS, 0.030, 1.0, True),
    (TALKS, OPPORTUNITY, 0.150, 0.0, True),
    (TALKS, CLOSED, 0.030, 0.0, True),
    (DORMANT, CLOSED, 0.008, -0.3, True),
    (CURIOUS, CLOSED, 0.003, -0.3, True),
    (EVALUATING, CLOSED, 0.002, -0.3, True),
)


def start(leads: Leads) -> npt.NDArray[np.float64]:
    """Return the chances of each open state when a lead comes in, shape (n, 4)."""
    return np.pad(_START, ((0, 0), (0, 1)))[leads.source]


@dataclass(frozen=True)
class Moves:
    """Chances of moving between states in 24 hours; they repeat every seven days.

    Parameters
    ----------
    week : ndarray of shape (7, n, 4, 6)
        From each open state to each state, on day ``d % 7`` of each lead's life; the last axis
        sums to one. Sales does not work on weekends, so talks neither begin nor end then.
    working : ndarray of shape (7, n)
        Whether that day begins on a working day.
    """

    week: npt.NDArray[np.float64]
    working: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, leads: Leads) -> Moves:
        """Return the chances of these leads."""
        fit = leads.fit()
        working = (weekday(leads.created_at) + np.arange(7)[:, None]) % 7 < 5
        either = working[:, :, None, None]
        return cls(np.where(either, _chances(fit, True), _chances(fit, False)), working)

    def on(self, day: int) -> npt.NDArray[np.float64]:
        """Return the chances on a day of each lead's life (from 0), shape (n, 4, 6)."""
        return self.week[day % 7]


def _chances(fit: npt.NDArray[np.float64], working: bool) -> npt.NDArray[np.float64]:
    rates = np.zeros((len(fit), OPEN, len(STATES)))
    for origin, target, rate, weight, working_only in _MOVES:
        if working or not working_only:
            rates[:, origin, target] = rate * np.exp(weight * fit)
    total = rates.sum(axis=2, keepdims=True)
    moved = -np.expm1(-total) / np.where(total > 0, total, 1.0)
    chances = rates * moved  # competing moves share the chance of any move by their rates
    for state in range(OPEN):
        chances[:, state, state] = np.exp(-total[:, state, 0])
    return chances


@dataclass(frozen=True)
class Path:
    """What the states of the leads were, day by day of their lives.

    Parameters
    ----------
    state : ndarray of shape (n, 180), int8
        State during each 24 hours.
    talks_day, end_day : ndarray of shape (n,)
        Day in which talks began, in which the lead left the open states; −1 and 180 for never.
    """

    state: npt.NDArray[np.int8]
    talks_day: npt.NDArray[np.int64]
    end_day: npt.NDArray[np.int64]

    @property
    def converted(self) -> npt.NDArray[np.bool_]:
        """True where the lead became an opportunity within its life."""
        return (self.state == OPPORTUNITY).any(axis=1)


def walk(rng: np.random.Generator, leads: Leads, moves: Moves) -> Path:
    """Draw the states of each lead for all days of its life."""
    n = len(leads)
    state = np.full((n, LIFE_DAYS), CLOSED, dtype=np.int8)
    edges = np.cumsum(moves.week, axis=3)[..., :-1]
    now = _place(rng.random(n), np.cumsum(start(leads), axis=1)[:, :-1])
    for day in range(LIFE_DAYS):
        state[:, day] = now
        u = rng.random(n)  # one number a lead and day, used or not: draws never depend on states
        open_rows = np.flatnonzero(now < OPEN)
        now[open_rows] = _place(u[open_rows], edges[day % 7, open_rows, now[open_rows]])
    talks = state == TALKS
    ended = state >= OPEN
    return Path(
        state=state,
        talks_day=np.where(talks.any(axis=1), talks.argmax(axis=1) - 1, -1),
        end_day=np.where(ended.any(axis=1), ended.argmax(axis=1) - 1, LIFE_DAYS),
    )


def _place(u: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return between which edges of its row each number falls."""
    return (u[:, None] >= edges).sum(axis=1)
