"""FLAML: log loss, its own choice of learners, judged in the order of time, refitted on all."""

from pathlib import Path

from exchange import Chances, Train, run
from flaml import AutoML


def fit(train: Train, seconds: float, folder: Path) -> Chances:
    """Return the chances of the best learner found in time."""
    model = AutoML()
    model.fit(
        train.X,
        train.y,
        task="classification",
        metric="log_loss",
        time_budget=seconds,
        split_type="time",
        n_jobs=1,
        seed=0,
        verbose=0,
    )
    return lambda X: model.predict_proba(X)[:, 1]


if __name__ == "__main__":
    run(fit, ["flaml", "lightgbm", "xgboost", "scikit-learn", "pandas"])
