from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from predict.learning.newton import fit_logistic, loss, sigmoid


def rows(seed: int, n: int = 300, d: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    y = (rng.random(n) < sigmoid(X @ np.arange(d) / d - 0.5)).astype(float)
    return X, y


def test_agrees_with_scikit_learn():
    X, y = rows(0)
    oracle = LogisticRegression(C=0.2, tol=1e-12, max_iter=10_000).fit(X, y)
    design = np.column_stack([X, np.ones(len(y))])
    beta = fit_logistic(design, y, np.ones(len(y)), np.array([5.0] * 4 + [0.0]))
    np.testing.assert_allclose(beta[:-1], oracle.coef_[0], atol=1e-6)
    np.testing.assert_allclose(beta[-1], oracle.intercept_[0], atol=1e-6)


def test_a_weight_of_two_is_the_row_twice():
    X, y = rows(1, n=60)
    weight = np.random.default_rng(1).integers(0, 4, len(y)).astype(float)
    times = weight.astype(int)
    penalty = np.full(4, 0.5)
    weighted = fit_logistic(X, y, weight, penalty)
    repeated = fit_logistic(X.repeat(times, axis=0), y.repeat(times), np.ones(times.sum()), penalty)
    np.testing.assert_allclose(weighted, repeated, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_the_rows_leaves_no_trace(seed):
    X, y = rows(seed, n=80)
    order = np.random.default_rng(seed).permutation(len(y))
    ones, penalty = np.ones(len(y)), np.full(4, 0.1)
    there = fit_logistic(X, y, ones, penalty)
    back = fit_logistic(X[order], y[order], ones, penalty)
    np.testing.assert_allclose(there, back, atol=1e-9)


def test_separable_classes_stay_finite_under_a_prior():
    X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    y = np.array([0.0, 0.0, 1.0, 1.0])
    beta = fit_logistic(X, y, np.ones(4), np.array([1.0]))
    gradient = X.T @ (sigmoid(X @ beta) - y) + beta
    assert abs(gradient[0]) < 1e-8


def test_a_prior_so_strong_that_data_do_not_matter_returns_its_centre():
    X, y = rows(2)
    centre = np.array([1.0, -1.0, 0.5, 0.0])
    beta = fit_logistic(X, y, np.ones(len(y)), np.full(4, 1e12), centre=centre)
    np.testing.assert_allclose(beta, centre, atol=1e-6)


def test_equal_and_constant_columns_do_not_stop_it():
    X, y = rows(3)
    design = np.column_stack([X[:, 1], X[:, 1], np.zeros(len(y)), np.ones(len(y))])
    beta = fit_logistic(design, y, np.ones(len(y)), np.array([1.0, 1.0, 1.0, 0.0]))
    assert np.isfinite(beta).all()
    assert beta[0] == pytest.approx(beta[1], abs=1e-8)


def test_loss_is_the_log_of_the_probability_given_to_what_happened():
    margin = np.linspace(-30, 30, 61)
    np.testing.assert_allclose(loss(margin, np.ones(61)), -np.log(sigmoid(margin)), atol=1e-12)
