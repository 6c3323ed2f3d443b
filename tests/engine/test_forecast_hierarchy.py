"""Totals are the sum of their items; their intervals hold what came."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma

from engine.errors import EngineError
from engine.forecast.hierarchy import HeldOut, total_forecasts


def backtest(rng, n, cutoffs, horizon, shared, level=None, dispersion=2.0):
    """Items of mean 5 … 50 whose periods share an error of relative size `shared`."""
    level = rng.uniform(5, 50, n) if level is None else level
    forecast = np.broadcast_to(level[None, :, None], (cutoffs, n, horizon)).copy()
    common = rng.gamma(1 / shared**2, shared**2, (cutoffs, 1, horizon)) if shared else 1.0
    mean = forecast * common
    actual = rng.negative_binomial(mean / (dispersion - 1.0), 1.0 / dispersion).astype(float)
    return HeldOut(forecast, actual, np.ones(forecast.shape, dtype=bool))


@pytest.mark.parametrize("shared", [0.0, 0.1, 0.3])
def test_the_shared_error_is_found_and_intervals_hold(shared):
    rng = np.random.default_rng(5)
    seen = backtest(rng, 120, 6, 28, shared)
    group = np.arange(120) % 4
    noise = np.full(120, 0.0), np.full(120, 2.0)
    totals = total_forecasts(seen.forecast[0], *noise, group, seen)
    assert totals.shared_cv == pytest.approx(shared, abs=0.03)
    assert totals.coverage == pytest.approx(0.8, abs=0.04)
    later = backtest(rng, 120, 40, 28, shared, seen.forecast[0, :, 0])
    came = np.stack([later.actual[:, group == g].sum(axis=1) for g in range(4)], axis=1)
    held = (came >= totals.low) & (came <= totals.high)
    assert held.mean() == pytest.approx(0.8, abs=0.06)


def test_without_a_backtest_the_interval_is_that_of_the_gamma_distribution():
    totals = total_forecasts(
        np.array([[10.0], [30.0]]), np.array([0.2, 0.1]), np.array([1.5, 2.0]), np.zeros(2, dtype=np.int64)
    )
    # Slow and by hand: Σφm + Σ(cv·m)² + .01·M².
    variance = 15.0 + 60.0 + 4.0 + 9.0 + 0.01 * 1600.0
    exact = gamma(40.0**2 / variance, scale=variance / 40.0)
    assert totals.low[0, 0] == pytest.approx(exact.ppf(0.1))
    assert totals.high[0, 0] == pytest.approx(exact.ppf(0.9))
    assert np.isnan(totals.coverage)


@given(
    st.integers(0, 10**6),
    st.integers(1, 30),
    st.integers(1, 5),
    st.sampled_from([0.0, 1.0, 1e6]),
    st.booleans(),
)
@settings(deadline=None, max_examples=40)
def test_items_and_totals_agree(seed, n, groups, scale, known):
    rng = np.random.default_rng(seed)
    mean = rng.gamma(1.0, 3.0, (n, 6)) * scale
    group = rng.integers(-1, groups, n)
    seen = backtest(rng, n, 3, 6, 0.2) if known else None
    totals = total_forecasts(mean, rng.uniform(0, 0.5, n), rng.uniform(1, 4, n), group, seen)
    for g in range(len(totals.mean)):
        assert totals.mean[g] == pytest.approx(mean[group == g].sum(axis=0), rel=1e-12)
    assert totals.mean.sum() == pytest.approx(mean[group >= 0].sum(), rel=1e-12)
    assert np.isfinite(totals.high).all()
    assert (totals.low <= totals.high).all()
    assert (totals.low >= 0).all()
    # In another order of the items: the same totals.
    order = rng.permutation(n)
    again = total_forecasts(mean[order], np.zeros(n), np.ones(n), group[order])
    assert again.mean == pytest.approx(totals.mean, rel=1e-12)


def test_no_item_and_unequal_lengths():
    none = total_forecasts(np.zeros((0, 4)), np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64))
    assert none.mean.shape == (0, 4)
    with pytest.raises(EngineError, match="2 means, 1 level_cv"):
        total_forecasts(np.ones((2, 4)), np.zeros(1), np.ones(2), np.zeros(2, dtype=np.int64))
