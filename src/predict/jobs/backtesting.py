"""Backtesting: as-if predictions of past months, published to a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from predict.crm.opening import open_crm
from predict.definition.schema import Definition
from predict.history.building import build_dataset
from predict.jobs.pictures import draw
from predict.jobs.stages import refuse_blocked
from predict.learning.backtest import backtest
from predict.publish import is_complete, json_digest, publishing

if TYPE_CHECKING:
    from predict.learning.backtest import BacktestResult


def run_backtest(
    path: Path,
    to: Path,
    *,
    data: Path | None = None,
    start: str | None = None,
    end: str | None = None,
    every: Literal["month", "week"] = "month",
    progress: Callable[[int, int, str], None] | None = None,
) -> BacktestResult:
    """Backtest a definition and publish predictions, summary and curves.

    Parameters
    ----------
    path : Path
        Definition file.
    to : Path
        Output folder: ``backtest.parquet``, ``summary.json``, ``curves.csv``, pictures.
    data : Path, optional
        Folder that relative paths start from.
    start, end : str, optional
        First cutoff at or after, last test row before: ISO dates, UTC.
    every : {"month", "week"}
        How often to refit.
    progress : callable, optional
        Called with (done, total, what).

    Returns
    -------
    BacktestResult
        Read back where the folder is complete for the same inputs.
    """
    from predict.learning.backtest import BacktestResult

    definition = Definition.read(path, data=data)
    crm = open_crm(definition)
    try:
        refuse_blocked(crm.findings)
        asked = {"start": start, "end": end, "every": every}
        sources = sorted({(s["table"], s["sha256"]) for s in crm.sources})
        inputs = json_digest([definition.digest(), sources, asked])
        if is_complete(to, inputs):
            return BacktestResult.load(to)
        dataset = build_dataset(crm)
    finally:
        crm.close()
    manifest: dict[str, Any] = {"asked": asked, "data": dataset.manifest}
    result = backtest(
        dataset,
        every=every,
        start=start or dataset.manifest["first_fold"],
        end=end,
        capacity_per_month=definition.money.capacity_per_month,
        progress=progress,
    )
    with publishing(to, inputs, manifest) as staging:
        result.save(staging)
        draw(result, staging)
    return result
