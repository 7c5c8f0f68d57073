from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from predict.learning.columns import Columns
from predict.learning.linear import LinearMember
from predict.learning.table import Table
from predict.learning.terms import ABSENT, NUMBER


def table_of(matrix: np.ndarray, columns: Columns, y: np.ndarray) -> Table:
    rows = np.arange(len(y))
    return Table(matrix, columns, y, np.ones(len(y)), rows.astype(float), rows)


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    n = 800
    X = pd.DataFrame(
        {
            "visits": rng.poisson(3, n).astype(float),
            "euros": rng.lognormal(8, 2, n),
            "source": rng.choice(["web", "fair", "mail", None], n),
            "constant": 4.0,
        }
    )
    X.loc[rng.random(n) < 0.3, "euros"] = np.nan
    y = (rng.random(n) < 0.1 + 0.05 * X["visits"].clip(0, 8) + 0.2 * X["euros"].isna()).astype(
        float
    )
    # It varies in the whole history and not in the part learned from here.
    columns = Columns.learn(pd.concat([X, X.head(1).assign(constant=5.0)]))
    matrix = columns.encode(X)
    return columns, matrix, y, LinearMember.fit(table_of(matrix, columns, y))


def by_hand(member: LinearMember, row: np.ndarray) -> float:
    """Score one row in plain Python."""
    terms, total = member.terms, member.base
    for k in range(len(terms)):
        x = float(row[terms.owner[k]])
        if terms.code[k] == ABSENT:
            value = float(math.isnan(x))
        elif terms.code[k] != NUMBER:
            value = float(x == terms.code[k])
        elif math.isnan(x):
            value = 0.0
        else:
            x = min(max(x, terms.low[k]), terms.high[k])
            logged = math.copysign(math.log(1 + abs(x) / terms.scale[k]), x)
            value = (logged - terms.centre[k]) / terms.spread[k]
        total += member.coefficient[k] * (value - member.mean[k])
    return total


def test_scores_are_those_of_plain_python(fitted):
    _, matrix, _, member = fitted
    found = member.margin(matrix[:50])
    np.testing.assert_allclose(found, [by_hand(member, row) for row in matrix[:50]], atol=1e-12)


def test_contributions_add_up_and_average_to_nothing(fitted):
    _, matrix, _, member = fitted
    added = member.contributions(matrix)
    np.testing.assert_allclose(member.base + added.sum(axis=1), member.margin(matrix), atol=1e-12)
    np.testing.assert_allclose(added.mean(axis=0), 0.0, atol=1e-12)
    assert (added[:, 3] == 0.0).all()  # what never varies adds nothing


def test_the_mean_probability_is_the_base_rate(fitted):
    _, matrix, y, member = fitted
    assert np.mean(1 / (1 + np.exp(-member.margin(matrix)))) == pytest.approx(y.mean(), abs=1e-8)


def test_json_keeps_every_bit(fitted):
    _, matrix, _, member = fitted
    back = LinearMember.from_dict(json.loads(json.dumps(member.as_dict())))
    np.testing.assert_array_equal(back.margin(matrix), member.margin(matrix))


def test_units_do_not_matter(fitted):
    columns, matrix, y, member = fitted
    cents = matrix * np.array([1.0, 100.0, 1.0, 1.0])
    other = LinearMember.fit(table_of(cents, columns, y))
    np.testing.assert_allclose(other.margin(cents), member.margin(matrix), atol=1e-8)


def test_an_absurd_number_counts_as_the_largest_seen(fitted):
    _, matrix, _, member = fitted
    euros = (member.terms.owner == 1) & (member.terms.code == NUMBER)
    rows = matrix[:1].repeat(2, axis=0)
    rows[:, 1] = [1e15, member.terms.high[euros].item()]
    huge, largest = member.margin(rows)
    assert huge == largest


def test_a_code_never_learned_adds_what_an_average_row_does_not_have(fitted):
    _, matrix, _, member = fitted
    row = matrix[:1].copy()
    row[0, 2] = 1.0  # other: no row had it
    assert np.isfinite(member.margin(row)).all()


def test_nothing_to_learn_from_gives_the_base_rate():
    columns = Columns.learn(pd.DataFrame({"constant": [1.0] * 10}))
    y = np.array([1.0] * 3 + [0.0] * 7)
    member = LinearMember.fit(table_of(np.ones((10, 1)), columns, y))
    np.testing.assert_allclose(member.margin(np.ones((2, 1))), np.log(0.3 / 0.7), atol=1e-9)
