"""Fit many series whose trend multiplies columns or saturates, one after the other, block by block.

Complete series, series with gaps or a late start and series with their own regressors take the same way:
a step costs rows * columns² / 2 multiplications, which is little more than what a shared calendar could
save.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.forecast.prophet.blocks import for_each_block
from engine.forecast.prophet.design import TREND_PRIOR_SCALE, Columns
from engine.forecast.prophet.logistic_start import opposite_rate, through_the_ends
from engine.forecast.prophet.multiplicative_descent import descend
from engine.forecast.prophet.parameters import FLAT, LOGISTIC, ProphetParameters
from engine.forecast.prophet.regressors import Regressors


def fit_nonlinear(
    scaled: NDArray[np.float64],
    days: NDArray[np.float64],
    columns: Columns,
    own: Regressors,
    cap: NDArray[np.float64],
    growth: int,
    changepoint_prior_scale: float,
    out: ProphetParameters,
    *,
    threads: int,
) -> NDArray[np.float64]:
    """Fill k, m, delta, beta and sigma of `out`; return the objective, shape (n,); NaN where none was finite.

    Arguments as `multiplicative.fit_multiplicative`; `cap` of shape (n, T) for logistic growth, else (n, 0).
    """
    ridge = 1 / np.r_[TREND_PRIOR_SCALE, TREND_PRIOR_SCALE, columns.prior_scale] ** 2
    offset_precision = 0.0
    if growth == LOGISTIC:
        ridge[1], offset_precision = 0.0, float(ridge[1])
    shared = np.ascontiguousarray(columns.values)
    multiplicative = np.ascontiguousarray(columns.is_multiplicative)
    objective = np.empty(len(scaled))

    def fit(part: slice) -> None:
        _fit_rows(
            scaled[part],
            days,
            shared,
            np.ascontiguousarray(own.standardised(part, slice(0, len(days)))),
            np.ascontiguousarray(cap[part]),
            multiplicative,
            ridge,
            offset_precision,
            changepoint_prior_scale,
            growth,
            out.start[part],
            out.t_scale[part],
            out.changepoints[part],
            out.n_changepoints[part],
            out.k[part],
            out.m[part],
            out.beta[part],
            out.delta[part],
            out.sigma[part],
            objective[part],
        )

    for_each_block(fit, len(scaled), threads)
    return objective


@njit(cache=True, nogil=True, error_model="numpy")
def _fit_rows(
    scaled: NDArray[np.float64],
    days: NDArray[np.float64],
    shared: NDArray[np.float64],
    own: NDArray[np.float64],
    cap: NDArray[np.float64],
    multiplicative: NDArray[np.bool_],
    ridge: NDArray[np.float64],
    offset_precision: float,
    tau: float,
    growth: int,
    start: NDArray[np.float64],
    t_scale: NDArray[np.float64],
    changepoints: NDArray[np.float64],
    n_changepoints: NDArray[np.int64],
    k: NDArray[np.float64],
    m: NDArray[np.float64],
    beta: NDArray[np.float64],
    delta: NDArray[np.float64],
    sigma: NDArray[np.float64],
    objective: NDArray[np.float64],
) -> None:
    """Fit each row of a block; the arguments from `k` on are filled in."""
    n, n_dates = scaled.shape
    n_shared = shared.shape[1]
    n_columns = ridge.shape[0] - 2
    n_normal = n_columns + 2
    for i in range(n):
        rows = 0
        for t in range(n_dates):
            if not np.isnan(scaled[i, t]):
                rows += 1
        y, time, ceiling = np.empty(rows), np.empty(rows), np.ones(rows)
        by_row, by_column = np.empty((rows, n_columns)), np.empty((n_columns, rows))
        mean = 0.0
        row = 0
        for t in range(n_dates):
            if np.isnan(scaled[i, t]):
                continue
            y[row] = scaled[i, t]
            time[row] = (days[t] - start[i]) / t_scale[i]
            mean += y[row] / rows
            if growth == LOGISTIC:
                ceiling[row] = cap[i, t]
            for c in range(n_columns):
                by_row[row, c] = shared[t, c] if c < n_shared else own[i, t, c - n_shared]
                by_column[c, row] = by_row[row, c]
            row += 1

        n_changes = 0 if growth == FLAT else n_changepoints[i]
        turns = np.empty(n_changes)
        edges = np.zeros(n_changes + 2, np.int64)
        row = 0
        for j in range(n_changes):
            turns[j] = changepoints[i, j]
            while row < rows and time[row] < turns[j]:
                row += 1
            edges[j + 1] = row
        edges[n_changes + 1] = rows

        theta = np.zeros(n_normal + n_changes)
        theta[1] = mean
        starts = 1
        if growth == LOGISTIC:
            starts = 2
            theta[0], theta[1] = through_the_ends(y, ceiling)
        objective[i] = np.inf
        for attempt in range(starts):
            if attempt == 1:
                theta[0] = opposite_rate(theta[0], theta[1])
            found, variance, _ = descend(
                y, time, ceiling, by_column, by_row, multiplicative, edges, turns,
                ridge, offset_precision, tau, growth, theta,
            )  # fmt: skip
            if found < objective[i]:
                objective[i] = found
                sigma[i] = np.sqrt(variance)
                k[i] = theta[0]
                m[i] = -theta[1] / theta[0] if growth == LOGISTIC else theta[1]
                for c in range(n_columns):
                    beta[i, c] = theta[2 + c]
                for j in range(n_changes):
                    delta[i, j] = theta[n_normal + j]
        if objective[i] == np.inf:
            objective[i] = np.nan
