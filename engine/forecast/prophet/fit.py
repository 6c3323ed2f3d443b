"""Fit Prophet's additive model to many series at once and forecast them: the facade of this package."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.forecast.prophet.blocks import on_one_blas_thread
from engine.forecast.prophet.design import (
    HOLIDAYS,
    TREND_PRIOR_SCALE,
    Dates,
    changepoint_rows,
    fourier_orders,
    seasonal_columns,
)
from engine.forecast.prophet.history import History, describe, read_panel
from engine.forecast.prophet.masked import fit_masked
from engine.forecast.prophet.parameters import ProphetParameters
from engine.forecast.prophet.predict import interval_half_widths, predict
from engine.forecast.prophet.shared import fit_shared, shared_calendar
from engine.forecast.prophet.spec import ProphetSpec

__all__ = ["ProphetForecast", "ProphetSpec", "fit", "fit_predict", "predict", "read_panel"]

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
    history = describe(values, days)
    # A series spans no more days, in no finer steps, than the calendar: these orders hold all of its own.
    calendar_step = float(np.diff(days).min()) if n_dates > 1 else np.inf
    orders = fourier_orders(spec, float(days[-1] - days[0]) if n_dates else 0.0, calendar_step)
    components = seasonal_columns(days, orders, spec).component
    ramps = max(len(changepoint_rows(n_dates, spec)), 1)
    parameters = ProphetParameters.empty(n, ramps, len(components), orders)
    parameters.y_scale[:] = history.y_scale
    objective = np.zeros(n)

    to_fit = np.flatnonzero(~history.is_constant)
    facts = np.column_stack([history.span, history.least_step, history.count == n_dates])[to_fit]
    distinct, which = np.unique(facts, axis=0, return_inverse=True)
    keys = [(fourier_orders(spec, span, step), bool(full)) for span, step, full in distinct.tolist()]
    for key in sorted(set(keys)):
        own_orders, is_complete = key
        rows = to_fit[np.array([other == key for other in keys])[which]]
        seasonal = seasonal_columns(days, own_orders, spec)
        part = ProphetParameters.empty(len(rows), ramps, len(seasonal.prior_scale), own_orders)
        part.y_scale[:] = history.y_scale[rows]
        chosen = values if len(rows) == n else values[rows]
        if is_complete:
            calendar = shared_calendar(days, seasonal, spec)
            objective[rows] = fit_shared(chosen, calendar, spec, part, threads=threads)
        else:
            objective[rows] = fit_masked(chosen, days, seasonal, spec, part, threads=threads)
        _scatter(part, parameters, rows, np.isin(components, [*np.flatnonzero(own_orders), HOLIDAYS]))
    _fit_constants(parameters, objective, history)
    return parameters, objective


def _scatter(
    part: ProphetParameters, whole: ProphetParameters, rows: NDArray[np.int64], used: NDArray[np.bool_]
) -> None:
    for name in ("k", "m", "delta", "sigma", "changepoints", "n_changepoints", "start", "t_scale"):
        getattr(whole, name)[rows] = getattr(part, name)
    whole.beta[np.ix_(rows, used)] = part.beta


def _fit_constants(parameters: ProphetParameters, objective: NDArray[np.float64], history: History) -> None:
    """Continue rows that never change at their value, as Prophet does, and rows without history at 0."""
    rows = history.is_constant
    level = (history.first_value / history.y_scale)[rows]
    parameters.m[rows] = level
    parameters.sigma[rows] = CONSTANT_SIGMA
    parameters.t_scale[rows] = np.where(history.span > 0, history.span, 1.0)[rows]
    objective[rows] = history.count[rows] * np.log(CONSTANT_SIGMA) + level**2 / (2 * TREND_PRIOR_SCALE**2)
