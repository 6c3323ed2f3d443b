"""To and from objects of the prophet library: its plots, its component tools, its own fit.

prophet is imported inside functions: it takes seconds, and planning does not need it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.forecast.prophet.design import design_columns
from engine.forecast.prophet.estimate import without_modes
from engine.forecast.prophet.forecast import ProphetForecast
from engine.forecast.prophet.inputs import Inputs
from engine.forecast.prophet.parameters import GROWTH_NAMES, ProphetParameters
from engine.forecast.prophet.spec import ProphetSpec


def to_prophet(forecast: ProphetForecast, series: int) -> Any:
    """Return a fitted `prophet.Prophet` that holds one series' history and our parameters.

    Its `predict`, `plot` and `plot_components` work as after its own `fit`; `predict` of
    `prophet_frame(forecast, series)` gives our `yhat`.

    Parameters
    ----------
    forecast : ProphetForecast
        From `engine.forecast.prophet.fit.fit_predict`.
    series : int
        Row of the panel.

    Raises
    ------
    EngineError
        If the series has fewer than two observed rows, which Prophet refuses, or fell back to a trend that
        Prophet cannot hold (linear, above a floor).

    Examples
    --------
    >>> from engine.forecast.prophet.fit import fit_predict
    >>> days = pd.date_range("2026-01-05", periods=63)
    >>> forecast = fit_predict([[5, 4, 4, 6, 9, 12, 10] * 8], days[:56], days[56:])
    >>> shown = to_prophet(forecast, 0).predict(prophet_frame(forecast, 0))
    >>> bool(np.allclose(shown["yhat"], forecast.yhat[0]))
    True
    """
    inputs, parameters = forecast.inputs, forecast.parameters.rows(slice(series, series + 1))
    seen = ~np.isnan(inputs.values[series])
    if seen.sum() < 2:
        raise EngineError(f"series {series} has {seen.sum()} observed rows; Prophet needs two")
    growth = GROWTH_NAMES[parameters.growth[0]]
    if growth != forecast.spec.growth and inputs.floor is not None:
        raise EngineError(
            f"series {series} fell back to {growth} growth above a floor; Prophet has no such trend"
        )
    spec = replace(
        without_modes(forecast.spec) if parameters.is_additive[0] else forecast.spec, growth=growth
    )
    model = prophet_model(_within(spec, inputs.days[seen]))
    model.preprocess(history_frame(inputs, spec, series))
    own = np.isin(_labels(parameters, spec), prophet_labels(model))
    beta = parameters.beta[:, own] if own.any() else np.zeros((1, 1))  # Prophet's column of zeros
    model.params = {
        "k": parameters.k[:, None],
        "m": parameters.m[:, None],
        "delta": parameters.delta[:, : parameters.n_changepoints[0]],
        "sigma_obs": parameters.sigma[:, None],
        "beta": beta,
    }
    return model


def prophet_model(spec: ProphetSpec) -> Any:
    """Return an unfitted `prophet.Prophet` with the options of `spec`."""
    from prophet import Prophet

    model = Prophet(
        growth=spec.growth,
        changepoints=None
        if spec.changepoints is None
        else [pd.Timestamp(date) for date in spec.changepoints],
        n_changepoints=spec.n_changepoints,
        changepoint_range=spec.changepoint_range,
        yearly_seasonality=spec.yearly_seasonality,
        weekly_seasonality=spec.weekly_seasonality,
        daily_seasonality=spec.daily_seasonality,
        holidays=_holidays(spec),
        seasonality_mode=spec.seasonality_mode,
        seasonality_prior_scale=spec.seasonality_prior_scale,
        holidays_prior_scale=spec.holidays_prior_scale,
        changepoint_prior_scale=spec.changepoint_prior_scale,
        interval_width=spec.interval_width,
        uncertainty_samples=spec.uncertainty_samples,
        scaling=spec.scaling,
        holidays_mode=spec.holidays_mode,
    )
    for added in spec.seasonalities:
        model.add_seasonality(
            added.name, added.period, added.fourier_order, prior_scale=added.prior_scale, mode=added.mode
        )
    if spec.country_holidays is not None:
        model.add_country_holidays(spec.country_holidays)
    for regressor in spec.extra_regressors:
        model.add_regressor(
            regressor.name,
            prior_scale=regressor.prior_scale,
            standardize=regressor.standardize,
            mode=regressor.mode,
        )
    return model


def history_frame(inputs: Inputs, spec: ProphetSpec, series: int) -> pd.DataFrame:
    """Return the observed rows of one series as Prophet's `fit` takes them."""
    seen = np.flatnonzero(~np.isnan(inputs.values[series]))
    frame = _frame(inputs, spec, series, seen)
    frame.insert(1, "y", inputs.values[series, seen])
    return frame


