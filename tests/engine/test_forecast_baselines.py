"""Seasonal naive and the pooled seasonal moving average, against obvious loops."""

import numpy as np
import pytest

from engine.forecast.moving_average import WINDOW, SeasonalMovingAverage
from engine.forecast.naive import SeasonalNaive
from engine.forecast.panel import Panel
from engine.forecast.seasonality import seasonal_profile

RNG = np.random.default_rng(8)


def panel_of(values, observed=None, period="D"):
    values = np.array(values, dtype=float)
    seen = np.ones(values.shape, dtype=bool) if observed is None else np.array(observed)
    names = np.array([f"s{i}" for i in range(len(values))])
    return Panel(names, names, np.datetime64("2023-01-02"), period, np.where(seen, values, 0.0), seen)


def naive_by_loop(values, seen, season, horizon):
    result = []
    for h in range(horizon):
        back = len(values) + h
        while back >= 0:
            back -= season
            if 0 <= back < len(values) and seen[back]:
                break
        if back >= 0:
            result.append(values[back])
        else:
            result.append(values[seen].mean() if seen.any() else 0.0)
    return result


@pytest.mark.parametrize(("period", "season"), [("D", 7), ("W", 52), ("M", 12)])
@pytest.mark.parametrize("length", [5, 30, 120])
def test_seasonal_naive_against_a_loop(period, season, length):
    values = RNG.poisson(4.0, (12, length)).astype(float)
    seen = RNG.random((12, length)) < 0.6
    seen[0] = False
    panel = panel_of(values, seen, period)
    got = SeasonalNaive().fit_predict(panel, seasonal_profile(panel), 70)
    for i in range(12):
        assert got[i].tolist() == pytest.approx(naive_by_loop(panel.values[i], seen[i], season, 70))


def test_seasonal_naive_repeats_the_last_week():
    panel = panel_of([list(range(1, 15))])
    forecast = SeasonalNaive().fit_predict(panel, seasonal_profile(panel), 9)
    assert forecast.tolist() == [[8, 9, 10, 11, 12, 13, 14, 8, 9]]


@pytest.mark.parametrize("period", ["D", "W", "M"])
def test_moving_average_against_a_loop(period):
    values = RNG.poisson(6.0, (10, 140)).astype(float)
    seen = RNG.random((10, 140)) < 0.7
    seen[1] = False
    panel = panel_of(values, seen, period)
    profile = seasonal_profile(panel)
    got = SeasonalMovingAverage().fit_predict(panel, profile, 4)
    factors, future = profile.factors(0, 140), profile.future(4)
    for i in range(10):
        used = np.flatnonzero(seen[i])[-WINDOW[period] :]
        level = values[i, used].sum() / factors[i, used].sum() if len(used) else 0.0
        assert got[i].tolist() == pytest.approx((level * future[i]).tolist())


def test_moving_average_without_any_observation_is_zero():
    panel = panel_of([[1, 2, 3]], [[False] * 3])
    assert SeasonalMovingAverage().fit_predict(panel, seasonal_profile(panel), 2).tolist() == [[0, 0]]
