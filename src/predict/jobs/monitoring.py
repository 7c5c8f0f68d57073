"""Monitoring as a job: the newest export watched, published where asked, and logged once."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from predict import __version__
from predict.crm.opening import open_crm
from predict.definition.schema import Definition
from predict.home import Home
from predict.loop.monitoring import Monitoring, monitor
from predict.publish import is_complete, json_digest, publishing, write_json
from predict.scoring.ledger import Ledger

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.learning.lead_model import LeadModel


def watch(
    path: Path,
    home: Home,
    *,
    data: Path | None = None,
    to: Path | None = None,
    since: datetime | None = None,
) -> Monitoring:
    """Watch the newest export of a definition with the model in use.

    Parameters
    ----------
    path : Path
        Definition file.
    home : Home
        Registry and ledger.
    data : Path, optional
        Folder that relative paths start from.
    to : Path, optional
        Folder to publish in; see `record`.
    since : datetime, optional
        See `predict.loop.monitoring.monitor`.

    Returns
    -------
    Monitoring
        Without a model in use, what can be watched without one.

    Raises
    ------
    RefusedError
        The definition means something else than the model's.
    """
    from predict.jobs.scoring import champion
    from predict.registry.models import Registry

    definition = Definition.read(path, data=data)
    model: LeadModel | None = None
    version, digest = "none", ""
    if Registry(home).champion(definition.name) is not None:
        found, model = champion(definition, home)
        version, digest = str(found.number), found.digest
    types = {} if model is None else {p["name"]: p["dtype"] for p in model.card["data"]["profile"]}
    crm = open_crm(definition, types=types, archive=home.archive)
    try:
        done = monitor(home, definition, crm, model=model, since=since)
        inputs = inputs_digest(home, crm, digest, since)
    finally:
        crm.close()
    record(done, home, inputs, to=to, version=version)
    return done


def inputs_digest(home: Home, crm: Crm, model_digest: str, since: datetime | None = None) -> str:
    """Return the digest of everything that a monitoring depends on."""
    runs = Ledger(home.ledger).runs()["run"].tolist()
    definition = crm.definition.digest()
    said = None if since is None else since.isoformat()
    return json_digest([definition, crm.read_from, model_digest, runs, said, __version__])


def record(
    done: Monitoring,
    home: Home,
    inputs: str,
    *,
    to: Path | None = None,
    version: str = "none",
) -> None:
    """Log a monitoring in the experiment of its definition, and publish it where asked.

    Parameters
    ----------
    done : Monitoring
    home : Home
    inputs : str
        From `inputs_digest`: the same inputs are one run, and leave a folder as it is.
    to : Path, optional
        Gets ``monitoring.json`` (findings and every figure), ``monitoring.csv`` (the figures) and
        the pictures.
    version : str
        Number of the model's version.
    """
    from predict.registry.monitorings import log_monitoring

    if to is not None and not is_complete(to, inputs):
        with publishing(to, inputs, {"about": dict(done.about)}) as staging:
            _write(done, staging)
            done.frame().to_csv(staging / "monitoring.csv", index=False, lineterminator="\n")
    with tempfile.TemporaryDirectory() as folder:
        log_monitoring(
            home,
            str(done.about["name"]),
            inputs=inputs,
            metrics=done.metrics(),
            artifacts={file.name: file for file in _write(done, Path(folder))},
            tags={"version": version, "exported_at": done.about["exported_at"]},
        )


def _write(done: Monitoring, folder: Path) -> list[Path]:
    """Write the findings and the pictures; return their paths."""
    from predict.report.displays import to_svg
    from predict.report.monitor_displays import displays_of

    write_json(folder / "monitoring.json", done.as_dict())
    for name, display in displays_of(done).items():
        (folder / f"{name}.svg").write_text(to_svg(display), encoding="utf-8", newline="\n")
    return sorted(folder.glob("*.json")) + sorted(folder.glob("*.svg"))
