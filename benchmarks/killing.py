"""Killing: monthly runs in processes of their own, killed where asked; what must hold after it."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.months import FIRST, SECOND, write_export

#: Writes of MLflow that a run goes through; every rename of a file or folder counts too.
WRITES = (
    "create_experiment",
    "create_run",
    "create_logged_model",
    "log_batch",
    "log_artifacts",
    "log_model_artifacts",
    "finalize_logged_model",
    "log_outputs",
    "set_terminated",
    "create_registered_model",
    "create_model_version",
    "set_registered_model_alias",
    "delete_registered_model_alias",
    "set_logged_model_tags",
    "update_model_version",
    "set_model_version_tag",
    "set_registered_model_tag",
)
#: What came of a run that a moment met too late.
OVER = "it was over"
_PRELOADED = ["predict.jobs.monthly", "predict.learning.model", "mlflow", "lightgbm"]
_PRELOADED += ["predict.report.monthly", "mlflow.store.tracking.sqlalchemy_store"]
_PRELOADED += ["predict.learning.leakage.audit", "predict.registry.models", "benchmarks.killing"]


@dataclass(frozen=True)
class Stage:
    """A home with one model in use, a new export, and a copy to start over from.

    Parameters
    ----------
    root : Path
        Holds ``home``, ``kept`` (its copy), ``co`` (the export) and ``learned`` (what a run on
        the new export learns, so that runs can be repeated without learning it again).
    """

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def definition(self) -> Path:
        return self.root / "co" / "definition.toml"

    @property
    def learned(self) -> Path:
        return self.root / "learned"

    @property
    def reports(self) -> Path:
        """Reports of both months, of runs that learned it all."""
        return self.root / "reports_kept"

    @property
    def told(self) -> Path:
        return self.root / "told.json"

    def start_over(self) -> None:
        """Bring the home back to one model in use."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.root / "kept", self.home)
        self.told.unlink(missing_ok=True)


def prepared(root: Path) -> Stage:
    """Train the first month, and learn once what the second one learns; once for a folder."""
    stage = Stage(root)
    if stage.reports.exists():
        return stage
    write_export(root / "co", FIRST)
    finish(stage, fast=False)
    shutil.copytree(stage.home, root / "kept")
    write_export(root / "co", SECOND)
    stage.learned.mkdir()
    finish(stage, fast=False, learn=True)
    shutil.copytree(stage.home / "reports", stage.reports)
    return stage


# ---- inside the process that is killed -----------------------------------------------------------


def run(root: Path, fast: bool, learn: bool, kill_at: int | None) -> None:
    """Run the month; called in a process of its own, which ends itself before write ``kill_at``."""
    from predict.home import Home
    from predict.jobs.monthly import monthly

    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    stage = Stage(root)
    if learn or fast:
        _learning(stage.learned, fast)
    writes = _counted(kill_at)
    done = monthly(stage.definition, Home.at(stage.home))
    told = {"state": done.state, "already": done.already, "writes": writes, "line": done.line}
    stage.told.write_text(json.dumps(told))


