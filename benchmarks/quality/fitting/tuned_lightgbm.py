"""LightGBM tuned by Optuna on the newest fifth of the training rows, then fitted on all."""

import time
from pathlib import Path
from typing import Any

import lightgbm
import optuna
from exchange import Chances, Train, coded, newest, run

MOST_TREES, PATIENCE = 1000, 30
LEFT_FOR_LAST_FIT = 0.15


def fit(train: Train, seconds: float, folder: Path) -> Chances:
    """Return the chances of the best settings found in time."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    began = time.monotonic()
    read = coded(train.X)
    X, y = read(train.X), train.y.to_numpy().copy()  # it writes to what it is given
    older, judged = newest(train)
    best: dict[str, Any] = {"loss": float("inf")}

    def objective(trial: optuna.Trial) -> float:
        settings = {
            "objective": "binary",
            "num_threads": 1,
            "verbosity": -1,
            "seed": 0,
            "bagging_freq": 1,
            "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
            "num_leaves": trial.suggest_int("num_leaves", 4, 128, log=True),
            "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 5, 200, log=True),
            "feature_fraction": trial.suggest_float("feature_fraction", 0.2, 1.0),
            "bagging_fraction": trial.suggest_float("bagging_fraction", 0.4, 1.0),
            "lambda_l1": trial.suggest_float("lambda_l1", 1e-3, 10.0, log=True),
            "lambda_l2": trial.suggest_float("lambda_l2", 1e-3, 50.0, log=True),
        }
        old = lightgbm.Dataset(X.iloc[older], y[older])
        new = lightgbm.Dataset(X.iloc[judged], y[judged], reference=old)
        stop = lightgbm.early_stopping(PATIENCE, verbose=False)
        model = lightgbm.train(settings, old, MOST_TREES, valid_sets=[new], callbacks=[stop])
        loss = float(model.best_score["valid_0"]["binary_logloss"])
        if loss < best["loss"]:
            best.update(loss=loss, settings=settings, trees=max(model.best_iteration, 1))
        return loss

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    spent = time.monotonic() - began
    study.optimize(objective, timeout=max(seconds * (1 - LEFT_FOR_LAST_FIT) - spent, 0.1))
    last = lightgbm.train(best["settings"], lightgbm.Dataset(X, y), best["trees"])
    return lambda rows: last.predict(read(rows))


if __name__ == "__main__":
    run(fit, ["optuna", "lightgbm"])
