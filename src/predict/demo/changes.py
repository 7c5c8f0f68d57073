"""Changes: what sales wrote over in the records of leads, one row a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from predict.demo import names
from predict.demo.rows import Rows
from predict.demo.sales import STAGES

if TYPE_CHECKING:
    from predict.demo.profile import Accounts
    from predict.demo.simulation import Block

Words = npt.NDArray[np.object_]
Flags = npt.NDArray[np.bool_]

TITLE, EMPLOYEES, RATING, OWNER = "job_title", "employees", "rating", "owner"
"""What is written over beside the status, by the columns of the clean shape (and ``rating``)."""

_ENDS: Final = ("opportunity", "disqualified")
_RATINGS: Final = {"MQL": "Warm", "SQL": "Hot", "disqualified": "Cold"}
_ROUTED: Final = 0.3  # of the leads that sales accepts another colleague takes so many
_TIDIED: Final = (0.8, 0.15)  # titles put in order: of opportunities, of the disqualified
_FILLED: Final = (0.8, 0.10)  # employees looked up, where missing: likewise


@dataclass(frozen=True)
class Changes(Rows):
    """Changes by lead and time; several at one moment stand in the order they were made.

    Parameters
    ----------
    row : ndarray
        Row of the lead in its block.
    at : ndarray, datetime64[s]
    field : ndarray of object
    old, new : ndarray of object
        As text; None for empty.
    """

    row: npt.NDArray[np.int64]
    at: npt.NDArray[np.datetime64]
    field: Words
    old: Words
    new: Words

    @classmethod
    def of(
        cls,
        row: npt.NDArray[np.int64],
        at: npt.NDArray[np.datetime64],
        field: str,
        old: Words,
        new: Words,
    ) -> Changes:
        """Return changes of one field, without those that change nothing."""
        kept = old != new
        name = np.full(len(row), field, dtype=object)
        return cls(row, at, name, old, new).take(np.asarray(kept, dtype=bool))

    @classmethod
    def none(cls) -> Changes:
        """Return no changes."""
        nothing = np.zeros(0, dtype=object)
        moments = np.zeros(0, dtype="datetime64[s]")
        return cls(np.zeros(0, dtype=np.int64), moments, nothing, nothing, nothing)

    @classmethod
    def together(cls, parts: Sequence[Changes]) -> Changes:
        """Return all changes by lead and time; where both are equal, in the order of the parts."""
        joined = cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))
        return joined.take(np.lexsort((joined.at, joined.row)))

    def of_field(self, field: str) -> Changes:
        """Return the changes of one field."""
        return self.take(np.asarray(self.field == field, dtype=bool))

    def latest(self, field: str, values: Words) -> Words:
        """Return the values of a field after all its changes.

        Parameters
        ----------
        values : ndarray of object, shape (leads,)
            What they were when the leads came in.
        """
        now, mine = values.copy(), self.of_field(field)
        now[mine.row] = mine.new  # in order of time: the last one stays
        return now

    def newest(self, otherwise: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
        """Return when each lead was last changed."""
        found = otherwise.copy()
        found[self.row] = self.at
        return found


def trail(
    block: Block,
    exported_at: np.datetime64,
    field: str,
    first: str | None,
    words: Mapping[str, str],
) -> Changes:
    """Return how a field moved with the stages of the leads, as far as the export shows.

    Parameters
    ----------
    first : str or None
        The value when a lead comes in.
    words : mapping
        Stage → value it sets; other stages leave the field alone.

    Examples
    --------
    >>> from predict.demo.simulation import Company
    >>> company = Company(200)
    >>> block = company.block(0, company.accounts())
    >>> moved = trail(block, company.calendar.exported_at, "status", "New", {"SAL": "Accepted"})
    >>> set(moved.old), set(moved.new)
    ({'New'}, {'Accepted'})
    """
    known = block.deals.known(exported_at)
    silent = [i for i, stage in enumerate(STAGES) if stage not in words]
    known[:, silent] = False
    row, stage = np.nonzero(known)
    at = block.deals.at[row, stage]
    order = np.lexsort((stage, at, row))
    row, stage, at = row[order], stage[order], at[order]
    new = np.array([words.get(s) for s in STAGES], dtype=object)[stage]
    old = np.concatenate([np.array([None], dtype=object), new[:-1]])[: len(new)]
    begins = np.concatenate([[True], row[1:] != row[:-1]])[: len(row)]
    old[begins] = first
    return Changes.of(row, at, field, old, new)


def written_over(
    rng: np.random.Generator,
    block: Block,
    titles: Words,
    accounts: Accounts,
    exported_at: np.datetime64,
) -> Changes:
    """Draw what sales wrote over: rating and owner on the way, title and employees at the end.

    Who becomes an opportunity is looked up: its title is put in order, its size filled in. So the
    columns as of the export say what became of a lead. Nothing of it changes while a lead is open
    but rating and owner: at every look title and employees were what the lead had said.

    Parameters
    ----------
    titles : ndarray of object
        As the leads gave them.
    """
    leads, known = block.leads, block.deals.known(exported_at)
    n = len(leads)
    ended = np.stack([known[:, STAGES.index(s)] for s in _ENDS])
    moment = np.where(ended[0], *(block.deals.at[:, STAGES.index(s)] for s in _ENDS))

    def chosen(shares: tuple[float, float]) -> npt.NDArray[np.int64]:
        u = rng.random(n)
        return np.flatnonzero((ended[0] & (u < shares[0])) | (ended[1] & (u < shares[1])))

    tidied, looked_up = chosen(_TIDIED), chosen(_FILLED)
    guessed = rng.integers(0, 4, (2, n))
    better = np.array(
        [
            names.titles(names.SENIORITIES[s], names.FUNCTIONS[f])[0]
            for s, f in zip(
                np.where(leads.seniority < 0, guessed[0], leads.seniority).tolist(),
                np.where(leads.function < 0, guessed[1], leads.function).tolist(),
                strict=True,
            )
        ],
        dtype=object,
    )
    estimate = np.ceil(np.exp(rng.normal(np.log(80.0), 1.0, n)))
    size = np.where(leads.account >= 0, accounts.employees[np.maximum(leads.account, 0)], estimate)
    looked_up = looked_up[np.isnan(leads.employees[looked_up])]
    accepted = np.flatnonzero(known[:, STAGES.index("SAL")] & (rng.random(n) < _ROUTED))
    owner = np.asarray(names.OWNERS, dtype=object)
    other = (leads.owner + rng.integers(1, len(names.OWNERS), n)) % len(names.OWNERS)
    nothing = np.full(len(looked_up), None, dtype=object)
    return Changes.together(
        [
            trail(block, exported_at, RATING, None, _RATINGS),
            Changes.of(
                accepted,
                block.deals.at[accepted, STAGES.index("SAL")],
                OWNER,
                owner[leads.owner[accepted]],
                owner[other[accepted]],
            ),
            Changes.of(tidied, moment[tidied], TITLE, titles[tidied], better[tidied]),
            Changes.of(looked_up, moment[looked_up], EMPLOYEES, nothing, whole(size[looked_up])),
        ]
    )


def whole(values: npt.NDArray[np.float64]) -> Words:
    """Return whole numbers as text; None where empty.

    Examples
    --------
    >>> whole(np.array([150.0, np.nan])).tolist()
    ['150', None]
    """
    return np.array([None if np.isnan(v) else f"{v:.0f}" for v in values.tolist()], dtype=object)
