from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shap

from predict.learning.boosting import BoostingMember
from predict.learning.columns import Columns
from predict.learning.table import Table


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    n = 1500
    X = pd.DataFrame(
        {
            "visits": rng.poisson(3, n).astype(float),
            "age": rng.normal(40, 10, n),
            "source": rng.choice(list("abcdef"), n),
        }
    )
    X.loc[rng.random(n) < 0.2, "age"] = np.nan
    X.loc[rng.random(n) < 0.2, "source"] = None
    odd = X["source"].isin(["a", "d"]) ^ (X["visits"] > 3)
    y = (rng.random(n) < 0.15 + 0.5 * odd).astype(float)
    columns = Columns.learn(X)
    matrix = columns.encode(X)
    rows = np.arange(n)
    table = Table(matrix, columns, y, np.ones(n), rows.astype(float), rows)
    return table, BoostingMember.fit(table, seeds=(0, 1), threads=1)


def test_contributions_are_those_of_shap(fitted):
    table, member = fitted
    matrix = table.matrix
    found = member.contributions(matrix[:200], threads=1)
    oracle = np.zeros((200, 4))
    for booster in member.boosters:
        explained = shap.TreeExplainer(booster)(matrix[:200])
        oracle[:, :3] += explained.values / 2
        oracle[:, 3] += explained.base_values / 2
    np.testing.assert_allclose(found, oracle, atol=1e-9)


def test_contributions_and_expected_log_odds_add_up(fitted):
    table, member = fitted
    matrix = table.matrix
    found = member.contributions(matrix, threads=1)
    np.testing.assert_allclose(found.sum(axis=1), member.margin(matrix, 1), atol=1e-9)
    np.testing.assert_array_equal(found[:, 3], member.base(matrix[5:6], 1))


def test_seeds_are_averaged(fitted):
    table, member = fitted
    matrix = table.matrix
    alone = [BoostingMember((booster,)).margin(matrix, 1) for booster in member.boosters]
    assert not np.array_equal(*alone)
    np.testing.assert_allclose(member.margin(matrix, 1), np.mean(alone, axis=0), atol=1e-12)


def test_neither_fit_nor_scores_depend_on_the_threads(fitted):
    table, member = fitted
    other = BoostingMember.fit(table, seeds=(0, 1), threads=2)
    np.testing.assert_array_equal(other.margin(table.matrix, 2), member.margin(table.matrix, 1))


def test_text_keeps_every_bit(fitted):
    table, member = fitted
    matrix = table.matrix
    back = BoostingMember.from_texts(member.texts())
    np.testing.assert_array_equal(back.margin(matrix, 1), member.margin(matrix, 1))
    np.testing.assert_array_equal(back.contributions(matrix, 1), member.contributions(matrix, 1))


def test_missing_is_a_state_of_its_own_and_levels_stay_out_of_the_text(fitted):
    table, member = fitted
    matrix = table.matrix
    assert all("cat_threshold" in text for text in member.texts())
    assert all("pandas_categorical:null" in text for text in member.texts())
    row = matrix[:1].repeat(2, axis=0)
    row[:, 2] = [0.0, 2.0]
    margins = member.margin(row, 1)
    assert margins[0] != margins[1]