def _counted(kill_at: int | None) -> list[str]:
    """Count the writes of this process; before number ``kill_at`` it is killed."""
    from mlflow import MlflowClient

    writes: list[str] = []

    def watched(name: str, write: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if len(writes) == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            writes.append(name)
            return write(*given, **named)

        return call

    for name in WRITES:
        setattr(MlflowClient, name, watched(name, getattr(MlflowClient, name)))
    for name in ("rename", "replace"):
        setattr(Path, name, watched(f"publish ({name})", getattr(Path, name)))
    return writes


def _learning(folder: Path, fast: bool) -> None:
    """Keep what is learned in a folder, or take it from there: all that writes stays real."""
    import pandas as pd
    from mlflow.utils import environment

    from predict.jobs import comparing, judging, stages
    from predict.jobs import monthly as months
    from predict.jobs.fidelity import ReasonJudgement
    from predict.learning.backtest_result import BacktestResult
    from predict.learning.lead_model import LeadModel
    from predict.learning.leakage import audit as audits
    from predict.learning.verdict import Verdict
    from predict.report import monthly as pages

    def kept(make: Callable[..., Any], save: Callable[[Any], object], load: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            if fast:
                return load()
            made = make(*given, **named)
            save(made)
            return made

        return call

    def as_json(name: str, read: Callable[[Any], Any], write: Callable[[Any], Any]) -> Any:
        file = folder / f"{name}.json"
        return (
            lambda made: file.write_text(json.dumps(write(made), default=str)),
            lambda: read(json.loads(file.read_text())),
        )

    def compared(told: Any) -> comparing.Comparison:
        return comparing.Comparison(
            Verdict.from_dict(told["verdict"]), pd.DataFrame(told["changes"])
        )

    backtest, model, facts = folder / "backtest", folder / "model", folder / "facts"
    keep = stages.keep_facts  # type: ignore[attr-defined]

    def kept_facts(to: Path, *given: Any) -> dict[str, Path]:
        if not fast:
            keep(facts, *given)
        shutil.copytree(facts, to)
        names = {file.name: file for file in sorted(to.iterdir())}
        return {f"curves/{n}" if n.endswith(".svg") else n: file for n, file in names.items()}

    stages.keep_facts = kept_facts  # type: ignore[attr-defined]
    stages.backtest = kept(  # type: ignore[attr-defined]
        stages.backtest, lambda r: r.save(backtest), lambda: BacktestResult.load(backtest)
    )
    stages.fit_lead_model = kept(  # type: ignore[attr-defined]
        stages.fit_lead_model, lambda m: m.save(model), lambda: LeadModel.load(model)
    )
    judging.compare = kept(  # type: ignore[attr-defined]
        judging.compare,
        *as_json(
            "compared",
            compared,
            lambda c: {"verdict": c.verdict.as_dict(), "changes": c.changes.to_dict("list")},
        ),
    )
    audits.audit = kept(  # type: ignore[assignment]
        audits.audit, *as_json("audit", audits.Audit.from_dict, lambda made: made.as_dict())
    )
    months.build_dataset = kept(  # type: ignore[attr-defined]
        months.build_dataset,
        *as_json(
            "data",
            lambda told: SimpleNamespace(manifest=told, X=pd.DataFrame()),
            lambda d: d.manifest,
        ),
    )
    if fast:  # what takes time and writes nothing of its own
        told = json.loads((backtest / "summary.json").read_text()) if backtest.exists() else {}
        BacktestResult.summary = lambda self: told  # type: ignore[method-assign]
        BacktestResult.beats_baselines = lambda self: (True, "")  # type: ignore[method-assign]
        BacktestResult.save = lambda self, to: shutil.copytree(  # type: ignore[method-assign]
            backtest, to, dirs_exist_ok=True
        )
        stages.judge_reasons = lambda *given, **named: ReasonJudgement([])  # type: ignore[attr-defined]
        months.too_few = lambda data, stage: None  # type: ignore[attr-defined]
        months.thin = lambda data, stage: []  # type: ignore[attr-defined]
        environment.warn_dependency_requirement_mismatches = lambda found: None
        stages.draw = lambda result, folder: []  # type: ignore[attr-defined]
        pages.delays = lambda crm, delay: None  # type: ignore[attr-defined]
        months._Run._watched = lambda self, before: None  # type: ignore[method-assign]


# ---- outside -------------------------------------------------------------------------------------


def fresh() -> Any:
    """Return what makes processes that have everything imported and nothing opened."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def process(stage: Stage, **how: Any) -> Any:
    """Return a process that will run the month."""
    asked = {"fast": True, "learn": False, "kill_at": None} | how
    return fresh().Process(target=run, args=(stage.root, *asked.values()))


def aside(check: Callable[..., Any], *given: Any) -> Any:
    """Return what a function finds in a process of its own: an open store outlives its file."""
    with ProcessPoolExecutor(1, mp_context=fresh(), max_tasks_per_child=1) as pool:
        return pool.submit(check, *given).result()


def finish(stage: Stage, *, fast: bool = True, learn: bool = False) -> dict[str, Any]:
    """Run the month to its end; return what it told."""
    child = process(stage, fast=fast, learn=learn)
    child.start()
    child.join()
    if child.exitcode != 0:
        raise SystemExit(f"a run that nobody killed ended with {child.exitcode}")
    told: dict[str, Any] = json.loads(stage.told.read_text())
    return told


def chances(home: Path) -> tuple[int, list[float]]:
    """Return the version in use and what it says of some leads, from its verified files."""
    import pandas as pd

    from predict.home import Home
    from predict.learning.lead_model import LeadModel
    from predict.registry.models import Registry

    registry = Registry(Home.at(home))
    version = registry.champion("won-in-20-days")
    assert version is not None, "no model is in use"
    model = LeadModel.load(registry.fetch(version))
    columns = {spec.name: spec.dtype for spec in model.specs}
    X = pd.DataFrame(
        {
            name: [float(i) for i in range(20)] if dtype == "number" else ["Steel", "Paper"] * 10
            for name, dtype in columns.items()
        }
    )
    names = model.full.columns_.names
    return version.number, model.full.predict_proba(X[names])[:, 1].tolist()


def check_killed(stage: Stage, known: dict[int, list[float]]) -> int:
    """Check what a killed run left; return the version in use."""
    from predict.publish import verify

    number, found = chances(stage.home)
    assert found == known[number], f"version {number} scores otherwise than before"
    for folder in (stage.home / "archive" / "won-in-20-days").iterdir():
        if not folder.name.startswith("."):
            verify(folder)
    return number


def check_finished(stage: Stage, known: dict[int, list[float]]) -> None:
    """Check that the run after a kill came to the end that an unkilled one comes to."""
    from predict.home import Home
    from predict.publish import verify
    from predict.registry.models import Registry

    registry = Registry(Home.at(stage.home))
    models = registry.models()
    assert models["version"].tolist() == [1, 2], models
    moves = [m["version"] for m in registry.promotions("won-in-20-days")]
    assert moves == [1, 2], moves
    assert chances(stage.home) == (2, known[2])
    check_card(registry)
    for part in ("archive", "reports"):
        folders = list((stage.home / part / "won-in-20-days").iterdir())
        assert len(folders) == 2 and not any(f.name.startswith(".") for f in folders), folders
        for folder in folders:
            verify(folder)


def check_card(registry: Any) -> None:
    """Check that the card of the new version is whole and tells the verdict."""
    from predict.jobs.carding import complete_card
    from predict.registry.record import record_of

    version = registry.version("won-in-20-days", 2)
    with tempfile.TemporaryDirectory() as folder:
        card = record_of(registry, version, Path(folder) / "run").text("card.md")
    assert card is not None and version.tags["verdict"] in card, card
    assert not complete_card(registry, version), "the card was not complete"


def known_chances(stage: Stage) -> dict[int, list[float]]:
    """Return what both versions say, from runs that nobody killed."""
    second = aside(chances, stage.home)
    stage.start_over()
    return dict([second, aside(chances, stage.home)])


def after_kill(stage: Stage, known: dict[int, list[float]], fast: bool) -> int:
    """Check what is left, run again, check that; return the version in use at the kill."""
    in_use = check_killed(stage, known)
    run(stage.root, fast, False, None)
    check_finished(stage, known)
    return in_use


def kill_at_write(stage: Stage, number: int, known: dict[int, list[float]]) -> int:
    """Kill a run before a write, check, finish, check; return the version in use at the kill."""
    stage.start_over()
    child = process(stage, kill_at=number)
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL, child.exitcode
    in_use: int = aside(after_kill, stage, known, True)
    return in_use


def kill_after(stage: Stage, seconds: float, known: dict[int, list[float]], fast: bool) -> str:
    """Kill a run after some seconds, check, finish, check; return what had come of it."""
    stage.start_over()
    child = process(stage, fast=fast)
    child.start()
    child.join(seconds)
    was_over = not child.is_alive()
    if not was_over:
        os.kill(child.pid, signal.SIGKILL)
        child.join()
    in_use = aside(after_kill, stage, known, fast)
    return OVER if was_over else f"version {in_use} in use"
