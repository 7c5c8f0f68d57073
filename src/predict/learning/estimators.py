"""Any scikit-learn classifier on a table of numbers, categories and text."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.utils import get_tags

RARE_ROWS = 20  # levels with fewer training rows count as one
MOST_LEVELS = 100
OUR_ARGUMENTS = ("as_of", "groups", "sample_weight")


def fit(
    estimator: ClassifierMixin, X: pd.DataFrame, y: pd.Series, **arguments: object
) -> ClassifierMixin:
    """Return a fitted clone of any classifier, made able to read the table where it is not.

    Parameters
    ----------
    estimator : scikit-learn classifier
        Left as it is; a clone is fitted. One whose ``fit`` takes ``as_of`` is ours and reads the
        table itself, a pipeline is taken to bring its own columns; anything else gets numbers
        only: categories as whole numbers where it can take missing values (trees), else one
        yes/no column per level, with missing numbers filled.
    X : pandas.DataFrame of shape (n_rows, n_features)
    y : pandas.Series of shape (n_rows,)
    **arguments
        ``as_of``, ``groups``, ``sample_weight``: passed on only where ``fit`` takes them; None
        is never passed.

    Returns
    -------
    classifier
        Fitted; ``predict_proba`` takes a frame with the columns of ``X``.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> X = pd.DataFrame({"industry": ["retail", None, "steel", "retail"] * 10, "visits": 1.0})
    >>> model = fit(HistGradientBoostingClassifier(), X, pd.Series([1, 0, 0, 1] * 10), groups=None)
    >>> model.predict_proba(X.head(1)).shape
    (1, 2)
    """
    own = clone(estimator)
    taken = inspect.signature(own.fit).parameters
    ready = "as_of" in taken or isinstance(own, Pipeline) or _plain_enough(own, X)
    given = {k: v for k, v in arguments.items() if k in taken and v is not None}
    if ready:
        return own.fit(X, y, **given)
    reader = ordinal(X) if get_tags(own).input_tags.allow_nan else one_hot(X)
    model = Pipeline([("reader", reader), ("classifier", own)])
    return model.fit(X, y, **{f"classifier__{name}": value for name, value in given.items()})


def chances(model: ClassifierMixin, X: pd.DataFrame) -> np.ndarray:
    """Return the probability of class 1, shape (n_rows,); 0 or 1 where only one class was seen.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> chances(DummyClassifier().fit([[0], [0]], [0, 0]), pd.DataFrame([[1], [2]]))
    array([0., 0.])
    """
    found = np.asarray(model.predict_proba(X), dtype=float)
    classes = [int(c) for c in model.classes_]
    return found[:, classes.index(1)] if 1 in classes else np.zeros(len(X))


def one_hot(X: pd.DataFrame) -> Pipeline:
    """Return a reader for models that need finite numbers.

    Numbers are filled with their median, told apart where missing, and scaled; every other column
    becomes one yes/no column per level that is not rare.
    """
    numbers, others = _kinds(X)
    filled = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    levels = OneHotEncoder(
        handle_unknown="infrequent_if_exist", min_frequency=RARE_ROWS, max_categories=MOST_LEVELS
    )
    return _reading(ColumnTransformer([("numbers", filled, numbers), ("levels", levels, others)]))


def ordinal(X: pd.DataFrame) -> Pipeline:
    """Return a reader for trees: numbers as they are, levels numbered, missing and new ones NaN.

    Columns without any value are left out: scikit-learn's histograms fail on them.
    """
    numbers, others = _kinds(X.loc[:, X.notna().any()])
    levels = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, min_frequency=RARE_ROWS
    )
    return _reading(
        ColumnTransformer([("numbers", "passthrough", numbers), ("levels", levels, others)])
    )


def logistic(C: float = 1.0) -> LogisticRegression:
    """Return the plain logistic model of the baselines."""
    return LogisticRegression(C=C, max_iter=2000)


def plain_objects(X: pd.DataFrame) -> pd.DataFrame:
    """Return X with text and categories as Python objects, None for missing: encoders read that.

    Examples
    --------
    >>> plain_objects(pd.DataFrame({"a": pd.Categorical(["x", None])}))["a"].tolist()
    ['x', None]
    """
    _, others = _kinds(X)
    columns = {}
    for column in others:
        values = X[column].astype(object)
        columns[column] = values.where(values.notna(), None)
    return X.assign(**columns)


def _reading(columns: ColumnTransformer) -> Pipeline:
    return make_pipeline(FunctionTransformer(plain_objects), columns)


def _kinds(X: pd.DataFrame) -> tuple[list[str], list[str]]:
    numbers = [c for c in X.columns if pd.api.types.is_numeric_dtype(X[c])]
    return numbers, [c for c in X.columns if c not in numbers]


def _plain_enough(estimator: ClassifierMixin, X: pd.DataFrame) -> bool:
    _, others = _kinds(X)
    return not others and (get_tags(estimator).input_tags.allow_nan or not X.isna().any(axis=None))
