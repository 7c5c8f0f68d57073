"""What the leads do: visits, downloads, articles, e-mails, webinars, demo requests.

Each signal comes at a rate that depends on the hidden state alone. Where the rates differ between
the states the signal says something about the lead; where they are equal it says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from predict.demo.calendar import DAY, HOUR, second_of_day
from predict.demo.intent import LIFE_DAYS, OPEN, Moves, Path
from predict.demo.profile import INBOUND, Leads
from predict.demo.rows import Rows

WEEKEND: Final = 0.3
"""Signals on a weekend day, against a working day; the same for every state."""

FIRST_OFFSET: Final = 120
"""Seconds after creation before anything can happen: the look at age 0 is after one minute."""


@dataclass(frozen=True)
class Signal:
    """One kind of thing that leads do.

    Parameters
    ----------
    kind : str
        Kind of the event.
    assets : tuple of str
        Pages, offers, articles …; each as likely as the next. Empty where there is none.
    daily : tuple of 6 floats
        Expected number a working day in each state of `predict.demo.intent.STATES`.
    first : tuple of 3 floats
        Expected number in the visit before an inbound lead was created: dormant, curious,
        evaluating.
    seconds : float
        Median duration, 0 where none is measured.
    main : bool
        Whether it is strong and frequent enough to be among the ten strongest concepts.
    """

    kind: str
    assets: tuple[str, ...]
    daily: tuple[float, float, float, float, float, float]
    first: tuple[float, float, float]
    seconds: float = 0.0
    main: bool = False

    @property
    def informs(self) -> bool:
        """Whether it tells the open states apart at all."""
        return len(set(self.daily[:OPEN])) > 1 or len(set(self.first)) > 1


_SAME: Final = 4
"""Open states: a rate repeated so often says nothing."""

SIGNALS: Final = (
    # What tells the states apart …
    Signal(
        "page_view", ("pricing",), (0.002, 0.02, 0.18, 0.18, 0.04, 0), (0.05, 0.2, 0.9), 70, True
    ),
    Signal(
        "page_view", ("product tour",), (0.01, 0.08, 0.2, 0.2, 0.2, 0), (0.4, 0.8, 1.2), 90, True
    ),
    Signal(
        "page_view", ("careers",), (0.016, 0.003, 5e-4, 5e-4, 0, 0), (0.35, 0.06, 0.01), 60, True
    ),
    # … as much or more, but seldom seen …
    Signal("demo_request", (), (0.0002, 0.004, 0.06, 0.03, 0, 0), (0.005, 0.05, 0.5)),
    Signal("webinar_attended", ("live tour",), (0.002, 0.03, 0.12, 0.12, 0, 0), (0, 0, 0), 2400),
    Signal(
        "offer_download", ("ROI calculator",), (0.001, 0.008, 0.04, 0.04, 0, 0), (0.02, 0.1, 0.3)
    ),
    Signal("email_click", ("product news",), (0.003, 0.02, 0.04, 0.04, 0, 0), (0, 0, 0)),
    # … and not at all.
    Signal("page_view", ("blog", "about us"), (0.01,) * _SAME + (0.02, 0), (0.2,) * 3, 60),
    Signal("offer_download", ("trend report",), (0.002,) * _SAME + (0, 0), (0.1,) * 3),
    Signal(
        "article_read",
        ("winter tyres", "history of dispatch"),
        (0.01,) * _SAME + (0.01, 0),
        (0.15,) * 3,
        150,
    ),
    Signal("email_open", ("newsletter", "product news"), (0.02,) * _SAME + (0.01, 0), (0, 0, 0)),
)
ASSETS: Final = tuple(sorted({asset for signal in SIGNALS for asset in signal.assets}))

INFORMS: Final = np.array([signal.informs for signal in SIGNALS])
"""Which signals say something about the state."""

AVID: Final = np.where(INFORMS, 1.0, 10.0)
"""How much more of each signal comes from avid readers: of those that say nothing. They are busy
all the time and no nearer to buying, so that activity as such is a poor guide."""

DAILY: Final = np.array([signal.daily for signal in SIGNALS]).T
"""Rates a working day, shape (6 states, signals)."""

FIRST: Final = np.pad(np.array([signal.first for signal in SIGNALS]).T, ((0, 1), (0, 0)))
"""Expected numbers in the first visit, shape (4 open states, signals)."""

_RATES: Final = np.stack([np.concatenate([DAILY, FIRST]) * avid for avid in (1.0, AVID)])
"""All rates by kind of reader: shape (2, 6 states and 4 in the first visit, signals)."""


@dataclass(frozen=True)
class Events(Rows):
    """What a block of leads did, in order of lead and time.

    Parameters
    ----------
    row : ndarray
        Row of the lead in its block.
    day : ndarray
        Day of the lead's life; −1 for the visit before it was created.
    signal : ndarray
        Index into `SIGNALS`.
    occurred_at : ndarray, datetime64[s]
    asset : ndarray
        Index into `ASSETS`, −1 for none.
    seconds, pages : ndarray of float
        Duration and pages seen; NaN where not measured.
    """

    row: npt.NDArray[np.int64]
    day: npt.NDArray[np.int64]
    signal: npt.NDArray[np.int64]
    occurred_at: npt.NDArray[np.datetime64]
    asset: npt.NDArray[np.int64]
    seconds: npt.NDArray[np.float64]
    pages: npt.NDArray[np.float64]

    @classmethod
    def none(cls) -> Events:
        """Return no events."""
        whole, number = np.zeros(0, dtype=np.int64), np.zeros(0)
        moments = np.zeros(0, dtype="datetime64[s]")
        return cls(whole, whole, whole, moments, whole, number, number)

    def kind_is(self, kind: str) -> npt.NDArray[np.bool_]:
        """Tell which events are of this kind."""
        return np.array([signal.kind == kind for signal in SIGNALS])[self.signal]


def day_factor(moves: Moves) -> npt.NDArray[np.float64]:
    """Return how much of a working day's activity each day of life sees, shape (n, 180)."""
    day = np.arange(LIFE_DAYS) % 7
    return np.where(moves.working[day].T, 1.0, WEEKEND)


