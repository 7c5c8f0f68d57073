"""Pipeline: the deals of the company, every stage that each of them went through."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from predict.demo.calendar import DAY
from predict.demo.rows import Rows
from predict.demo.sales import STAGES

if TYPE_CHECKING:
    from predict.demo.simulation import Block

STEPS: Final = ("qualification", "proposal", "negotiation", "won", "lost")
WON, LOST = STEPS.index("won"), STEPS.index("lost")

_AGAIN: Final = 0.2  # of the customers are offered more within half a year: no business of a lead
_SAME_AGAIN: Final = 0.7  # of these buy

Times = npt.NDArray[np.datetime64]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Steps(Rows):
    """Stages entered by deals, by lead, deal and time.

    Parameters
    ----------
    row : ndarray
        Row of the lead in its block.
    again : ndarray of bool
        False for the deal that the lead became, True for one with who is a customer already.
    step : ndarray
        Index into `STEPS`.
    at : ndarray, datetime64[s]
    amount : ndarray of float
        EUR as it stood then.
    closes : ndarray, datetime64[D]
        The day it was expected to close; once it has, the day it did.
    """

    row: Ints
    again: npt.NDArray[np.bool_]
    step: Ints
    at: Times
    amount: Floats
    closes: Times

    def first_of_each(self) -> npt.NDArray[np.bool_]:
        """Tell which rows are the first of their deal."""
        same = (self.row[1:] == self.row[:-1]) & (self.again[1:] == self.again[:-1])
        return np.concatenate([[True], ~same])[: len(self)]

    def last_of_each(self) -> npt.NDArray[np.bool_]:
        """Tell which rows are the last of their deal: where it stands at the export."""
        return np.concatenate([self.first_of_each()[1:], [True]])[: len(self)]


def steps(rng: np.random.Generator, block: Block, exported_at: np.datetime64) -> Steps:
    """Return the stages of all deals that the export shows; moments and amounts as in the truth."""
    deals, known = block.deals, block.deals.known(exported_at)
    row = np.flatnonzero(known[:, STAGES.index("opportunity")])
    opened = deals.at[row, STAGES.index("opportunity")]
    won_at, lost_at = (deals.at[row, STAGES.index(stage)] for stage in ("won", "lost"))
    is_won = ~np.isnat(won_at)
    first = _deal(
        rng,
        row,
        False,
        opened,
        np.where(is_won, won_at, lost_at),
        is_won,
        deals.estimate[row],
        np.where(is_won, deals.amount[row], deals.estimate[row]),
    )
    buyers = np.flatnonzero(known[:, STAGES.index("won")])
    buyers = buyers[rng.random(len(buyers)) < _AGAIN]
    wait, length = 30 + 150 * rng.random(len(buyers)), 10 + 50 * rng.random(len(buyers))
    opened = deals.at[buyers, STAGES.index("won")] + (wait * DAY).astype(np.int64)
    amount = np.round(0.4 * deals.amount[buyers], -1)
    second = _deal(
        rng,
        buyers,
        True,
        opened,
        opened + (length * DAY).astype(np.int64),
        rng.random(len(buyers)) < _SAME_AGAIN,
        amount,
        amount,
    )
    both = [*first, *second]
    every = Steps(*(np.concatenate([getattr(p, f.name) for p in both]) for f in fields(Steps)))
    every = every.take(every.at < exported_at)
    return every.take(np.lexsort((every.step, every.at, every.again, every.row)))


def _deal(
    rng: np.random.Generator,
    row: Ints,
    again: bool,
    opened: Times,
    settled: Times,
    is_won: npt.NDArray[np.bool_],
    estimate: Floats,
    amount: Floats,
) -> list[Steps]:
    n, span = len(row), (settled - opened).astype(np.int64)
    part = np.array([[0.0], [0.35], [0.7]]) + np.array([[0.0], [0.25], [0.25]]) * rng.random(n)
    slip = np.array([[60], [75], [90]]) + rng.integers(0, 20, n)
    on_the_way = [
        Steps(
            row=row,
            again=np.full(n, again),
            step=np.full(n, step),
            at=opened + (part[step] * span).astype(np.int64),
            amount=estimate,
            closes=opened.astype("datetime64[D]") + slip[step],
        )
        for step in range(3)
    ]
    end = Steps(
        row=row,
        again=np.full(n, again),
        step=np.where(is_won, WON, LOST),
        at=settled,
        amount=amount,
        closes=settled.astype("datetime64[D]"),
    )
    return [*on_the_way, end]
