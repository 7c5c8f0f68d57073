from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from predict.history.specs import Spec
from predict.learning.model import ConversionModel
from predict.scoring.change import change

SPECS = tuple(
    Spec(name, dtype, "behaviour", concept, concept)  # type: ignore[arg-type]
    for name, dtype, concept in (
        ("visits_7d", "number", "visits"),
        ("visits_30d", "number", "visits"),
        ("days", "number", "age"),
        ("source", "category", "source"),
    )
)
NAMES = [s.name for s in SPECS]


def company(seed: int, rows: int = 900) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    visits = rng.poisson(2, rows).astype(float)
    X = pd.DataFrame(
        {
            "visits_7d": visits,
            "visits_30d": visits + rng.poisson(2, rows),
            "days": rng.uniform(0, 60, rows),
            "source": rng.choice(["fair", "web", "referral"], rows),
        }
    )
    strength = 0.4 * visits - 0.02 * X["days"] + (X["source"] == "referral") - 1.5
    return X, (rng.random(rows) < expit(strength)).astype(int)


@pytest.fixture(scope="module")
def models() -> list[ConversionModel]:
    return [ConversionModel(n_threads=1, n_seeds=2).fit(*company(seed)) for seed in (1, 2, 3)]


LEAD = st.tuples(
    st.integers(0, 9), st.integers(0, 9), st.floats(0, 90), st.sampled_from(["fair", "web", None])
)


def row(lead: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame([lead], columns=NAMES).astype({n: float for n in NAMES if n != "source"})


@settings(max_examples=25, deadline=None)
@given(first=LEAD, second=LEAD, third=LEAD)
def test_parts_sum_to_the_change_over_runs_with_trainings_between(
    models: list[ConversionModel], first: tuple, second: tuple, third: tuple
) -> None:
    runs = list(zip(models, map(row, (first, second, third)), strict=True))
    for (before, then), (after, now) in pairwise(runs):
        found = change(before, then, after, now, SPECS)
        parts = float(found.lead.sum()) + found.model + found.calibration
        assert abs(parts - found.total) < 1e-9
        assert found.before == pytest.approx(before.decision_function(then)[0], abs=1e-12)
        assert found.after == pytest.approx(after.decision_function(now)[0], abs=1e-12)
        told = found.frame()
        assert abs(told["points"].sum() - found.points) < 1e-9
        assert found.points == pytest.approx(expit(found.after) - expit(found.before), abs=1e-12)


def test_the_same_model_leaves_only_the_lead(models: list[ConversionModel]) -> None:
    then, now = row((0, 1, 20.0, "web")), row((5, 6, 20.0, "web"))
    found = change(models[0], then, models[0], now, SPECS)
    assert (found.model, found.calibration) == (0.0, 0.0)
    assert found.frame()["concept"][0] == "visits"
    assert abs(found.lead["source"]) < abs(found.lead["visits"])


def test_the_same_lead_leaves_only_the_model(models: list[ConversionModel]) -> None:
    lead = row((3, 4, 10.0, "fair"))
    found = change(models[0], lead, models[1], lead, SPECS)
    assert (found.lead == 0).all()
    assert found.total == pytest.approx(found.model + found.calibration, abs=1e-12)


def test_columns_that_only_the_earlier_model_knew_count_as_they_were(
    models: list[ConversionModel],
) -> None:
    X, y = company(4)
    narrow = ConversionModel(n_threads=1, n_seeds=1).fit(X.drop(columns="visits_7d"), y)
    then = row((2, 3, 5.0, "web"))
    now = row((9, 3, 5.0, "web")).drop(columns="visits_7d")
    found = change(models[0], then, narrow, now, SPECS)
    assert found.lead["visits"] == pytest.approx(0.0, abs=1e-12)
    assert found.model + found.calibration == pytest.approx(found.total, abs=1e-9)
