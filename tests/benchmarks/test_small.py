"""Small firms: two draws of `benchmarks.small`, which has twenty."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.small import history, judged


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    past, test = history(leads=6_000)
    sizes = ("448 leads", "40 wins", "40 wins, shuffled")
    rows = [{"size": s, **judged(past, test, s, seed)} for s in sizes for seed in (1, 2)]
    return pd.DataFrame(rows).groupby("size").mean()


def test_448_leads_are_no_worse_than_logistic(found: pd.DataFrame) -> None:
    ours = found.loc["448 leads"]
    assert ours["predict"] < ours["logistic"]
    assert ours["predict"] < ours["logistic, C = 0.01"] + 0.005


def test_forty_wins_are_useful(found: pd.DataFrame) -> None:
    ours = found.loc["40 wins"]
    assert ours["predict"] < ours["source rate"]
    assert ours["auc"] > 0.65


def test_forty_wins_are_modest(found: pd.DataFrame) -> None:
    for size in ("40 wins", "40 wins, shuffled"):
        ours = found.loc[size]
        assert ours["largest"] < 0.95
        assert 0.6 < ours["mean"] / ours["rate"] < 1.6
    # Where there is nothing to learn, little is lost against saying the rate of the source.
    nothing = found.loc["40 wins, shuffled"]
    assert nothing["predict"] < nothing["source rate"] + 0.02
