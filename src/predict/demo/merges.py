"""Merges: people who came in twice, and whose second record was merged into the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from predict.demo.calendar import DAY, HOUR
from predict.demo.rows import Rows
from predict.demo.sales import STAGES

if TYPE_CHECKING:
    from predict.demo.simulation import Block

_TWICE: Final = 0.08  # of all leads come in a second time, unless they have ended by then
_THRICE: Final = 0.1  # of these a third time
_LATEST: Final = 20.0  # days after the first
_UNSEEN: Final = 25.0  # days until somebody sees that it is one person


@dataclass(frozen=True)
class Merges(Rows):
    """Records that are no more, by lead; `place` counts those of one lead from 1.

    Parameters
    ----------
    row : ndarray
        Row of the lead, in its block, that they were merged into.
    place : ndarray
    created_at, merged_at : ndarray, datetime64[s]
    """

    row: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    created_at: npt.NDArray[np.datetime64]
    merged_at: npt.NDArray[np.datetime64]


def merge(rng: np.random.Generator, block: Block, exported_at: np.datetime64) -> Merges:
    """Draw who came in again while still open, and was found and merged before the export."""
    n = len(block.leads)
    again = np.flatnonzero(rng.random(n) < _TWICE)
    third = again[rng.random(len(again)) < _THRICE]
    row = np.concatenate([again, third])
    place = np.concatenate([np.full(len(again), 1), np.full(len(third), 2)])
    wait = (HOUR + rng.random(len(row)) * _LATEST * DAY).astype(np.int64)
    found = (HOUR + rng.random(len(row)) * _UNSEEN * DAY).astype(np.int64)
    created = block.leads.created_at[row] + wait
    merged = created + found
    ends = np.fmin(*(block.deals.at[:, STAGES.index(s)] for s in ("opportunity", "disqualified")))
    merges = Merges(row, place, created, merged)
    merges = merges.take(merged < np.minimum(ends[row], exported_at))
    second = set(merges.row[merges.place == 1].tolist())
    whole = [p == 1 or r in second for r, p in zip(merges.row, merges.place, strict=True)]
    merges = merges.take(np.array(whole, dtype=bool))
    return merges.take(np.lexsort((merges.place, merges.row)))
