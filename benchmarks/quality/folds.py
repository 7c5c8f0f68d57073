"""Data sets as folds in Parquet: what every learner gets, and what becomes of the test rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

import predict as pr
from predict.history.dataset import Dataset

ROOT = Path(__file__).parents[2]
#: Seeds of the simulated companies; none of them was used while the model was built.
WORLDS = (201, 202, 203)
LEADS = 8_000
DATA_SETS = ("bpic2012", "bank", *(f"demo {seed}" for seed in WORLDS))
#: The four newest whole months of a world, two at a time; its last look is on 1 April.
WORLD_CUTOFFS = pd.date_range("2025-12-01", "2026-04-01", freq="2MS")


@dataclass(frozen=True)
class Folds:
    """The folds of one data set on disk.

    Parameters
    ----------
    name : str
    folders : list of Path
        Oldest first; each holds ``train.parquet`` and ``test.parquet`` (features, ``as_of``,
        ``group``, in training ``y``), ``outcome.parquet`` (``group``, ``y`` of the test rows) and
        ``about.json``.
    """

    name: str
    folders: list[Path]

    def outcomes(self, fold: Path) -> pd.DataFrame:
        """Return ``group`` and ``y`` of the test rows of a fold."""
        return pd.read_parquet(fold / "outcome.parquet")


def written(name: str, work: Path) -> Folds:
    """Return the folds of a data set by its name; they are written once."""
    home = work / name.replace(" ", "-")
    if not (home / "complete").exists():
        data = dataset(name)
        write(data, cutoffs(name, data), home)
    return Folds(name, sorted(p for p in home.iterdir() if p.is_dir()))


def dataset(name: str) -> Dataset:
    """Return the snapshots of a real export, or of the simulated company of a seed."""
    if not name.startswith("demo"):
        return _built(ROOT / "pipelines" / f"{name}.toml")
    from predict.demo.company import write_company

    with TemporaryDirectory() as folder:
        write_company(Path(folder), leads=LEADS, seed=int(name.split()[1]))
        return _built(Path(folder) / "definition.toml")


def cutoffs(name: str, data: Dataset) -> list[pd.Timestamp]:
    """Return the moments of refitting, and the end: no test row lies at or after it."""
    end = data.as_of.max() + pd.Timedelta(1, "us")
    if name == "bpic2012":
        return [pd.Timestamp("2012-01-01"), end]
    if name == "bank":
        return [*sorted(data.as_of.unique())[6:], end]
    return list(WORLD_CUTOFFS)


def write(data: Dataset, moments: Sequence[pd.Timestamp], home: Path) -> None:
    """Write one folder per cutoff, as `predict.backtest` would split there.

    Parameters
    ----------
    data : Dataset
    moments : sequence of Timestamp
        Cutoffs, ascending, and the end. A row trains where its outcome was known by the cutoff.
    home : Path
        Features are named f000, f001, …: some learners refuse the characters of ours.
    """
    names = {c: f"f{i:03}" for i, c in enumerate(data.X.columns)}
    known_at = data.as_of + pd.Timedelta(days=data.horizon_days + data.export_lag_days)
    for cutoff, until in pairwise(moments):
        learns = (known_at <= cutoff) & (data.as_of < cutoff)
        judged = (data.as_of >= cutoff) & (data.as_of < until)
        if not judged.any():
            continue
        fold = home / f"{cutoff:%Y-%m-%d}"
        fold.mkdir(parents=True, exist_ok=True)
        for part, rows in (("train", learns), ("test", judged)):
            taken = data.take(rows)
            frame = taken.X.rename(columns=names).assign(as_of=taken.as_of, group=taken.groups)
            if part == "train":
                frame = frame.assign(y=taken.y)
            else:
                outcome = pd.DataFrame({"group": taken.groups, "y": taken.y})
                outcome.to_parquet(fold / "outcome.parquet")
            frame.to_parquet(fold / f"{part}.parquet")
        about = {
            "horizon_days": data.horizon_days + data.export_lag_days,
            "text": [names[c] for c in data.text_columns],
            "train_rows": int(learns.sum()),
            "test_rows": int(judged.sum()),
        }
        (fold / "about.json").write_text(json.dumps(about), encoding="utf-8")
    (home / "complete").touch()


def _built(definition: Path) -> Dataset:
    crm = pr.open_crm(pr.Definition.read(definition))
    try:
        return pr.build_dataset(crm)
    finally:
        crm.close()
