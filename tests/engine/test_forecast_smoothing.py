"""Exponential smoothing against its definition, series by series."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.forecast import smoothing
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile, seasonal_profile
from engine.forecast.smoothing import DampedTrend, Holt, SimpleSmoothing
from engine.forecast.smoothing_weights import parameter_weights

RNG = np.random.default_rng(12)


def panel_of(values, observed=None, period="W"):
    values = np.array(values, dtype=float)
    seen = np.ones(values.shape, dtype=bool) if observed is None else np.array(observed)
    names = np.array([f"s{i}" for i in range(len(values))])
    return Panel(names, names, np.datetime64("2023-01-02"), period, np.where(seen, values, 0.0), seen)


def flat_profile(panel):
    n = panel.n_series
    return Profile(
        np.ones((n, 1)), np.zeros(n, dtype=np.int64), np.ones((1, 52)), panel.start, "W", panel.n_periods
    )


def test_level_is_the_weighted_mean_of_the_past(monkeypatch):
    monkeypatch.setattr(smoothing, "SIMPLE_GRID", np.array([0.2]))
    values, seen = RNG.poisson(5.0, (6, 300)).astype(float), RNG.random((6, 300)) < 0.8
    panel = panel_of(values, seen, "D")
    profile = seasonal_profile(panel)
    level, squares = SimpleSmoothing().fit(panel, profile)
    season = profile.factors(0, 300)
    for i in range(6):
        age = np.arange(299, -1, -1)
        weight = 0.8**age * seen[i]
        assert level[i] == pytest.approx((weight * values[i]).sum() / (weight * season[i]).sum())
        total = 0.0
        for t in range(1, 300):
            past = 0.8 ** np.arange(t - 1, -1, -1) * seen[i, :t]
            if past.sum() > 0 and seen[i, t]:
                at = (past * values[i, :t]).sum() / (past * season[i, :t]).sum()
                total += (values[i, t] - at * season[i, t]) ** 2
        assert squares[i] == pytest.approx(total)


def test_long_constant_weights_are_textbook_simple_smoothing(monkeypatch):
    monkeypatch.setattr(smoothing, "SIMPLE_GRID", np.array([0.3]))
    values = RNG.poisson(9.0, (1, 200)).astype(float)
    panel = panel_of(values)
    level = values[0, 0]
    for value in values[0, 1:]:
        level += 0.3 * (value - level)
    assert SimpleSmoothing().fit_predict(panel, flat_profile(panel), 1)[0, 0] == pytest.approx(level)


@pytest.mark.parametrize(("model", "grid"), [(DampedTrend(), "DAMPED_GRID"), (Holt(), "LINEAR_GRID")])
def test_trend_against_its_equations(monkeypatch, model, grid):
    alpha, beta, phi = 0.3, 0.06, 0.9
    monkeypatch.setattr(smoothing, grid, np.array([(alpha, beta, 0.0, phi)]))
    values = 50.0 + np.arange(60.0) + RNG.normal(0, 2, 60)
    panel = panel_of([values])
    level, trend = values[:10].mean(), 0.0
    for value in values:
        error = value - (level + phi * trend)
        level, trend = level + phi * trend + alpha * error, phi * trend + beta * error
    expected = [level + trend * sum(phi**j for j in range(1, h + 1)) for h in (1, 2, 3)]
    got = model.fit_predict(panel, flat_profile(panel), 3)[0]
    assert got.tolist() == pytest.approx(expected)


@pytest.mark.parametrize("model", [SimpleSmoothing(), DampedTrend(), Holt()])
def test_level_shift_is_followed_and_gaps_are_skipped(model):
    values = np.concatenate([np.full(60, 10.0), np.full(60, 30.0)])
    gap = np.ones(120, dtype=bool)
    gap[100:110] = False
    panel = panel_of([values, values, values * 0], [gap, np.ones(120, dtype=bool), np.zeros(120, dtype=bool)])
    forecast = model.fit_predict(panel, flat_profile(panel), 4)
    assert forecast[0] == pytest.approx(forecast[1], rel=0.1)
    assert (np.abs(forecast[:2] - 30.0) < 3.0).all()
    assert (forecast[2] == 0).all()


@pytest.mark.parametrize("model", [DampedTrend(), Holt()])
def test_a_trend_never_falls_below_zero(model):
    panel = panel_of([np.maximum(100.0 - 2.0 * np.arange(60), 0.0)])
    assert (model.fit_predict(panel, flat_profile(panel), 30) >= 0).all()


def test_a_linear_trend_goes_on_where_a_damped_one_levels_out():
    panel = panel_of([20.0 + np.arange(100.0)])
    linear, damped = (
        model.fit_predict(panel, flat_profile(panel), 52)[0] for model in (Holt(), DampedTrend())
    )
    assert np.diff(linear) == pytest.approx(linear[1] - linear[0])
    assert linear[-1] > damped[-1] > 110.0
    assert np.diff(damped)[-1] < 0.5 * np.diff(damped)[0]


def test_a_short_series_blends_and_a_long_one_leans_to_what_fits():
    errors = np.array([[1.0, 1.2], [1.0, 1.2], [1.0, 1.2]])
    weights = parameter_weights(errors, np.array([0, 20, 5_000]))
    assert weights[0].tolist() == [0.5, 0.5]
    # exp(−½ · 0.1 · 20 · log 1.2) = 1 / 1.2
    assert weights[1].tolist() == [pytest.approx(1.2 / 2.2), pytest.approx(1.0 / 2.2)]
    # 200 periods count at most: 1.2 to the tenth
    assert weights[2, 0] == pytest.approx(1.2**10 / (1.2**10 + 1.0))


def test_a_perfect_fit_takes_all_and_a_broken_row_nothing():
    errors = np.array([[0.0, 2.0, 0.0], [np.inf, 2.0, np.nan], [np.inf, np.inf, np.nan], [0.0, 0.0, 0.0]])
    weights = parameter_weights(errors, np.array([9, 9, 9, 0]))
    third = pytest.approx(1 / 3)
    assert weights.tolist() == [[0.5, 0, 0.5], [0, 1, 0], [third] * 3, [third] * 3]


@given(
    errors=arrays(np.float64, (4, 5), elements=st.floats(0, 1e300)),
    observations=arrays(np.int64, 4, elements=st.integers(0, 10_000)),
)
@settings(deadline=None)
def test_weights_add_to_one_and_fall_with_the_error(errors, observations):
    weights = parameter_weights(errors, observations)
    assert weights.sum(axis=1) == pytest.approx(np.ones(4))
    by_error = np.take_along_axis(weights, np.argsort(errors, axis=1, kind="stable"), axis=1)
    assert (np.diff(by_error, axis=1) <= 1e-12).all()
