"""Fit series with their own start dates and gaps: a Gram matrix each.

Time is scaled, and changepoints are placed, by each series' own observed rows, so the matrices that
`engine.forecast.prophet.shared` computes once differ between series.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.forecast.prophet.blocks import for_each_block
from engine.forecast.prophet.design import TREND_PRIOR_SCALE, Seasonal, changepoint_rows
from engine.forecast.prophet.elimination import solve
from engine.forecast.prophet.gram import normal_equations, prefix_sums
from engine.forecast.prophet.parameters import ProphetParameters
from engine.forecast.prophet.spec import ProphetSpec


def fit_masked(
    values: NDArray[np.float64],
    days: NDArray[np.float64],
    seasonal: Seasonal,
    spec: ProphetSpec,
    out: ProphetParameters,
    *,
    threads: int,
) -> NDArray[np.float64]:
    """Fit series (NaN where not observed; at least two observed rows) into `out`, whose `y_scale` is set.

    Returns
    -------
    ndarray, shape (n,)
        The objective.
    """
    sums = prefix_sums(days, seasonal)
    counts = (~np.isnan(values)).sum(axis=1)
    history_rows = np.zeros(out.delta.shape, dtype=np.int64)  # a dummy at the first row where there are none
    for count in np.unique(counts):
        chosen = changepoint_rows(int(count), spec)
        history_rows[counts == count, : len(chosen)] = chosen
        out.n_changepoints[counts == count] = max(len(chosen), 1)
    ridge = 1 / np.r_[TREND_PRIOR_SCALE, TREND_PRIOR_SCALE, seasonal.prior_scale] ** 2
    objective = np.empty(len(values))

    def fit(part: slice) -> None:
        _fit_rows(
            values[part],
            history_rows[part],
            out.n_changepoints[part],
            sums.day,
            sums.columns,
            sums.z,
            sums.day_z,
            sums.day_2,
            sums.z_z,
            ridge,
            spec.changepoint_prior_scale,
            spec.growth == "linear",
            out.y_scale[part],
            out.k[part],
            out.m[part],
            out.beta[part],
            out.delta[part],
            out.sigma[part],
            out.changepoints[part],
            out.start[part],
            out.t_scale[part],
            objective[part],
        )

    for_each_block(fit, len(values), threads)
    out.start[:] += days[0]
    return objective


@njit(cache=True, nogil=True, error_model="numpy")
def _fit_rows(
    values: NDArray[np.float64],
    history_rows: NDArray[np.int64],
    n_changepoints: NDArray[np.int64],
    day: NDArray[np.float64],
    columns: NDArray[np.float64],
    z: NDArray[np.float64],
    day_z: NDArray[np.float64],
    day_2: NDArray[np.float64],
    z_z: NDArray[np.float64],
    ridge: NDArray[np.float64],
    tau: float,
    is_linear: bool,
    y_scale: NDArray[np.float64],
    k: NDArray[np.float64],
    m: NDArray[np.float64],
    beta: NDArray[np.float64],
    delta: NDArray[np.float64],
    sigma: NDArray[np.float64],
    changepoints: NDArray[np.float64],
    start: NDArray[np.float64],
    t_scale: NDArray[np.float64],
    objective: NDArray[np.float64],
) -> None:
    """Fit each row of a block; the arguments from `k` on are filled in."""
    n, n_dates = values.shape
    nz = ridge.shape[0]
    seen = np.empty(n_dates, np.int64)
    for i in range(n):
        count = 0
        for t in range(n_dates):
            if not np.isnan(values[i, t]):
                seen[count] = t
                count += 1
        nc = n_changepoints[i]
        cuts = np.empty(nc + 1, np.int64)
        cuts[0] = seen[0]
        for q in range(nc):
            cuts[q + 1] = seen[history_rows[i, q]]
        last = seen[count - 1]
        start[i] = day[seen[0]]
        t_scale[i] = day[last] - start[i]
        gram = np.zeros((nz + nc, nz + nc))
        right = np.zeros(nz + nc)
        theta = np.zeros(nz + nc)
        squares = normal_equations(
            values[i], cuts, last, y_scale[i], day, columns, z, day_z, day_2, z_z,
            is_linear, gram, right,
        )  # fmt: skip
        variance, objective[i] = solve(gram, right, squares, float(count), ridge, tau, theta)
        sigma[i] = np.sqrt(variance)
        k[i] = theta[0]
        m[i] = theta[1]
        for c in range(nz - 2):
            beta[i, c] = theta[2 + c]
        for q in range(nc):
            delta[i, q] = theta[nz + q]
            changepoints[i, q] = (day[cuts[q + 1]] - start[i]) / t_scale[i]
