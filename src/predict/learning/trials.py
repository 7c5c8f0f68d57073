"""Tuning: a fixed, seeded list of LightGBM settings, so that a run can be replayed exactly."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from predict.learning.boosting import DEFAULTS, Settings

#: What a trial may choose from; the defaults stand in the middle.
CHOICES: Mapping[str, Sequence[float]] = {
    "n_trees": (100, 200, 400),
    "learning_rate": (0.03, 0.06, 0.1),
    "num_leaves": (3, 5, 8, 16),
    "min_data_in_leaf": (20, 60, 150),
    "feature_fraction": (0.2, 0.3, 0.5, 0.8),
    "bagging_fraction": (0.5, 0.7, 0.9),
    "lambda_l2": (1.0, 10.0, 50.0),
    "cat_smooth": (10.0, 20.0, 100.0),
}


def trial_list(n_trials: int, seed: int) -> list[Settings]:
    """Return ``n_trials`` settings; a longer list of the same seed begins with a shorter one.

    Examples
    --------
    >>> trial_list(3, seed=1) == trial_list(5, seed=1)[:3]
    True
    >>> set(trial_list(1, seed=1)[0]) == set(CHOICES)
    True
    """
    # Only random(): Python promises that its stream never changes.
    draw = random.Random(seed)
    return [
        {name: values[int(draw.random() * len(values))] for name, values in CHOICES.items()}
        for _ in range(n_trials)
    ]


def changed(settings: Settings) -> dict[str, float]:
    """Return what settings change of the defaults.

    Examples
    --------
    >>> changed({"num_leaves": 31, "max_bin": DEFAULTS["max_bin"]})
    {'num_leaves': 31}
    """
    return {name: value for name, value in settings.items() if DEFAULTS.get(name) != value}
