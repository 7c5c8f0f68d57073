"""The learners: where each one's script and environment are, and one run of it on one fold."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
ONE_CORE = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")
#: A learner that needs so many times its limit, and two minutes, is stopped.
PATIENCE, GRACE_SECONDS = 10, 120


@dataclass(frozen=True)
class Peer:
    """A learner in the table.

    Parameters
    ----------
    name : str
        As the table says it.
    script : str
        In ``fitting/``.
    environment : str, optional
        Folder of a virtual environment made from ``requirements/``; None is our own.
    limited : bool
        Whether it is told how long it may take.
    """

    name: str
    script: str
    environment: str | None = None
    limited: bool = True

    def python(self, environments: Path) -> Path:
        """Return the interpreter that runs the script."""
        if self.environment is None:
            return Path(sys.executable)
        return environments / self.environment / "bin" / "python"

    @property
    def how(self) -> str:
        """How the learner is run: the first line of its script."""
        text = (HERE / "fitting" / f"{self.script}.py").read_text(encoding="utf-8")
        return text.split('"""')[1].split("\n")[0]


OURS = Peer("predict", "ours", limited=False)
#: Cheap ones first, so that a table is there early.
PEERS = (
    Peer("logistic regression", "plain_logistic", limited=False),
    Peer("HistGradientBoosting", "histograms", limited=False),
    Peer("LightGBM, plain", "plain_lightgbm", limited=False),
    Peer("LightGBM, Optuna", "tuned_lightgbm", "optuna"),
    Peer("FLAML", "with_flaml", "flaml"),
    Peer("AutoGluon", "with_autogluon", "autogluon"),
    Peer("mljar-supervised", "with_mljar", "mljar"),
)


@dataclass(frozen=True)
class Run:
    """What one learner did on one fold.

    Parameters
    ----------
    chances : pandas.Series or None
        Of the test rows; None where it failed.
    about : dict
        ``fit_seconds``, ``predict_seconds``, ``cpu_seconds``, ``load``, ``limit``, ``versions``;
        or ``failed``, in a line.
    """

    chances: pd.Series | None
    about: dict


def ran(
    peer: Peer, fold: Path, *, seconds: float, environments: Path, only_read: bool = False
) -> Run:
    """Return the run of a learner on a fold; one that is on disk is not repeated.

    Parameters
    ----------
    peer : Peer
    fold : Path
        From `folds.write`; the run is kept beside the data.
    seconds : float
        Time limit of the fit, in seconds of wall time, for a learner that takes one.
    environments : Path
        Folder of the virtual environments.
    only_read : bool
        Run nothing: a run that is not on disk counts as failed.
    """
    to = fold / "runs" / peer.script
    note = to / "run.json"
    if not note.exists():
        if only_read:
            return Run(None, {"failed": "not run"})
        python = peer.python(environments)
        if not python.exists():
            return Run(None, {"failed": "not installed"})
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir(parents=True)
        failed = _run([str(python), str(HERE / "fitting" / f"{peer.script}.py")], fold, to, seconds)
        about = json.loads(note.read_text(encoding="utf-8")) if note.exists() else {}
        about |= {"limit": seconds if peer.limited else None} | (
            {"failed": failed} if failed else {}
        )
        note.write_text(json.dumps(about, indent=1), encoding="utf-8")
        shutil.rmtree(to / "made", ignore_errors=True)
    about = json.loads(note.read_text(encoding="utf-8"))
    made = to / "probabilities.parquet"
    usable = made.exists() and "failed" not in about
    return Run(pd.read_parquet(made)["probability"] if usable else None, about)


def _run(command: list[str], fold: Path, to: Path, seconds: float) -> str:
    """Run a script; return why it failed, or nothing."""
    env = os.environ | {f"{name}_NUM_THREADS": "1" for name in ONE_CORE}
    env |= {"LOKY_MAX_CPU_COUNT": "1", "TOKENIZERS_PARALLELISM": "false"}
    env["PYTHONPATH"] = (
        str(HERE.parents[1] / "src") if Path(command[0]) == Path(sys.executable) else ""
    )
    with (to / "log.txt").open("w", encoding="utf-8") as log:
        try:
            done = subprocess.run(
                [*command, str(fold), str(to), str(seconds)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=to,
                timeout=seconds * PATIENCE + GRACE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"stopped after {seconds * PATIENCE + GRACE_SECONDS:.0f} s"
    if done.returncode == 0:
        return ""
    lines = (to / "log.txt").read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "no word")[:200]
