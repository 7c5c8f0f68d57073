"""Runs: one training as MLflow keeps it, with the model in a form that plain MLflow loads."""

from __future__ import annotations

import contextlib
import getpass
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from predict.registry.shareable import figures, staged, steps, texts

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run, RunInfo

#: What MLflow runs to load a version. It hands over to the installed package, so that a version
#: carries no logic of its own and an old one profits from every later correction.
ENTRY = "from predict.scoring.pyfunc import serve\n\nserve()\n"
#: Where the model folder lies below the artifacts of a logged model.
FOLDER = "model"
#: Columns and types that a loaded version returns.
OUTPUT = {"probability": "double", "log_odds": "double", "basis": "string", "reasons": "string"}
#: Distributions whose versions a logged model pins: those that compute its numbers.
PINNED = ("predict-leads", "lightgbm", "numpy", "pandas", "scikit-learn")

_BATCH = 100  # parameters that MLflow takes at once


def log_run(
    client: MlflowClient,
    experiment: str,
    model_folder: Path,
    columns: Sequence[str],
    *,
    params: Mapping[str, object],
    metrics: Mapping[str, object],
    fold_metrics: Sequence[Mapping[str, object]],
    artifacts: Mapping[str, Path],
    tags: Mapping[str, object],
) -> LoggedModel:
    """Log one training as a run, its model with it.

    Parameters
    ----------
    client : MlflowClient
        From `Store.opened`.
    experiment : str
        Id of the experiment.
    model_folder : Path
        Sealed model folder.
    columns : sequence of str
        Input columns of the model.
    params, metrics, fold_metrics, artifacts, tags
        As of `predict.registry.models.Registry.log_training`.

    Returns
    -------
    LoggedModel
        Of the run, ready to be registered.
    """
    from mlflow.entities import LoggedModelOutput

    with (
        tempfile.TemporaryDirectory() as folder,
        _run(client, experiment, tags) as run,
    ):
        scratch, run_id = Path(folder), run.info.run_id
        model = client.create_logged_model(
            experiment, "model", run_id, params=texts(params), model_type="predict"
        )
        _log_numbers(
            client,
            run.info,
            model.model_id,
            params=params,
            metrics=metrics,
            fold_metrics=fold_metrics,
        )
        client.log_artifacts(run_id, str(staged(artifacts, scratch / "run")))
        client.log_model_artifacts(
            model.model_id, str(_loadable(model, columns, model_folder, scratch))
        )
        client.finalize_logged_model(model.model_id, "READY")
        client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    return model


def log_more(
    client: MlflowClient,
    run_id: str,
    metrics: Mapping[str, object],
    artifacts: Mapping[str, Path],
    tags: Mapping[str, object],
) -> None:
    """Add figures, files and tags to a run that has ended."""
    from mlflow.entities import Metric, RunTag

    start = client.get_run(run_id).info.start_time
    logged = [Metric(name, value, start, 0) for name, value in figures(metrics).items()]
    kept = [RunTag(name, value) for name, value in texts(tags).items()]
    for first in range(0, max(len(logged), len(kept)), _BATCH):
        part = slice(first, first + _BATCH)
        client.log_batch(run_id, metrics=logged[part], tags=kept[part])
    with tempfile.TemporaryDirectory() as folder:
        client.log_artifacts(run_id, str(staged(artifacts, Path(folder) / "run")))


def who() -> str:
    """Return the name of the user of this machine, for the record of who promoted what."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        return "unknown"


@contextlib.contextmanager
def _run(client: MlflowClient, experiment: str, tags: Mapping[str, object]) -> Iterator[Run]:
    """Yield a new run; it ends as finished where the block ends well, else as failed."""
    about = {
        "mlflow.user": who(),
        "mlflow.source.name": "predict",
        "mlflow.note.content": str(tags.get("verdict", "")),
        **texts(tags),
    }
    run = client.create_run(experiment, run_name=f"train {tags['inputs']!s:.8}", tags=about)
    status = "FAILED"
    try:
        _end_killed(client, experiment, run)
        yield run
        status = "FINISHED"
    finally:
        client.set_terminated(run.info.run_id, status)


def _end_killed(client: MlflowClient, experiment: str, run: Run) -> None:
    """Say of earlier runs on the same inputs that never ended that they were killed."""
    wanted = f"attributes.status = 'RUNNING' and tags.inputs = '{run.data.tags['inputs']}'"
    for other in client.search_runs([experiment], wanted):
        if other.info.run_id != run.info.run_id:
            client.set_terminated(other.info.run_id, "KILLED")


def _log_numbers(
    client: MlflowClient,
    run: RunInfo,
    model_id: str,
    *,
    params: Mapping[str, object],
    metrics: Mapping[str, object],
    fold_metrics: Sequence[Mapping[str, object]],
) -> None:
    """Log parameters, total metrics at step 0 and the metrics of each fold at its step."""
    from mlflow.entities import Metric, Param

    entries = [(name, value, run.start_time, 0) for name, value in figures(metrics).items()]
    logged = [
        Metric(name, value, moment, step, model_id=model_id)
        for name, value, moment, step in entries + steps(fold_metrics)
    ]
    settings = [Param(name, value) for name, value in texts(params).items()]
    for start in range(0, max(len(logged), len(settings)), _BATCH):
        part = slice(start, start + _BATCH)
        client.log_batch(run.run_id, metrics=logged[part], params=settings[part])


def _loadable(
    model: LoggedModel, columns: Sequence[str], model_folder: Path, scratch: Path
) -> Path:
    """Return the folder that MLflow loads: our model folder, and code that hands over to us."""
    from mlflow import pyfunc
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, Schema
    from mlflow.types.schema import AnyType

    entry, target = scratch / "entry.py", scratch / "loadable"
    entry.write_text(ENTRY, encoding="utf-8")
    # Any type: told "double" or "string", MLflow refuses whole numbers, categories and nullable
    # columns, and its message quotes the leads' values. We convert them ourselves.
    signature = ModelSignature(
        inputs=Schema([ColSpec(AnyType(), column, required=False) for column in columns]),
        outputs=Schema([ColSpec(kind, name) for name, kind in OUTPUT.items()]),
    )
    about = Model(run_id=model.source_run_id, model_id=model.model_id, model_uuid=model.model_id)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice to log an example of the input: leads' data
        pyfunc.save_model(
            target,
            python_model=str(entry),
            artifacts={FOLDER: str(shutil.copytree(model_folder, scratch / FOLDER))},
            mlflow_model=about,
            signature=signature,
            pip_requirements=[f"{name}=={metadata.version(name)}" for name in PINNED],
        )
    flavour = about.flavors[pyfunc.FLAVOR_NAME]
    flavour["artifacts"][FOLDER]["uri"] = FOLDER  # these two name a scratch folder of this machine
    flavour["model_code_path"] = entry.name
    about.save(target / "MLmodel")
    return target
