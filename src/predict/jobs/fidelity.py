"""Fidelity at registration: whether a model's reasons are its own, steady, and those of before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from predict.errors import ModelError
from predict.findings import Finding

if TYPE_CHECKING:
    import pandas as pd

    from predict.definition.schema import Definition
    from predict.learning.lead_model import LeadModel

#: Leads whose reasons are measured.
SAMPLE = 200
#: Reasons compared between two models.
TOP = 3
#: Below this share of reasons in common somebody should look before the list goes out.
LEAST_KEPT = 0.5


@dataclass(frozen=True)
class ReasonJudgement:
    """What was measured of a model's reasons before it is registered.

    Parameters
    ----------
    findings : list of Finding
        A block keeps the model from being promoted.
    figures : mapping of str to float
        Plain numbers, to be logged: ``reasons/leads``, ``reasons/signs`` (share of the reasons
        taken away that moved the chance as they say), ``reasons/steadiness`` (mean share of the
        reasons that refits agree on), ``reasons/uncertain`` (share of leads below 0.6) and, beside
        another model, ``reasons/kept``.
    """

    findings: list[Finding]
    figures: dict[str, float] = field(default_factory=dict)


def judge_reasons(
    model: LeadModel,
    definition: Definition,
    X: pd.DataFrame,
    *,
    champion: LeadModel | None = None,
) -> ReasonJudgement:
    """Measure the reasons of a model on reference leads.

    Parameters
    ----------
    model : LeadModel
        About to be registered.
    definition : Definition
        Its goal and wording.
    X : pandas.DataFrame of shape (n, n_features)
        Features of recent leads, all columns of the full fit; `SAMPLE` of them, evenly spread, are
        measured.
    champion : LeadModel, optional
        The model in use: how its reasons for the same leads differ is told. Features that ``X``
        lacks are not compared.

    Returns
    -------
    ReasonJudgement
        Additivity, order, sign by taking away, steadiness over refits, change of the reasons.
    """
    from predict.scoring.fidelity import Fidelity
    from predict.scoring.reasons import by_concept, check_additivity, reasons
    from predict.scoring.stability import UNCERTAIN, stability
    from predict.scoring.wording import Wording
    from predict.scoring.wordings import worded
    from predict.scoring.words import Goal

    fit = model.full
    rows = X.iloc[_spread(len(X))][fit.columns_.names].reset_index(drop=True)
    if rows.empty:
        return ReasonJudgement([], {"reasons/leads": 0.0})
    by_name = {s.name: s for s in worded(model.specs, definition.wording)}
    specs = [by_name[name] for name in fit.columns_.names]
    added = fit.contributions(rows)
    measured, findings = Fidelity(), []
    try:
        check_additivity(fit.base_, added, fit.decision_function(rows))
    except ModelError as error:
        said = f"The reasons of the model do not add up to its chances: {error.got}. Report it."
        findings.append(Finding("reasons-sum", "block", "reasons", said))
    conversion = definition.conversion
    goal = Goal(conversion.stage, conversion.within_days)
    wording = Wording(specs, goal, model.evidence.get("full"))
    told = reasons(added, rows, wording, base=fit.base_)
    measured.add_order(told)
    measured.add_signs(fit, rows, told, specs)
    own = by_concept(added, specs)
    nameable = list(dict.fromkeys(s.concept for s in specs if s.reason))
    siblings = [by_concept(other, specs) for other in fit.sibling_contributions(rows)]
    steady = stability(own, siblings, nameable)
    import pandas as pd

    measured.add_stability(pd.Series(steady))
    findings += measured.findings()
    figures = {
        "reasons/leads": float(len(rows)),
        "reasons/signs": measured.agreed / measured.checked if measured.checked else 1.0,
    }
    if siblings:
        figures["reasons/steadiness"] = float(steady.mean())
        figures["reasons/uncertain"] = float((steady < UNCERTAIN).mean())
    kept = None if champion is None else _kept(champion, rows, own, nameable)
    if kept is not None:
        figures["reasons/kept"] = kept
        findings += _changed(kept, len(rows))
    return ReasonJudgement(findings, figures)


def _spread(n: int) -> Any:
    return np.unique(np.linspace(0, n - 1, min(SAMPLE, n)).astype(int)) if n else []


def _kept(
    champion: LeadModel, rows: pd.DataFrame, own: pd.DataFrame, nameable: list[str]
) -> float | None:
    """Return the share of the strongest reasons of the model in use that the new one has too.

    None where the model in use asks for features that the rows do not have.
    """
    from predict.scoring.reasons import by_concept
    from predict.scoring.stability import stability

    fit = champion.full
    if set(fit.columns_.names) - set(rows.columns):
        return None
    specs = [champion.spec(name) for name in fit.columns_.names]
    theirs = by_concept(fit.contributions(rows[fit.columns_.names]), specs)
    named = [c for c in dict.fromkeys(s.concept for s in specs if s.reason) if c in theirs]
    ours = own.reindex(columns=list(theirs.columns), fill_value=0.0)
    return float(stability(theirs, [ours], named).mean())


def _changed(kept: float, n: int) -> list[Finding]:
    said = (
        f"Of the {TOP} strongest reasons that the model in use gives {n:,} recent leads, the new "
        f"model gives {kept:.0%} with the same sign."
    )
    if kept < LEAST_KEPT:
        said += " Tell sales before the next list, or look for what changed in the export."
    severity = "warn" if kept < LEAST_KEPT else "note"
    facts = {"kept": round(kept, 4), "leads": n}
    return [Finding("reasons-changed", severity, "reasons", said, facts)]  # type: ignore[arg-type]
