import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from predict.history.specs import Spec
from predict.scoring.sides import side_grades, side_limits, sides

VIEWS = ("profile", "behaviour", "account", "outcome", "age", "calendar", "ours")
SPECS = [Spec(f"c{i}", "number", view, f"c{i}", "words") for i, view in enumerate(VIEWS)]  # type: ignore[arg-type]
ROW = st.lists(st.floats(-5, 5), min_size=len(VIEWS), max_size=len(VIEWS))


@given(st.lists(ROW, min_size=1, max_size=20))
def test_sides_sum_to_the_whole(rows: list[list[float]]) -> None:
    added = pd.DataFrame(rows, columns=[s.name for s in SPECS])
    found = sides(added, SPECS)
    assert np.allclose(found.sum(axis=1), added.sum(axis=1), atol=1e-9)
    assert np.allclose(found["rest"], added["c5"] + added["c6"])


@given(st.lists(ROW, min_size=8, max_size=60))
def test_grades_follow_the_subtotals(rows: list[list[float]]) -> None:
    found = sides(pd.DataFrame(rows, columns=[s.name for s in SPECS]), SPECS)
    fit, engagement = side_grades(found, side_limits(found))
    by_fit = found["fit"].groupby(fit).agg(["min", "max"]).sort_index(ascending=False)
    assert (by_fit["max"].to_numpy()[:-1] <= by_fit["min"].to_numpy()[1:]).all()
    assert set(fit) <= set("ABCD")
    assert set(engagement) <= set("1234")


def test_a_quarter_of_the_reference_leads_has_each_grade() -> None:
    rng = np.random.default_rng(0)
    found = pd.DataFrame(rng.normal(size=(400, 3)), columns=["fit", "engagement", "rest"])
    for grades in side_grades(found, side_limits(found)):
        assert np.unique(grades, return_counts=True)[1].tolist() == [100] * 4


def test_without_limits_there_is_no_grade() -> None:
    found = pd.DataFrame({"fit": [0.1], "engagement": [0.2], "rest": [0.0]})
    assert [g.tolist() for g in side_grades(found, {})] == [[None], [None]]
