"""Penalised logistic regression by Newton steps: the one solver behind member and calibrator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

Floats = NDArray[np.float64]

_STEPS = 100
_HALVINGS = 30
_TOLERANCE = 1e-11


def sigmoid(margin: Floats) -> Floats:
    """Return the logistic of ``margin`` without overflow.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    # exp of a negative number only: no overflow, and full precision in both tails.
    small = np.exp(-np.abs(margin))
    return np.where(margin >= 0, 1.0, small) / (1.0 + small)


def loss(margin: Floats, y: Floats) -> Floats:
    """Return the negative log likelihood of each row, in nats.

    Parameters
    ----------
    margin : ndarray of shape (n_rows,)
        Log-odds.
    y : ndarray of shape (n_rows,)
        0 or 1.

    Examples
    --------
    >>> loss(np.array([0.0]), np.array([1.0])).round(6).tolist()
    [0.693147]
    """
    return np.logaddexp(0.0, margin) - y * margin


# One thread: the matrices are small, a second one mostly waits, and sums keep their order.
@threadpool_limits.wrap(limits=1, user_api="blas")
def fit_logistic(
    design: Floats,
    y: Floats,
    weight: Floats,
    penalty: Floats,
    *,
    centre: Floats | None = None,
    offset: Floats | None = None,
) -> Floats:
    r"""Return the coefficients that minimise the penalised, weighted log loss.

    The objective is :math:`\sum_i w_i\,\ell(x_i'\beta + o_i, y_i)
    + \tfrac12 \sum_j \lambda_j (\beta_j - c_j)^2`: the mode of the posterior under normal priors
    with mean ``centre`` and variance ``1 / penalty``.

    Parameters
    ----------
    design : ndarray of shape (n_rows, n_columns)
        A column of ones among them where an intercept is wanted.
    y : ndarray of shape (n_rows,)
        0 or 1.
    weight : ndarray of shape (n_rows,)
        Frequencies: a weight of 2 is the row twice.
    penalty : ndarray of shape (n_columns,)
        Precision of the prior of each coefficient; 0 leaves it free.
    centre : ndarray of shape (n_columns,), optional
        Mean of the prior; 0 by default.
    offset : ndarray of shape (n_rows,), optional
        Log-odds that are given.

    Returns
    -------
    ndarray of shape (n_columns,)

    Notes
    -----
    Newton steps with halving; run to convergence, so that the order of the rows, the number of
    threads and the starting point leave no trace above 1e-9.

    Examples
    --------
    Without a penalty the intercept is the log-odds of the base rate:

    >>> y = np.array([1.0, 0.0, 0.0, 0.0])
    >>> intercept = fit_logistic(np.ones((4, 1)), y, np.ones(4), np.zeros(1))
    >>> sigmoid(intercept).round(9).tolist()
    [0.25]
    """
    centre = np.zeros(design.shape[1]) if centre is None else centre
    offset = np.zeros(len(y)) if offset is None else offset

    def objective(beta: Floats, margin: Floats) -> float:
        return float(weight @ loss(margin, y)) + 0.5 * float(penalty @ (beta - centre) ** 2)

    beta = centre.copy()
    margin = design @ beta + offset
    value = objective(beta, margin)
    for _ in range(_STEPS):
        probability = sigmoid(margin)
        slope = design.T @ (weight * (probability - y)) + penalty * (beta - centre)
        curvature = design.T @ (design * (weight * probability * (1 - probability))[:, None])
        # A breath on the diagonal keeps columns that are constant or equal solvable.
        ridge = penalty + 1e-9 * max(float(np.trace(curvature)) / len(beta), 1e-9)
        curvature[np.diag_indices_from(curvature)] += ridge
        step = np.linalg.solve(curvature, slope)
        size = 1.0
        for _ in range(_HALVINGS):
            candidate = beta - size * step
            there = design @ candidate + offset
            reached = objective(candidate, there)
            if reached <= value:
                break
            size /= 2
        else:
            break
        gain, beta, margin, value = value - reached, candidate, there, reached
        if gain <= _TOLERANCE * max(abs(value), 1.0) and np.abs(size * step).max() < 1e-9:
            break
    return beta
