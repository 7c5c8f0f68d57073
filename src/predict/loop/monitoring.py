"""Monitoring: is what comes in still what was learned from, and did what was told come true?

Five watches, in order of worth: faults of the data, the chances given, matured cohorts, early
conversions at equal age, drift of the inputs. Each says what it compares, and where it cannot,
why not. The chance of a false alarm is shared out so that a company where nothing changes is
called once in two years.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from predict.findings import Finding, ordered
from predict.home import Home
from predict.learning.usual import PERIOD_DAYS
from predict.loop import batches as recent
from predict.loop.batches import LEAST_LEADS, Batch
from predict.loop.cohorts import cohorts, judged_until, matured
from predict.loop.conversion_curve import LEAST_PERIODS, Curves, conversions, curves
from predict.loop.drift import drift
from predict.loop.faults import faults, missing_columns, type_changes
from predict.loop.observation import WATCHES, Observation, Watch, frame
from predict.loop.scores import first_look_scores, run_scores
from predict.scoring.ledger import Ledger

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.definition.schema import Definition
    from predict.learning.lead_model import LeadModel

#: False pages a year that all watches together may make where nothing changes.
PAGES_A_YEAR = 0.5
_DAYS_A_YEAR = 365.25
_STALE = "no model of “{name}” is in use: train one with predict train"
_FIRST_SCORES = "fewer than two earlier periods came since the leads learned from"
_NO_USUAL = "the model was trained before what its leads looked like was kept with it: train again"


@dataclass(frozen=True)
class Monitoring:
    """What was watched, and what was found.

    Parameters
    ----------
    observations : tuple of Observation
        Every figure, in order of worth, oldest batch first.
    not_applicable : mapping of str to str
        Watch → why it could not be done.
    curves : Curves or None
        Conversions by age, for the picture.
    cohorts : pandas.DataFrame or None
        Matured leads as scored, with what became of them.
    about : mapping
        name, version of the model, exported_at.
    """

    observations: tuple[Observation, ...]
    not_applicable: Mapping[Watch, str] = field(default_factory=dict)
    curves: Curves | None = None
    cohorts: pd.DataFrame | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is not fine, blocking first; one per concept, and a note per watch left undone."""
        seen: dict[tuple[str, ...], list[Observation]] = {}
        for one in self.observations:
            if one.severity != "fine":
                key = (one.code, one.severity, one.batch, one.group or one.subject)
                seen.setdefault(key, []).append(one)
        found = [f for group in seen.values() if (f := _together(group)) is not None]
        undone = [
            Finding(f"no-{watch}", "note", WATCHES[watch], f"Not applicable because {why}.")
            for watch, why in self.not_applicable.items()
        ]
        return tuple(ordered([*found, *undone]))

    @property
    def pages(self) -> tuple[Finding, ...]:
        """Findings that somebody should look at today: warnings and blocks."""
        return tuple(f for f in self.findings if f.severity != "note")

    def frame(self) -> pd.DataFrame:
        """Return one row per figure watched.

        Returns
        -------
        pandas.DataFrame
            watch, subject, batch, as_of, figure, value, low, high, severity ("fine", "note",
            "warn", "block"), sentence.
        """
        return frame(self.observations)

    def metrics(self) -> dict[str, float]:
        """Return the figures for a tracking server: of each watch what lies furthest off."""
        found: dict[str, float] = {"pages": float(len(self.pages))}
        for watch in WATCHES:
            here = [o for o in self.observations if o.watch == watch]
            if not here:
                continue
            newest = max(o.as_of for o in here)
            found[f"{watch}/figures"] = float(len(here))
            found[f"{watch}/flagged"] = float(sum(o.severity != "fine" for o in here))
            for figure in dict.fromkeys(o.figure for o in here):
                values = [o.value for o in here if o.figure == figure and o.as_of == newest]
                if values:
                    found[f"{watch}/{figure}"] = max(values, key=abs)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        rows = self.frame()
        rows["as_of"] = rows["as_of"].dt.strftime("%Y-%m-%dT%H:%M:%S")
        table = rows.astype(object).where(rows.notna(), None)
        return {
            "about": dict(self.about),
            "findings": [f.as_dict() for f in self.findings],
            "not_applicable": dict(self.not_applicable),
            "observations": table.to_dict("records"),
        }


