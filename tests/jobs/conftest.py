"""Lists of the simulated company, scored through the real job."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from predict.home import Home
from predict.jobs.scoring import Order, Scoring, score

AS_OF = datetime(2026, 7, 1)


@dataclass(frozen=True)
class Outcome:
    """A scored folder, read back."""

    done: Scoring

    @property
    def folder(self) -> Path:
        return self.done.folder

    @property
    def manifest(self) -> Any:
        return self.done.manifest

    @property
    def scores(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "scored.parquet")

    @property
    def reasons(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "reasons.parquet")


@pytest.fixture(scope="module")
def scored(company: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Outcome]:
    """Return a function that scores a list, given as text, a path or None for the open leads."""
    made = itertools.count()
    folder = tmp_path_factory.mktemp("scored")

    def of(leads: str | Path | None, *, as_of: datetime = AS_OF, **options: Any) -> Outcome:
        if isinstance(leads, str):
            path = folder / f"list_{next(made)}.csv"
            path.write_text(leads, encoding="utf-8")
            leads = path
        definition = options.pop("definition", company.definition)
        data = options.pop("data", None)
        to = options.pop("to", folder / f"scored_{next(made)}")
        order = Order(to, as_of, leads, **options)
        return Outcome(score(definition, Home.at(company.home), order, data=data))

    return of
