"""Theta against its two theta lines, period by period."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.forecast import theta
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile, seasonal_profile
from engine.forecast.theta import Theta, line

RNG = np.random.default_rng(41)


def panel_of(values, observed=None, period="W"):
    values = np.array(values, dtype=float)
    seen = np.ones(values.shape, dtype=bool) if observed is None else np.array(observed)
    names = np.array([f"s{i}" for i in range(len(values))])
    return Panel(names, names, np.datetime64("2023-01-02"), period, np.where(seen, values, 0.0), seen)


def flat(panel):
    n = panel.n_series
    group = np.zeros(n, dtype=np.int64)
    return Profile(np.ones((n, 1)), group, np.ones((1, 52)), panel.start, "W", panel.n_periods)


def two_lines(values, alpha, horizon):
    """Assimakopoulos and Nikolopoulos (2000): the line (θ = 0) and smoothing of 2y − line (θ = 2)."""
    periods = np.arange(1.0, len(values) + 1)
    slope, intercept = np.polyfit(periods, values, 1)
    straight = intercept + slope * periods
    level = straight[0]
    for value in 2.0 * values - straight:
        level += alpha * (value - level)
    ahead = len(values) + np.arange(1.0, horizon + 1)
    return 0.5 * (intercept + slope * ahead) + 0.5 * level


@pytest.mark.parametrize("alpha", [0.05, 0.5])
def test_theta_is_the_average_of_its_two_lines(monkeypatch, alpha):
    monkeypatch.setattr(theta, "GRID", np.array([(alpha, 0.0, 0.0, 1.0)]))
    values = 40.0 + 0.3 * np.arange(80) + RNG.normal(0, 5, 80)
    panel = panel_of([values])
    assert Theta().fit_predict(panel, flat(panel), 9)[0] == pytest.approx(two_lines(values, alpha, 9))


def test_gaps_are_skipped():
    values = 40.0 + 0.3 * np.arange(80) + RNG.normal(0, 5, 80)
    holed = np.insert(values, [20, 20, 50], 999.0)
    seen = holed < 999.0
    plain, skipped = panel_of([values]), panel_of([holed], [seen])
    assert Theta().fit_predict(skipped, flat(skipped), 4) == pytest.approx(
        Theta().fit_predict(plain, flat(plain), 4)
    )


def test_the_line_is_least_squares_over_the_season():
    values, seen = RNG.poisson(9.0, (5, 60)).astype(float), RNG.random((5, 60)) < 0.7
    seen[4] = False
    seen[3] = np.arange(60) == 7
    short, yearly = RNG.uniform(0.5, 1.5, (5, 7)), RNG.uniform(0.5, 1.5, (1, 60))
    a, b = np.zeros((2, 5))
    line(np.where(seen, values, 0.0), seen, short, yearly, np.zeros(5, dtype=np.int64), a, b)
    factors = short[:, np.arange(60) % 7] * yearly
    for i in range(3):
        s, y = factors[i, seen[i]], values[i, seen[i]]
        expected, *_ = np.linalg.lstsq(np.column_stack([s, s * np.arange(1, len(y) + 1)]), y, rcond=None)
        assert (a[i], b[i]) == (pytest.approx(expected[0]), pytest.approx(expected[1]))
    assert (a[3], b[3]) == (pytest.approx(values[3, 7] / factors[3, 7]), 0.0)
    assert (a[4], b[4]) == (0.0, 0.0)


@given(
    values=arrays(np.float64, (3, 30), elements=st.just(0.0) | st.floats(1e-3, 1e9)),
    seen=arrays(np.bool_, (3, 30)),
    period=st.sampled_from(["D", "W", "M"]),
)
@settings(deadline=None, max_examples=40)
def test_any_series_has_a_forecast_of_its_own(values, seen, period):
    panel = panel_of(values, seen, period)
    profile = seasonal_profile(panel)
    forecast = Theta().fit_predict(panel, profile, 40)
    assert np.isfinite(forecast).all()
    assert (forecast >= 0).all()
    one = np.array([1])
    alone = Theta().fit_predict(panel.rows(one), profile.rows(one), 40)
    assert alone.tobytes() == forecast[1:2].tobytes()
