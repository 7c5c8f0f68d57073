"""The true chance of a lead, computed exactly from the simulator and what could be seen of it.

The chain of `predict.demo.intent` is hidden; what is seen are the profile, what the lead did, and
that it is still open. Bayes' rule, day by day, gives the chances of the four open states at
``as_of`` (the forward algorithm for hidden Markov chains, Rabiner 1989, eq. 20); running the moves
backwards over the horizon gives the chance of becoming an opportunity from each state. Neither is
an approximation. Stages such as SQL and our own calls are left out on purpose: a model may not use
them, and they would say a little more.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from predict.demo.behaviour import DAILY, FIRST, INFORMS, Events, day_factor, is_inbound
from predict.demo.calendar import DAY
from predict.demo.intent import OPEN, OPPORTUNITY, Moves, Path, start
from predict.demo.profile import Leads
from predict.demo.rows import Rows

AGES: Final = (0, 7, 30, 60)
"""Days after creation at which truth is told; age 0 is one minute after."""

HORIZON_DAYS: Final = 90

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Truth(Rows):
    """True chances of the open leads of a block, one row a lead and age.

    Parameters
    ----------
    row, age_days : ndarray of int
        Row of the lead in its block; age at ``as_of``.
    as_of : ndarray, datetime64[s]
    probability : ndarray of float
        Chance of becoming an opportunity in [``as_of``, ``as_of`` + 90 days), given the profile,
        all events before ``as_of``, and that the lead is open.
    probability_profile : ndarray of float
        The same when the events are not known: what a bare list can tell at best.
    converted : ndarray of bool
        What became of it, also where the export ends too early to show it.
    """

    row: npt.NDArray[np.int64]
    age_days: npt.NDArray[np.int64]
    as_of: npt.NDArray[np.datetime64]
    probability: Floats
    probability_profile: Floats
    converted: npt.NDArray[np.bool_]


def tell(leads: Leads, moves: Moves, path: Path, events: Events) -> Truth:
    """Compute the truth of every lead at every age of `AGES` at which it is open."""
    seen = beliefs(leads, moves, evidence(leads, moves, events))
    blind = beliefs(leads, moves, None)
    parts = []
    for age in AGES:
        row = np.flatnonzero(path.end_day >= age)
        ahead = outlook(moves, age)[row]
        due = path.converted[row] & (path.end_day[row] < age + HORIZON_DAYS)
        parts.append(
            Truth(
                row=row,
                age_days=np.full(len(row), age),
                as_of=leads.created_at[row] + (age * DAY if age else 60),
                probability=(seen[age][row] * ahead).sum(axis=1),
                probability_profile=(blind[age][row] * ahead).sum(axis=1),
                converted=due,
            )
        )
    names = [f.name for f in fields(Truth)]
    told = Truth(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    return told.take(np.lexsort((told.age_days, told.row)))


def evidence(leads: Leads, moves: Moves, events: Events) -> Floats:
    """Return the log likelihood of each day's events in each open state.

    Signals that come at one rate in all states say nothing, however many: they are left out.

    Returns
    -------
    ndarray of shape (n, 1 + last age, 4)
        Column 0 is the visit before creation, column ``d + 1`` day ``d`` of the lead's life. Up to
        a term that is the same in all states.
    """
    n, days = len(leads), 1 + max(AGES)
    with np.errstate(divide="ignore"):
        daily, first = np.log(DAILY[:OPEN]), np.log(FIRST)
    known = (events.day + 1 < days) & INFORMS[events.signal]
    cell = events.row[known] * days + events.day[known] + 1
    signal, is_first = events.signal[known], events.day[known] < 0
    expected = -day_factor(moves)[:, : days - 1, None] * DAILY[:OPEN, INFORMS].sum(axis=1)
    visit = np.where(is_inbound(leads)[:, None], -FIRST[:, INFORMS].sum(axis=1), 0.0)
    logs = np.concatenate([visit[:, None, :], expected], axis=1)
    for state in range(OPEN):
        each = np.where(is_first, first[state, signal], daily[state, signal])
        logs[:, :, state] += np.bincount(cell, each, minlength=n * days).reshape(n, days)
    return logs


def beliefs(leads: Leads, moves: Moves, logs: Floats | None) -> dict[int, Floats]:
    """Return the chances of the open states at each age, given that the lead is open.

    Parameters
    ----------
    logs : ndarray of shape (n, 1 + last age, 4) or None
        See `evidence`; None where the events are not known.
    """
    found = {}
    belief = start(leads)
    if logs is not None:
        belief = _updated(belief, logs[:, 0])
    for day in range(max(AGES) + 1):
        if day in AGES:
            found[day] = belief
        if day == max(AGES):
            break
        if logs is not None:
            belief = _updated(belief, logs[:, day + 1])
        after = np.einsum("ns,nst->nt", belief, moves.on(day)[:, :, :OPEN])
        belief = after / after.sum(axis=1, keepdims=True)
    return found


def outlook(moves: Moves, age: int, days: int = HORIZON_DAYS) -> Floats:
    """Return the chance of an opportunity in the ``days`` days after ``age``, by state: (n, 4)."""
    ahead = np.zeros(moves.week.shape[1:3])
    for day in range(age + days - 1, age - 1, -1):
        chances = moves.on(day)
        ahead = chances[:, :, OPPORTUNITY] + np.einsum("nst,nt->ns", chances[:, :, :OPEN], ahead)
    return ahead


def _updated(belief: Floats, logs: Floats) -> Floats:
    weight = belief * np.exp(logs - logs.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)
