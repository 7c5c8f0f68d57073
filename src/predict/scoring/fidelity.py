"""Fidelity: whether the reasons of a list are those of the model, measured before it is published.

Reasons add up (`predict.scoring.reasons.check_additivity`), stand in the order of what they add,
and point the way that the chance moves when the fact is taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from predict.findings import Finding
from predict.scoring.reasons import OTHER
from predict.scoring.stability import UNCERTAIN

if TYPE_CHECKING:
    from predict.history.specs import Spec
    from predict.learning.model import ConversionModel

#: Leads of a chunk whose reasons are taken away one by one, and reasons after which no more are.
SAMPLE, ENOUGH = 50, 100
#: Other leads whose facts are put in their place.
BACKGROUND = 20
#: Share of the reasons taken away that must point the way they say; below the first the list is
#: not published, below the second it is told.
LEAST_SIGNS, USUAL_SIGNS = 0.5, 0.8
#: With fewer reasons than this a share proves nothing.
FEWEST = 20


@dataclass
class Fidelity:
    """What was measured of the reasons of a list.

    Parameters
    ----------
    leads : int
        Leads with reasons.
    misplaced : int
        Of them, those whose reasons do not stand in the order of what they add.
    checked, agreed : int
        Reasons taken away on a sample, and those of them whose sign the model confirms.
    uncertain, judged : int
        Leads whose reasons refits do not agree on, of those that refits were asked about.
    """

    leads: int = 0
    misplaced: int = 0
    checked: int = 0
    agreed: int = 0
    uncertain: int = 0
    judged: int = 0

    def add_order(self, reasons: pd.DataFrame) -> None:
        """Count the leads of a chunk and those whose reasons are out of order.

        Parameters
        ----------
        reasons : pandas.DataFrame
            As published: `predict.scoring.reasons.reasons`.
        """
        self.leads += int(reasons["row"].nunique())
        self.misplaced += misplaced(reasons)

    def add_signs(
        self,
        fit: ConversionModel,
        X: pd.DataFrame,
        reasons: pd.DataFrame,
        specs: Sequence[Spec],
    ) -> None:
        """Take the reasons of some leads away; see `signs`."""
        checked, agreed = signs(fit, X, reasons, specs)
        self.checked += checked
        self.agreed += agreed

    def add_stability(self, stability: pd.Series) -> None:
        """Count leads with reasons and those of them whose reasons are uncertain."""
        known = stability.dropna()
        self.judged += len(known)
        self.uncertain += int((known < UNCERTAIN).sum())

    def as_dict(self) -> dict[str, int]:
        """Return a JSON-ready mapping."""
        return dict(vars(self))

    def findings(self) -> list[Finding]:
        """Return what is wrong with the reasons; a block keeps the list from being published."""
        found = []
        if self.misplaced:
            found.append(
                Finding(
                    "reasons-order",
                    "block",
                    "reasons",
                    f"The reasons of {self.misplaced:,} of {self.leads:,} leads do not stand in "
                    "the order of what they add. Do not use this list; report it.",
                    {"leads": self.leads, "misplaced": self.misplaced},
                )
            )
        share = self.agreed / self.checked if self.checked else 1.0
        if self.checked >= FEWEST and share < USUAL_SIGNS:
            severity = "block" if share < LEAST_SIGNS else "warn"
            found.append(
                Finding(
                    "reasons-sign",
                    severity,  # type: ignore[arg-type]
                    "reasons",
                    f"Of {self.checked:,} reasons taken away one by one, {self.agreed:,} moved the "
                    "chance the way they say. Train again, with fewer columns that say the same.",
                    {"checked": self.checked, "agreed": self.agreed},
                )
            )
        if self.judged >= FEWEST and self.uncertain > self.judged / 2:
            found.append(
                Finding(
                    "reasons-uncertain",
                    "warn",
                    "reasons",
                    f"The reasons of {self.uncertain:,} of {self.judged:,} leads would be others "
                    "had other leads been learned from; they are marked. More history helps.",
                    {"judged": self.judged, "uncertain": self.uncertain},
                )
            )
        return found


def misplaced(reasons: pd.DataFrame) -> int:
    """Return how many leads have reasons out of order, of the wrong sign, or named twice.

    Examples
    --------
    >>> told = {"row": [0, 0, 1, 1], "rank": [1, 2, 1, 2], "direction": "for",
    ...         "concept": ["a", "b", "a", "b"], "contribution": [0.2, 0.4, 0.4, 0.2]}
    >>> misplaced(pd.DataFrame(told))
    1
    """
    named = reasons[reasons["direction"] != OTHER].sort_values(["row", "rank"], kind="stable")
    sign = named["direction"].map({"for": 1.0, "against": -1.0})
    size = sign * named["contribution"]
    follows = named["row"].eq(named["row"].shift()) & named["direction"].eq(
        named["direction"].shift()
    )
    wrong = (size <= 0) | (follows & (size > size.shift()))
    wrong |= named.duplicated(["row", "concept"])
    return int(named.loc[wrong, "row"].nunique())


def signs(
    fit: ConversionModel, X: pd.DataFrame, reasons: pd.DataFrame, specs: Sequence[Spec]
) -> tuple[int, int]:
    """Return how many reasons were taken away, and how many moved the chance as they say.

    A reason is taken away by giving the columns of its concept the values of other leads, some
    `BACKGROUND` of them, one after the other; the mean of the log-odds lost has the sign of the
    reason where it is confirmed.

    Parameters
    ----------
    fit : ConversionModel
        What scored the leads.
    X : pandas.DataFrame of shape (n, n_columns)
        Features of leads of the list; index = their ``row``.
    reasons : pandas.DataFrame
        Of leads in ``X``; those of the first `SAMPLE` are taken away.
    specs : sequence of Spec
        Which columns make a concept.

    Returns
    -------
    checked, agreed : int
    """
    named = reasons[(reasons["direction"] != OTHER) & reasons["row"].isin(X.index)]
    named = named[named["row"].isin(named["row"].unique()[:SAMPLE])]
    if named.empty or len(X) < 2:
        return 0, 0
    columns: dict[str, list[str]] = {}
    for spec in specs:
        columns.setdefault(spec.concept, []).append(spec.name)
    at = np.unique(np.linspace(0, len(X) - 1, min(BACKGROUND, len(X))).astype(int))
    others = X.iloc[at].reset_index(drop=True)
    said = pd.Series(fit.decision_function(X), index=X.index)
    checked = agreed = 0
    for concept, group in named.groupby("concept", sort=False):
        rows, names = group["row"].to_numpy(), columns[str(concept)]
        own = X.loc[np.repeat(rows, len(others))].reset_index(drop=True)
        theirs = others.iloc[np.tile(np.arange(len(others)), len(rows))].reset_index(drop=True)
        # A lead that has the same facts takes nothing away.
        mine, other = own[names], theirs[names]
        differs = ((mine != other) & ~(mine.isna() & other.isna())).any(axis=1).to_numpy()
        changed = own.copy()
        changed[names] = theirs[names]
        lost = np.repeat(said.loc[rows].to_numpy(), len(others)) - fit.decision_function(changed)
        lost = np.where(differs, lost, 0.0).reshape(len(rows), len(others)).sum(axis=1)
        counted = differs.reshape(len(rows), len(others)).any(axis=1)
        same = np.sign(lost) == np.sign(group["contribution"].to_numpy())
        checked += int(counted.sum())
        agreed += int((same & counted).sum())
    return checked, agreed
