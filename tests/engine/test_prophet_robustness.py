"""No series and no driver breaks Prophet: every forecast is finite, and what was given instead has a name."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.forecast.prophet.estimate import (
    MOSTLY_ZERO,
    NEVER_CHANGES,
    NO_FIT,
    NO_OBSERVATION,
    ONE_OBSERVATION,
)
from engine.forecast.prophet.fit import ProphetForecast, fit_predict
from engine.forecast.prophet.spec import Holiday, ProphetSpec, Regressor

MODELS = {
    "default": ProphetSpec(),
    "flat": ProphetSpec(growth="flat", country_holidays="US"),
    "multiplicative": ProphetSpec(seasonality_mode="multiplicative"),
    "logistic": ProphetSpec(growth="logistic", seasonality_mode="multiplicative"),
    "minmax": ProphetSpec(scaling="minmax", holidays=(Holiday("fair", ("2020-03-01",), -3, 3),)),
    "dated": ProphetSpec(changepoints=("2015-01-10", "2016-01-01")),
}


def fitted(values: np.ndarray, spec: ProphetSpec, horizon: int, step: str, **given) -> ProphetForecast:
    dates = pd.date_range("2015-01-05", periods=values.shape[1] + horizon, freq=step)
    if spec.growth == "logistic":
        highest = np.where(np.isnan(values), -np.inf, values).max(axis=1, initial=-np.inf)
        given["cap"] = np.where(np.isfinite(highest), 2 * np.abs(highest) + 1, 1.0)
    rows = values.shape[1]
    return fit_predict(values, dates[:rows], dates[rows:], spec=spec, **given)


def assert_finite_and_ordered(forecast: ProphetForecast) -> None:
    for part in (forecast.yhat, forecast.lower, forecast.upper, forecast.sigma, forecast.objective):
        assert np.isfinite(part).all()
    assert (forecast.lower <= forecast.yhat).all()
    assert (forecast.yhat <= forecast.upper).all()


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_the_odd_series_of_a_portfolio(spec):
    rng = np.random.default_rng(0)
    rows = 800
    values = np.full((11, rows), np.nan)
    values[1] = 0.0
    values[2] = 4.0
    values[3, 17] = 6.0
    values[4] = 1e9 * rng.lognormal(size=rows)
    values[5] = 1e-9 * rng.lognormal(size=rows)
    values[6] = (np.arange(rows) == 400) * 12.0
    values[7] = rng.poisson(0.1, rows)
    values[8] = np.arange(rows)
    values[9, [100, 700]] = [2.0, 9.0]
    values[10] = rng.normal(0, 5, rows)  # returns: negative demand
    forecast = fitted(values, spec, 30, "D")
    assert_finite_and_ordered(forecast)
    assert forecast.fallback[:4].tolist() == [NO_OBSERVATION, NEVER_CHANGES, NEVER_CHANGES, ONE_OBSERVATION]
    np.testing.assert_allclose(forecast.yhat[:4], np.repeat([[0.0], [0.0], [4.0], [6.0]], 30, axis=1))
    expected = MOSTLY_ZERO if spec.has_multiplicative_terms else ""
    assert forecast.fallback[6:8].tolist() == [expected, expected]


@pytest.mark.parametrize("kind", [pd.DatetimeIndex, list])
def test_dates_with_a_time_zone_are_refused(kind):
    dates = pd.date_range("2026-03-01", periods=60, tz="Europe/Berlin")
    with pytest.raises(EngineError, match="time zone Europe/Berlin: give local dates"):
        fit_predict(np.ones((1, 50)), kind(dates[:50]), kind(dates[50:]))


def test_twenty_years_of_days():
    rng = np.random.default_rng(1)
    days = np.arange(20 * 365)
    values = rng.poisson(20 + 10 * np.sin(2 * np.pi * days / 365.25), (2, len(days))).astype(float)
    assert_finite_and_ordered(fitted(values, MODELS["default"], 365, "D"))
    assert_finite_and_ordered(fitted(values, MODELS["multiplicative"], 365, "D"))


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 1000),
    rows=st.integers(0, 120),
    step=st.sampled_from(["D", "W-MON", "MS"]),
    horizon=st.integers(0, 6),
    kind=st.sampled_from(["poisson", "one sale", "line", "huge", "mostly missing", "negative"]),
    model=st.sampled_from(sorted(MODELS)),
)
def test_every_model_gives_every_series_a_finite_ordered_forecast(seed, rows, step, horizon, kind, model):
    rng = np.random.default_rng(seed)
    values = {
        "poisson": rng.poisson(3, (2, rows)).astype(float),
        "one sale": (np.arange(rows) == rng.integers(0, rows + 1)).astype(float)[None].repeat(2, 0),
        "line": np.arange(2 * rows, dtype=float).reshape(2, rows),
        "huge": 1e12 * rng.lognormal(size=(2, rows)),
        "mostly missing": np.where(rng.random((2, rows)) < 0.05, 5.0 + rng.random((2, rows)), np.nan),
        "negative": -rng.poisson(3, (2, rows)).astype(float),
    }[kind]
    forecast = fitted(values, MODELS[model], horizon, step)
    assert forecast.yhat.shape == (2, horizon)
    assert_finite_and_ordered(forecast)


@pytest.mark.parametrize("mode", ["additive", "multiplicative"])
@pytest.mark.parametrize(
    "driver", ["constant", "zeros", "huge", "tiny change", "twice the same", "the demand itself", "one day"]
)
def test_no_driver_breaks_a_fit(driver, mode):
    rng = np.random.default_rng(2)
    rows, horizon = 200, 10
    values = rng.poisson(8, (3, rows)).astype(float)
    values[1, :50] = np.nan
    x = {
        "constant": np.full((rows + horizon, 1), 7.0),
        "zeros": np.zeros((rows + horizon, 1)),
        "huge": 1e9 * rng.normal(size=(rows + horizon, 1)),
        "tiny change": 1 + 1e-12 * rng.random((rows + horizon, 1)),
        "twice the same": np.repeat(rng.random((rows + horizon, 1)), 2, axis=1),
        "the demand itself": np.r_[values[0], np.full(horizon, 8.0)][:, None],
        "one day": (np.arange(rows + horizon) == 20).astype(float)[:, None],
    }[driver]
    for regressors in (x, np.repeat(x[None], 3, axis=0)):
        for standardize in ("auto", False):
            names = [Regressor(f"x{at}", standardize=standardize, mode=mode) for at in range(x.shape[1])]
            spec = ProphetSpec(extra_regressors=tuple(names))
            assert_finite_and_ordered(fitted(values, spec, horizon, "D", regressors=regressors))


def test_a_driver_beyond_arithmetic_leaves_the_series_at_its_first_value():
    values = np.random.default_rng(3).poisson(8, (2, 100)).astype(float)
    drivers = np.zeros((2, 105, 1))
    drivers[0, ::7] = 1e200
    spec = ProphetSpec(extra_regressors=(Regressor("x", standardize=False),))
    forecast = fitted(values, spec, 5, "D", regressors=drivers)
    assert_finite_and_ordered(forecast)
    assert forecast.fallback.tolist() == [NO_FIT, ""]
    np.testing.assert_allclose(forecast.yhat[0], values[0, 0])
