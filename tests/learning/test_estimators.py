from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from predict.learning import estimators


def table(n: int = 300, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "visits": rng.poisson(3, n).astype(float),
            "empty": np.nan,
            "days": np.where(rng.random(n) < 0.3, np.nan, rng.exponential(9, n)),
            "industry": pd.Series(rng.choice(["retail", "steel", None], n), dtype=object),
            "region": pd.Categorical(rng.choice(["north", "south"], n)),
            "title": pd.Series([f"Title {i}" for i in range(n)], dtype="str"),
        }
    )
    y = (rng.random(n) < np.where(X["industry"] == "steel", 0.7, 0.1)).astype("int8")
    return X, pd.Series(y)


class Recorder(ClassifierMixin, BaseEstimator):
    """Keeps what it was given."""

    def fit(self, X, y, *, as_of=None, groups=None):  # type: ignore[no-untyped-def]
        self.given_ = {"X": X, "as_of": as_of, "groups": groups}
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):  # type: ignore[no-untyped-def]
        return np.tile([0.4, 0.6], (len(X), 1))


@pytest.mark.parametrize(
    "estimator",
    [
        HistGradientBoostingClassifier(max_iter=20),
        RandomForestClassifier(n_estimators=20, random_state=0),
        LogisticRegression(),
        KNeighborsClassifier(),
    ],
    ids=lambda e: type(e).__name__,
)
def test_any_classifier_reads_categories_and_missing_values(estimator: ClassifierMixin) -> None:
    X, y = table()
    before = X.copy(deep=True)
    model = estimators.fit(estimator, X, y, as_of=pd.Series(range(len(X))), groups=X["title"])
    new, _ = table(seed=1)
    new.loc[0, "industry"] = "never seen"
    new.loc[1, "empty"] = 4.0
    found = estimators.chances(model, new)
    assert found.shape == (len(new),) and ((found >= 0) & (found <= 1)).all()
    assert (
        found[new["industry"] == "steel"].mean() > found[new["industry"] == "retail"].mean() + 0.2
    )
    pd.testing.assert_frame_equal(X, before)
    assert not hasattr(estimator, "classes_")  # a clone was fitted


def test_ours_gets_the_table_and_its_own_arguments_only() -> None:
    X, y = table()
    moments = pd.Series(pd.date_range("2024-01-01", periods=len(X)))
    model = estimators.fit(
        Recorder(), X, y, as_of=moments, groups=X["title"], sample_weight=np.ones(len(X))
    )
    assert model.given_["X"] is X
    assert model.given_["as_of"] is moments
    assert (model.given_["groups"] == X["title"]).all()


def test_weights_reach_the_classifier_inside_the_reader() -> None:
    X, y = table()
    weights = np.where(X["industry"] == "steel", 0.0, 1.0)
    model = estimators.fit(LogisticRegression(), X, y, sample_weight=weights)
    alike = estimators.fit(LogisticRegression(), X, y, sample_weight=None)
    steel = X["industry"] == "steel"
    assert (
        estimators.chances(model, X)[steel].mean()
        < estimators.chances(alike, X)[steel].mean() - 0.2
    )
    # One that takes no weights goes without.
    assert estimators.chances(
        estimators.fit(KNeighborsClassifier(), X, y, sample_weight=weights), X
    ).size


def test_a_pipeline_and_plain_numbers_are_left_as_they_are() -> None:
    X, y = table()
    own = make_pipeline(estimators.one_hot(X), LogisticRegression())
    assert [name for name, _ in estimators.fit(own, X, y).steps] == [name for name, _ in own.steps]
    numbers = X[["visits"]]
    assert isinstance(estimators.fit(GaussianNB(), numbers, y), GaussianNB)
    assert isinstance(estimators.fit(GaussianNB(), X[["days"]], y), Pipeline)
    assert not isinstance(
        estimators.fit(HistGradientBoostingClassifier(), X[["days"]], y), Pipeline
    )


def test_one_outcome_in_training_is_a_certain_one() -> None:
    X, y = table()
    lost = estimators.fit(RandomForestClassifier(5), X, y * 0)
    won = estimators.fit(RandomForestClassifier(5), X, y * 0 + 1)
    assert (estimators.chances(lost, X) == 0).all()
    assert (estimators.chances(won, X) == 1).all()
