"""LightGBM with default settings and native categories."""

from pathlib import Path

from exchange import Chances, Train, coded, run
from lightgbm import LGBMClassifier


def fit(train: Train, seconds: float, folder: Path) -> Chances:
    """Return the chances of 100 trees of 31 leaves."""
    read = coded(train.X)
    model = LGBMClassifier(random_state=0, n_jobs=1, verbose=-1)
    model.fit(read(train.X), train.y)
    return lambda X: model.predict_proba(read(X))[:, 1]


if __name__ == "__main__":
    run(fit, ["lightgbm"])
