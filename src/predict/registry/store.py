"""Store: where MLflow keeps trainings and models; opened quietly, its complaints translated."""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from predict.errors import ModelError, PredictError
from predict.home import Home
from predict.publish import locked

if TYPE_CHECKING:
    from mlflow import MlflowClient

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
