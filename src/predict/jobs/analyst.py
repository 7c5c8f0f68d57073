"""What an analyst calls in Python: train, register, score and explain, frames in and frames out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from predict.crm.opening import open_crm
from predict.crm.sources import read_text
from predict.crm.stamps import microseconds
from predict.definition.exports import Export
from predict.definition.schema import Definition
from predict.history.building import Recipe, catalogue, feature_chunks
from predict.home import Home
from predict.jobs.fitting import fit_lead_model
from predict.learning.backtest import backtest
from predict.scoring.lists import MatchedList, match_list
from predict.scoring.scorer import Scorer

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.history.dataset import Dataset
    from predict.jobs.why import By, Why
    from predict.learning.backtest_result import BacktestResult
    from predict.learning.lead_model import LeadModel

Leads = str | os.PathLike[str] | pd.DataFrame


@dataclass(frozen=True)
class Scored:
    """A scored list in memory.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per row of the list; see `predict.scoring.scorer.SCORES`.
    X : pandas.DataFrame
        Features of the same rows.
    scorer : Scorer
        Model, criteria and words.
    """

    scores: pd.DataFrame
    X: pd.DataFrame
    scorer: Scorer

    def frame(self) -> pd.DataFrame:
        """Return the scores."""
        return self.scores.copy()

    def qualified(self) -> Scored:
        """Return the leads that are rated qualified."""
        return self._only(self.scores["rated_qualified"].astype(bool))

    def _only(self, rows: pd.Series) -> Scored:
        return Scored(
            self.scores[rows].reset_index(drop=True),
            self.X[rows].reset_index(drop=True),
            self.scorer,
        )


def train(
    data: Dataset, definition: Definition, *, result: BacktestResult | None = None
) -> LeadModel:
    """Return the model of a dataset: both fits, evidence, reference leads, grades.

    Parameters
    ----------
    data : Dataset
        All matured looks.
    definition : Definition
        Capacity and money, which fix the grades.
    result : BacktestResult, optional
        As-if predictions of past months; made here without it.
    """
    if result is None:
        result = backtest(data, start=data.manifest["first_fold"])
    return fit_lead_model(data, definition, result)


def champion(definition: Definition, home: str | os.PathLike[str] | None = None) -> LeadModel:
    """Return the model in use for a definition, verified.

    Raises
    ------
    RefusedError
        No model is in use, or it means something else than the definition.
    """
    from predict.jobs.scoring import champion as in_use

    return in_use(definition, Home.at(home))[1]


def score(
    model: LeadModel,
    leads: Leads,
    *,
    as_of: str | datetime,
    definition: Definition | None = None,
    crm: Crm | None = None,
) -> Scored:
    """Score a list in memory.

    Parameters
    ----------
    model : LeadModel
        Both fits are used: all features for leads the CRM knows, else the profile.
    leads : path or DataFrame
        The list; columns named as in the definition.
    as_of : datetime or ISO text
        The moment we look, exclusive; naive UTC.
    definition : Definition, optional
        Says where the CRM's tables are; by default the model's, from the current folder.
    crm : Crm, optional
        An opened export instead; it is left open.
    """
    definition = definition or Definition.parse(model.definition_text)
    profile = {p["name"]: p["dtype"] for p in model.card["data"]["profile"]}
    opened = crm or open_crm(definition, types=profile)
    try:
        matched = match_list(opened, _text(opened, leads), microseconds(_moment(as_of)))
        return _scored(opened, model, definition, matched)
    finally:
        if crm is None:
            opened.close()


def explain(scored: Scored, *, by: By = "column") -> Why:
    """Return why each scored lead of a list was scored as it was.

    Parameters
    ----------
    scored : Scored
        Leads, from `score`.
    by : {"column", "concept"}
        What the values are of: columns of the model, or concepts, as reasons name them.

    Returns
    -------
    Why
        A `shap.Explanation` (``shap.plots.waterfall(why[0])``, ``shap.plots.beeswarm(why)``) that
        tells the reasons too: ``why.sentences("L-1042")``, ``why.frame()``.
    """
    from predict.jobs.why import why

    scores = scored.scores.drop(columns="reasons")
    chunk = scored.scorer.score(scores, scored.X, pd.DataFrame(index=scores.index), wanted="all")
    return why(scored.scorer, scored.scores, scored.X, chunk.reasons, by)


def _text(crm: Crm, leads: Leads):  # type: ignore[no-untyped-def]
    if isinstance(leads, pd.DataFrame):
        return read_text(crm.workspace, Export(), folder=Path(), frame=leads)
    path = Path(leads).resolve()
    return read_text(crm.workspace, Export(path=path.name), folder=path.parent)


def _moment(said: str | datetime) -> datetime:
    return datetime.fromisoformat(said) if isinstance(said, str) else said


def _scored(crm: Crm, model: LeadModel, definition: Definition, matched: MatchedList) -> Scored:
    from predict.jobs.run import fields_of, leads_of

    features = catalogue(crm, Recipe.from_dict(model.card["data"]["recipe"]))
    X = pd.concat(feature_chunks(crm, matched.grid, features), ignore_index=True)
    scorer = Scorer(model, definition, str(model.card["name"]))
    grid = matched.grid.order_by("row").to_pandas()
    X = X.drop(columns="row")
    chunk = scorer.score(leads_of(grid, scorer), X, fields_of(grid), wanted="none")
    return Scored(chunk.scores, X, scorer)