def monitor(
    home: Home | str | os.PathLike[str] | None,
    definition: Definition,
    crm: Crm,
    *,
    model: LeadModel | None = None,
    ledger: Ledger | None = None,
    since: datetime | None = None,
    pages_a_year: float = PAGES_A_YEAR,
) -> Monitoring:
    """Watch the newest export, the runs of the ledger and what became of the leads.

    Parameters
    ----------
    home : Home or path
        Registry and ledger; None is the default home.
    definition : Definition
        What was agreed.
    crm : Crm
        The newest export, opened with the model's types; left open.
    model : LeadModel, optional
        By default the one in use.
    ledger : Ledger, optional
        By default the home's.
    since : datetime, optional
        Batches that end after it may warn; of earlier ones, that were watched before, is noted.
        By default only the newest batch of each watch warns.
    pages_a_year : float
        False pages a year that are accepted where nothing changes.

    Returns
    -------
    Monitoring
        What has nothing to compare with is told in ``not_applicable``.
    """
    home = home if isinstance(home, Home) else Home.at(home)
    model = model if model is not None else _in_use(home, definition)
    ledger = ledger if ledger is not None else Ledger(home.ledger)
    about = {"name": definition.name, "exported_at": f"{crm.exported_at:%Y-%m-%dT%H:%M:%S}"}
    alpha = pages_a_year * PERIOD_DAYS / _DAYS_A_YEAR / len(WATCHES)
    undone: dict[Watch, str] = {}
    found: list[Observation] = []
    if model is None:
        why = _STALE.format(name=definition.name)
        undone |= dict.fromkeys(("data", "scores", "cohorts", "drift"), why)
    else:
        found += _inputs(crm, definition, model, alpha, undone)
        found += run_scores(ledger, model, alpha=alpha)
    judged = None
    if model is not None:
        judged = matured(ledger, crm, oldest_days=model.card.get("oldest_days"))
        months = model.usual.months if model.usual is not None else ()
        seen = cohorts(judged, months, judged_until(crm), alpha=alpha)
        if not seen:
            undone["cohorts"] = _no_cohorts(judged, ledger)
        found += seen
    drawn = None
    if definition.is_flat:
        undone["conversions"] = "the outcome belongs to the row, so that leads have no age"
    else:
        drawn = curves(crm)
        early = conversions(drawn, definition.conversion.stage, crm.exported_at, alpha=alpha)
        if not early:
            undone["conversions"] = (
                f"the export holds fewer than {LEAST_PERIODS} earlier periods of {PERIOD_DAYS} "
                "days with conversions to compare with"
            )
        found += early
    kept = _newest_warn(found, since)
    rank = {watch: place for place, watch in enumerate(WATCHES)}
    kept.sort(key=lambda o: (rank[o.watch], o.as_of))
    return Monitoring(tuple(kept), undone, drawn, judged, about)


def watch_batch(
    batch: Batch,
    model: LeadModel,
    earlier: Sequence[Batch] = (),
    *,
    alpha: float,
    routine: tuple[str, ...] = (),
) -> list[Observation]:
    """Compare one batch with the leads learned from: faults, chances, drift.

    Parameters
    ----------
    batch : Batch
    model : LeadModel
        With its `Usual`.
    earlier : sequence of Batch
        Earlier ones since those learned from.
    alpha : float
        Chance of a false alarm of each of the three.
    routine : tuple of str
        Columns that get new values in the course of things.
    """
    usual = model.usual
    assert usual is not None
    found = [
        *missing_columns(batch, usual, model.specs),
        *type_changes(batch, usual, model.specs),
    ]
    if len(batch) < LEAST_LEADS:
        return found
    faulty = faults(batch, usual, model.specs, alpha=alpha, routine=routine)
    found += faulty
    chances = first_look_scores(batch, earlier, alpha=alpha)
    found += [] if chances is None else [chances]
    told = {o.subject for o in found if o.watch == "data" and o.severity != "fine"}
    return found + drift(batch, usual, model.specs, alpha=alpha, told=told, routine=routine)


def _in_use(home: Home, definition: Definition) -> LeadModel | None:
    from predict.registry.models import Registry

    registry = Registry(home)
    version = registry.champion(definition.name)
    return None if version is None else registry.load(version)


def _inputs(
    crm: Crm,
    definition: Definition,
    model: LeadModel,
    alpha: float,
    undone: dict[Watch, str],
) -> list[Observation]:
    if model.usual is None:
        undone |= dict.fromkeys(("data", "scores", "drift"), _NO_USUAL)
        return []
    every = recent.recent_batches(crm, model)
    if not any(len(b) >= LEAST_LEADS for b in every):
        why = (
            f"fewer than {LEAST_LEADS} leads came in any {PERIOD_DAYS} days since those learned "
            f"from (until {model.usual.until})"
        )
        undone |= dict.fromkeys(("data", "scores", "drift"), why)
    leads = definition.leads
    routine = tuple(c for c in (leads.campaign, leads.list) if c)
    found: list[Observation] = []
    earlier: list[Batch] = []
    for batch in every:
        found += watch_batch(batch, model, earlier, alpha=alpha, routine=routine)
        if len(batch) >= LEAST_LEADS:
            earlier.append(batch)
    if not any(o.watch == "scores" for o in found):
        undone.setdefault("scores", _FIRST_SCORES)
    return found


def _no_cohorts(judged: pd.DataFrame, ledger: Ledger) -> str:
    if ledger.runs().empty:
        return "no list has been scored yet"
    if judged.empty:
        return "no lead that was scored is old enough to judge, or known to the export"
    return f"only {int(judged['y'].sum())} of the {len(judged):,} leads old enough got there"


def _newest_warn(found: list[Observation], since: datetime | None) -> list[Observation]:
    """Return observations of which only those of new batches warn; others are notes."""
    newest: dict[tuple[str, str], datetime] = {}
    for one in found:
        key = (one.watch, one.code)
        newest[key] = max(newest.get(key, one.as_of), one.as_of)
    kept = []
    for one in found:
        is_new = one.as_of > since if since else one.as_of == newest[one.watch, one.code]
        is_old = not is_new and one.watch != "conversions"  # each run sees those of all young leads
        kept.append(replace(one, severity="note") if is_old and one.severity != "fine" else one)
    return kept


def _together(group: list[Observation]) -> Finding | None:
    """Return one finding for the columns of one concept, told by the one furthest off."""
    worst = max(group, key=lambda o: (o.value, o.subject))
    found = worst.finding()
    others = len(group) - 1
    if found is None or not others:
        return found
    more = f" So {'is' if others == 1 else 'are'} {others} other column{'s' * (others > 1)} of it."
    return replace(found, sentence=found.sentence + more)
