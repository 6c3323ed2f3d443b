"""Whatever the history holds: every model and the whole forecast stay finite, and the output says why."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.errors import EngineError
from engine.forecast.bootstrap import Bootstrap
from engine.forecast.holt_winters import HoltWinters
from engine.forecast.intermittent import Croston, TeunterSyntetosBabai
from engine.forecast.moving_average import SeasonalMovingAverage
from engine.forecast.naive import SeasonalNaive
from engine.forecast.panel import Panel, make_panel, period_dates
from engine.forecast.paths import quantiles, sample_paths_many
from engine.forecast.portfolio import forecast_panel
from engine.forecast.prophet_model import Prophet
from engine.forecast.seasonality import seasonal_profile, year_bins
from engine.forecast.smoothing import DampedTrend, Holt, SimpleSmoothing
from engine.forecast.theta import Theta

MODELS = (
    SeasonalNaive(),
    SeasonalMovingAverage(),
    SimpleSmoothing(),
    Holt(),
    DampedTrend(),
    Theta(),
    HoltWinters(),
    HoltWinters("Holt-Winters additive", additive=True),
    Bootstrap(),
    Croston(),
    Croston("SBA", unbiased=True),
    TeunterSyntetosBabai(),
    Prophet(),
)
CALENDAR_MODELS = ("exponential smoothing", "damped trend", "prophet")
"""Enough where dates are at stake; all compete over odd series."""
LENGTH = {"D": 120, "W": 70, "M": 40}
MONDAY = "2023-01-02"


def each_model(models=MODELS):
    return pytest.mark.parametrize("model", models, ids=lambda model: model.name)


def panel_of(values, observed=None, period="D", start=MONDAY):
    values = np.atleast_2d(np.asarray(values, dtype=float))
    seen = np.ones(values.shape, dtype=bool) if observed is None else np.atleast_2d(observed)
    names = np.array([f"s{i:03d}" for i in range(len(values))], dtype=object)
    day = np.datetime64("2023-01-01" if period == "M" else start)
    return Panel(names, names, day, period, np.where(seen, values, 0.0), seen)


def odd_series(length):
    """Return [n, T] demand, [n, T] observed, and the names of the series."""
    rng = np.random.default_rng(5)
    week = np.array([0.0, 0.5, 0.9, 1.0, 1.3, 1.8, 1.5])[np.arange(length) % 7]
    ordinary = rng.poisson(9.0 * week).astype(float)
    everything = np.ones(length, dtype=bool)
    last_only, never = np.zeros((2, length), dtype=bool)
    last_only[-1] = True
    rows = {
        "constant": (np.full(length, 5.0), everything),
        "all zero": (np.zeros(length), everything),
        "one point": (np.full(length, 3.0), last_only),
        "all missing": (np.full(length, 3.0), never),
        "one sale": (np.eye(1, length, length // 2)[0], everything),
        "sale at the end": (np.eye(1, length, length - 1)[0], everything),
        "billions": (ordinary * 1e9, everything),
        "thousandths": (ordinary * 1e-3, everything),
        "one spike": (np.where(np.arange(length) == 30, 1e9, ordinary), everything),
        "dead": (np.where(np.arange(length) < length // 2, ordinary, 0.0), everything),
        "every other": (ordinary, np.arange(length) % 2 == 0),
        "long gap": (ordinary, np.abs(np.arange(length) - length // 2) > length // 4),
        "ordinary": (ordinary, everything),
        "falling": (np.maximum(100.0 - 2.0 * np.arange(length), 0.0), everything),
        "exploding": (1.1 ** np.arange(length), everything),
    }
    values, observed = (np.array(part) for part in zip(*rows.values(), strict=True))
    return values, observed, list(rows)


def assert_forecast(forecast, shape):
    assert forecast.shape == shape
    assert np.isfinite(forecast).all()
    assert (forecast >= 0).all()


def assert_sound(forecast, n, horizon):
    assert_forecast(forecast.mean, (n, horizon))
    assert np.isfinite(forecast.level_cv).all()
    assert (forecast.dispersion >= 1).all()
    assert np.isfinite(forecast.dispersion).all()
    assert all(isinstance(text, str) and text for text in forecast.reason)
    assert all(isinstance(text, str) and text for text in forecast.model)
    noise = forecast.level_cv, forecast.dispersion
    assert_forecast(sample_paths_many(forecast.mean, *noise, forecast.seeds, 3), (n, 3, horizon))
    assert np.isfinite(quantiles(forecast.mean, *noise, [0.5, 0.95])).all()


@each_model()
@pytest.mark.parametrize("period", ["D", "W", "M"])
def test_every_model_forecasts_odd_series(model, period):
    values, observed, names = odd_series(LENGTH[period])
    panel = panel_of(values, observed, period)
    forecast = model.fit_predict(panel, seasonal_profile(panel), 30)
    assert_forecast(forecast, (len(names), 30))
    assert (forecast[names.index("all zero")] < 0.01).all()
    assert (forecast[names.index("all missing")] == 0).all()
    assert forecast[names.index("constant")] == pytest.approx(np.full(30, 5.0), rel=0.35)


@each_model()
@pytest.mark.parametrize("shape", [(0, 50), (1, 50), (3, 1), (2, 2), (0, 0), (2, 0)])
def test_every_model_takes_panels_of_any_size(model, shape):
    panel = panel_of(np.full(shape, 4.0).reshape(shape))
    forecast = model.fit_predict(panel, seasonal_profile(panel), 9)
    assert_forecast(forecast, (shape[0], 9))


@each_model()
def test_every_model_looks_further_ahead_than_it_looks_back(model):
    panel = panel_of(np.random.default_rng(2).poisson(6.0, (4, 30)))
    forecast = model.fit_predict(panel, seasonal_profile(panel), 400)
    assert_forecast(forecast, (4, 400))
    assert (forecast < 200.0).all()


@each_model(tuple(model for model in MODELS if not isinstance(model, Prophet)))
def test_a_local_model_sees_no_other_series(model):
    values, observed, _ = odd_series(90)
    panel = panel_of(values, observed)
    profile = seasonal_profile(panel)
    every = model.fit_predict(panel, profile, 20)
    for i in range(panel.n_series):
        row = np.array([i])
        alone = model.fit_predict(panel.rows(row), profile.rows(row), 20)
        assert alone == pytest.approx(every[[i]], rel=1e-12)


@each_model(tuple(model for model in MODELS if not isinstance(model, Prophet)))
def test_a_unit_changes_nothing_but_the_unit(model):
    values, observed, _ = odd_series(90)
    one, other = panel_of(values, observed), panel_of(values * 1e6, observed)
    assert model.fit_predict(other, seasonal_profile(other), 20) == pytest.approx(
        1e6 * model.fit_predict(one, seasonal_profile(one), 20), rel=1e-6, abs=1e-6
    )


@each_model(tuple(model for model in MODELS if not isinstance(model, Prophet)))
@given(
    values=arrays(np.float64, (3, 24), elements=st.just(0.0) | st.floats(1e-3, 1e9)),
    observed=arrays(np.bool_, (3, 24)),
    period=st.sampled_from(["D", "W", "M"]),
)
@settings(deadline=None, max_examples=15)
def test_any_numbers_any_gaps(model, values, observed, period):
    panel = panel_of(values, observed, period)
    assert_forecast(model.fit_predict(panel, seasonal_profile(panel), 15), (3, 15))


@pytest.mark.parametrize("period", ["D", "W", "M"])
def test_a_portfolio_of_odd_series_names_its_fallbacks(period):
    values, observed, names = odd_series(LENGTH[period])
    forecast = forecast_panel(panel_of(values, observed, period), 30, protection_periods=10, seed=3)
    assert_sound(forecast, len(names), 30)
    model = dict(zip(names, forecast.model, strict=True))
    reason = dict(zip(names, forecast.reason, strict=True))
    assert model["all zero"] == model["all missing"] == "no demand"
    assert reason["all zero"].startswith("no demand in")
    assert reason["all missing"] == "no observed period: no demand known"
    assert model["one point"] == "category mean"
    assert reason["one point"].startswith("only 1 observed")


@pytest.mark.parametrize("name", odd_series(10)[2])
def test_a_portfolio_of_one_odd_series(name):
    values, observed, names = odd_series(120)
    row = names.index(name)
    forecast = forecast_panel(panel_of(values[row], observed[row]), 14, protection_periods=7, seed=3)
    assert_sound(forecast, 1, 14)


def test_a_portfolio_of_none():
    assert_sound(forecast_panel(panel_of(np.zeros((0, 60))), 14, protection_periods=7, seed=3), 0, 14)


@pytest.mark.parametrize("periods", [0, 1, 2, 8])
def test_a_portfolio_without_a_past(periods):
    forecast = forecast_panel(panel_of(np.full((3, periods), 2.0)), 40, protection_periods=20, seed=3)
    assert_sound(forecast, 3, 40)


def test_the_same_series_many_times_is_forecast_alike():
    values = np.tile(np.random.default_rng(1).poisson(5.0, 200), (9, 1))
    forecast = forecast_panel(panel_of(values), 14, protection_periods=7, seed=3, models=CALENDAR_MODELS)
    assert_sound(forecast, 9, 14)
    assert forecast.mean == pytest.approx(np.tile(forecast.mean[0], (9, 1)), rel=1e-9)
    assert len(set(forecast.model)) == 1


def test_twenty_years_of_days():
    days = np.arange(20 * 365 + 5)
    rng = np.random.default_rng(8)
    level = 10.0 + days / 1000.0 + 3.0 * np.sin(2 * np.pi * days / 365.25)
    values = np.array([rng.poisson(level), rng.poisson(0.1, len(days)), np.full(len(days), 2.0)])
    forecast = forecast_panel(
        panel_of(values, start="2006-01-02"), 56, protection_periods=14, seed=3, models=CALENDAR_MODELS
    )
    assert_sound(forecast, 3, 56)
    assert forecast.mean[0].mean() == pytest.approx(level[-1], rel=0.3)
    assert forecast.mean[2] == pytest.approx(np.full(56, 2.0), rel=0.2)


def test_a_shop_closed_on_sundays_forecasts_from_a_saturday():
    week = np.array([1.0, 1.0, 1.2, 1.3, 1.6, 2.0, 0.0])
    values = np.random.default_rng(4).poisson(20.0 * week[np.arange(370) % 7], (12, 370))
    seen = np.ones(values.shape, dtype=bool)
    seen[0, :-3] = False
    forecast = forecast_panel(
        panel_of(values, seen), 14, protection_periods=7, seed=3, models=CALENDAR_MODELS
    )
    assert_sound(forecast, 12, 14)
    assert (forecast.mean[1:, [0, 7]] < 2.0).all()


def test_weeks_of_53_week_years_are_seven_days_apart():
    """2020 and 2026 have 53 ISO weeks; no week is lost, doubled or without a season."""
    start = np.datetime64("2019-12-30")
    dates = period_dates(start, "W", 0, 420)
    assert set(np.diff(dates).astype(int)) == {7}
    iso = pd.DatetimeIndex(dates).isocalendar()
    for year in (2020, 2026):
        assert iso["week"][iso["year"] == year].max() == 53
    bins = year_bins(start, "W", 0, 420)
    assert (bins.min(), bins.max()) == (0, 51)
    season = 20.0 + 10.0 * np.cos(2 * np.pi * bins / 52)
    values = np.random.default_rng(6).poisson(season, (6, 420))
    forecast = forecast_panel(
        panel_of(values[:, :365], period="W", start=str(start)),
        55,
        protection_periods=4,
        seed=3,
        models=CALENDAR_MODELS,
    )
    assert_sound(forecast, 6, 55)
    assert forecast.mean.mean(axis=0) == pytest.approx(season[365:], rel=0.25)


@pytest.mark.parametrize(("start", "length"), [("2023-03-01", 370), ("2024-02-29", 366)])
def test_leap_days_are_days(start, length):
    dates = period_dates(np.datetime64(start), "D", 0, length + 40)
    assert set(np.diff(dates).astype(int)) == {1}
    assert np.datetime64("2024-02-29") in dates
    week = np.array([1.0, 1.1, 1.2, 1.3, 1.5, 2.0, 0.7])
    values = np.random.default_rng(9).poisson(30.0 * week[np.arange(length) % 7], (10, length))
    forecast = forecast_panel(
        panel_of(values, start=start), 40, protection_periods=7, seed=3, models=CALENDAR_MODELS
    )
    assert_sound(forecast, 10, 40)
    expected = 30.0 * week[np.arange(length, length + 40) % 7]
    assert forecast.mean.mean(axis=0) == pytest.approx(expected, rel=0.25)


def keys_of(n):
    return pd.DataFrame({"sku": [f"s{i}" for i in range(n)], "location": ["x"] * n})


def test_returns_are_no_demand():
    quantity = np.random.default_rng(3).poisson(4.0, (3, 60)).astype(float)
    quantity[0] = -quantity[0]
    quantity[1, ::7] = -50.0
    panel = make_panel(keys_of(3), np.datetime64(MONDAY), "D", quantity)
    forecast = forecast_panel(panel, 10, protection_periods=5, seed=3)
    assert_sound(forecast, 3, 10)
    assert forecast.model[0] == "no demand"


def test_missing_rows_and_stock_are_no_numbers():
    quantity = np.random.default_rng(3).poisson(4.0, (4, 60)).astype(float)
    quantity[0] = np.nan
    quantity[1, 20:40] = np.nan
    in_stock = np.full(quantity.shape, np.nan)
    in_stock[2] = 0.0
    in_stock[3, ::3] = 0.6
    panel = make_panel(keys_of(4), np.datetime64(MONDAY), "D", quantity, in_stock)
    forecast = forecast_panel(panel, 10, protection_periods=5, seed=3)
    assert_sound(forecast, 4, 10)
    assert forecast.model[0] == forecast.model[2] == "no demand"


@pytest.mark.parametrize("wrong", [np.inf, -np.inf, np.nan, -1.0])
def test_demand_that_is_no_number_is_refused_by_name(wrong):
    values = np.full((2, 30), 3.0)
    values[1, 4] = wrong
    with pytest.raises(EngineError, match="demand must be 0 or more"):
        panel_of(values)


def test_infinite_sales_are_refused_and_infinite_returns_are_returns():
    quantity = np.full((2, 30), 3.0)
    quantity[1, 4] = -np.inf
    panel = make_panel(keys_of(2), np.datetime64(MONDAY), "D", quantity)
    assert panel.values[1, 4] == 0.0
    quantity[1, 4] = np.inf
    with pytest.raises(EngineError, match="demand must be 0 or more"):
        make_panel(keys_of(2), np.datetime64(MONDAY), "D", quantity)
