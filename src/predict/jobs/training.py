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
from predict.jobs.stages import Progress, refuse_blocked
from predict.learning.floors import require, thin
from predict.publish import locked

if TYPE_CHECKING:
    from predict.crm.tables import Crm
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
    """

    version: Version
    promoted: bool
    already: bool
    verdict: str
    findings: list[Finding]
    summary: Mapping[str, Any]
    counts: Mapping[str, Any]
    cohorts: list[Mapping[str, Any]]


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

    Only the first model that beats the simple rules is promoted here; later ones wait for a
    comparison with the model in use, as in `predict.jobs.monthly`.

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
    if known is not None:
        complete_card(registry, known)
        said = f"Version {known.number} was trained on the same export before; nothing to do."
        if registry.champion(definition.name) is None and known.tags.get("beats") == "True":
            # A run killed after the registration left the first good model waiting.
            _, said = _promote_first(
                registry, definition.name, known, True, known.tags.get("verdict", "")
            )
        return Training(known, False, True, said, crm.findings, {}, {}, [])
    data = build_dataset(crm)
    audit = audit_or_refuse(data, crm, archive=home.archive)
    require(data, definition.conversion.stage)
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
    beats, sentence = result.beats_baselines()
    promoted, verdict = _promote_first(registry, definition.name, version, beats, sentence)
    return Training(
        version,
        promoted,
        False,
        verdict,
        [*crm.findings, *noticed(audit, crm.findings)],
        result.summary(),
        data.manifest["counts"],  # type: ignore[arg-type]
        data.manifest["cohorts"],  # type: ignore[arg-type]
    )


def _promote_first(
    registry: Any, name: str, version: Version, beats: bool, sentence: str
) -> tuple[bool, str]:
    """Promote the first model that beats the baselines; later ones wait for a comparison."""
    if registry.champion(name) is not None:
        return False, f"Version {version.number} is on trial; the model in use stays. {sentence}"
    if not beats:
        return False, f"Version {version.number} is on trial and no model is in use yet. {sentence}"
    registry.promote(name, version.number, sentence)
    return True, f"Version {version.number} is the first model in use. {sentence}"
