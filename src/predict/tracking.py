"""Tracking: the MLflow store, opened quietly, and one training logged in it as a run."""

from __future__ import annotations

import contextlib
import getpass
import logging
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from predict.errors import ModelError, PredictError
from predict.home import Home
from predict.publish import locked
from predict.shareable import figures, staged, steps, texts

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
_LOGIN = re.compile(r"//[^/\s]*@")
_SETTINGS = {  # while the store is open, where the user has not said otherwise
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",  # it would copy lock files of the current directory
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # seconds, not minutes, until a wrong URI is told
}


class Store:
    """The MLflow store of a home: its SQLite file, or what ``$PREDICT_TRACKING_URI`` names.

    Nothing process-wide is set: neither MLflow's tracking URI nor an active run nor anybody's
    logging. Telemetry is off unless ``$MLFLOW_DISABLE_TELEMETRY`` says ``false``.

    Parameters
    ----------
    home : Home
        Where the SQLite file, the artifacts and the locks are.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self.uri = home.tracking_uri

    @property
    def where(self) -> str:
        """The URI as it may be shown: without name and password."""
        return _LOGIN.sub("//", self.uri)

    @property
    def exists(self) -> bool:
        """False where this home has never had a store; any other store is taken to exist."""
        is_own = self.uri == f"sqlite:///{self.home.store.as_posix()}"
        return not is_own or self.home.store.exists()

    def locked(self, what: str) -> contextlib.AbstractContextManager[None]:
        """Hold one of the store's locks; not that of the home, which a job holds meanwhile."""
        return locked(self.home.root / f".{what}.lock")

    @contextlib.contextmanager
    def opened(self) -> Iterator[MlflowClient]:
        """Yield the client; its notices are not heard, its complaints become `PredictError`."""
        # Read once, when MLflow is imported; of $DO_NOT_TRACK it takes only the word "true".
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with _quiet():
                yield self._client
        except (MlflowException, SQLAlchemyError) as error:
            raise PredictError(
                "the model store did not do what was asked of it",
                where=self.where,
                got=_LOGIN.sub("//", str(error).partition("\n")[0]),
                do="see that the store is there, complete, and of this version of MLflow",
            ) from error

    def experiment(self, client: MlflowClient, name: str) -> str:
        """Return the id of the experiment of this name, made where there is none."""
        found = client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        # Without a location MLflow writes below the current directory; a server has its own.
        is_server = urlsplit(self.uri).scheme in {"http", "https"}
        location = None if is_server else (self.home.artifacts / name).as_uri()
        return str(client.create_experiment(name, artifact_location=location))

    def download(self, location: str, folder: Path) -> Path:
        """Copy the artifacts at ``location`` into ``folder`` and return where they are.

        Raises
        ------
        ModelError
            They are not there, or not all of them.
        """
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException

        try:
            found = download_artifacts(location, dst_path=str(folder), tracking_uri=self.uri)
        except (OSError, MlflowException) as error:
            raise ModelError(
                "the files of a model cannot be had from where the store says they are",
                where=self.where,
                got=location,
                do="bring the files back to that place, or train again",
            ) from error
        return Path(found)

    @cached_property
    def _client(self) -> MlflowClient:
        from mlflow import MlflowClient

        # Two processes that find no tables both make them, and one fails.
        with self.locked("store"):
            client = MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
            client.search_experiments(max_results=1)
            client.search_registered_models(max_results=1)
        return client


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
    """Log one training as a run, its model with it; see `predict.registry.Registry.log_training`.

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
        As of ``log_training``.

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
        yield run
        status = "FINISHED"
    finally:
        client.set_terminated(run.info.run_id, status)


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


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hold back MLflow's notices and progress bars; afterwards all is as it was."""
    import mlflow  # noqa: F401  (it sets up its loggers when it is imported)

    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    added = {name: value for name, value in _SETTINGS.items() if name not in os.environ}
    try:
        for logger in loggers:
            logger.setLevel(max(logger.level, logging.WARNING))
        os.environ.update(added)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        for name in added:
            os.environ.pop(name, None)
