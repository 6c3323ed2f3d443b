"""Forecasts and their intervals from fitted parameters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.forecast.prophet.blocks import for_each_block, on_one_blas_thread, padded_product
from engine.forecast.prophet.design import seasonal_columns
from engine.forecast.prophet.intervals import EPSILON_SCALE, half_widths
from engine.forecast.prophet.parameters import ProphetParameters
from engine.forecast.prophet.spec import ProphetSpec


@on_one_blas_thread
def predict(
    parameters: ProphetParameters, future: NDArray[np.float64], spec: ProphetSpec, *, threads: int = 1
) -> NDArray[np.float64]:
    """Return the forecast on future days, shape (n, h): after all changepoints the trend is a line."""
    seasonal = np.ascontiguousarray(seasonal_columns(future, parameters.orders, spec).columns.T)
    slope = parameters.k + parameters.delta.sum(axis=1)
    intercept = parameters.m - (parameters.delta * parameters.changepoints).sum(axis=1)
    out = np.empty((len(slope), len(future)))

    def fill(part: slice) -> None:
        time = (future - parameters.start[part, None]) / parameters.t_scale[part, None]
        line = slope[part, None] * time + intercept[part, None]
        out[part] = (line + padded_product(parameters.beta[part], seasonal)) * parameters.y_scale[part, None]

    for_each_block(fill, len(slope), threads)
    return out


def interval_half_widths(
    parameters: ProphetParameters,
    future: NDArray[np.float64],
    count: NDArray[np.int64],
    spec: ProphetSpec,
    width: float,
) -> NDArray[np.float64]:
    """Return half the width of the interval on each future day, shape (n, h) [units]."""
    if len(future) > 1:
        step = (future[-1] - future[0]) / (len(future) - 1) / parameters.t_scale
    else:  # Prophet then takes the mean step of the history
        step = 1.0 / np.maximum(count - 1, 1)
    changepoints = np.maximum(parameters.n_changepoints, 1)
    jump = (np.abs(parameters.delta).sum(axis=1) / changepoints + EPSILON_SCALE) * step
    return half_widths(
        jump * parameters.y_scale if spec.growth == "linear" else np.zeros_like(jump),
        changepoints * step,
        parameters.sigma * parameters.y_scale,
        len(future),
        width,
    )
