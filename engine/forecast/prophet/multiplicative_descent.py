"""Descend Prophet's objective of one series by Newton steps with a line search."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.forecast.prophet.multiplicative_rows import moments_of_rows, residuals
from engine.forecast.prophet.multiplicative_system import assemble, lines, minimise_expansion, penalty
from engine.forecast.prophet.variance import RELATIVE_RESIDUAL_FLOOR, best_variance, noise_objective

MAX_STEPS = 300
FIRST_GAUSS_NEWTON_STEPS = 2
"""From afar the second-order terms mislead."""
MOST_GAUSS_NEWTON_STEPS = 16
"""Between two attempts at Newton."""
HALVINGS = 14
NEWTON_HALVINGS = 3
MOST_OF_RATE = 0.9
"""A step takes at most this share of a logistic k: its sign stays, as there is a wall of prior at k = 0."""
TOLERANCE = 1e-7
"""Of the objective: a Newton step that gains less ends the descent."""


@njit(cache=True, nogil=True, error_model="numpy")
def evaluate(
    y: NDArray[np.float64],
    time: NDArray[np.float64],
    cap: NDArray[np.float64],
    by_column: NDArray[np.float64],
    multiplicative: NDArray[np.bool_],
    edges: NDArray[np.int64],
    changepoints: NDArray[np.float64],
    ridge: NDArray[np.float64],
    offset_precision: float,
    tau: float,
    growth: int,
    least_residual: float,
    theta: NDArray[np.float64],
    state: NDArray[np.float64],
) -> tuple[float, float]:
    """Return (objective, best variance) at theta; fill `state`, the four rows of `residuals`."""
    nz = ridge.shape[0]
    base = np.empty(edges.shape[0] - 1)
    rate = np.empty(edges.shape[0] - 1)
    lines(theta, nz, changepoints, base, rate)
    rest = residuals(y, time, cap, by_column, multiplicative, edges, base, rate, theta[2:nz], growth, state)
    rest = max(rest, least_residual)
    variance = best_variance(rest, float(y.shape[0]))
    objective = noise_objective(rest, float(y.shape[0]), variance) + penalty(
        theta, ridge, offset_precision, tau
    )
    return objective, variance


@njit(cache=True, nogil=True, error_model="numpy")
def descend(
    y: NDArray[np.float64],
    time: NDArray[np.float64],
    cap: NDArray[np.float64],
    by_column: NDArray[np.float64],
    by_row: NDArray[np.float64],
    multiplicative: NDArray[np.bool_],
    edges: NDArray[np.int64],
    changepoints: NDArray[np.float64],
    ridge: NDArray[np.float64],
    offset_precision: float,
    tau: float,
    growth: int,
    theta: NDArray[np.float64],
) -> tuple[float, float, int]:
    """Minimise the objective of one series from theta, in place; return (objective, variance, steps).

    Parameters
    ----------
    y, time, cap : ndarray, shape (rows,)
        Scaled; `cap` is read for logistic growth only.
    by_column, by_row : ndarray, shapes (columns, rows) and (rows, columns)
        The same seasonal columns and regressors twice.
    multiplicative : ndarray of bool, shape (columns,)
    edges : ndarray of int, shape (changepoints + 2,)
        Segment s has rows edges[s] to edges[s + 1].
    changepoints : ndarray
        Scaled time; none where growth is flat.
    ridge : ndarray, shape (2 + columns,)
        1 / prior scale² of k, m and beta; 0 for the c of logistic growth.
    offset_precision : float
        1 / prior scale² of a logistic m = -c / k; 0 for other growth.
    tau : float
        Prior scale of the rate changes.
    theta : ndarray, shape (2 + columns + changepoints,)
        (k, m, beta | delta); for logistic growth c instead of m, and k keeps its sign.
    """
    n_all = theta.shape[0]
    n_columns = ridge.shape[0] - 2
    segments = edges.shape[0] - 1
    trend_trend = np.empty((segments, 3))
    trend_column = np.empty((segments, 2, n_columns))
    trend_residual = np.empty((segments, 2))
    column_column = np.empty((n_columns, n_columns))
    column_residual = np.empty(n_columns)
    hessian = np.empty((n_all, n_all))
    right = np.empty(n_all)
    target = np.empty(n_all)
    trial = np.empty(n_all)
    state = np.empty((4, y.shape[0]))
    trial_state = np.empty((4, y.shape[0]))
    least_residual = 0.0
    for t in range(y.shape[0]):
        least_residual += RELATIVE_RESIDUAL_FLOOR * y[t] * y[t]
    columns_change = bool(multiplicative.any())

    objective, variance = evaluate(
        y, time, cap, by_column, multiplicative, edges, changepoints,
        ridge, offset_precision, tau, growth, least_residual, theta, state,
    )  # fmt: skip
    gauss_newton_left = FIRST_GAUSS_NEWTON_STEPS
    pause = FIRST_GAUSS_NEWTON_STEPS
    newton_refused = False
    steps = 0
    while steps < MAX_STEPS:
        newton = gauss_newton_left == 0
        second_order = 1.0 if newton else 0.0
        moments_of_rows(
            time, cap, by_row, multiplicative, edges, growth, second_order, steps == 0 or columns_change,
            state, trend_trend, trend_column, trend_residual, column_column, column_residual,
        )  # fmt: skip
        assemble(
            trend_trend, trend_column, trend_residual, column_column, column_residual,
            changepoints, growth, offset_precision * variance, second_order, theta, hessian, right,
        )  # fmt: skip
        minimise_expansion(hessian, right, ridge, variance, tau, theta, target)
        steps += 1
        gain = -1.0
        share = 1.0
        if offset_precision > 0.0 and target[0] * theta[0] <= 0.0:
            share = MOST_OF_RATE * theta[0] / (theta[0] - target[0])
        for _ in range(NEWTON_HALVINGS if newton else HALVINGS):
            for i in range(n_all):
                trial[i] = (1.0 - share) * theta[i] + share * target[i]
            found, found_variance = evaluate(
                y, time, cap, by_column, multiplicative, edges, changepoints,
                ridge, offset_precision, tau, growth, least_residual, trial, trial_state,
            )  # fmt: skip
            gain = objective - found
            if gain > 0.0:
                objective, variance = found, found_variance
                state, trial_state = trial_state, state
                for i in range(n_all):
                    theta[i] = trial[i]
                break
            share *= 0.5
        if newton and gain > 0.0:
            newton_refused = False
            if gain < TOLERANCE:
                break
        elif newton:
            newton_refused = True
            gauss_newton_left = pause
            pause = min(2 * pause, MOST_GAUSS_NEWTON_STEPS)
        elif gain >= TOLERANCE:
            gauss_newton_left -= 1
        elif newton_refused:
            break
        else:
            gauss_newton_left = 0
    return objective, variance, steps
