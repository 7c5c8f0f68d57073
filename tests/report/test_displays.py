from __future__ import annotations

import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from predict.learning.backtest_result import BacktestResult
from predict.report.displays import CalibrationDisplay, FoldsDisplay, GainDisplay, to_svg
from predict.scoring.words import Goal, forbidden_words

REACHED = Goal("opportunity", 90).reached
DISPLAYS = [CalibrationDisplay, GainDisplay, FoldsDisplay]


def backtested(months: int = 4, n: int = 200) -> BacktestResult:
    """Chances that are known to be right, over some months."""
    rng = np.random.default_rng(0)
    cutoffs = pd.date_range("2023-11-01", periods=months, freq="MS")
    cutoff = np.repeat(cutoffs, n)
    p = 1 / (1 + np.exp(-rng.normal(-1.5, 1, months * n)))
    y = (rng.random(months * n) < p).astype(int)
    ids = [f"L{i}" for i in range(months * n)]
    frame = pd.DataFrame(
        {
            "lead_id": ids,
            "as_of": cutoff,
            "group": ids,
            "cutoff": cutoff,
            "y": y,
            "probability": p,
            "basis": "full",
            "new_lead": True,
            "p_base_rate": 0.2,
            "p_recency": p**0.5 / 2,
            "incumbent_<b>$core$": np.round(p, 1),
        }
    )
    folds = pd.DataFrame({"cutoff": cutoffs, "until": cutoffs + pd.offsets.MonthBegin()})
    folds = folds.assign(
        months=1.0, train_rows=1, train_leads=1, train_wins=1, test_rows=n, test_leads=n
    )
    return BacktestResult(frame, folds, flattered=("incumbent_<b>$core$",))


@pytest.fixture(scope="module")
def result() -> BacktestResult:
    return backtested()


def texts(svg: str) -> str:
    root = ElementTree.fromstring(svg)
    return " | ".join(t for t in root.itertext() if t.strip())


@pytest.mark.parametrize("display", DISPLAYS)
def test_a_picture_is_one_svg_element_the_same_each_time(
    display: type, result: BacktestResult
) -> None:
    first = to_svg(display.from_backtest(result))
    assert first == to_svg(display.from_backtest(result).plot())
    assert ElementTree.fromstring(first).tag.endswith("svg")
    assert not re.search(r"20[2-9]\d-\d\d-\d\dT|matplotlib v", first)  # no date, no version


@pytest.mark.parametrize("display", DISPLAYS)
def test_words_are_those_of_readers(display: type, result: BacktestResult) -> None:
    options = {} if display is FoldsDisplay else {"outcome": REACHED}
    shown = texts(to_svg(display.from_backtest(result, **options)))
    assert forbidden_words(shown) == []
    if options:
        assert REACHED in shown


def test_every_metric_has_words_for_readers(result: BacktestResult) -> None:
    for metric in ("log_loss", "brier", "roc_auc", "average_precision", "base_rate", "lift_10%"):
        assert (
            forbidden_words(texts(to_svg(FoldsDisplay.from_backtest(result, metric=metric)))) == []
        )
    with pytest.raises(ValueError, match="no figure 'accuracy' in this backtest; there are"):
        FoldsDisplay.from_backtest(result, metric="accuracy")


def test_names_of_incumbents_are_text_not_markup_or_formulas(result: BacktestResult) -> None:
    shown = texts(to_svg(GainDisplay.from_backtest(result)))
    assert "“<b>$core$” (saw the outcome)" in shown
    assert "days since last active" in shown and "same chance for all" not in shown


def test_the_curve_drawn_is_the_curve_of_the_result(result: BacktestResult) -> None:
    shown = CalibrationDisplay.from_backtest(result).plot()
    curve = result.curves().query("kind == 'calibration'")
    line = next(line for line in shown.ax_.lines if line.get_marker() == "o")
    assert np.allclose(line.get_xdata(), curve["x"]) and np.allclose(line.get_ydata(), curve["y"])
    folds = FoldsDisplay.from_backtest(result).plot()
    line = next(line for line in folds.ax_.lines if line.get_marker() == "o")
    assert np.allclose(line.get_ydata(), result.folds()["log_loss"])
    assert [t.get_text() for t in folds.ax_.get_xticklabels()] == [
        "Nov\n2023",
        "Dec",
        "Jan\n2024",
        "Feb",
    ]


def test_own_axes_are_used(result: BacktestResult) -> None:
    from matplotlib.figure import Figure

    axes = Figure().subplots(1, 3)
    for ax, display in zip(axes, DISPLAYS, strict=True):
        shown = display.from_backtest(result)
        assert shown.plot(ax=ax) is shown
        assert shown.ax_ is ax and shown.figure_ is ax.figure


def test_a_notebook_shows_what_was_plotted(result: BacktestResult) -> None:
    shown = CalibrationDisplay.from_backtest(result)
    assert shown._repr_svg_() is None
    assert shown.plot()._repr_svg_() == to_svg(shown)


@pytest.mark.parametrize("n", [1, 40])
def test_one_fold_and_many_folds_are_readable(n: int) -> None:
    cutoffs = pd.date_range("2023-11-06", periods=n, freq="7D")
    metrics = pd.concat(
        pd.DataFrame({"cutoff": cutoffs, "series": series, "value": 0.5, "low": 0.4, "high": 0.6})
        for series in ("probability", "p_recency")
    ).assign(scope="fold", metric="log_loss")
    shown = FoldsDisplay(metrics).plot().ax_
    assert 1 <= len(shown.get_xticks()) <= 12
    assert shown.get_xticklabels()[0].get_text() == "6 Nov\n2023"
    # A line of a single point would not be seen.
    assert n > 1 or all(line.get_marker() in (".", "o") for line in shown.lines)


def test_drawing_touches_no_global_state_and_importing_loads_nothing() -> None:
    code = (
        "import sys, predict.report.displays as d, pandas as pd\n"
        "assert 'matplotlib' not in sys.modules\n"
        "c = pd.DataFrame({'x': [.1, .5], 'y': [.1, .6], 'low': 0, 'high': .7})\n"
        "d.to_svg(d.CalibrationDisplay(c))\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
