"""The simulation of the company: blocks of leads with all that happened to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from predict.demo import behaviour, intent, sales, traps, truth
from predict.demo.behaviour import Events
from predict.demo.calendar import UNTIL, Calendar
from predict.demo.profile import Accounts, Leads
from predict.errors import InputError

VERSION: Final = 1
"""Raised whenever the same seed gives another company."""

BLOCK: Final = 4_000
"""Leads drawn and written together. Each block has random numbers of its own: any block can be
drawn alone, and memory does not grow with the number of leads."""

FEWEST: Final = 100

_ACCOUNTS_PER_LEAD: Final = 0.6
_BLOCKED_EVERY: Final = 211


@dataclass(frozen=True)
class Block:
    """Some leads of the company with all that happened to them before the export."""

    leads: Leads
    path: intent.Path
    events: Events
    deals: sales.Deals
    tasks: sales.Tasks
    traps: traps.Traps
    truth: truth.Truth

    @property
    def is_blocked(self) -> npt.NDArray[np.bool_]:
        """Whether the lead asked not to be contacted: every 211th, so that it says nothing."""
        return self.leads.number % _BLOCKED_EVERY == _BLOCKED_EVERY // 2


@dataclass(frozen=True)
class Company:
    """A company to be simulated.

    Parameters
    ----------
    n_leads : int
        Leads in the eighteen months.
    seed : int
        The same seed gives the same company, byte for byte.
    until : datetime.date
        Last day of the history.
    """

    n_leads: int = 20_000
    seed: int = 7
    until: date = UNTIL

    def __post_init__(self) -> None:
        if self.n_leads < FEWEST:
            raise InputError(
                "a company so small has nothing to show",
                got=f"{self.n_leads} leads",
                do=f"ask for {FEWEST} or more with --leads",
            )
        if self.seed < 0:
            raise InputError("a seed is a whole number from 0", got=self.seed)

    @property
    def calendar(self) -> Calendar:
        """When the history begins, ends and is exported."""
        return Calendar(self.until)

    def random(self, *key: int) -> np.random.Generator:
        """Return the random numbers of one part of the company."""
        return np.random.default_rng([VERSION, self.seed, *key])

    def accounts(self) -> Accounts:
        """Draw all firms; three small columns, also for a million leads."""
        return Accounts.draw(self.random(0), max(20, int(self.n_leads * _ACCOUNTS_PER_LEAD)))

    def blocks(self, accounts: Accounts) -> Iterator[Block]:
        """Yield the company block by block, in the order in which leads came in."""
        for place in range(self.n_blocks):
            yield self.block(place, accounts)

    @property
    def n_blocks(self) -> int:
        """Number of blocks of `BLOCK` leads, the last one shorter."""
        return -(-self.n_leads // BLOCK)

    def block(self, place: int, accounts: Accounts) -> Block:
        """Draw one block of leads, counted from 0."""
        exported_at, rng = self.calendar.exported_at, self.random(1, place)
        number = np.arange(place * BLOCK, min((place + 1) * BLOCK, self.n_leads))
        leads = Leads.draw(rng, number, self.n_leads, accounts, self.calendar)
        moves = intent.Moves.of(leads)
        path = intent.walk(rng, leads, moves)
        events = behaviour.act(rng, leads, moves, path)
        told = truth.tell(leads, moves, path, events)
        told = told.take(told.as_of < exported_at)
        events = events.take(events.occurred_at < exported_at)
        deals = sales.close(rng, leads, path)
        tasks = sales.follow_up(rng, leads, path, deals)
        tasks = tasks.take(tasks.occurred_at < exported_at)
        filled = traps.fill(
            rng, leads, events=events, deals=deals, tasks=tasks, exported_at=exported_at
        )
        return Block(leads, path, events, deals, tasks, filled, told)
