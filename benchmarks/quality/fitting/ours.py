"""ConversionModel, as `predict` trains it."""

from pathlib import Path

from exchange import Chances, Train, run

import predict as pr


def fit(train: Train, seconds: float, folder: Path) -> Chances:
    """Return the chances of a model with default settings; it knows no time limit."""
    model = pr.ConversionModel(
        horizon_days=train.horizon_days, text_columns=tuple(train.text), n_threads=1
    )
    model.fit(train.X, train.y, as_of=train.as_of, groups=train.group)
    return lambda X: model.predict_proba(X)[:, 1]


if __name__ == "__main__":
    run(fit, ["predict-leads", "lightgbm", "numpy"])
