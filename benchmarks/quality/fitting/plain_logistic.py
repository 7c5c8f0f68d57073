"""Logistic regression on standardised numbers and one-hot levels of 20 rows or more, C = 0.1."""

from pathlib import Path

import pandas as pd
from exchange import Chances, Train, run
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def fit(train: Train, seconds: float, folder: Path) -> Chances:
    """Return the chances of a line; not asked for by anybody, but hard to beat on few leads."""
    known = train.X.columns[train.X.notna().any()]
    numbers = [c for c in known if pd.api.types.is_numeric_dtype(train.X[c])]
    texts = [c for c in known if c not in numbers]
    table = make_column_transformer(
        (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=20), texts),
    )
    model = make_pipeline(table, LogisticRegression(C=0.1, max_iter=5000))

    def read(X: pd.DataFrame) -> pd.DataFrame:
        return X.assign(**{c: X[c].astype(object).where(X[c].notna(), "") for c in texts})

    model.fit(read(train.X), train.y)
    return lambda X: model.predict_proba(read(X))[:, 1]


if __name__ == "__main__":
    run(fit, ["scikit-learn"])