def prophet_frame(forecast: ProphetForecast, series: int) -> pd.DataFrame:
    """Return the future of one series as Prophet's `predict` takes it: dates, regressors, cap and floor."""
    periods = np.arange(len(forecast.inputs.future)) + len(forecast.inputs.days)
    return _frame(forecast.inputs, forecast.spec, series, periods)


def _frame(inputs: Inputs, spec: ProphetSpec, series: int, periods: NDArray[np.int64]) -> pd.DataFrame:
    days = np.r_[inputs.days, inputs.future][periods]
    columns = {"ds": (days * 86_400e6).round().astype(np.int64).astype("datetime64[us]")}
    drivers = inputs.regressors[min(series, len(inputs.regressors) - 1), periods]
    for at, regressor in enumerate(spec.extra_regressors):
        columns[regressor.name] = drivers[:, at]
    if inputs.cap is not None:
        columns["cap"] = inputs.cap[series, periods]
    if inputs.floor is not None:
        columns["floor"] = inputs.floor[series, periods]
    return pd.DataFrame(columns)


def _within(spec: ProphetSpec, days: NDArray[np.float64]) -> ProphetSpec:
    """Leave out changepoints outside a series' own history, which Prophet refuses."""
    if spec.changepoints is None:
        return spec
    dated = np.array(spec.changepoints, dtype="datetime64[us]").astype(np.int64) / 86_400e6
    inside = (dated >= days[0]) & (dated <= days[-1])
    kept = tuple(date for date, is_in in zip(spec.changepoints, inside, strict=True) if is_in)
    return replace(spec, changepoints=kept)


def _holidays(spec: ProphetSpec) -> pd.DataFrame | None:
    rows = [
        (holiday.name, pd.Timestamp(day), holiday.lower_window, holiday.upper_window,
         np.nan if holiday.prior_scale is None else holiday.prior_scale)
        for holiday in spec.holidays
        for day in holiday.dates
    ]  # fmt: skip
    names = ["holiday", "ds", "lower_window", "upper_window", "prior_scale"]
    return pd.DataFrame(rows, columns=names) if rows else None


def _labels(parameters: ProphetParameters, spec: ProphetSpec) -> tuple[str, ...]:
    return design_columns(parameters.calendar, parameters.orders, spec).labels


def prophet_labels(model: Any) -> list[str]:
    """Return the names of the columns of a preprocessed model's beta."""
    return list(model.make_all_seasonality_features(model.history)[0].columns)


def copy_parameters(model: Any, into: ProphetParameters, spec: ProphetSpec, series: int) -> None:
    """Write the parameters of a fitted `prophet.Prophet` over those of one series."""
    found: dict[str, NDArray[np.float64]] = model.params
    into.k[series] = np.ravel(found["k"])[0]
    into.m[series] = np.ravel(found["m"])[0]
    into.sigma[series] = np.ravel(found["sigma_obs"])[0]
    delta = np.ravel(found["delta"])
    into.delta[series] = 0.0
    into.delta[series, : len(delta)] = delta
    own = np.isin(_labels(into, spec), prophet_labels(model))
    into.beta[series] = 0.0
    if own.any():
        into.beta[series, own] = np.ravel(found["beta"])
