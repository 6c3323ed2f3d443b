"""Fit Prophet's model to many series at once and forecast them: the facade of this package."""

from __future__ import annotations

from numpy.typing import ArrayLike

from engine.forecast.prophet.design import Dates
from engine.forecast.prophet.estimate import estimate
from engine.forecast.prophet.forecast import ProphetForecast, forecast
from engine.forecast.prophet.inputs import read_inputs
from engine.forecast.prophet.spec import ProphetSpec

__all__ = ["ProphetForecast", "ProphetSpec", "fit_predict"]


def fit_predict(
    panel_values: ArrayLike,
    dates: Dates,
    future_dates: Dates,
    *,
    observed: ArrayLike | None = None,
    regressors: ArrayLike | None = None,
    cap: ArrayLike | None = None,
    floor: ArrayLike | None = None,
    interval_width: float | None = None,
    spec: ProphetSpec | None = None,
    threads: int = 1,
) -> ProphetForecast:
    """Fit every series and forecast it.

    Complete series share one solver (`engine.forecast.prophet.shared`); series with a later start, gaps or
    regressors of their own are fitted by a Gram matrix each (`engine.forecast.prophet.masked`). The bytes of
    a series' result do not depend on the other series, their order, or `threads`.

    Parameters
    ----------
    panel_values : array_like, shape (n, T)
        Demand [units]; NaN is not observed.
    dates, future_dates : sequences of dates, lengths T and h
        Strictly increasing; every future date after the last date. Days, weeks, months or any other step.
    observed : array_like of bool, shape (n, T), optional
        False where the value is to be ignored. Default: where it is not NaN.
    regressors : array_like, shape (T + h, k) or (n, T + h, k)
        Past and future values of ``spec.extra_regressors``, in their order, not standardised. Values of
        past periods in which nothing is observed do not count and may be NaN.
    cap, floor : array_like, shape (n,) or (n, T + h)
        Capacity [units] and, optionally, floor of logistic growth.
    interval_width : float, optional
        Probability inside [lower, upper]; default: that of `spec` (0.8).
    spec : ProphetSpec, optional
        Default: Prophet's defaults.
    threads : int
        Threads over blocks of series; BLAS itself is held to one while fitting.

    Returns
    -------
    ProphetForecast
        Always finite. A series that the model cannot have (it never changes, or is nearly all zeros where
        terms multiply the trend) is fitted with a simpler one, which `fallback` names.

    Raises
    ------
    EngineError
        If shapes disagree, dates are out of order, or a value is not finite; names all faults.

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
    inputs = read_inputs(
        panel_values,
        dates,
        future_dates,
        spec,
        observed=observed,
        regressors=regressors,
        cap=cap,
        floor=floor,
    )
    parameters, objective, fallback = estimate(inputs, spec, threads=threads)
    return forecast(
        inputs, spec, parameters, objective, fallback, interval_width=interval_width, threads=threads
    )
