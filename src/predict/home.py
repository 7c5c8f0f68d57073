"""Where the store, the archive, the ledger and the feedback live."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

#: Environment variable that names the home; ``--home`` wins over it.
HOME_VARIABLE = "PREDICT_HOME"
#: Environment variable that names another MLflow tracking server.
TRACKING_VARIABLE = "PREDICT_TRACKING_URI"
DEFAULT_HOME = "models"


@dataclass(frozen=True)
class Home:
    """The folder that holds all state of one installation.

    Examples
    --------
    >>> Home.at("here").archive.as_posix().endswith("here/archive")
    True
    """

    root: Path

    @classmethod
    def at(cls, path: str | os.PathLike[str] | None = None) -> Home:
        """Return the home at ``path``, else at ``$PREDICT_HOME``, else at ``models/``."""
        chosen = path or os.environ.get(HOME_VARIABLE) or DEFAULT_HOME
        return cls(Path(chosen).expanduser().resolve())

    @property
    def store(self) -> Path:
        """SQLite file of the MLflow tracking store and model registry."""
        return self.root / "mlflow.db"

    @property
    def tracking_uri(self) -> str:
        """URI of the MLflow store: ``$PREDICT_TRACKING_URI``, else the SQLite file."""
        return os.environ.get(TRACKING_VARIABLE) or f"sqlite:///{self.store.as_posix()}"

    @property
    def artifacts(self) -> Path:
        """Folder of MLflow artifacts."""
        return self.root / "artifacts"

    @property
    def cache(self) -> Path:
        """Verified copies of model folders, by digest; may be removed at any time."""
        return self.root / "cache"

    @property
    def archive(self) -> Path:
        """Every export that trained a model, dated, typed, under pseudonyms."""
        return self.root / "archive"

    @property
    def ledger(self) -> Path:
        """Append-only record of every lead scored."""
        return self.root / "ledger"

    @property
    def reports(self) -> Path:
        """What monthly runs reported: one sealed folder a run."""
        return self.root / "reports"

    @property
    def feedback(self) -> Path:
        """What sales said of leads."""
        return self.root / "feedback"

    @property
    def lock(self) -> Path:
        """Lock file that one writing job holds at a time."""
        return self.root / ".lock"
