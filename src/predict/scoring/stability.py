"""Stability: whether a lead's reasons would be the same had other leads been learned from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from predict.scoring.reasons import NOISE_LOG_ODDS, NOISE_SHARE

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: Reasons compared.
TOP = 3
#: Below this agreement reasons are called uncertain.
UNCERTAIN = 0.6


def stability(
    concepts: pd.DataFrame, siblings: Sequence[pd.DataFrame], nameable: Sequence[str]
) -> NDArray[np.float64]:
    """Return, per lead, the share of its strongest reasons that refits agree on.

    A reason is agreed on by a refit where it is among the `TOP` strongest there too, with the
    same sign. Only reasons that are more than noise count; a lead without any agrees with itself.

    Parameters
    ----------
    concepts : pandas.DataFrame of shape (n, n_concepts)
        Contributions by concept, from `predict.scoring.reasons.by_concept`.
    siblings : sequence of pandas.DataFrame of the same shape
        The same by refits on resampled leads.
    nameable : sequence of str
        Concepts that may be named as reasons.

    Returns
    -------
    ndarray of shape (n,)
        Between 0 and 1; NaN where there are no refits to compare with.

    Examples
    --------
    >>> import pandas as pd
    >>> own = pd.DataFrame({"a": [0.9], "b": [-0.4], "c": [0.2], "d": [0.0]})
    >>> other = pd.DataFrame({"a": [0.8], "b": [0.4], "c": [0.1], "d": [0.3]})
    >>> stability(own, [own, other], ["a", "b", "c", "d"]).round(2).tolist()
    [0.67]
    """
    if not siblings:
        return np.full(len(concepts), np.nan)
    own = concepts[list(nameable)].to_numpy(dtype=float)
    moved = np.abs(concepts.to_numpy(dtype=float)).sum(axis=1, keepdims=True)
    counts = _strongest(own) & (np.abs(own) >= np.maximum(NOISE_LOG_ODDS, NOISE_SHARE * moved))
    agreed = np.zeros(len(own))
    for sibling in siblings:
        theirs = sibling[list(nameable)].to_numpy(dtype=float)
        same = counts & _strongest(theirs) & (np.sign(own) == np.sign(theirs))
        agreed += same.sum(axis=1)
    most = counts.sum(axis=1) * len(siblings)
    return np.where(most > 0, agreed / np.maximum(most, 1), 1.0)


def _strongest(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which are among the `TOP` largest of their row, the first of equals first."""
    order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :TOP]
    chosen = np.zeros(values.shape, dtype=bool)
    np.put_along_axis(chosen, order, True, axis=1)
    return chosen
