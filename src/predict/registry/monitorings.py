"""Monitorings: what was watched, as a run beside the trainings; the same inputs are one run."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from predict.registry.runs import who
from predict.registry.shareable import check_file, check_values, figures, staged, texts
from predict.registry.store import Store

if TYPE_CHECKING:
    from predict.home import Home

#: Tag that tells these runs from trainings.
KIND = "monitoring"


def log_monitoring(
    home: Home,
    name: str,
    *,
    inputs: str,
    metrics: Mapping[str, object],
    artifacts: Mapping[str, Path],
    tags: Mapping[str, object],
) -> str:
    """Log one monitoring in the experiment of a definition.

    Parameters
    ----------
    home : Home
    name : str
        Name of the definition.
    inputs : str
        Digest of everything that was watched.
    metrics : mapping
        Figures; what is not a finite number is left out.
    artifacts : mapping of str to Path
        Path below the run's artifacts → file; see `predict.registry.shareable`.
    tags : mapping
        Export, version of the model.

    Returns
    -------
    str
        Id of the run: the one there is where the same inputs were logged before.

    Raises
    ------
    RefusedError
        Something to be logged may hold personal data; nothing was logged.
    """
    from mlflow.entities import Metric

    for kind, values in (("metric", metrics), ("tag", tags)):
        check_values(values, kind)
    for path, file in artifacts.items():
        check_file(path, file)
    store = Store(home)
    with store.locked("monitoring"), store.opened() as client:
        experiment = store.experiment(client, name)
        known = client.search_runs(
            [experiment],
            f"tags.kind = '{KIND}' and tags.inputs = '{inputs}' and attributes.status = 'FINISHED'",
            max_results=1,
        )
        if known:
            return str(known[0].info.run_id)
        about = {
            "mlflow.user": who(),
            "mlflow.source.name": "predict",
            "kind": KIND,
            "inputs": inputs,
            **texts(tags),
        }
        run = client.create_run(experiment, run_name=f"monitor {inputs:.8}", tags=about)
        run_id, status = str(run.info.run_id), "FAILED"
        try:
            when = run.info.start_time
            logged = [Metric(k, v, when, 0) for k, v in figures(metrics).items()]
            client.log_batch(run_id, metrics=logged)
            with tempfile.TemporaryDirectory() as folder:
                client.log_artifacts(run_id, str(staged(artifacts, Path(folder) / "run")))
            status = "FINISHED"
        finally:
            client.set_terminated(run_id, status)
    return run_id
