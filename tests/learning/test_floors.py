"""The floors below which nothing is trained: said in leads and months, by arithmetic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from predict.errors import RefusedError
from predict.history.dataset import Dataset
from predict.learning.floors import LEAST_WINS, require, shortfall, thin


def data_of(wins: int, losses: int, *, days: int = 300, horizon: float = 30.0) -> Dataset:
    """Return leads looked at once each, evenly over the days, wins evenly among them."""
    n = wins + losses
    as_of = pd.Timestamp("2025-01-05") + pd.to_timedelta(np.arange(n) * days / n, unit="D")
    y = np.zeros(n, dtype=int)
    y[np.unique(((np.arange(wins) + 0.5) * n / max(wins, 1)).astype(int))] = 1
    keys = pd.DataFrame({"lead_id": [f"L{i}" for i in range(n)], "as_of": as_of})
    keys["created_at"], keys["group"] = as_of, keys["lead_id"]
    exported = as_of[-1] + pd.Timedelta(days=horizon)
    manifest: dict[str, object] = {"exported_at": f"{exported:%Y-%m-%dT%H:%M:%S}"}
    X = pd.DataFrame({"visits": np.arange(n, dtype=float)})
    return Dataset(X, pd.Series(y), keys, (), horizon, manifest=manifest)


def test_enough_is_enough() -> None:
    assert shortfall(data_of(60, 500)) is None
    require(data_of(60, 500), "opportunity")


def test_how_many_wins_are_missing_and_when_they_are_there() -> None:
    data = data_of(17, 483)
    short = shortfall(data)
    assert short is not None
    assert (short.wins, short.leads, short.missing, short.missing_kind) == (17, 500, 13, "won")
    assert short.a_month == pytest.approx(17 / 300 * 365.25 / 12, rel=0.15)
    exported = pd.Timestamp(str(data.manifest["exported_at"]))
    assert short.by is not None
    months = (short.by - exported) / pd.Timedelta(days=365.25 / 12)
    assert months == pytest.approx(13 / short.a_month)
    with pytest.raises(RefusedError, match="needs about 13 more leads that became an oppo") as told:
        require(data, "opportunity")
    assert f"at your rate of 2 a month about {short.by:%B %Y}" in str(told.value)
    assert told.value.exit_code == 2


def test_the_first_lead_above_the_floor() -> None:
    below, at = data_of(LEAST_WINS - 1, 800), data_of(LEAST_WINS, 800)
    short = shortfall(below)
    assert short is not None and short.missing == 1
    with pytest.raises(RefusedError, match="needs about 1 more lead that became"):
        require(below, "opportunity")
    assert shortfall(at) is None


@pytest.mark.parametrize(("wins", "losses", "kind"), [(0, 400, "won"), (400, 0, "lost")])
def test_one_outcome_alone(wins: int, losses: int, kind: str) -> None:
    short = shortfall(data_of(wins, losses))
    assert short is not None and short.missing_kind == kind
    assert short.by is None  # there is no rate to go by
    with pytest.raises(RefusedError) as told:
        require(data_of(wins, losses), "won")
    assert "at your rate" not in str(told.value)


def test_too_few_leads_before_the_newest_month() -> None:
    short = shortfall(data_of(60, 60))
    assert short is not None and short.missing_kind == "leads"
    assert shortfall(data_of(300, 300, days=20)) is not None  # no month before the newest one


def test_few_outcomes_are_told_with_their_interval() -> None:
    (found,) = thin(data_of(40, 460), "opportunity")
    assert "Only 40 of 500 leads became an opportunity" in found.sentence
    assert found.counts["low"] == pytest.approx(0.0592, abs=1e-3)  # Wilson 1927
    assert found.counts["high"] == pytest.approx(0.1071, abs=1e-3)
    assert thin(data_of(250, 500), "opportunity") == []
