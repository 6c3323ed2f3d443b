"""Fit Prophet's additive model to many series at once and forecast them: the facade of this package."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from engine.errors import EngineError
from engine.forecast.prophet.blocks import for_each_block, on_one_blas_thread, padded_product
from engine.forecast.prophet.design import (
    HOLIDAYS,
    Dates,
    Orders,
    day_numbers,
    fourier_orders,
    seasonal_columns,
)
from engine.forecast.prophet.intervals import EPSILON_SCALE, half_widths
from engine.forecast.prophet.masked import fit_masked
from engine.forecast.prophet.parameters import ProphetParameters
from engine.forecast.prophet.shared import fit_shared, shared_calendar
from engine.forecast.prophet.spec import ProphetSpec

CONSTANT_SIGMA = 1e-9
"""Prophet's noise for a series that never changes, which it does not fit."""


@dataclass(frozen=True)
class ProphetForecast:
    """Forecasts of n series over h future dates, and what was fitted.

    Nothing is clipped at 0: demand cannot be negative, a trend can; the caller decides.
    """

    yhat: NDArray[np.float64]
    """Shape (n, h) [units]."""
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    """Central interval of `interval_width`, as Prophet simulates it."""
    sigma: NDArray[np.float64]
    """Noise around the trend and seasonality, shape (n,) [units]."""
    objective: NDArray[np.float64]
    """Negative log posterior as Stan counts it, shape (n,)."""
    parameters: ProphetParameters


def fit_predict(
    panel_values: ArrayLike,
    dates: Dates,
    future_dates: Dates,
    *,
    observed: ArrayLike | None = None,
    interval_width: float | None = None,
    spec: ProphetSpec | None = None,
    threads: int = 1,
) -> ProphetForecast:
    """Fit every series and forecast it.

    Complete series share one solver (`engine.forecast.prophet.shared`); series with a later start or gaps
    are fitted on their observed rows (`engine.forecast.prophet.masked`). The bytes of a series' result do
    not depend on the other series, their order, or `threads`.

    Parameters
    ----------
    panel_values : array_like, shape (n, T)
        Demand [units]; NaN is not observed.
    dates, future_dates : sequences of dates, lengths T and h
        Strictly increasing; every future date after the last date. Days, weeks, months or any other step.
    observed : array_like of bool, shape (n, T), optional
        False where the value is to be ignored. Default: where it is not NaN.
    interval_width : float, optional
        Probability inside [lower, upper]; default: that of `spec` (0.8).
    spec : ProphetSpec, optional
        Default: Prophet's defaults.
    threads : int
        Threads over blocks of series; BLAS itself is held to one while fitting.

    Returns
    -------
    ProphetForecast
        Always finite. A series that never changes (all zeros too) continues at its value, one with a single
        observed row at that row, one with none at 0.

    Raises
    ------
    EngineError
        If shapes disagree, dates are out of order, or an observed value is not finite; names all faults.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.date_range("2026-01-05", periods=56)
    >>> week = [5, 4, 4, 6, 9, 12, 10]
    >>> forecast = fit_predict([week * 8], days[:56], days[-1] + pd.to_timedelta(range(1, 8), "D"))
    >>> forecast.yhat.round(1)
    array([[ 5.,  4.,  4.,  6.,  9., 12., 10.]])
    """
    spec = spec or ProphetSpec()
    values, days, future = read_panel(panel_values, dates, future_dates, observed)
    parameters, objective = fit(values, days, spec, threads=threads)
    yhat = predict(parameters, future, spec, threads=threads)
    half = interval_half_widths(
        parameters, future, (~np.isnan(values)).sum(axis=1), spec, interval_width or spec.interval_width
    )
    return ProphetForecast(
        yhat, yhat - half, yhat + half, parameters.sigma * parameters.y_scale, objective, parameters
    )


