"""Training: check, archive, audit, backtest, fit, register, under the lock of the home."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.definition.schema import Definition
from predict.findings import Finding
from predict.history.building import build_dataset
from predict.history.delay import delay_of
from predict.home import Home
from predict.jobs import stages
from predict.jobs.auditing import audit_or_refuse, noticed
from predict.jobs.carding import complete_card
from predict.jobs.intake import taken_in
from predict.jobs.judging import judged
from predict.jobs.stages import Progress, refuse_blocked
from predict.learning.floors import require, thin
from predict.publish import locked

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.registry.models import Registry
    from predict.registry.versions import Version


@dataclass(frozen=True)
class Training:
    """What a training did.

    Parameters
    ----------
    version : Version
        The registered model.
    promoted, already : bool
        Whether it scores from now on; whether the same inputs had been trained before, so that
        nothing was done.
    verdict : str
        Why, as a sentence.
    findings : list of Finding
        What was noticed about the export.
    summary : mapping
        Figures of the backtest; empty where nothing was done.
    counts : mapping
        Of the dataset.
    cohorts : list of mapping
        Per month of creation: leads, old enough to judge, converted.
    held : bool
        Whether the gate said no while no model is in use.
    """

    version: Version
    promoted: bool
    already: bool
    verdict: str
    findings: list[Finding]
    summary: Mapping[str, Any]
    counts: Mapping[str, Any]
    cohorts: list[Mapping[str, Any]]
    held: bool = False


def train(
    path: Path,
    home: Home,
    *,
    data: Path | None = None,
    trials: int = 0,
    time_cap: float | None = None,
    progress: Progress | None = None,
) -> Training:
    """Train on an export and register the model.

    While no model is in use, the gate judges the new one as `predict.jobs.monthly` does, and
    promotes it where it may; a later one waits for the comparison there.

    Parameters
    ----------
    path : Path
        Definition file.
    home : Home
        Where archive and registry are.
    data : Path, optional
        Folder that relative paths start from.
    trials : int
        Settings tried on earlier folds.
    time_cap : float, optional
        Seconds after which no further trial begins.
    progress : callable, optional
        Called with (step, done, total, what).

    Returns
    -------
    Training
        The same inputs a second time register nothing.

    Raises
    ------
    RefusedError
        A check of the export or the leakage audit blocks, or there is too little to learn from;
        no model was changed.
    """
    definition = Definition.read(path, data=data)
    with locked(home.lock), taken_in(definition, home) as crm:
        return _train(crm, home, trials, time_cap, progress or stages.silent)


def _train(
    crm: Crm, home: Home, trials: int, time_cap: float | None, progress: Progress
) -> Training:
    from predict.registry.models import Registry

    definition = crm.definition
    refuse_blocked(crm.findings)
    registry = Registry(home)
    known = registry.find(definition.name, stages.inputs_of(crm, trials))
    if known is not None and _is_done(registry, known):
        known = registry.resumed(known)
        complete_card(registry, known)
        said = f"Version {known.number} was trained on the same export before; nothing to do."
        held = registry.in_use(definition.name) is None
        if held:
            said = f"{said} {_said_of_first(known, False, known.tags['verdict'])}"
        return Training(known, False, True, said, crm.findings, {}, {}, [], held)
    data = build_dataset(crm)
    require(data, definition.conversion.stage)
    audit = audit_or_refuse(data, crm, archive=home.archive)
    delay = delay_of(crm)
    crm.findings.extend(delay.findings() + thin(data, definition.conversion.stage))
    result = stages.backtested(data, definition, progress)
    version = stages.registered(
        registry,
        crm,
        data,
        audit,
        result,
        delay,
        trials=trials,
        time_cap=time_cap,
        progress=progress,
    )
    findings = [*crm.findings, *noticed(audit, crm.findings)]
    if registry.in_use(definition.name) in (None, version.number):
        done = judged(registry, crm, home, data, result, version, findings, progress)
        version, promoted, held = done.version, done.in_use, not done.in_use
        said = _said_of_first(version, promoted, done.verdict.sentence)
    else:
        complete_card(registry, version)
        promoted, held, said = False, False, _said_of_later(version, result.beats_baselines()[1])
    return Training(
        version,
        promoted,
        False,
        said,
        findings,
        result.summary(),
        data.manifest["counts"],  # type: ignore[arg-type]
        data.manifest["cohorts"],  # type: ignore[arg-type]
        held,
    )


def _is_done(registry: Registry, known: Version) -> bool:
    """Tell whether an earlier run on the same export came to its end, but for the card."""
    if registry.in_use(known.name) not in (None, known.number):
        return True
    moved = any(move["version"] == known.number for move in registry.promotions(known.name))
    return moved or known.tags.get("gate") == "hold"


def _said_of_first(version: Version, promoted: bool, sentence: str) -> str:
    if promoted:
        return f"Version {version.number} is the first model in use. {sentence}"
    return (
        f"Version {version.number} is on trial and no model is in use yet. {sentence} "
        f"`predict promote {version.number} --definition FILE.toml` uses it all the same."
    )


def _said_of_later(version: Version, sentence: str) -> str:
    return (
        f"Version {version.number} is on trial; the model in use stays until `predict monthly` "
        f"has compared the two. {sentence}"
    )
