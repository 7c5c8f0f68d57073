"""What an analyst calls in Python: train, register, score and explain, frames in and frames out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
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
from predict.errors import InputError
from predict.findings import Finding
from predict.history.building import Recipe, catalogue, feature_chunks
from predict.home import Home
from predict.jobs.fitting import fit_lead_model
from predict.learning.backtest import backtest
from predict.registry.versions import model_digest
from predict.scoring.lists import MatchedList, match_list
from predict.scoring.scorer import Scorer

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.history.dataset import Dataset
    from predict.jobs.why import By, Why
    from predict.learning.backtest_result import BacktestResult
    from predict.learning.lead_model import LeadModel
    from predict.learning.verdict import Lane, Verdict
    from predict.registry.versions import Version

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


def register(
    model: LeadModel,
    verdict: Verdict,
    *,
    result: BacktestResult | None = None,
    home: str | os.PathLike[str] | None = None,
) -> Version:
    """Register a model with its verdict; it scores from now on only if the verdict says so.

    Parameters
    ----------
    model : LeadModel
        From `train`; its card says whose it is.
    verdict : Verdict
        From `compare`.
    result : BacktestResult, optional
        Kept beside the model, with its figures.
    home : path, optional
        By default ``$PREDICT_HOME``, else ``models/``.

    Returns
    -------
    Version
        The same model a second time is the same version.
    """
    from predict.jobs.stages import logged
    from predict.publish import write_json
    from predict.registry.models import Registry

    registry, told = Registry(Home.at(home)), verdict.as_dict()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        folder.mkdir()
        write_json(folder / "verdict.json", told)
        model.save(Path(scratch) / "model")
        inputs = model_digest(Path(scratch) / "model")
        tags = {"inputs": inputs, "verdict": verdict.sentence, "lane": verdict.lane}
        version = logged(registry, model, result, folder, params={}, tags=tags)
    figures = {f"gate/{name}": value for name, value in verdict.figures.items()}
    gate = {"gate": "promote" if verdict.promote else "hold"}
    version = registry.log_verdict(version, metrics=figures, artifacts={}, tags=gate)
    if not verdict.promote:
        return version
    return registry.promote(version.name, version.number, verdict.sentence)


def champion(definition: Definition, home: str | os.PathLike[str] | None = None) -> LeadModel:
    """Return the model in use for a definition, verified.

    Raises
    ------
    RefusedError
        No model is in use, or it means something else than the definition.
    """
    from predict.jobs.scoring import champion as in_use

    return in_use(definition, Home.at(home))[1]


def compare(
    challenger: LeadModel,
    champion: LeadModel | None,
    data: Dataset,
    *,
    result: BacktestResult | None = None,
    findings: Iterable[Finding] = (),
    definition: Definition | None = None,
    champion_data: Dataset | None = None,
    lane: Lane | None = None,
) -> Verdict:
    """Return whether a new model may replace the one in use.

    Both are scored now, on the same matured looks of past months; see
    `predict.learning.contest.contest` for what is compared and `predict.learning.gate.judge` for
    what has to hold. Nothing is registered or promoted.

    Parameters
    ----------
    challenger : LeadModel
        The new model, fitted on ``data``.
    champion : LeadModel or None
        The model in use, or None where there is none.
    data : Dataset
        All matured looks of the newest export.
    result : BacktestResult, optional
        The new model's backtest; made here without it.
    findings : iterable of Finding
        Of the export and the audit: a blocking one refuses the model.
    definition : Definition, optional
        Says how many leads can be followed up in a month; by default the challenger's.
    champion_data : Dataset, optional
        The same looks with the features of the model in use, where its columns differ.
    lane : {"first", "challenge", "refresh", "replacement"}, optional
        What has to be shown; found out by default. Say "replacement", with ``champion=None``, for
        a model in use that is damaged.

    Returns
    -------
    Verdict
        A hold, too, where no past month can be judged yet.
    """
    from predict.learning.contest import contest, lane_of
    from predict.learning.gate import judge

    definition = definition or Definition.parse(challenger.definition_text)
    lane = lane or lane_of(challenger, champion, data, champion_data=champion_data)
    rows = contest(challenger, champion, data, result=result, champion_data=champion_data)
    exported = data.manifest.get("exported_at")
    return judge(
        rows,
        lane=lane,
        capacity_per_month=definition.money.capacity_per_month,
        findings=findings,
        exported_at=None if exported is None else pd.Timestamp(str(exported)),
    )


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

    Raises
    ------
    InputError
        ``scored`` is not from `score`.
    """
    from predict.jobs.why import why

    if not isinstance(scored, Scored):
        raise InputError(
            "only leads that were scored can be explained",
            where="scored",
            got=type(scored).__name__,
            do="hand over what pr.score returned, or a part of it such as scored.qualified()",
        )
    scores = scored.scores.drop(columns="reasons")
    chunk = scored.scorer.score(scores, scored.X, pd.DataFrame(index=scores.index), wanted="all")
    return why(scored.scorer, scored.scores, scored.X, chunk.reasons, by)


def _text(crm: Crm, leads: Leads):  # type: ignore[no-untyped-def]
    if isinstance(leads, pd.DataFrame):
        return read_text(crm.workspace, Export(), folder=Path(), frame=leads)
    path = Path(leads).resolve()
    return read_text(crm.workspace, Export(path=path.name), folder=path.parent)


def _moment(said: str | datetime) -> datetime:
    try:
        return datetime.fromisoformat(said) if isinstance(said, str) else said
    except ValueError:
        raise InputError(
            "this is no moment", where="as_of", got=repr(said), do='write "2026-07-01"'
        ) from None


def _scored(crm: Crm, model: LeadModel, definition: Definition, matched: MatchedList) -> Scored:
    from predict.jobs.run import fields_of, leads_of

    features = catalogue(crm, Recipe.from_dict(model.card["data"]["recipe"]))
    X = pd.concat(feature_chunks(crm, matched.grid, features), ignore_index=True)
    scorer = Scorer(model, definition, str(model.card["name"]))
    grid = matched.grid.order_by("row").to_pandas()
    X = X.drop(columns="row")
    chunk = scorer.score(leads_of(grid, scorer), X, fields_of(grid), wanted="none")
    return Scored(chunk.scores, X, scorer)
