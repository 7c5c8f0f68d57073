from __future__ import annotations

from predict.learning.boosting import DEFAULTS
from predict.learning.trials import CHOICES, changed, trial_list

FIRST = {
    "n_trees": 400,
    "learning_rate": 0.1,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.5,
    "lambda_l2": 50.0,
    "cat_smooth": 10.0,
}


def test_the_list_is_fixed():
    # Written down: a model card that says "trial 3 of seed 0" must mean the same for ever.
    assert trial_list(2, seed=0) == trial_list(2, seed=0)
    assert changed(trial_list(1, seed=0)[0]) == FIRST


def test_seeds_differ_and_defaults_are_among_the_choices():
    assert trial_list(5, seed=0) != trial_list(5, seed=1)
    for name, values in CHOICES.items():
        assert DEFAULTS[name] in values


def test_defaults_change_nothing():
    assert changed(DEFAULTS) == {}
