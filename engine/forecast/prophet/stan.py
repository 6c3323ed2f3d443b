"""The same model fitted by the prophet library itself, one series at a time.

Used for `--model prophet-stan` and as the oracle of the batched solvers. prophet and CmdStan are imported
inside the function: they take seconds, and planning does not need them. CmdStan reports each fit through
the loggers "prophet" and "cmdstanpy"; callers who want silence set their levels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from engine.forecast.prophet.design import COMPONENTS, Dates, seasonal_columns
from engine.forecast.prophet.fit import ProphetForecast, fit
from engine.forecast.prophet.history import read_panel
from engine.forecast.prophet.objective import objective
from engine.forecast.prophet.parameters import ProphetParameters
from engine.forecast.prophet.predict import interval_half_widths
from engine.forecast.prophet.spec import ProphetSpec


def fit_with_stan(
    panel_values: ArrayLike,
    dates: Dates,
    future_dates: Dates,
    spec: ProphetSpec | None = None,
    *,
    observed: ArrayLike | None = None,
    interval_width: float | None = None,
) -> ProphetForecast:
    """Fit each series with Stan through the prophet library and forecast it.

    Arguments, result and errors are those of `engine.forecast.prophet.fit.fit_predict`. `yhat` is
    Prophet's own; the interval is computed from Stan's parameters without drawing samples, so that it does
    not depend on a random state. Series that Prophet refuses (fewer than two observed rows) continue at
    their value. About 0.2 s a daily series of three years.
    """
    spec = spec or ProphetSpec()
    values, days, future = read_panel(panel_values, dates, future_dates, observed)
    seen = ~np.isnan(values)
    parameters, _ = fit(values, days, spec)  # scales, changepoints and columns; coefficients come from Stan
    components = seasonal_columns(days, parameters.orders, spec).component
    last_level = np.array([row[has][-1] if has.any() else 0.0 for row, has in zip(values, seen, strict=True)])
    yhat = np.repeat(last_level[:, None], len(future), axis=1)
    history_dates, forecast_dates = (
        pd.DatetimeIndex(np.asarray(dates)),
        pd.DatetimeIndex(np.asarray(future_dates)),
    )
    for i in np.flatnonzero(seen.sum(axis=1) >= 2).tolist():
        history = pd.DataFrame({"ds": history_dates[seen[i]], "y": values[i, seen[i]]})
        model = prophet_model(spec).fit(history)
        if len(future):
            yhat[i] = model.predict(pd.DataFrame({"ds": forecast_dates}))["yhat"]
        _copy_parameters(model, parameters, components, i)
        model.stan_backend.cleanup()
    half = interval_half_widths(
        parameters, future, seen.sum(axis=1), spec, interval_width or spec.interval_width
    )
    return ProphetForecast(
        yhat,
        yhat - half,
        yhat + half,
        parameters.sigma * parameters.y_scale,
        objective(values, dates, parameters, spec),
        parameters,
    )


def prophet_model(spec: ProphetSpec, *, uncertainty_samples: int = 0) -> Any:
    """Return an unfitted `prophet.Prophet` with the options of `spec`."""
    from prophet import Prophet

    return Prophet(
        growth=spec.growth,
        n_changepoints=spec.n_changepoints,
        changepoint_range=spec.changepoint_range,
        yearly_seasonality=spec.yearly_seasonality,
        weekly_seasonality=spec.weekly_seasonality,
        daily_seasonality=spec.daily_seasonality,
        holidays=_holidays(spec),
        seasonality_prior_scale=spec.seasonality_prior_scale,
        holidays_prior_scale=spec.holidays_prior_scale,
        changepoint_prior_scale=spec.changepoint_prior_scale,
        interval_width=spec.interval_width,
        uncertainty_samples=uncertainty_samples,
    )


def _holidays(spec: ProphetSpec) -> pd.DataFrame | None:
    rows = [
        (holiday.name, day, holiday.lower_window, holiday.upper_window)
        for holiday in spec.holidays
        for day in holiday.dates
    ]
    return pd.DataFrame(rows, columns=["holiday", "ds", "lower_window", "upper_window"]) if rows else None


def _copy_parameters(
    model: Any, parameters: ProphetParameters, components: NDArray[np.int64], i: int
) -> None:
    """Replace the batched coefficients of series i by what Stan found."""
    found: dict[str, NDArray[np.float64]] = model.params
    parameters.k[i] = np.ravel(found["k"])[0]
    parameters.m[i] = np.ravel(found["m"])[0]
    parameters.sigma[i] = np.ravel(found["sigma_obs"])[0]
    delta = np.ravel(found["delta"])
    parameters.delta[i] = 0.0
    parameters.delta[i, : len(delta)] = delta
    used = np.isin(
        components,
        [
            number
            for number, name in enumerate(COMPONENTS)
            if name in model.seasonalities or name == "holidays"
        ],
    )
    if used.any():  # else Prophet has one column of zeros
        parameters.beta[i, used] = np.ravel(found["beta"])
