"""The global model learns what local ones cannot, tells the same twice and steps aside where it must."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.forecast.drivers.drivers import Drivers
from engine.forecast.global_model import library
from engine.forecast.global_model.boosting import GlobalBoosting
from engine.forecast.global_model.quantiles import fit_quantiles
from engine.forecast.naive import SeasonalNaive
from engine.forecast.panel import Panel
from engine.forecast.seasonality import seasonal_profile
from engine.forecast.smoothing import SimpleSmoothing

MODEL = GlobalBoosting()


def planted(
    period: Any = "D", n: int = 60, periods: int = 240, seed: int = 3
) -> tuple[Panel, np.ndarray[Any, Any]]:
    """Series of very different size whose promotions and events double demand, and their true means."""
    rng = np.random.default_rng(seed)
    planned = periods + 28
    depth = np.where(rng.random((n, planned)) < 0.12, 0.25, 0.0)
    events = rng.random((1, planned, 1)) < 0.04
    drivers = Drivers(
        depth,
        (depth > 0).astype(np.int16),
        ("", "flyer"),
        events,
        ("fair",),
        np.zeros(n, dtype=np.int64),
    )
    level = rng.gamma(1.0, 8.0, (n, 1)) + 1.0
    mean = level * (1.0 + (depth > 0)) * (1.0 + 1.0 * events[0, :, 0])
    values = rng.poisson(mean[:, :periods]).astype(float)
    observed = rng.random(values.shape) < 0.95
    panel = Panel(
        sku=np.array([f"p{i // 3}" for i in range(n)], dtype=object),
        location=np.array([f"l{i % 3}" for i in range(n)], dtype=object),
        start=np.datetime64("2024-01-01"),
        period=period,
        values=np.where(observed, values, 0.0),
        observed=observed,
        drivers=drivers,
    )
    return panel, mean[:, periods:]


def error(forecast: np.ndarray[Any, Any], truth: np.ndarray[Any, Any]) -> float:
    return float(np.abs(forecast - truth).sum() / truth.sum())


def test_it_learns_promotions_and_events_that_local_models_cannot() -> None:
    panel, truth = planted()
    profile = seasonal_profile(panel)
    forecast = MODEL.fit_predict(panel, profile, 28)
    assert error(forecast, truth) < 0.6 * error(SimpleSmoothing().fit_predict(panel, profile, 28), truth)
    assert error(forecast, truth) < 0.4 * error(SeasonalNaive().fit_predict(panel, profile, 28), truth)
    assert MODEL.may_compete(panel).all()


def test_fitted_once_it_forecasts_later_cutoffs_and_twice_it_says_the_same() -> None:
    panel, _ = planted()
    early = panel.head(180)
    fitted = MODEL.fit(early, seasonal_profile(early), 28)
    for cutoff in (180, 208):
        past = panel.head(cutoff)
        profile = seasonal_profile(past)
        forecast = fitted.predict(past, profile, 28)
        truth = panel.values[:, cutoff : cutoff + 28]
        seen = panel.observed[:, cutoff : cutoff + 28]
        naive = SeasonalNaive().fit_predict(past, profile, 28)
        assert np.abs(forecast - truth)[seen].sum() < np.abs(naive - truth)[seen].sum()
        # What happens later changes nothing; neither does asking for less.
        values, observed = panel.values.copy(), panel.observed.copy()
        values[:, cutoff:], observed[:, cutoff:] = 0.0, False
        blind = replace(panel, values=values, observed=observed).head(cutoff)
        assert fitted.predict(blind, profile, 28).tobytes() == forecast.tobytes()
        assert np.array_equal(fitted.predict(past, profile, 7), forecast[:, :7])
    again = MODEL.fit(early, seasonal_profile(early), 28)
    assert again.predict(early, seasonal_profile(early), 28).tobytes() == (
        fitted.predict(early, seasonal_profile(early), 28).tobytes()
    )


def test_series_are_forecast_alike_whatever_block_they_are_in(monkeypatch: pytest.MonkeyPatch) -> None:
    panel, _ = planted(n=30)
    profile = seasonal_profile(panel)
    whole = MODEL.fit_predict(panel, profile, 14)
    monkeypatch.setattr("engine.forecast.global_model.features.BLOCK_CELLS", 7 * 240)
    assert MODEL.fit_predict(panel, profile, 14).tobytes() == whole.tobytes()


@pytest.mark.parametrize(("period", "periods"), [("W", 70), ("M", 40)])
def test_weeks_and_months_too(period: Any, periods: int) -> None:
    panel, truth = planted(period, n=80, periods=periods)
    profile = seasonal_profile(panel)
    forecast = MODEL.fit_predict(panel, profile, 6)
    assert error(forecast, truth[:, :6]) < error(SeasonalNaive().fit_predict(panel, profile, 6), truth[:, :6])


@pytest.mark.parametrize("scale", [2.0**-10, 2.0**20])
def test_the_unit_does_not_matter(scale: float) -> None:
    # Powers of two scale without rounding: trees may split elsewhere for the last bit of a feature.
    panel, _ = planted(n=40)
    profile = seasonal_profile(panel)
    other = replace(panel, values=panel.values * scale)
    forecast = MODEL.fit_predict(panel, profile, 14)
    scaled = MODEL.fit_predict(other, seasonal_profile(other), 14)
    np.testing.assert_allclose(scaled / scale, forecast, rtol=1e-9)


@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 2**32 - 1), period=st.sampled_from(["D", "W", "M"]), horizon=st.integers(1, 20))
def test_never_negative_never_missing_and_nothing_for_nothing(seed: int, period: Any, horizon: int) -> None:
    rng = np.random.default_rng(seed)
    n, periods = 30, int(rng.integers(1, 90))
    observed = rng.random((n, periods)) < rng.uniform(0.3, 1.0)
    values = np.where(
        observed, rng.poisson(rng.uniform(0, 3), (n, periods)) * 10.0 ** rng.integers(-3, 9), 0.0
    )
    observed[0], values[0] = False, 0.0
    values[1] = 0.0
    names = np.array([f"s{i}" for i in range(n)], dtype=object)
    panel = Panel(names, names, np.datetime64("2023-05-01"), period, values, observed)
    profile = seasonal_profile(panel)
    forecast = MODEL.fit_predict(panel, profile, horizon)
    heads = fit_quantiles(panel, profile, horizon, (0.5, 0.9))
    assert np.isfinite(forecast).all()
    assert np.isfinite(heads).all()
    assert (forecast >= 0).all()
    assert (heads >= 0).all()
    assert (forecast[:2] == 0).all()
    assert not MODEL.may_compete(panel)[:2].any()
    assert (np.diff(heads, axis=2) >= 0).all()


def test_too_few_rows_give_the_simple_forecast_and_do_not_compete() -> None:
    panel, _ = planted(n=3, periods=60)
    profile = seasonal_profile(panel)
    assert not MODEL.may_compete(panel).any()
    fitted = MODEL.fit(panel, profile, 7)
    assert fitted.booster is None
    assert (fitted.predict(panel, profile, 7)[panel.observations > 0] > 0).all()
    assert fitted.predict(panel, profile, 0).shape == (3, 0)


def test_without_the_library_it_steps_aside_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    assert library.available() is None

    def missing(name: str) -> Any:
        raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(library, "import_module", missing)
    library._load.cache_clear()
    try:
        reason = library.available()
        assert reason is not None
        assert "libgomp" in reason
        panel, _ = planted(n=30)
        assert not MODEL.may_compete(panel).any()
        assert np.isfinite(MODEL.fit_predict(panel, seasonal_profile(panel), 3)).all()
        with pytest.raises(EngineError, match="libgomp"):
            library.lightgbm()
    finally:
        library._load.cache_clear()


def test_other_drivers_than_those_learnt_are_an_error() -> None:
    panel, _ = planted(n=30)
    profile = seasonal_profile(panel)
    fitted = MODEL.fit(panel, profile, 7)
    with pytest.raises(EngineError, match="drivers"):
        fitted.predict(replace(panel, drivers=None), profile, 7)


def test_a_probability_outside_its_range_is_an_error() -> None:
    panel, _ = planted(n=3, periods=60)
    with pytest.raises(EngineError, match="between 0 and 1"):
        fit_quantiles(panel, seasonal_profile(panel), 7, (0.5, 1.0))


def test_quantile_heads_cover_what_they_say() -> None:
    panel, truth = planted()
    profile = seasonal_profile(panel)
    probabilities = (0.1, 0.5, 0.9)
    heads = fit_quantiles(panel, profile, 28, probabilities)
    assert heads.shape == (*truth.shape, 3)
    assert (np.diff(heads, axis=2) >= 0).all()
    rng = np.random.default_rng(8)
    # Whole numbers, spread over their unit: half of a tie lies below.
    demand = rng.poisson(truth) + rng.uniform(-0.5, 0.5, truth.shape)
    below = (demand[..., None] <= heads).mean(axis=(0, 1))
    np.testing.assert_allclose(below, probabilities, atol=0.06)
    again = fit_quantiles(panel, profile, 28, probabilities)
    assert again.tobytes() == heads.tobytes()
