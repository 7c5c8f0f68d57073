"""Alike: past leads that the model saw most like a lead, among those one would compare it with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: Past leads told of a lead.
MOST = 3
#: From fewer candidates nothing is told: the nearest of a handful need not be like it at all.
LEAST = 20
#: Concepts named in which a past lead is like it.
_NAMED = 2


@dataclass(frozen=True)
class Alike:
    """A past lead like another one.

    Parameters
    ----------
    position : int
        Row of the past leads.
    shared : tuple of str
        Concepts that moved both most, the same way.
    """

    position: int
    shared: tuple[str, ...]


def alike(
    concepts: pd.DataFrame,
    groups: Sequence[object],
    past: pd.DataFrame,
    past_groups: Sequence[object],
    past_ids: Sequence[object],
) -> list[tuple[Alike, ...]]:
    """Return, for each lead, the past leads nearest to it among those of its group.

    Parameters
    ----------
    concepts : pandas.DataFrame of shape (n, n_concepts)
        What each concept adds for the leads, in log-odds.
    groups : sequence of shape (n,)
        What a past lead must have in common, such as source and fit.
    past : pandas.DataFrame of shape (n_past, n_concepts)
        The same of past leads, of the same model.
    past_groups, past_ids : sequence of shape (n_past,)
        Their groups, and whose rows they are: a past lead is told of once.

    Returns
    -------
    list of tuple of Alike
        The nearest first, by the sum of absolute differences; none where the group holds fewer
        than `LEAST` past leads.
    """
    names = [c for c in concepts.columns if c in past.columns]
    theirs, ids = past[names].to_numpy(dtype=float), np.asarray(past_ids, dtype=object)
    members = pd.Series(range(len(past))).groupby(pd.Series(list(past_groups), dtype=object))
    within = {group: rows.to_numpy() for group, rows in members}
    found: list[tuple[Alike, ...]] = []
    for own, group in zip(concepts[names].to_numpy(dtype=float), groups, strict=True):
        rows = within.get(group, np.array([], dtype=int))
        if len(set(ids[rows])) < LEAST:
            found.append(())
            continue
        order = rows[np.argsort(np.abs(theirs[rows] - own).sum(axis=1), kind="stable")]
        seen: dict[object, int] = {}
        for position in order:
            seen.setdefault(ids[position], int(position))
            if len(seen) == MOST:
                break
        found.append(tuple(Alike(at, _shared(own, theirs[at], names)) for at in seen.values()))
    return found


def _shared(one: np.ndarray, other: np.ndarray, names: Sequence[str]) -> tuple[str, ...]:
    """Return the concepts that moved both by most in the same direction."""
    together = np.where(one * other > 0, np.minimum(np.abs(one), np.abs(other)), 0.0)
    order = np.argsort(-together, kind="stable")[:_NAMED]
    return tuple(names[i] for i in order if together[i] > 0)