@on_one_blas_thread
def fit(
    values: NDArray[np.float64], days: NDArray[np.float64], spec: ProphetSpec, *, threads: int = 1
) -> tuple[ProphetParameters, NDArray[np.float64]]:
    """Return the parameters and objective of each series; `values` are NaN where not observed."""
    n, n_dates = values.shape
    count = np.zeros(n, dtype=np.int64)
    span = np.zeros(n)
    least_step = np.zeros(n)
    first_value = np.zeros(n)
    y_scale = np.zeros(n)
    is_constant = np.zeros(n, dtype=np.bool_)
    _describe(values, days, count, span, least_step, first_value, y_scale, is_constant)
    orders = [fourier_orders(spec, *row) for row in zip(span.tolist(), least_step.tolist(), strict=True)]
    group_of = {order: number for number, order in enumerate(sorted(set(orders)))}
    group = np.array([group_of[order] for order in orders], dtype=np.int64)
    widest: Orders = tuple(np.max([*group_of, (0, 0, 0)], axis=0).tolist())
    components = seasonal_columns(days, widest, spec).component
    ramps = max(min(spec.n_changepoints, int(np.floor(n_dates * spec.changepoint_range)) - 1), 1)

    parameters = ProphetParameters.empty(n, ramps, len(components), widest)
    objective = np.zeros(n)
    parameters.y_scale[:] = y_scale
    is_complete = count == n_dates
    for order, number in group_of.items():
        seasonal = seasonal_columns(days, order, spec)
        used = np.isin(components, [*np.flatnonzero(order), HOLIDAYS])
        for complete in (True, False):
            rows = np.flatnonzero((group == number) & (is_complete == complete) & ~is_constant)
            if not len(rows):
                continue
            part = ProphetParameters.empty(len(rows), ramps, len(seasonal.prior_scale), order)
            part.y_scale[:] = y_scale[rows]
            chosen = values if len(rows) == n else values[rows]
            if complete:
                calendar = shared_calendar(days, seasonal, spec)
                objective[rows] = fit_shared(chosen, calendar, spec, part, threads=threads)
            else:
                objective[rows] = fit_masked(chosen, days, seasonal, spec, part, threads=threads)
            _scatter(part, parameters, rows, used)
    parameters.t_scale[is_constant] = np.where(span > 0, span, 1.0)[is_constant]
    _fit_constants(parameters, objective, is_constant, first_value, count)
    return parameters, objective


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


@njit(cache=True, nogil=True, error_model="numpy")
def _describe(
    values: NDArray[np.float64],
    days: NDArray[np.float64],
    count: NDArray[np.int64],
    span: NDArray[np.float64],
    least_step: NDArray[np.float64],
    first_value: NDArray[np.float64],
    y_scale: NDArray[np.float64],
    is_constant: NDArray[np.bool_],
) -> None:
    """Fill in what decides how each row is modelled, from its observed values."""
    for i in range(values.shape[0]):
        first = -1
        last = -1
        largest = 0.0
        same = True
        step = np.inf
        for t in range(values.shape[1]):
            value = values[i, t]
            if np.isnan(value):
                continue
            if first < 0:
                first = t
            else:
                step = min(step, days[t] - days[last])
                same = same and value == values[i, first]
            last = t
            count[i] += 1
            largest = max(largest, abs(value))
        if first >= 0:
            span[i] = days[last] - days[first]
            first_value[i] = values[i, first]
        least_step[i] = step
        y_scale[i] = largest if largest > 0.0 else 1.0
        is_constant[i] = same


def _scatter(
    part: ProphetParameters, whole: ProphetParameters, rows: NDArray[np.int64], used: NDArray[np.bool_]
) -> None:
    for name in ("k", "m", "delta", "sigma", "changepoints", "n_changepoints", "start", "t_scale"):
        getattr(whole, name)[rows] = getattr(part, name)
    whole.beta[np.ix_(rows, used)] = part.beta


def _fit_constants(
    parameters: ProphetParameters,
    objective: NDArray[np.float64],
    is_constant: NDArray[np.bool_],
    value: NDArray[np.float64],
    count: NDArray[np.int64],
) -> None:
    """Continue rows that never change at their value, as Prophet does, and rows without history at 0."""
    level = (value / parameters.y_scale)[is_constant]
    parameters.m[is_constant] = level
    parameters.sigma[is_constant] = CONSTANT_SIGMA
    objective[is_constant] = count[is_constant] * np.log(CONSTANT_SIGMA) + level**2 / 50


def read_panel(
    panel_values: ArrayLike, dates: Dates, future_dates: Dates, observed: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return values (NaN where not observed), days and future days; raise on any fault."""
    values = np.ascontiguousarray(panel_values, dtype=np.float64)
    days, future = day_numbers(dates), day_numbers(future_dates)
    faults = []
    if values.ndim != 2 or values.shape[1] != len(days):
        faults.append(f"panel_values has shape {values.shape}, must be (series, {len(days)} dates)")
    elif observed is not None:
        mask = np.asarray(observed, dtype=np.bool_)
        if mask.shape != values.shape:
            faults.append(f"observed has shape {mask.shape}, must be that of panel_values, {values.shape}")
        else:
            values = np.where(mask, values, np.nan)
    if np.isinf(values).any():
        row = int(np.argwhere(np.isinf(values))[0][0])
        faults.append(f"panel_values must be finite or NaN; row {row} is infinite")
    if not (np.diff(days) > 0).all():
        faults.append("dates must be strictly increasing")
    if not (np.diff(future) > 0).all():
        faults.append("future_dates must be strictly increasing")
    if len(days) and len(future) and future.min() <= days.max():
        faults.append("future_dates must all be after the last of dates")
    if faults:
        raise EngineError("; ".join(faults))
    return values, days, future
