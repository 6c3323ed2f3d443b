"""Newton's step for a Prophet model whose trend multiplies some of its columns.

One series, scaled: ``yhat_t = g(u_t) * (1 + x_t' beta_m) + x_t' beta_a`` with ``u = k t + m + sum_j
delta_j (t - s_j)+`` (flat: ``u = m``) and g the identity; or, for logistic growth, ``g(u) = cap / (1 +
exp(-u))`` of ``u = k t + c + sum_j delta_j (t - s_j)+``. Prophet's offsets gamma make that trend
continuous, which is what this says without them, and c = -k m replaces its offset m: data fix c, while a
valley k m = constant, narrow and curved, slows every method down. The prior of m is then that of -c / k.

Between two changepoints u is a line, so every sum over rows that the second-order expansion needs is one of
a few moments of a segment: from those the normal equations are put together here.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.forecast.prophet import lasso
from engine.forecast.prophet.elimination import eliminate
from engine.forecast.prophet.parameters import FLAT


@njit(cache=True, nogil=True, error_model="numpy")
def lines(
    theta: NDArray[np.float64],
    n_normal: int,
    changepoints: NDArray[np.float64],
    base: NDArray[np.float64],
    rate: NDArray[np.float64],
) -> None:
    """Fill ``u = base + rate * t`` of each segment from theta = (k, m or c, beta | delta)."""
    rate[0] = theta[0]
    base[0] = theta[1]
    for j in range(changepoints.shape[0]):
        change = theta[n_normal + j]
        rate[j + 1] = rate[j] + change
        base[j + 1] = base[j] - change * changepoints[j]


@njit(cache=True, nogil=True, error_model="numpy")
def penalty(
    theta: NDArray[np.float64], ridge: NDArray[np.float64], offset_precision: float, tau: float
) -> float:
    """Return what the priors add to the objective.

    `offset_precision` is 1 / prior scale² of a logistic m; else 0.
    """
    total = 0.0
    for i in range(ridge.shape[0]):
        total += 0.5 * ridge[i] * theta[i] * theta[i]
    for j in range(ridge.shape[0], theta.shape[0]):
        total += abs(theta[j]) / tau
    if offset_precision > 0.0:
        offset = theta[1] / theta[0]
        total += 0.5 * offset_precision * offset * offset
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def assemble(
    trend_trend: NDArray[np.float64],
    trend_column: NDArray[np.float64],
    trend_residual: NDArray[np.float64],
    column_column: NDArray[np.float64],
    column_residual: NDArray[np.float64],
    changepoints: NDArray[np.float64],
    growth: int,
    offset_weight: float,
    second_order: float,
    theta: NDArray[np.float64],
    hessian: NDArray[np.float64],
    right: NDArray[np.float64],
) -> None:
    """Fill the normal equations ``hessian theta' = right`` around theta, without the priors that are a ridge.

    Parameters
    ----------
    trend_trend : ndarray, shape (segments, 3)
        Moments of order 0, 1, 2 in t of the weight of du du; changed: summed from each segment to the end.
    trend_column : ndarray, shape (segments, 2, columns)
        Moments of order 0, 1 of the weight of du dbeta; changed likewise.
    trend_residual : ndarray, shape (segments, 2)
        Moments of the residual times the derivative by u; changed likewise.
    column_column, column_residual : ndarray, shapes (columns, columns) and (columns,)
        Second and first derivatives by beta.
    offset_weight : float
        Noise variance times the precision of a logistic m; else 0.
    second_order : float
        1: Newton, 0: Gauss-Newton.
    """
    n_columns = column_residual.shape[0]
    n_normal = n_columns + 2
    n_changes = changepoints.shape[0]
    for s in range(n_changes - 1, -1, -1):
        for d in range(3):
            trend_trend[s, d] += trend_trend[s + 1, d]
        for d in range(2):
            trend_residual[s, d] += trend_residual[s + 1, d]
            for c in range(n_columns):
                trend_column[s, d, c] += trend_column[s + 1, d, c]
    hessian[0, 0], hessian[1, 0], hessian[1, 1] = trend_trend[0, 2], trend_trend[0, 1], trend_trend[0, 0]
    right[0], right[1] = trend_residual[0, 1], trend_residual[0, 0]
    for c in range(n_columns):
        hessian[2 + c, 0] = trend_column[0, 1, c]
        hessian[2 + c, 1] = trend_column[0, 0, c]
        right[2 + c] = column_residual[c]
        for other in range(c + 1):
            hessian[2 + c, 2 + other] = column_column[c, other]
    for j in range(n_changes):
        at = changepoints[j]
        row = n_normal + j
        right[row] = trend_residual[j + 1, 1] - at * trend_residual[j + 1, 0]
        hessian[row, 0] = trend_trend[j + 1, 2] - at * trend_trend[j + 1, 1]
        hessian[row, 1] = trend_trend[j + 1, 1] - at * trend_trend[j + 1, 0]
        for c in range(n_columns):
            hessian[row, 2 + c] = trend_column[j + 1, 1, c] - at * trend_column[j + 1, 0, c]
        for i in range(j + 1):
            hessian[row, n_normal + i] = (
                trend_trend[j + 1, 2]
                - (at + changepoints[i]) * trend_trend[j + 1, 1]
                + at * changepoints[i] * trend_trend[j + 1, 0]
            )
    if offset_weight > 0.0:
        k = theta[0]
        m = -theta[1] / k
        by_k, by_c = -m / k, -1.0 / k
        right[0] -= offset_weight * m * by_k
        right[1] -= offset_weight * m * by_c
        hessian[0, 0] += offset_weight * (by_k * by_k + second_order * 2.0 * m * m / (k * k))
        hessian[1, 0] += offset_weight * (by_k * by_c + second_order * m / (k * k))
        hessian[1, 1] += offset_weight * by_c * by_c
    if growth == FLAT:
        right[0] = 0.0
        for row in range(hessian.shape[0]):
            hessian[row, 0] = 0.0
    for row in range(hessian.shape[0]):
        for column in range(row):
            hessian[column, row] = hessian[row, column]
    for row in range(hessian.shape[0]):
        for column in range(hessian.shape[0]):
            right[row] += hessian[row, column] * theta[column]


@njit(cache=True, nogil=True, error_model="numpy")
def minimise_expansion(
    hessian: NDArray[np.float64],
    right: NDArray[np.float64],
    ridge: NDArray[np.float64],
    variance: float,
    tau: float,
    theta: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Fill `found` with the minimiser of the expansion plus priors at a fixed noise variance.

    The rate changes of `theta` are the lasso's start.
    """
    nz = ridge.shape[0]
    nc = theta.shape[0] - nz
    factor = np.empty((nz, nz))
    cross = np.empty((nz, nc))
    rotated = np.empty(nz)
    ramp_gram = np.empty((nc, nc))
    linear = np.empty(nc)
    delta = theta[nz:].copy()
    eliminate(hessian, right, ridge, variance, factor, cross, rotated, ramp_gram, linear)
    lasso.minimise(ramp_gram, linear, variance / tau, delta)
    for q in range(nc):
        found[nz + q] = delta[q]
        if delta[q] != 0.0:
            for i in range(nz):
                rotated[i] -= cross[i, q] * delta[q]
    for i in range(nz - 1, -1, -1):
        rest = rotated[i]
        for k in range(i + 1, nz):
            rest -= factor[k, i] * found[k]
        found[i] = rest * factor[i, i]
