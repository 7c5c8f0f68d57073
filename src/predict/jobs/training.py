"""Training: check, audit, archive, backtest, fit, register; one transaction under a lock."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict import __version__
from predict.crm.archive import archive_export
from predict.crm.opening import open_crm
from predict.definition.schema import Definition
from predict.errors import RefusedError
from predict.findings import Finding, blocking
from predict.history.building import build_dataset
from predict.home import Home
from predict.jobs.auditing import audit_or_refuse, keep_audit
from predict.jobs.fitting import fit_lead_model
from predict.jobs.pictures import draw
from predict.learning.backtest import backtest
from predict.publish import json_digest, locked, write_json

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.history.dataset import Dataset
    from predict.learning.backtest import BacktestResult
    from predict.registry.versions import Version

Progress = Callable[[str, int, int, str], None]


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
        A check of the export or the leakage audit blocks; nothing was changed.
    """
    definition = Definition.read(path, data=data)
    with locked(home.lock):
        crm = open_crm(definition, archive=home.archive)
        try:
            return _train(crm, home, trials, time_cap, progress or _silent)
        finally:
            crm.close()


def _silent(step: str, done: int, total: int, what: str) -> None:
    """Show nothing."""


def _train(
    crm: Crm, home: Home, trials: int, time_cap: float | None, progress: Progress
) -> Training:
    from predict.registry.models import Registry

    definition = crm.definition
    refuse_blocked(crm.findings)
    registry = Registry(home)
    inputs = json_digest(
        {
            "definition": definition.digest(),
            "money": definition.money.model_dump(mode="json"),
            "sources": crm.read_from,
            "trials": trials,
            "version": __version__,
        }
    )
    known = registry.find(definition.name, inputs)
    if known is not None:
        said = f"Version {known.number} was trained on the same export before; nothing to do."
        if registry.champion(definition.name) is None and known.tags.get("beats") == "True":
            # A run killed after the registration left the first good model waiting.
            _, said = _promote_first(
                registry, definition.name, known, True, known.tags.get("verdict", "")
            )
        return Training(known, False, True, said, crm.findings, {}, {}, [])
    data = build_dataset(crm)
    audited = audit_or_refuse(data, crm, archive=home.archive)
    archive_export(home.archive, definition.name, crm.exported_at, crm.sources)
    result = backtest(
        data,
        start=data.manifest["first_fold"],
        capacity_per_month=definition.money.capacity_per_month,
        progress=lambda done, total, what: progress("backtest", done, total, what),
    )
    model = fit_lead_model(
        data,
        definition,
        result,
        trials=trials,
        time_cap=time_cap,
        progress=lambda done, total, what: progress("fit", done, total, what),
    )
    summary: Any = result.summary()
    beats, sentence = result.beats_baselines()
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model")
        version = registry.log_training(
            definition.name,
            Path(folder) / "model",
            params=_params(definition, model.card, trials),
            metrics=summary["total"]["model"] | {"leads": model.card["leads"]},
            fold_metrics=[_fold(f) for f in summary["folds"]],
            artifacts=_artifacts(Path(folder), crm, data, result, model.card)
            | keep_audit(audited, Path(folder)),
            tags={"inputs": inputs, "verdict": sentence, "beats": beats},
        )
    promoted, verdict = _promote_first(registry, definition.name, version, beats, sentence)
    return Training(
        version,
        promoted,
        False,
        verdict,
        crm.findings,
        summary,
        data.manifest["counts"],  # type: ignore[arg-type]
        data.manifest["cohorts"],  # type: ignore[arg-type]
    )


def refuse_blocked(findings: list[Finding]) -> None:
    """Raise where a finding blocks.

    Raises
    ------
    RefusedError
        With the sentence of each blocking finding.
    """
    stops = blocking(findings)
    if stops:
        raise RefusedError(
            "a check of the export stops this run",
            where=", ".join(f.subject for f in stops),
            got="; ".join(f.sentence for f in stops),
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


def _params(definition: Definition, card: Mapping[str, Any], trials: int) -> dict[str, object]:
    fit = card["fit"]["full"]
    return {
        "stage": definition.conversion.stage,
        "within_days": definition.conversion.within_days,
        "trials": trials,
        "rows": card["rows"],
        "definition_digest": card["definition_digest"],
        **{f"fit.{k}": v for k, v in fit.items() if isinstance(v, int | float | str)},
    }


def _fold(fold: Mapping[str, Any]) -> dict[str, object]:
    figures = {name: value["value"] for name, value in fold["model"].items()}
    return {"cutoff": fold["cutoff"], **figures}


def _artifacts(
    folder: Path, crm: Crm, data: Dataset, result: BacktestResult, card: Mapping[str, Any]
) -> dict[str, Path]:
    """Write what a run keeps beside its figures; no rows of the export, no personal data."""
    (folder / "backtest").mkdir()
    result.save(folder / "backtest")
    (folder / "definition.toml").write_text(crm.definition.text, encoding="utf-8")
    write_json(folder / "data.json", data.manifest)
    write_json(folder / "card.json", card)
    told = json.dumps([f.as_dict() for f in crm.findings], ensure_ascii=False, indent=1)
    (folder / "findings.json").write_text(told, encoding="utf-8")
    kept = {n: folder / n for n in ("definition.toml", "data.json", "card.json", "findings.json")}
    pictures = folder / "curves"
    pictures.mkdir()
    kept |= {f"curves/{file.name}": file for file in draw(result, pictures)}
    for file in sorted((folder / "backtest").iterdir()):
        kept[f"backtest/{file.name}"] = file
    return kept
