from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from predict.errors import InputError
from predict.learning.columns import MISSING, OTHER, Columns
from predict.learning.values import ColumnsError


def leads(n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "visits": rng.poisson(2, n).astype(float),
            "source": rng.choice(["web", "fair", None], n),
            "title": rng.choice(["Head of IT", "CEO", None], n),
        }
    )


@pytest.fixture(scope="module")
def columns() -> Columns:
    return Columns.learn(leads(), text=["title"])


def test_the_order_of_the_columns_does_not_matter(columns):
    X = leads()
    extra = X.assign(unknown="x")[["title", "unknown", "source", "visits"]]
    np.testing.assert_array_equal(columns.encode(X), columns.encode(extra))


def test_a_missing_column_is_named_with_the_nearest_one(columns):
    X = leads().rename(columns={"source": "sources"})
    with pytest.raises(ColumnsError, match=r"now missing:\n- source\n[\s\S]*rename 'sources'"):
        columns.encode(X)


def test_errors_are_of_our_kind_and_of_pythons(columns):
    assert issubclass(ColumnsError, InputError)
    assert issubclass(ColumnsError, ValueError)


@pytest.mark.parametrize(
    "strange", [["many"] * 120, [date(2024, 1, 1)] * 120, pd.date_range("2024", periods=120)]
)
def test_a_column_of_numbers_holding_something_else_is_refused(columns, strange):
    with pytest.raises(
        ColumnsError, match="column of numbers holds something else\n  where: visits"
    ):
        columns.encode(leads().assign(visits=strange))


@pytest.mark.parametrize(
    "same",
    [
        lambda v: v.astype(int),
        lambda v: v.astype(object),
        lambda v: v.astype("Float64"),
        lambda v: v.astype("float32"),
        lambda v: v.map(lambda x: Decimal(int(x))).astype(object),
    ],
)
def test_numbers_are_numbers_in_any_dress(columns, same):
    X = leads()
    found = columns.encode(X.assign(visits=same(X["visits"])))
    np.testing.assert_array_equal(found, columns.encode(X))


@pytest.mark.parametrize("dtype", [object, "str", "category"])
def test_text_is_text_in_any_dress(columns, dtype):
    X = leads()
    dressed = X.astype({"source": dtype, "title": dtype})
    np.testing.assert_array_equal(columns.encode(dressed), columns.encode(X))
    np.testing.assert_array_equal(
        Columns.learn(dressed, text=["title"]).encode(X), columns.encode(X)
    )


def test_keys_are_text():
    X = pd.DataFrame({"region": ["1", "2"] * 30})
    columns = Columns.learn(X)
    for other in (X["region"].astype(int), X["region"].astype(float), X["region"].astype("Int64")):
        np.testing.assert_array_equal(columns.encode(other.to_frame()), columns.encode(X))
    mixed = pd.DataFrame({"region": pd.Series([1, "1", 1.0, 2, None], dtype=object)})
    assert columns.encode(mixed)[:, 0].tolist() == [2.0, 2.0, 2.0, 3.0, float(MISSING)]


def test_infinity_is_refused(columns):
    with pytest.raises(ColumnsError, match="holds infinity\n  where: visits"):
        columns.encode(leads().assign(visits=np.inf))


def test_dates_and_doubled_names_are_refused_when_learning():
    with pytest.raises(ColumnsError, match="neither number nor text"):
        Columns.learn(pd.DataFrame({"at": pd.date_range("2024", periods=3)}))
    with pytest.raises(ColumnsError, match="appears twice\n  where: a"):
        Columns.learn(pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]))
    with pytest.raises(ColumnsError, match="did you mean 'title'"):
        Columns.learn(leads(), text=["tilte"])


def test_a_level_of_few_leads_is_other_and_never_stored():
    source = ["web"] * 60 + ["rare secret"] * 19 + ["one lead often"] * 60
    lead = np.array([*range(79), *[79] * 60])
    columns = Columns.learn(pd.DataFrame({"source": source}), groups=lead)
    assert columns.items[0].levels == ("web",)
    assert "secret" not in json.dumps(columns.as_dict())
    codes = columns.encode(pd.DataFrame({"source": ["rare secret", "never seen", None]}))
    assert codes[:, 0].tolist() == [OTHER, OTHER, MISSING]


def test_values_scored_as_other_are_counted(columns):
    X = leads(5).assign(source=["web", "tv", "tv", None, "radio"])
    assert columns.unseen(X) == {"source": {"tv": 2, "radio": 1}}


def test_text_becomes_yes_and_no_and_missing(columns):
    X = leads(3).assign(title=["CEO", None, "Astronaut"])
    marks = columns.items[2].levels
    found = columns.encode(X)[:, 2:]
    assert dict(zip([*marks, "missing"], found[0], strict=True))["seniority: top management"] == 1.0
    assert found[1].tolist() == [0.0] * len(marks) + [1.0]
    assert found[2].tolist() == [0.0] * (len(marks) + 1)


def test_json_there_and_back(columns):
    back = Columns.from_dict(json.loads(json.dumps(columns.as_dict())))
    assert back == columns


def test_nothing_given_is_changed(columns):
    X = leads()
    before = X.copy(deep=True)
    columns.encode(X)
    columns.unseen(X)
    pd.testing.assert_frame_equal(X, before)


def test_no_rows_give_an_empty_matrix(columns):
    assert columns.encode(leads().iloc[:0]).shape == (0, len(columns.owner))


def test_twins_and_constants_have_no_place_in_the_matrix():
    X = leads().assign(visits_90d=lambda X: X["visits"], country="DE", late=0.0)
    columns = Columns.learn(X, text=["title"])
    plain = Columns.learn(leads(), text=["title"])
    assert columns.names == list(X.columns)
    np.testing.assert_array_equal(columns.encode(X), plain.encode(leads()))
    assert set(columns.owner) == {0, 1, 2}
    assert columns.categorical == plain.categorical
    # What varies later only was never learned from; it is still told.
    assert columns.unseen(X.assign(country="FR"))["country"] == {"FR": 120}
    assert Columns.from_dict(json.loads(json.dumps(columns.as_dict()))) == columns
