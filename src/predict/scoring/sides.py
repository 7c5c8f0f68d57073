"""Sides: how much of a chance is fit (who the lead is) and how much engagement (what it did)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from predict.history.specs import Spec

FIT, ENGAGEMENT, REST = "fit", "engagement", "rest"
#: View of a feature → its side. What colleagues at the firm did is engagement of the firm; what
#: became of its earlier leads says who the firm is. The rest is time and what we did ourselves.
_SIDE: Mapping[str, str] = {
    "profile": FIT,
    "outcome": FIT,
    "behaviour": ENGAGEMENT,
    "account": ENGAGEMENT,
    "age": ENGAGEMENT,
}
#: Fit is told by letters and engagement by digits, the best first.
FITS, ENGAGEMENTS = ("A", "B", "C", "D"), ("1", "2", "3", "4")


def sides(contributions: pd.DataFrame, specs: Sequence[Spec]) -> pd.DataFrame:
    """Return the subtotals of fit, engagement and the rest, in log-odds.

    Parameters
    ----------
    contributions : pandas.DataFrame of shape (n, n_columns)
        Calibrated log-odds per input column.
    specs : sequence of Spec
        One per column.

    Returns
    -------
    pandas.DataFrame of shape (n, 3)
        ``fit``, ``engagement``, ``rest``: they sum to the sum of the contributions.

    Examples
    --------
    >>> from predict.history.specs import Spec
    >>> specs = [Spec("title", "text", "profile", "title", "title"),
    ...          Spec("visits", "number", "behaviour", "visits", "visits")]
    >>> sides(pd.DataFrame({"title": [0.5], "visits": [-0.25]}), specs).to_dict("records")
    [{'fit': 0.5, 'engagement': -0.25, 'rest': 0.0}]
    """
    sums = pd.DataFrame(0.0, index=contributions.index, columns=[FIT, ENGAGEMENT, REST])
    for spec in specs:
        sums[_SIDE.get(spec.view, REST)] += contributions[spec.name]
    return sums


def side_limits(subtotals: pd.DataFrame) -> dict[str, list[float]]:
    """Return the quartiles of fit and engagement among reference leads, ascending.

    Parameters
    ----------
    subtotals : pandas.DataFrame
        From `sides`, of the leads that scores are compared with.
    """
    return {
        side: [float(q) for q in np.quantile(subtotals[side], (0.25, 0.5, 0.75))]
        for side in (FIT, ENGAGEMENT)
        if len(subtotals)
    }


def side_grades(
    subtotals: pd.DataFrame, limits: Mapping[str, Sequence[float]]
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return the two-way grade: fit A to D and engagement 1 to 4, a quarter of past leads each.

    Parameters
    ----------
    subtotals : pandas.DataFrame of shape (n, 3)
        From `sides`.
    limits : mapping
        From `side_limits`; a side that is absent has no grade.

    Returns
    -------
    fit, engagement : ndarray of shape (n,)
        Letters and digits, None where there is no grade.

    Examples
    --------
    >>> limits = {"fit": [-0.5, 0.0, 0.5], "engagement": [-1.0, 0.0, 1.0]}
    >>> given = pd.DataFrame({"fit": [0.7, -0.6], "engagement": [0.2, -0.1], "rest": 0.0})
    >>> [grades.tolist() for grades in side_grades(given, limits)]
    [['A', 'D'], ['2', '3']]
    """
    found = []
    for side, names in ((FIT, FITS), (ENGAGEMENT, ENGAGEMENTS)):
        if side not in limits:
            found.append(np.full(len(subtotals), None, dtype=object))
            continue
        worst_first = np.array(names[::-1], dtype=object)
        found.append(worst_first[np.searchsorted(limits[side], subtotals[side], side="right")])
    return found[0], found[1]
