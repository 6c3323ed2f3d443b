"""Fit many series whose trend multiplies columns or saturates, one after the other.

Complete series, series with gaps or a late start and series with their own regressors take the same way:
a step costs rows * columns² / 2 multiplications, which is little more than what a shared calendar could
save.
"""

from __future__ import annotations

import numpy as np
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
    cap: NDArray[np.float64] | None,
    growth: int,
    changepoint_prior_scale: float,
    out: ProphetParameters,
    *,
    threads: int,
) -> NDArray[np.float64]:
    """Fill k, m, delta, beta and sigma of `out`; return the objective, shape (n,); NaN where none was finite.

    Arguments as `multiplicative.fit_multiplicative`; `cap`, shape (n, T), for logistic growth only.
    """
    ridge = 1 / np.r_[TREND_PRIOR_SCALE, TREND_PRIOR_SCALE, columns.prior_scale] ** 2
    offset_precision = 0.0
    if growth == LOGISTIC:
        offset_precision, ridge[1] = float(ridge[1]), 0.0
    shared = np.array(columns.values, order="C")
    shared_by_column = np.ascontiguousarray(shared.T)
    multiplicative = np.array(columns.is_multiplicative)
    normal = len(ridge)
    objective = np.full(len(scaled), np.nan)

    def fit(part: slice) -> None:
        own_columns = own.standardised(part, slice(0, len(days)))
        for i in range(part.start, part.stop):
            seen = ~np.isnan(scaled[i])
            y = scaled[i, seen]
            time = (days[seen] - out.start[i]) / out.t_scale[i]
            if columns.n_own or not seen.all():
                by_row = np.hstack([shared[seen], own_columns[i - part.start, seen]])
                by_column = np.ascontiguousarray(by_row.T)
            else:
                by_row, by_column = shared, shared_by_column
            ceiling = np.ones(len(y)) if cap is None else cap[i, seen]
            turns = out.changepoints[i, : 0 if growth == FLAT else out.n_changepoints[i]].copy()
            edges = np.r_[0, np.searchsorted(time, turns), len(y)]

            theta = np.zeros(normal + len(turns))
            if growth == LOGISTIC:
                theta[:2] = through_the_ends(y, ceiling)
            else:
                theta[1] = y.mean()
            for attempt in range(2 if growth == LOGISTIC else 1):
                if attempt == 1:
                    theta[0] = opposite_rate(theta[0], theta[1])
                found, variance, _ = descend(
                    y, time, ceiling, by_column, by_row, multiplicative, edges, turns,
                    ridge, offset_precision, changepoint_prior_scale, growth, theta,
                )  # fmt: skip
                if np.isfinite(found) and not found >= objective[i]:
                    objective[i] = found
                    out.sigma[i] = np.sqrt(variance)
                    out.k[i] = theta[0]
                    out.m[i] = -theta[1] / theta[0] if growth == LOGISTIC else theta[1]
                    out.beta[i] = theta[2:normal]
                    out.delta[i, : len(turns)] = theta[normal:]

    for_each_block(fit, len(scaled), threads)
    return objective
