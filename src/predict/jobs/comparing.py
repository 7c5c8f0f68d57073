"""Comparing: a new model against the one in use, on the same leads; what that changes for sales."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from predict.crm.opening import open_crm
from predict.errors import PredictError
from predict.findings import Finding
from predict.history.building import Recipe, build_dataset
from predict.jobs.open_leads import grade_changes, graded, open_leads
from predict.jobs.stages import Progress, silent

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.history.dataset import Dataset
    from predict.home import Home
    from predict.learning.backtest_result import BacktestResult
    from predict.learning.lead_model import LeadModel
    from predict.learning.verdict import Verdict


@dataclass(frozen=True)
class Comparison:
    """What the gate said, and what it means for the open leads.

    Parameters
    ----------
    verdict : Verdict
        With the number of open leads that change grade, where both models can grade them.
    changes : pandas.DataFrame or None
        From `grade_changes`; None where there is no model in use that can score.
    """

    verdict: Verdict
    changes: pd.DataFrame | None = None


def compare(
    crm: Crm,
    home: Home,
    data: Dataset,
    result: BacktestResult,
    challenger: LeadModel,
    champion: LeadModel | None,
    *,
    damaged: bool = False,
    findings: Iterable[Finding] = (),
    progress: Progress = silent,
) -> Comparison:
    """Judge a new model against the one in use, both scored now on the same matured leads.

    Parameters
    ----------
    crm : Crm
        The opened export.
    home : Home
        Its archive tells what overwritten columns held.
    data : Dataset
        Of the export, by the recipe of the new model.
    result : BacktestResult
        As-if predictions of the new model's recipe.
    challenger, champion : LeadModel
        The new model, and the one in use or None.
    damaged : bool
        Whether a model is in use that cannot be loaded.
    findings : iterable of Finding
        Of checks and audit: one that blocks keeps the model in use.
    progress : callable
        Called with (step, done, total, what).

    Returns
    -------
    Comparison
    """
    import pandas as pd

    from predict.learning.contest import contest, lane_of
    from predict.learning.gate import judge

    with as_read_by(crm, home, champion) as theirs:
        champion_data = None if champion is None else _data_of(theirs, champion, data)
        lane = lane_of(challenger, champion, data, champion_data=champion_data)
        frame = contest(
            challenger,
            champion,
            data,
            result=result,
            champion_data=champion_data,
            progress=lambda done, total, what: progress("gate", done, total, what),
        )
        verdict = judge(
            frame,
            lane="replacement" if damaged else lane,
            capacity_per_month=crm.definition.money.capacity_per_month,
            findings=findings,
            exported_at=pd.Timestamp(crm.exported_at),
        )
        can_score = champion is not None and same_definition(champion, crm)
        if champion is None or not can_score or frame["champion"].isna().all():
            return Comparison(verdict)
        listed = open_leads(crm)
        same = listed if theirs is crm else open_leads(theirs)
        now = graded(theirs, same, champion)
        changes = grade_changes(now, graded(crm, listed, challenger))
    moved = changes["now"] != changes["new"]
    changed, all_open = int(changes.loc[moved, "leads"].sum()), int(changes["leads"].sum())
    return Comparison(verdict.with_grades(changed, all_open), changes)


@contextmanager
def as_read_by(crm: Crm, home: Home, model: LeadModel | None) -> Iterator[Crm]:
    """Yield the export as a model reads it: with the types that its columns had then."""
    if (
        model is None
        or not same_definition(model, crm)
        or _profile(model) == {p.name: p.dtype for p in crm.profile}
    ):
        yield crm
        return
    try:
        opened = open_crm(crm.definition, types=_profile(model), archive=home.archive)
    except PredictError:  # a column that it learned from is gone: it cannot score this export
        yield crm
        return
    try:
        yield opened
    finally:
        opened.close()


def _profile(model: LeadModel) -> dict[str, str]:
    profile: Any = model.card["data"]["profile"]
    return {p["name"]: p["dtype"] for p in profile}


def same_definition(model: LeadModel, crm: Crm) -> bool:
    """Tell whether a model learned what the definition of the export says."""
    return bool(model.card["definition_digest"] == crm.definition.digest())


def _data_of(crm: Crm, model: LeadModel, data: Dataset) -> Dataset | None:
    """Return the same looks with the columns of a model; None where those at hand serve."""
    recipe = model.card["data"]["recipe"]
    if not same_definition(model, crm) or (
        recipe == data.manifest["recipe"]
        and model.card["data"]["profile"] == data.manifest["profile"]
    ):
        return None
    return build_dataset(crm, Recipe.from_dict(recipe))
