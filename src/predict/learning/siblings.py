"""Siblings: small refits on resampled leads, which show what of a model is chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from predict.learning.blend import Blend
from predict.learning.selection import Choice
from predict.learning.table import Table


def resampled(table: Table, seed: int) -> Table:
    """Return the table with its leads (or accounts) drawn with replacement.

    Parameters
    ----------
    table : Table
    seed : int
        The same seed, the same draw.

    Returns
    -------
    Table
        Rows in time order; a lead drawn twice has twice the weight, one never drawn is gone.
    """
    rng = np.random.default_rng(seed)
    names, codes = np.unique(table.groups, return_inverse=True)
    times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[codes]
    kept = table.take(np.flatnonzero(times > 0))
    return replace(kept, weight=kept.weight * times[times > 0])


def siblings(table: Table, choice: Choice, many: int, *, seed: int, threads: int) -> list[Blend]:
    """Return refits of a blend on resampled leads, one booster each.

    Parameters
    ----------
    table : Table
        What the model itself learned from.
    choice : Choice
        What the past settled; siblings share it.
    many : int
        How many. A draw without both outcomes gives no sibling.
    seed, threads : int

    Returns
    -------
    list of Blend
        Bootstrap of Efron (1979) over whole leads: where they disagree about a lead's reasons,
        other leads of the same company would have given other reasons.
    """
    drawn = [resampled(table, seed + 1 + number) for number in range(many)]
    first = range(seed, seed + 1)
    return [
        Blend.fit(draw, choice, seeds=first, threads=threads) for draw in drawn if draw.rarer > 0
    ]
