from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from predict.learning import selection
from predict.learning.columns import Columns
from predict.learning.past import Past
from predict.learning.selection import choose
from predict.learning.splits import past_folds
from predict.learning.table import Table


def table_of(X: pd.DataFrame, y: np.ndarray, time: np.ndarray | None = None) -> Table:
    columns = Columns.learn(X)
    rows = np.arange(len(y))
    moments = rows.astype(float) if time is None else time
    return Table(columns.encode(X), columns, y.astype(float), np.ones(len(y)), moments, rows)


def chances(rng: np.random.Generator, p: np.ndarray) -> np.ndarray:
    return (rng.random(len(p)) < p).astype(float)


@pytest.fixture(scope="module")
def crossing() -> Table:
    """Two numbers that count only together: trees see it, lines do not."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(1600, 2)), columns=["a", "b"])
    return table_of(X, chances(rng, np.where((X["a"] > 0.5) ^ (X["b"] > 0.2), 0.85, 0.1)))


@pytest.fixture(scope="module")
def straight() -> Table:
    """Many small straight effects: the logistic member is right."""
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(1600, 12)), columns=list("abcdefghijkl"))
    return table_of(X, chances(rng, 1 / (1 + np.exp(1.0 - 0.5 * X.sum(axis=1)))))


@pytest.fixture(scope="module")
def turning() -> Table:
    """What counted for a lead in the first two years counts against it in the last months."""
    rng = np.random.default_rng(2)
    time = np.sort(rng.uniform(0, 900, 2400))
    X = pd.DataFrame({"a": rng.normal(size=2400), "b": rng.normal(size=2400)})
    sign = np.where(time < 450, 1.0, -1.0)
    return table_of(X, chances(rng, 1 / (1 + np.exp(0.5 - 1.5 * sign * X["a"]))), time)


def test_the_member_that_is_right_gets_the_larger_share(crossing, straight):
    assert choose(crossing, threads=1).share > 0.8
    assert choose(straight, threads=1).share < 0.4


def test_members_asked_for_are_the_only_ones(crossing):
    assert choose(crossing, members="logistic", threads=1).share == 0.0
    assert choose(crossing, members="boosting", threads=1).share == 1.0


def test_newer_rows_count_more_where_that_wins_and_only_there(turning, straight):
    assert choose(turning, half_lives=(None, 60.0), threads=1).half_life == 60.0
    assert choose(straight, half_lives=(None, 60.0), threads=1).half_life is None


def test_a_candidate_given_up_could_not_have_won(straight):
    past = Past(straight, past_folds(straight.time, straight.groups, straight.y), threads=1)
    best = past.run(0.6)
    poor = {"n_trees": 300, "learning_rate": 0.5, "num_leaves": 31, "min_data_in_leaf": 2}
    assert past.challenge(best, half_life=None, settings=poor) is None
    lax = past.at_share(best, best.share)
    object.__setattr__(lax, "losses", (np.inf,) * len(best.losses))
    assert not past.challenge(lax, half_life=None, settings=poor).beats(best)


def test_every_fold_is_judged_by_a_fit_on_earlier_rows_only(straight):
    # Outcomes after the last cut are turned round: nothing said about the folds may change.
    folds = past_folds(straight.time, straight.groups, straight.y)
    turned = straight.y.copy()
    turned[folds[-1].test] = 1 - turned[folds[-1].test]
    other = table_of(pd.DataFrame(straight.matrix, columns=straight.columns.names), turned)
    there = Past(straight, folds, threads=1).run(0.6)
    back = Past(other, folds, threads=1).run(0.6)
    for k in range(len(folds)):
        np.testing.assert_array_equal(there.trees[k].test, back.trees[k].test)
        np.testing.assert_array_equal(there.linear[k].test, back.linear[k].test)


def test_trials_replay_exactly_after_a_time_cap(crossing, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(selection.time, "monotonic", lambda: float(next(clock)))
    capped = choose(crossing, trials=10, time_cap=3.5, threads=1)
    done = capped.report["trials"]["done"]
    assert 0 < done < 10
    again = choose(crossing, trials=done, threads=1)
    assert again.settings == capped.settings
    assert again.calibrator == capped.calibrator
    assert again.report["trials"]["log_loss"] == capped.report["trials"]["log_loss"]


def test_a_trial_that_wins_is_taken(straight, monkeypatch):
    good = {"n_trees": 300, "learning_rate": 0.1, "num_leaves": 2, "feature_fraction": 0.5}
    monkeypatch.setattr(selection, "trial_list", lambda n, seed: [{"n_trees": 1.0}, good][:n])
    found = choose(straight, trials=2, members="boosting", threads=1)
    assert found.settings == good
    assert found.report["trials"]["wins"] == 1


def test_without_a_past_trees_have_no_share_and_nothing_is_calibrated():
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"a": rng.normal(size=80)})
    few = table_of(X, chances(rng, np.full(80, 0.5)))
    found = choose(few, threads=1)
    assert found.share == 0.0
    assert choose(few, members="boosting", threads=1).share == 1.0
    assert found.calibrator.slope == 1.0
    assert found.report["folds"] == []


def test_on_few_wins_trees_have_a_share_only_where_they_win_out_of_time():
    rng = np.random.default_rng(4)
    shares, crossed = [], []
    for _ in range(6):
        X = pd.DataFrame(rng.normal(size=(700, 6)), columns=list("abcdef"))
        noise = chances(rng, np.full(700, 0.12))
        shares.append(choose(table_of(X, noise), threads=1).share)
        both = np.where((X["a"] > 0.3) & (X["b"] > 0.0), 0.75, 0.03)
        crossed.append(choose(table_of(X, chances(rng, both)), threads=1).share)
    assert sum(share == 0.0 for share in shares) >= 4
    assert sum(share > 0.5 for share in crossed) >= 4
