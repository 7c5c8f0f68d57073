"""scikit-learn's HistGradientBoostingClassifier, default settings, native categories."""

from pathlib import Path

from exchange import Chances, Train, coded, run
from sklearn.ensemble import HistGradientBoostingClassifier


def fit(train: Train, seconds: float, folder: Path) -> Chances:
    """Return the chances of a model that stops early where scikit-learn does so by itself."""
    read = coded(train.X)
    # A column without any value makes its histograms fail.
    names = [c for c in train.X if train.X[c].notna().any()]
    model = HistGradientBoostingClassifier(random_state=0)
    model.fit(read(train.X)[names], train.y)
    return lambda X: model.predict_proba(read(X)[names])[:, 1]


if __name__ == "__main__":
    run(fit, ["scikit-learn"])
