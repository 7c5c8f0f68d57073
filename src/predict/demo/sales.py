"""What the company does with its leads: stages with dates, amounts and reasons, and follow-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from predict.demo.calendar import DAY, HOUR, second_of_day, weekday
from predict.demo.intent import LIFE_DAYS, Path
from predict.demo.profile import Leads, choice
from predict.demo.rows import Rows

STAGES: Final = ("MQL", "SAL", "SQL", "opportunity", "won", "lost", "disqualified")
LOST_STAGES: Final = ("lost", "disqualified")

LOST_REASONS: Final = ("chose a competitor", "no decision", "no budget", "wrong time")
CLOSED_REASONS: Final = ("no need", "wrong fit", "no budget", "bad data", "no response")
_LOST_MIX: Final = (0.35, 0.3, 0.2, 0.15)
_CLOSED_MIX: Final = (0.4, 0.3, 0.2, 0.1, 0.0)
_NO_RESPONSE: Final = len(CLOSED_REASONS) - 1

TASK_KINDS: Final = ("call", "email")
RESULTS: Final = ("reached", "no answer", "sent")

Times = npt.NDArray[np.datetime64]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Deals:
    """When each lead reached each stage (NaT for never), and for how much.

    Parameters
    ----------
    at : ndarray of shape (n, 7), datetime64[s]
        Columns as in `STAGES`.
    estimate, amount : ndarray of shape (n,)
        EUR at the opportunity and at the win; NaN for none.
    reason : ndarray of shape (n,), object
        Why it was lost or disqualified; None for neither.
    """

    at: Times
    estimate: Floats
    amount: Floats
    reason: npt.NDArray[np.object_]

    def known(self, exported_at: np.datetime64) -> npt.NDArray[np.bool_]:
        """Tell which stages the export shows, shape (n, 7)."""
        return ~np.isnat(self.at) & (self.at < exported_at)


@dataclass(frozen=True)
class Tasks(Rows):
    """Our own calls and e-mails, by lead and time."""

    row: Ints
    occurred_at: Times
    kind: npt.NDArray[np.int8]
    seconds: Floats
    result: npt.NDArray[np.int8]


def close(rng: np.random.Generator, leads: Leads, path: Path) -> Deals:
    """Date the stages of each lead along its path, and settle its opportunities."""
    n = len(leads)
    at = np.full((n, len(STAGES)), np.datetime64("NaT"), dtype="datetime64[s]")
    early, late = rng.random((2, n))
    talks = _moment(rng, leads, path.talks_day)
    end = _moment(rng, leads, path.end_day)
    created = leads.created_at
    in_talks, converted = path.talks_day >= 0, path.converted
    # A lead in talks went through the earlier stages; of the others only some got so far.
    span = np.where(in_talks, talks - created, end - created).astype(np.int64)
    mql = (0.05 + 0.45 * early) * np.where(in_talks, span, np.minimum(span, 20 * DAY))
    sal = mql + (0.2 + 0.6 * late) * (np.where(in_talks, span, np.minimum(span, 30 * DAY)) - mql)
    is_mql = in_talks | (rng.random(n) < 0.45)
    is_sal = in_talks | (is_mql & (rng.random(n) < 0.5))
    _date(at, "MQL", created + mql.astype(np.int64), is_mql)
    _date(at, "SAL", created + sal.astype(np.int64), is_sal)
    _date(at, "SQL", talks, in_talks)
    _date(at, "opportunity", end, converted)
    won = rng.random(n) < 1 / (1 + np.exp(0.9 - 0.25 * leads.fit()))
    settled = end + np.ceil(np.exp(rng.normal(np.log(40.0), 0.6, n)) * DAY).astype(np.int64)
    _date(at, "won", settled, converted & won)
    _date(at, "lost", settled, converted & ~won)
    _date(at, "disqualified", end, ~converted)
    size = np.nan_to_num(leads.employees, nan=150.0) / 150.0
    estimate = np.round(9_000 * size**0.3 * np.exp(rng.normal(0.0, 0.4, n)), -2)
    amount = np.round(estimate * rng.uniform(0.8, 1.0, n), -1)
    lost = np.asarray(LOST_REASONS, dtype=object)[choice(rng, _LOST_MIX, n)]
    silent = path.end_day >= LIFE_DAYS
    why = np.where(silent, _NO_RESPONSE, choice(rng, _CLOSED_MIX, n))
    reason = np.where(converted, lost, np.asarray(CLOSED_REASONS, dtype=object)[why])
    return Deals(
        at=at,
        estimate=np.where(converted, estimate, np.nan),
        amount=np.where(converted & won, amount, np.nan),
        reason=np.where(converted & won, np.array(None, dtype=object), reason),
    )


def follow_up(rng: np.random.Generator, leads: Leads, path: Path, deals: Deals) -> Tasks:
    """Draw what we did: more where talks are on, and a little for everybody."""
    opened, end = leads.created_at, _last(deals)
    days = (end - opened).astype(np.int64) / DAY
    in_talks = ~np.isnat(deals.at[:, STAGES.index("SQL")])
    talk_days = np.where(in_talks, 0.5 * days, 0.0)
    usual = rng.poisson(0.8 + 0.01 * days)
    talking = rng.poisson(np.where(in_talks, 2.0 + 0.15 * np.minimum(talk_days, 30.0), 0.0))
    row = np.repeat(np.tile(np.arange(len(leads)), 2), np.concatenate([usual, talking]))
    is_talk = np.arange(len(row)) >= usual.sum()
    u = rng.random(len(row))
    share = np.where(is_talk, 1 - 0.5 * u, u**2)  # talks come late, first calls early
    raw = opened[row] + (share * days[row] * DAY).astype(np.int64)
    at = _next_working_hour(rng, raw)
    call = rng.random(len(row)) < np.where(is_talk, 0.7, 0.5)
    reached = rng.random(len(row)) < np.where(is_talk, 0.9, 0.35)
    length = np.where(reached, np.where(is_talk, 720.0, 150.0), 20.0)
    seconds = np.ceil(length * np.exp(rng.normal(0.0, 0.6, len(row))))
    tasks = Tasks(
        row=row,
        occurred_at=at,
        kind=np.where(call, 0, 1).astype(np.int8),
        seconds=np.where(call, seconds, np.nan),
        result=np.where(call, np.where(reached, 0, 1), 2).astype(np.int8),
    )
    return tasks.take(np.lexsort((at, row)))


def _date(at: Times, stage: str, moment: Times, where: npt.NDArray[np.bool_]) -> None:
    at[where, STAGES.index(stage)] = moment[where]


def _last(deals: Deals) -> Times:
    """Return the latest stage of each lead; every lead has one, for all end some day."""
    return np.fmax.reduce(deals.at, axis=1)


def _moment(rng: np.random.Generator, leads: Leads, day: Ints) -> Times:
    """Return a moment in working hours of the given day of each lead's life.

    A day of life begins at the hour of creation; what is left of the calendar day is used, so that
    a working day gives a moment on that very day.
    """
    created = second_of_day(leads.created_at)
    low = np.maximum(created + 300, 9 * HOUR)
    high = np.maximum(18 * HOUR, low + HOUR)
    within = low + rng.random(len(leads)) * (high - low) - created
    return leads.created_at + day * DAY + within.astype(np.int64)


def _next_working_hour(rng: np.random.Generator, moments: Times) -> Times:
    day = moments.astype("datetime64[D]") + 1
    day = day + np.maximum(7 - weekday(day), 0) * (weekday(day) >= 5)
    return day.astype("datetime64[s]") + (8 * HOUR + rng.random(len(day)) * 10 * HOUR).astype(
        np.int64
    )
