"""Record: everything the store keeps about a version, read from the store alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.registry.shareable import check_file, figures, staged

if TYPE_CHECKING:
    from predict.registry.models import Registry
    from predict.registry.versions import Version

#: Tags of a run that a record leaves out: they change after the training, or are the store's own.
_LATER = ("mlflow.", "promoted_")


@dataclass(frozen=True)
class Record:
    """What the store says of one version.

    Parameters
    ----------
    name, number, created
        Name of the definition, version, when it was registered (naive UTC).
    params, tags : mapping of str to str
        Of the run that trained it.
    metrics : mapping of str to float
        Total figures of the run.
    folder : Path
        A local copy of the run's artifacts.
    """

    name: str
    number: int
    created: datetime
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    folder: Path = Path()

    def json(self, path: str) -> Any:
        """Return a JSON artifact, or None where none was kept."""
        file = self.folder / path
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None

    def text(self, path: str) -> str | None:
        """Return a text artifact, or None where none was kept."""
        file = self.folder / path
        return file.read_text(encoding="utf-8") if file.is_file() else None


def asked_for(registry: Registry, name: str, number: int | None) -> Version:
    """Return a version by its number; without one, the newest.

    Raises
    ------
    InputError
        There is no such version, or none at all.
    """
    if number is None:
        known = registry.models(name)["version"]
        number = int(known.max()) if len(known) else 1
    return registry.version(name, number)


def record_of(registry: Registry, version: Version, folder: Path) -> Record:
    """Return the record of a version, its artifacts copied below ``folder``.

    Parameters
    ----------
    registry : Registry
        Where it is registered.
    version : Version
        Which one.
    folder : Path
        An empty folder.

    Raises
    ------
    ModelError
        The artifacts of its run are not where the store says.
    """
    with registry.store.opened() as client:
        run = client.get_run(version.run_id)
        kept = registry.store.download(f"{run.info.artifact_uri}", folder)
    return Record(
        name=version.name,
        number=version.number,
        created=version.created,
        params=dict(run.data.params),
        tags={k: v for k, v in run.data.tags.items() if not k.startswith(_LATER)},
        metrics=dict(run.data.metrics),
        folder=kept,
    )


def attach(
    registry: Registry,
    version: Version,
    *,
    artifacts: Mapping[str, Path],
    metrics: Mapping[str, object] | None = None,
) -> None:
    """Add files and figures to the run of a version; those of the same name are replaced.

    Parameters
    ----------
    registry : Registry
        Where it is registered.
    version : Version
        Which one.
    artifacts : mapping of str to Path
        Path below the run's artifacts → file; see `predict.registry.shareable`.
    metrics : mapping, optional
        Numbers, or tables ``{"value", "low", "high"}``.

    Raises
    ------
    RefusedError
        A file may hold personal data; nothing was added.
    """
    import tempfile

    from mlflow.entities import Metric

    for path, file in artifacts.items():
        check_file(path, file)
    with tempfile.TemporaryDirectory() as scratch, registry.store.opened() as client:
        start = client.get_run(version.run_id).info.start_time
        logged = [Metric(n, v, start, 0) for n, v in figures(metrics or {}).items()]
        for first in range(0, len(logged), 100):
            client.log_batch(version.run_id, metrics=logged[first : first + 100])
        # Last: where the files are, the figures are.
        client.log_artifacts(version.run_id, str(staged(artifacts, Path(scratch) / "run")))
