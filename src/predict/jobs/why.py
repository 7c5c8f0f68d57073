"""Why: a `shap.Explanation` of scored leads that also tells their reasons in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import shap

from predict.errors import InputError, nearest
from predict.scoring.reasons import by_concept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from predict.scoring.scorer import Scorer

By = Literal["column", "concept"]
_SIGNS = {"for": "+", "against": "-"}


class Why(shap.Explanation):
    """Contributions of scored leads, for the plots of `shap`, and their reasons.

    Made by `predict.explain`. ``values`` are calibrated log-odds: ``base_values`` plus the sum of
    a row is the lead's log-odds. Columns of which nothing was known when a lead was scored on its
    profile add 0 to it. ``data`` are numbers (NaN where a value is text), ``display_data`` the
    values as they stand; ``instance_names`` are the ids of the leads.
    """

    told: pd.DataFrame
    ids: list[object]

    def frame(self) -> pd.DataFrame:
        """Return the reasons, long: see `predict.scoring.reasons.reasons`."""
        return self.told.copy()

    def sentences(self, lead_id: str) -> str:
        """Return the reasons of a lead, one a line: + for, - against.

        Raises
        ------
        InputError
            No such lead was given.
        """
        if lead_id not in self.ids:
            near = nearest(lead_id, [i for i in self.ids if isinstance(i, str)])
            raise InputError(
                "there is no such lead among those explained",
                got=lead_id,
                do=f"did you mean {near}?" if near else "look it up in scored.frame()",
            )
        told = self.told[(self.told["lead_id"] == lead_id) & self.told["direction"].isin(_SIGNS)]
        pairs = zip(told["direction"], told["sentence"], strict=True)
        return "\n".join(f"{_SIGNS[direction]} {said}" for direction, said in pairs)


def why(
    scorer: Scorer, scores: pd.DataFrame, X: pd.DataFrame, told: pd.DataFrame, by: By = "column"
) -> Why:
    """Return the explanation of scored leads.

    Parameters
    ----------
    scorer : Scorer
        Model and words.
    scores : pandas.DataFrame
        Rows of a scored list, RangeIndex; those that were not scored are left out.
    X : pandas.DataFrame
        Their features.
    told : pandas.DataFrame
        Their reasons.
    by : {"column", "concept"}
        A value per column of the model, or per concept: all counts of one page together.
    """
    if by not in ("column", "concept"):
        raise ValueError(f'by must be "column" or "concept", not {by!r}')
    rows = scores[scores["status"] == "scored"]
    full = scorer.specs("full")
    names = list(dict.fromkeys(s.concept if by == "concept" else s.name for s in full))
    values = pd.DataFrame(0.0, index=rows.index, columns=names)
    shown = pd.DataFrame(None, index=rows.index, columns=names, dtype=object)
    base = pd.Series(0.0, index=rows.index)
    for basis in ("full", "profile"):
        part = X.loc[rows.index[rows["basis"] == basis]]
        if part.empty:
            continue
        fit, specs = scorer.model.model(basis), scorer.specs(basis)
        added = fit.contributions(part[fit.columns_.names])
        base[part.index] = fit.base_
        if by == "concept":
            values.loc[part.index, list(dict.fromkeys(s.concept for s in specs))] = by_concept(
                added, specs
            )
            _speak(shown, part, added, specs)
        else:
            values.loc[part.index, added.columns] = added
            shown.loc[part.index, added.columns] = part[added.columns].astype(object)
    ids = rows["lead_id"].astype(object).where(rows["lead_id"].notna(), None).tolist()
    found = Why(
        values=values.to_numpy(),
        base_values=base.to_numpy(),
        data=shown.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float),
        display_data=shown.to_numpy(),
        feature_names=names,
        instance_names=ids,
    )
    found.told, found.ids = told, ids
    return found


def _speak(
    shown: pd.DataFrame, part: pd.DataFrame, added: pd.DataFrame, specs: Sequence[object]
) -> None:
    """Let the column that adds most speak for its concept."""
    columns: dict[str, list[str]] = {}
    for spec in specs:
        columns.setdefault(spec.concept, []).append(spec.name)  # type: ignore[attr-defined]
    for concept, names in columns.items():
        most = np.abs(added[names].to_numpy()).argmax(axis=1)
        values = part[names].to_numpy(dtype=object)
        shown.loc[part.index, concept] = values[np.arange(len(part)), most]
