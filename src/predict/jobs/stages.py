"""Stages that every training goes through: what it depends on, audit, backtest, fit, register."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict import __version__
from predict.errors import PredictError, RefusedError
from predict.findings import Finding, blocking
from predict.jobs.carding import keep_facts
from predict.jobs.fidelity import judge_reasons
from predict.jobs.fitting import fit_lead_model
from predict.jobs.pictures import draw
from predict.learning.backtest import backtest
from predict.publish import json_digest, write_json

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.definition.schema import Definition
    from predict.history.dataset import Dataset
    from predict.history.delay import Delay
    from predict.learning.backtest_result import BacktestResult
    from predict.learning.lead_model import LeadModel
    from predict.learning.leakage.audit import Audit
    from predict.registry.models import Registry
    from predict.registry.versions import Version

#: Newest looks whose reasons are measured before a model is registered.
_RECENT = 5_000
#: Called with (step, done, total, what).
Progress = Callable[[str, int, int, str], None]


def silent(step: str, done: int, total: int, what: str) -> None:
    """Show nothing."""


def inputs_of(crm: Crm, trials: int) -> str:
    """Return the digest of everything that a training depends on."""
    definition = crm.definition
    return json_digest(
        {
            "definition": definition.digest(),
            "money": definition.money.model_dump(mode="json"),
            "sources": crm.read_from,
            "trials": trials,
            "version": __version__,
        }
    )


def refuse_blocked(findings: Iterable[Finding], what: str = "a check of the export") -> None:
    """Raise where a finding blocks.

    Parameters
    ----------
    findings : iterable of Finding
    what : str
        Who found them, for the message.

    Raises
    ------
    RefusedError
        With the sentence of each blocking finding.
    """
    stops = blocking(findings)
    if stops:
        raise RefusedError(
            f"{what} stops this run",
            where=", ".join(f.subject for f in stops),
            got="; ".join(f.sentence for f in stops),
        )


def backtested(data: Dataset, definition: Definition, progress: Progress) -> BacktestResult:
    """Return the as-if predictions of past months."""
    return backtest(
        data,
        start=data.manifest["first_fold"],
        capacity_per_month=definition.money.capacity_per_month,
        progress=lambda done, total, what: progress("backtest", done, total, what),
    )


def registered(
    registry: Registry,
    crm: Crm,
    data: Dataset,
    audit: Audit,
    result: BacktestResult,
    delay: Delay,
    *,
    trials: int = 0,
    time_cap: float | None = None,
    progress: Progress = silent,
) -> Version:
    """Fit the model that may go live, log the training and register it as the challenger.

    Its card is logged last, by the caller, when there is a verdict to tell of or none to come (see
    `predict.jobs.carding.complete_card`).

    Returns
    -------
    Version
        The new version, or the one that the same inputs made before: then nothing is fitted.
    """
    definition, inputs = crm.definition, inputs_of(crm, trials)
    known = registry.find(definition.name, inputs)
    if known is not None:
        return registry.resumed(known)
    model = fit_lead_model(
        data,
        definition,
        result,
        trials=trials,
        time_cap=time_cap,
        progress=lambda done, total, what: progress("fit", done, total, what),
    )
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "kept"
        scratch.mkdir()
        _keep_checks(scratch, crm, audit)
        reasons = judge_reasons(
            model, definition, data.X.tail(_RECENT), champion=_in_use(registry, definition.name)
        )
        refuse_blocked(reasons.findings, "a check of the new model's reasons")
        facts = keep_facts(Path(folder) / "facts", data, result, model, delay)
        return logged(
            registry,
            model,
            result,
            scratch,
            params={"trials": trials},
            tags={"inputs": inputs, "verdict": result.beats_baselines()[1]},
            metrics=reasons.figures,
            artifacts=facts,
        )


def _in_use(registry: Registry, name: str) -> LeadModel | None:
    """Return the model in use, or None where there is none that loads."""
    try:
        version = registry.champion(name)
        return None if version is None else registry.load(version)
    except PredictError:  # the gate tells of it; here only its reasons would have been compared
        return None


def _keep_checks(folder: Path, crm: Crm, audit: Audit) -> None:
    """Write what was found in the export, as files of the run."""
    write_json(folder / "audit.json", audit.as_dict())
    told = json.dumps([f.as_dict() for f in crm.findings], ensure_ascii=False, indent=1)
    (folder / "findings.json").write_text(told, encoding="utf-8")


def logged(
    registry: Registry,
    model: LeadModel,
    result: BacktestResult | None,
    folder: Path,
    *,
    params: Mapping[str, object],
    tags: Mapping[str, object],
    metrics: Mapping[str, float] | None = None,
    artifacts: Mapping[str, Path] | None = None,
) -> Version:
    """Log a model and its backtest, with the files of a scratch folder beside them.

    Parameters
    ----------
    registry : Registry
        Where to.
    model : LeadModel
        Its card says whose it is.
    result : BacktestResult or None
        Its figures, by month and in all, predictions and curves are kept.
    folder : Path
        Scratch folder. Files in it are shared with the run; the model is saved here too.
    params, tags : mapping
        More settings, and tags as of `Registry.log_training`.
    metrics : mapping of str to float, optional
        Further figures.
    artifacts : mapping of str to Path, optional
        Further files that the run keeps.
    """
    card, kept = model.card, {file.name: file for file in sorted(folder.iterdir())}
    summary: Any = {} if result is None else result.summary()
    total = summary["total"]["model"] if summary else {}
    model.save(folder / "model")
    return registry.log_training(
        str(card["name"]),
        folder / "model",
        params=_params(card) | dict(params),
        metrics=total | {"leads": card["leads"]} | dict(metrics or {}),
        fold_metrics=[_fold(f) for f in summary.get("folds", ())],
        artifacts=kept | dict(artifacts or {}) | _artifacts(folder / "more", model, result),
        tags=tags,
    )


def _params(card: Mapping[str, Any]) -> dict[str, object]:
    fit = card["fit"]["full"]
    return {
        **{key: card[key] for key in ("stage", "within_days", "rows", "definition_digest")},
        **{f"fit.{k}": v for k, v in fit.items() if isinstance(v, int | float | str)},
    }


def _fold(fold: Mapping[str, Any]) -> dict[str, object]:
    figures = {name: value["value"] for name, value in fold["model"].items()}
    return {"cutoff": fold["cutoff"], **figures}


def _artifacts(folder: Path, model: LeadModel, result: BacktestResult | None) -> dict[str, Path]:
    """Write what a run keeps beside its figures; no rows of the export, no personal data."""
    folder.mkdir()
    (folder / "definition.toml").write_text(model.definition_text, encoding="utf-8")
    write_json(folder / "data.json", model.card["data"])
    write_json(folder / "card.json", model.card)
    kept = {file.name: file for file in sorted(folder.iterdir())}
    if result is None:
        return kept
    for name in ("curves", "backtest"):
        (folder / name).mkdir()
    draw(result, folder / "curves")
    result.save(folder / "backtest")
    for name in ("curves", "backtest"):
        kept |= {f"{name}/{file.name}": file for file in sorted((folder / name).iterdir())}
    return kept
