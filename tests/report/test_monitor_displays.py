"""Pictures of a monitoring: one SVG each, the same twice, in the words of readers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from predict.loop.conversion_curve import tabulated
from predict.report.displays import Display, to_svg
from predict.report.monitor_displays import CohortDisplay, EarlyDisplay, InputsDisplay
from predict.scoring.words import forbidden_words


def displays() -> dict[str, Display]:
    rng = np.random.default_rng(0)
    p = rng.beta(2, 12, 600)
    cohorts = pd.DataFrame(
        {"probability": p, "y": (rng.random(600) < p).astype(int), "back": np.arange(600) % 3}
    )
    counted = pd.DataFrame(
        {"back": np.repeat(np.arange(6), 2), "end": [5, 29] * 6, "leads": 50, "came": [9, 0] * 6}
    )
    figures = pd.DataFrame(
        {
            "watch": "drift",
            "subject": ["cost in $", "a" * 60],
            "as_of": pd.Timestamp("2026-07-01"),
            "value": [0.3, 0.01],
            "high": [0.1, 0.1],
            "severity": ["warn", "fine"],
        }
    )
    return {
        "cohorts": CohortDisplay(cohorts, pd.Timestamp("2026-04-01")),
        "early": EarlyDisplay(tabulated(counted, 30), "opportunity"),
        "inputs": InputsDisplay(figures),
    }


@pytest.mark.parametrize("name", ["cohorts", "early", "inputs"])
def test_a_picture_is_the_same_twice_and_says_no_word_of_the_trade(name: str):
    first, second = displays()[name], displays()[name]
    svg = to_svg(first)
    assert svg == to_svg(second) and svg.startswith("<svg")
    assert forbidden_words(first.title) == []
    assert forbidden_words(" ".join(part.split("<")[0] for part in svg.split(">"))) == []


def test_a_cohort_is_drawn_where_pandas_puts_it():
    display = displays()["cohorts"]
    assert isinstance(display, CohortDisplay)
    shown = display.plot()
    line = next(line for line in shown.ax_.lines if line.get_marker() == "o")
    assert np.allclose(line.get_ydata(), display.table["rate"])
    assert display.table.index.tolist() == [2, 1, 0]  # the oldest first
