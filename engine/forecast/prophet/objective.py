"""Prophet's objective, evaluated directly: what Stan calls ``-lp__``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.forecast.prophet.design import TREND_PRIOR_SCALE, Dates, day_numbers, seasonal_columns
from engine.forecast.prophet.parameters import ProphetParameters
from engine.forecast.prophet.spec import ProphetSpec


def objective(
    values: NDArray[np.float64], dates: Dates, parameters: ProphetParameters, spec: ProphetSpec
) -> NDArray[np.float64]:
    """Return the negative log posterior of each series, up to the constants that Stan drops.

    ``T ln s + |y - yhat|² / (2 s²) + (k² + m²) / 50 + sum|delta| / tau + sum beta² / (2 scale²) + 2 s²``

    Parameters
    ----------
    values : ndarray, shape (n, T)
        History [units]; NaN where not observed.
    dates : sequence of dates, length T
    parameters : ProphetParameters
        Of the n series.
    spec : ProphetSpec
        Prior scales, seasonality and holidays that the parameters belong to.

    Returns
    -------
    ndarray, shape (n,)
        Lower is better; differences are comparable within a series only.
    """
    days = day_numbers(dates)
    seasonal = seasonal_columns(days, parameters.orders, spec)
    slope = float(spec.growth == "linear")
    out = np.empty(len(values))
    for i, row in enumerate(values):
        seen = ~np.isnan(row)
        time = (days[seen] - parameters.start[i]) / parameters.t_scale[i]
        changepoints = parameters.changepoints[i]
        ramps = np.maximum(time[:, None] - changepoints, 0.0)
        trend = slope * (parameters.k[i] * time + ramps @ parameters.delta[i]) + parameters.m[i]
        error = row[seen] / parameters.y_scale[i] - trend - seasonal.columns[seen] @ parameters.beta[i]
        sigma = parameters.sigma[i]
        out[i] = (
            seen.sum() * np.log(sigma)
            + error @ error / (2 * sigma**2)
            + (parameters.k[i] ** 2 + parameters.m[i] ** 2) / (2 * TREND_PRIOR_SCALE**2)
            + np.abs(parameters.delta[i]).sum() / spec.changepoint_prior_scale
            + ((parameters.beta[i] / seasonal.prior_scale) ** 2).sum() / 2
            + 2 * sigma**2
        )
    return out
