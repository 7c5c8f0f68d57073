"""Scorer: features of leads in; chances, grades, criteria and reasons out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from predict.learning.newton import sigmoid
from predict.scoring import grades
from predict.scoring.criteria import check, rules
from predict.scoring.reasons import as_text, by_concept, check_additivity, reasons
from predict.scoring.sides import side_grades, sides
from predict.scoring.stability import stability
from predict.scoring.unlike import unlike
from predict.scoring.wording import Wording
from predict.scoring.wordings import worded
from predict.scoring.words import Goal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from predict.definition.schema import Definition
    from predict.history.specs import Spec
    from predict.learning.lead_model import LeadModel

Basis = Literal["full", "profile"]
Wanted = Literal["qualified", "all", "none"]

#: Columns of the scores frame, one row per row of the list.
SCORES = [
    "row",
    "lead_id",
    "as_of",
    "created_at",
    "status",
    "status_reason",
    "basis",
    "probability",
    "log_odds",
    "score",
    "grade",
    "fit",
    "engagement",
    "rated_qualified",
    "criteria_failed",
    "criteria_unknown",
    "do_not_contact",
    "unlike",
    "reasons",
    "steadiness",
    "model_version",
]


@dataclass(frozen=True)
class Chunk:
    """Some leads, scored.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per lead given, columns `SCORES`.
    reasons : pandas.DataFrame
        Long; only of the leads whose reasons were wanted.
    concepts : pandas.DataFrame
        Contributions by concept, in log-odds, of every lead scored; index = position in ``scores``.
    """

    scores: pd.DataFrame
    reasons: pd.DataFrame
    concepts: pd.DataFrame


class Scorer:
    """Scores leads with one model under one definition.

    Parameters
    ----------
    model : LeadModel
        Verified model folder.
    definition : Definition
        Criteria; must mean the same as the model's.
    version : str
        What the scores say they come from.
    """

    def __init__(self, model: LeadModel, definition: Definition, version: str) -> None:
        self.model = model
        self.version = version
        self.limits = grades.Limits.from_dict(model.limits)
        self._side_limits = model.card.get("sides", {})
        self.criteria = rules(definition.criteria)
        self._specs = worded(model.specs, definition.wording)
        leads = definition.leads
        # A new campaign has the record of its source, as long as it has none of its own.
        self.inherits = [c for c in (leads.campaign, leads.list) if c and leads.source]
        conversion = definition.conversion
        self.goal = Goal(conversion.stage, conversion.within_days)

    @cached_property
    def wording(self) -> dict[str, Wording]:
        """Words and evidence per basis."""
        return {
            basis: Wording(self.specs(basis), self.goal, self.model.evidence.get(basis))
            for basis in ("full", "profile")
        }

    def specs(self, basis: str) -> list[Spec]:
        """Return the specs of a fit, in the order of its columns."""
        by_name = {s.name: s for s in self._specs}
        return [by_name[name] for name in self.model.model(basis).columns_.names]

    def score(
        self,
        leads: pd.DataFrame,
        X: pd.DataFrame,
        fields: pd.DataFrame,
        *,
        wanted: Wanted = "qualified",
    ) -> Chunk:
        """Score some leads.

        Parameters
        ----------
        leads : pandas.DataFrame of shape (n, ≥ 6)
            ``row``, ``lead_id``, ``as_of``, ``created_at``, ``status`` ("scored" for those to be
            scored), ``status_reason``, ``basis``; ``do_not_contact`` where somebody may not be
            contacted: what says so. It alters no score.
        X : pandas.DataFrame of shape (n, n_features)
            Features of the full fit; of leads on profile alone only those columns are read.
        fields : pandas.DataFrame of shape (n, n_fields)
            Columns that the criteria ask for.
        wanted : {"qualified", "all", "none"}
            Whose reasons are put into words.

        Returns
        -------
        Chunk

        Raises
        ------
        ModelError
            Reasons do not add up to the chance of some lead within 1e-6; nothing is returned.
        """
        scores = leads.reset_index(drop=True).copy()
        X = X.reset_index(drop=True)
        if "do_not_contact" not in scores:
            scores["do_not_contact"] = ""
        parts = [self._part(scores, X, basis) for basis in ("full", "profile")]
        for column in ("probability", "log_odds"):
            scores[column] = np.nan
        scores["unlike"] = pd.Series([None] * len(scores), dtype=object)
        for part in parts:
            scores.loc[part.index, "log_odds"] = part["log_odds"]
            scores.loc[part.index, "probability"] = part["probability"]
            scores.loc[part.index, "unlike"] = part["unlike"]
        scores["score"] = grades.score(scores["probability"], self.model.reference)
        scores["grade"] = grades.grade(scores["probability"], self.limits)
        judged = check(self.criteria, fields.reset_index(drop=True))
        is_scored = scores["status"] == "scored"
        for column in ("criteria_failed", "criteria_unknown"):
            scores[column] = judged[column].where(is_scored, "")
        qualifies = grades.is_qualified(scores["grade"], self.limits)
        scores["rated_qualified"] = is_scored & qualifies & (scores["criteria_failed"] == "")
        scores["model_version"] = self.version
        chosen = is_scored & ((wanted == "all") | scores["rated_qualified"])
        if wanted == "none":
            chosen[:] = False
        for column in ("fit", "engagement"):
            scores[column] = pd.Series([None] * len(scores), dtype=object)
        scores["steadiness"] = np.nan
        told, concepts = self._explained(scores, X, chosen)
        scores["reasons"] = scores["row"].map(as_text(told)).fillna("")
        return Chunk(scores[SCORES], told, concepts)

    def _part(self, scores: pd.DataFrame, X: pd.DataFrame, basis: Basis) -> pd.DataFrame:
        chosen = (scores["status"] == "scored") & (scores["basis"] == basis)
        fit = self.model.model(basis)
        part = X.loc[chosen, fit.columns_.names]
        if part.empty:
            return pd.DataFrame({"log_odds": [], "probability": [], "unlike": []})
        oldest = self.model.card.get("oldest_days") if basis == "full" else None
        log_odds = fit.decision_function(part)
        return pd.DataFrame(
            {
                "log_odds": log_odds,
                "probability": sigmoid(log_odds),
                "unlike": unlike(
                    part, fit, self.specs(basis), oldest_days=oldest, inherits=self.inherits
                ),
            },
            index=part.index,
        )

    def _explained(
        self, scores: pd.DataFrame, X: pd.DataFrame, chosen: pd.Series
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Put contributions into words and fill the columns of ``scores`` that tell of them."""
        told, concepts = [], []
        for basis in ("full", "profile"):
            here = (scores["status"] == "scored") & (scores["basis"] == basis)
            fit, specs = self.model.model(basis), self.specs(basis)
            part = X.loc[here, fit.columns_.names]
            added = fit.contributions(part)
            check_additivity(fit.base_, added, scores.loc[here, "log_odds"].to_numpy())
            concepts.append(by_concept(added, specs))
            fit_grade, engagement = side_grades(
                sides(added, specs), self._side_limits.get(basis, {})
            )
            scores.loc[part.index, "fit"] = fit_grade
            if basis == "full":  # of others nothing is known of what they did
                scores.loc[part.index, "engagement"] = engagement
            named = chosen[here]
            if named.any():
                siblings = fit.sibling_contributions(part[named])
                scores.loc[part.index[named], "steadiness"] = stability(
                    concepts[-1][named],
                    [by_concept(other, specs) for other in siblings],
                    list(dict.fromkeys(s.concept for s in specs if s.reason)),
                )
            told.append(
                reasons(
                    added[named],
                    part[named],
                    self.wording[basis],
                    rows=scores.loc[here, "row"][named].to_numpy(),
                    lead_ids=scores.loc[here, "lead_id"][named],
                    base=fit.base_,
                )
            )
        present = [t for t in told if len(t)] or told[:1]
        return pd.concat(present, ignore_index=True), _stacked(concepts)


def _stacked(concepts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(concepts).sort_index()