def is_inbound(leads: Leads) -> npt.NDArray[np.bool_]:
    """Tell which leads came through our site."""
    return np.asarray(INBOUND)[leads.source]


def act(rng: np.random.Generator, leads: Leads, moves: Moves, path: Path) -> Events:
    """Draw what each lead does in its life, given its states."""
    n_states, reader = len(DAILY), leads.avid_reader
    total = _RATES.sum(axis=2)
    first = np.where(is_inbound(leads), total[reader, n_states + path.state[:, 0]], 0.0)
    daily = total[reader[:, None], path.state] * day_factor(moves)
    count = rng.poisson(np.concatenate([first[:, None], daily], axis=1))
    cell = np.repeat(np.arange(count.size), count.ravel())
    row, day = cell // count.shape[1], cell % count.shape[1] - 1
    state = path.state[row, np.maximum(day, 0)]
    signal = _signals(rng, reader[row], np.where(day < 0, state + n_states, state))
    asset = _assets(rng, signal)
    seconds, pages = _values(rng, signal)
    occurred_at = leads.created_at[row] + _offsets(rng, leads, row, day)
    events = Events(row, day, signal, occurred_at, asset, seconds, pages)
    return events.take(np.lexsort((occurred_at, row)))


def _signals(
    rng: np.random.Generator, reader: npt.NDArray[np.int8], line: npt.NDArray[np.int8]
) -> npt.NDArray[np.int64]:
    with np.errstate(invalid="ignore"):  # states in which nothing happens have no shares
        edges = np.cumsum(_RATES, axis=2) / _RATES.sum(axis=2, keepdims=True)
    return (rng.random(len(line))[:, None] >= edges[reader, line, :-1]).sum(axis=1)


def _assets(rng: np.random.Generator, signal: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    width = max(len(s.assets) for s in SIGNALS)
    table = np.full((len(SIGNALS), width), -1)
    for line, s in enumerate(SIGNALS):
        table[line, : len(s.assets)] = [ASSETS.index(asset) for asset in s.assets]
    size = np.maximum((table >= 0).sum(axis=1), 1)
    return table[signal, (rng.random(len(signal)) * size[signal]).astype(np.int64)]


def _values(
    rng: np.random.Generator, signal: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return seconds and pages: the same for every lead, so that only the counts inform."""
    median = np.array([s.seconds for s in SIGNALS])[signal]
    seconds = np.ceil(median * np.exp(rng.normal(0.0, 0.8, len(signal))))
    pages = 1.0 + rng.poisson(0.8, len(signal))
    viewed = np.array([s.kind == "page_view" for s in SIGNALS])[signal]
    return np.where(median > 0, seconds, np.nan), np.where(viewed, pages, np.nan)


def _offsets(
    rng: np.random.Generator,
    leads: Leads,
    row: npt.NDArray[np.int64],
    day: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Return seconds from creation to each event: inside the event's day of the lead's life."""
    u = rng.random(len(row))
    at = ((7 + 15 * u) * HOUR).astype(np.int64)  # between 7:00 and 22:00
    within = (at - second_of_day(leads.created_at)[row]) % DAY
    before = -np.ceil(1_800 * u).astype(np.int64)  # the half hour before the lead was created
    return np.where(day < 0, before, day * DAY + np.maximum(within, FIRST_OFFSET))
