"""mljar-supervised, mode Perform, log loss, five folds that keep groups apart."""

from pathlib import Path

from exchange import Chances, Train, run
from sklearn.model_selection import GroupKFold
from supervised import AutoML


def fit(train: Train, seconds: float, folder: Path) -> Chances:
    """Return the chances of its ensemble."""
    model = AutoML(
        results_path=str(folder / "made"),
        mode="Perform",
        eval_metric="logloss",
        total_time_limit=max(round(seconds), 1),
        explain_level=0,
        n_jobs=1,
        random_state=0,
        verbose=0,
        validation_strategy={"validation_type": "custom"},
    )
    folds = list(GroupKFold(5).split(train.X, train.y, train.group))
    model.fit(train.X, train.y, cv=folds)
    return lambda X: model.predict_proba(X)[:, 1]


if __name__ == "__main__":
    run(fit, ["mljar-supervised", "lightgbm", "xgboost", "catboost", "scikit-learn", "pandas"])
