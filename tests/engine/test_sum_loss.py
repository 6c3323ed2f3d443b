"""The loss of protection-period sums against scipy's negative binomial."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from engine.forecast.sum_loss import PINBALL_AT, sum_pinball


def one(forecast, actual, level_cv, dispersion):
    return sum_pinball(
        np.array([[float(forecast)]]),
        np.array([[float(actual)]]),
        np.array([level_cv]),
        np.array([dispersion]),
    )[0, 0]


def oracle(forecast, actual, level_cv, dispersion):
    wide = dispersion + level_cv**2 * forecast
    if forecast == 0:
        quantiles = np.zeros(4)
    elif wide > 1:
        quantiles = stats.nbinom.ppf(PINBALL_AT, forecast / (wide - 1), 1 / wide)
    else:
        quantiles = stats.poisson.ppf(PINBALL_AT, forecast)
    short = actual - quantiles
    return np.mean(np.where(short > 0, PINBALL_AT * short, (PINBALL_AT - 1) * short))


@settings(deadline=None, max_examples=60)
@given(st.floats(0, 15.9), st.integers(0, 60), st.floats(0, 0.9), st.floats(1, 6))
def test_small_sums_are_exact(forecast, actual, level_cv, dispersion):
    assert one(forecast, actual, level_cv, dispersion) == pytest.approx(
        oracle(forecast, actual, level_cv, dispersion), abs=1.01 * PINBALL_AT.max() / 4
    )


def test_published_poisson_quantiles():
    """Poisson of mean 3 (any table): F(3…6) = .647, .815, .916, .966: quantiles 3, 4, 5, 6."""
    due = np.mean([0.5 * 2, 0.8 * 1, 0.9 * 0, 0.05 * 1])
    assert one(3.0, 5.0, 0.0, 1.0) == pytest.approx(due)


@pytest.mark.parametrize("forecast", [50.0, 400.0, 1e6])
def test_large_sums_are_close(forecast):
    for actual in (0.5 * forecast, forecast, 1.6 * forecast):
        got, due = one(forecast, actual, 0.3, 2.0), oracle(forecast, actual, 0.3, 2.0)
        assert got == pytest.approx(due, rel=0.02, abs=0.3)


def test_wide_spread_of_large_demand_is_not_cut_off():
    """At 10⁹ units with a level error of 80 % the .95 quantile is far above the mean."""
    assert one(1e9, 2.3e9, 0.8, 1.0) < 0.8 * one(1e9, 2.3e9, 0.1, 1.0)


def test_the_right_forecast_loses_least():
    demand = np.random.default_rng(1).negative_binomial(20, 0.5, (1, 40_000)).astype(float)
    losses = {
        mean: sum_pinball(np.full_like(demand, mean), demand, np.zeros(1), np.full(1, 2.0)).mean()
        for mean in (12.0, 16.0, 20.0, 24.0, 28.0)
    }
    assert min(losses, key=losses.get) == 20.0
