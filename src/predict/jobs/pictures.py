"""Pictures of a backtest, as SVG files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from predict.learning.backtest_result import BacktestResult


def draw(result: BacktestResult, folder: Path) -> list[Path]:
    """Write ``calibration.svg``, ``gain.svg`` and ``folds.svg``; return their paths."""
    from predict.report.displays import CalibrationDisplay, FoldsDisplay, GainDisplay, to_svg

    drawn = {
        "calibration": to_svg(CalibrationDisplay.from_backtest(result)),
        "gain": to_svg(GainDisplay.from_backtest(result)),
        "folds": to_svg(FoldsDisplay.from_backtest(result)),
    }
    for name, text in drawn.items():
        (folder / f"{name}.svg").write_text(text, encoding="utf-8", newline="\n")
    return [folder / f"{name}.svg" for name in drawn]
