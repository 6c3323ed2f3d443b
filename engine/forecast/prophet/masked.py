"""Fit series with their own start dates, gaps or regressors: a Gram matrix each.

Time is scaled, changepoints are placed and regressors standardised by each series' own observed rows, so the
matrices that `engine.forecast.prophet.shared` computes once differ between series.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.forecast.prophet.blocks import for_each_block
from engine.forecast.prophet.design import TREND_PRIOR_SCALE, Columns
from engine.forecast.prophet.elimination import solve
from engine.forecast.prophet.gram import normal_equations, prefix_sums
from engine.forecast.prophet.parameters import ProphetParameters
from engine.forecast.prophet.regressors import Regressors
from engine.forecast.prophet.spec import ProphetSpec


def fit_masked(
    values: NDArray[np.float64],
    days: NDArray[np.float64],
    columns: Columns,
    own: Regressors,
    cuts: NDArray[np.int64],
    spec: ProphetSpec,
    out: ProphetParameters,
    *,
    threads: int,
) -> NDArray[np.float64]:
    """Fit series (NaN where not observed) into `out`, whose scales and changepoints are set.

    `cuts` is the result of `changepoints.place_changepoints`; `own` holds the last ``columns.n_own`` columns.

    Returns
    -------
    ndarray, shape (n,)
        The objective.
    """
    sums = prefix_sums(days, columns)
    ridge = 1 / np.r_[TREND_PRIOR_SCALE, TREND_PRIOR_SCALE, columns.prior_scale] ** 2
    objective = np.empty(len(values))

    def fit(part: slice) -> None:
        _fit_rows(
            out.scaled(values, part),
            own.standardised(part, slice(0, len(days))),
            cuts[part],
            out.n_changepoints[part],
            out.changepoints[part],
            out.start[part] - days[0],
            out.t_scale[part],
            sums.day,
            sums.columns,
            sums.z,
            sums.day_z,
            sums.day_2,
            sums.z_z,
            ridge,
            spec.changepoint_prior_scale,
            spec.growth != "flat",
            out.k[part],
            out.m[part],
            out.beta[part],
            out.delta[part],
            out.sigma[part],
            objective[part],
        )

    for_each_block(fit, len(values), threads)
    return objective


@njit(cache=True, nogil=True, error_model="numpy")
def _fit_rows(
    scaled: NDArray[np.float64],
    own: NDArray[np.float64],
    cuts: NDArray[np.int64],
    n_changepoints: NDArray[np.int64],
    changepoints: NDArray[np.float64],
    start: NDArray[np.float64],
    t_scale: NDArray[np.float64],
    day: NDArray[np.float64],
    columns: NDArray[np.float64],
    z: NDArray[np.float64],
    day_z: NDArray[np.float64],
    day_2: NDArray[np.float64],
    z_z: NDArray[np.float64],
    ridge: NDArray[np.float64],
    tau: float,
    is_linear: bool,
    k: NDArray[np.float64],
    m: NDArray[np.float64],
    beta: NDArray[np.float64],
    delta: NDArray[np.float64],
    sigma: NDArray[np.float64],
    objective: NDArray[np.float64],
) -> None:
    """Fit each row of a block; the arguments from `k` on are filled in."""
    n, n_dates = scaled.shape
    nz = ridge.shape[0]
    for i in range(n):
        count = 0
        last = 0
        for t in range(n_dates):
            if not np.isnan(scaled[i, t]):
                count += 1
                last = t
        nc = n_changepoints[i]
        cut_day = np.empty(nc + 1)
        cut_day[0] = start[i]
        for q in range(nc):
            cut_day[q + 1] = start[i] + changepoints[i, q] * t_scale[i]
        gram = np.zeros((nz + nc, nz + nc))
        right = np.zeros(nz + nc)
        theta = np.zeros(nz + nc)
        squares = normal_equations(
            scaled[i], own[i], cuts[i, : nc + 1], cut_day, last, t_scale[i],
            day, columns, z, day_z, day_2, z_z, is_linear, gram, right,
        )  # fmt: skip
        variance, objective[i] = solve(gram, right, squares, float(count), ridge, tau, theta)
        sigma[i] = np.sqrt(variance)
        k[i] = theta[0]
        m[i] = theta[1]
        for c in range(nz - 2):
            beta[i, c] = theta[2 + c]
        for q in range(nc):
            delta[i, q] = theta[nz + q]
