"""A centre's demand from its stores' orders: simulation, brute force, known cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import gamma, nbinom, norm, poisson

from engine.errors import EngineError
from engine.forecast.paths import sample_paths
from engine.replenishment.network.pooling import level_correlation, pooled_orders
from engine.replenishment.network.store_orders import orders_of


def simulated_orders(mean, level_cv, dispersion, orders_in, surplus, lot, rise, correlation, draws, seed):
    """[draws, n, h] orders of stores that follow the rule, drawn demand by drawn demand."""
    rng = np.random.default_rng(seed)
    stores, horizon = mean.shape
    shared = rng.normal(size=(draws, 1))
    own = rng.normal(size=(draws, stores))
    uniform = norm.cdf(np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own)
    shape = 1 / np.maximum(level_cv, 1e-9) ** 2
    level = np.where(level_cv > 0, gamma.ppf(uniform, shape, scale=1 / shape), 1.0)
    given_level = np.maximum(level[:, :, None] * mean, 1e-12)
    # Variance dispersion·mean of the level's expectation, as the path generator draws it.
    spread = np.maximum((dispersion[:, None] - 1) * mean / given_level, 1e-9)
    demand = rng.poisson(rng.gamma(given_level / spread, spread))
    placed = np.zeros((draws, stores, horizon))
    position = np.repeat(surplus[None, :], draws, axis=0).astype(float)
    for t in range(horizon):
        quantity = np.where(orders_in[:, t], lot * np.ceil(np.maximum(rise[t] - position, 0) / lot - 1e-9), 0)
        placed[:, :, t] = quantity
        position = position + quantity - demand[:, :, t]
    return placed


CASES = [
    # correlation, lot, surplus, order days
    (0.0, 1, 0, "daily"),
    (0.6, 1, -20, "daily"),
    (1.0, 6, 3, "weekly"),
    (0.3, 12, 15, "weekly"),
    (0.6, 24, 60, "mixed"),
]


@pytest.mark.parametrize(("correlation", "lot", "surplus", "days"), CASES)
def test_equals_simulated_stores(correlation, lot, surplus, days):
    stores, horizon, window = 8, 14, 12
    rng = np.random.default_rng(11)
    mean = rng.uniform(1, 9, (stores, 1)) * rng.uniform(0.7, 1.3, (1, horizon))
    level_cv = rng.uniform(0.1, 0.35, stores)
    dispersion = rng.uniform(1.0, 2.5, stores)
    orders_in = np.ones((stores, horizon), dtype=bool)
    if days != "daily":
        orders_in = (np.arange(horizon)[None, :] + np.arange(stores)[:, None]) % 7 == 0
    rise = np.maximum(np.arange(horizon) - 4, 0) * (2.0 if days == "mixed" else 0.0)
    surpluses = np.full(stores, float(surplus)) + (np.arange(stores) if days == "mixed" else 0)
    pooled = pooled_orders(
        mean, level_cv, dispersion, orders_in, window=window, surplus=surpluses, lot=lot,
        target_rise=np.tile(rise, (stores, 1)), level_correlation=correlation,
    )  # fmt: skip
    draws = 10_000
    placed = simulated_orders(
        mean, level_cv, dispersion, orders_in, surpluses, lot, rise, correlation, draws, seed=5
    ).sum(axis=1)
    totals = placed[:, :window].sum(axis=1)
    drawn = 4 * totals.std() / np.sqrt(draws)
    assert pooled.window_mean == pytest.approx(totals.mean(), rel=0.01, abs=drawn)
    assert pooled.mean == pytest.approx(placed.mean(axis=0), rel=0.03, abs=1.0)
    assert np.sqrt(pooled.window_variance) == pytest.approx(totals.std(), rel=0.05)
    # And so do the paths that the centre will be planned with.
    paths = sample_paths(pooled.mean, pooled.level_cv, pooled.dispersion, 3, 4000)[:, :window].sum(axis=1)
    assert paths.mean() == pytest.approx(totals.mean(), rel=0.02, abs=2 * drawn)
    for chance in (0.1, 0.5, 0.9, 0.97):
        assert np.quantile(paths, chance) == pytest.approx(np.quantile(totals, chance), rel=0.04, abs=lot)
    # Stock for 95 % of the paths serves 95 % of the windows.
    assert (totals <= np.quantile(paths, 0.95)).mean() == pytest.approx(0.95, abs=0.03)


@settings(max_examples=150, deadline=None)
@given(
    st.floats(0.05, 60),
    st.floats(1.0, 4.0),
    st.floats(-30, 80).map(lambda x: round(x, 1)),
    st.integers(1, 20),
)
@example(2.0, 2.0, 0.0, 2)
@example(1.0, 4.0, -3.0, 2)
def test_orders_of_one_store_by_summing_over_demand(mean, wide, surplus, lot):
    variance = wide * mean
    units = np.arange(2000)
    chance = nbinom(mean / (wide - 1), 1 / wide).pmf(units) if wide > 1.001 else poisson(mean).pmf(units)
    placed = lot * np.maximum(np.ceil((units - surplus) / lot - 1e-9), 0)
    expected = float(placed @ chance)
    got, spread = orders_of(mean, variance, surplus, float(lot))
    assert got == pytest.approx(expected, rel=5e-3, abs=0.05 + 0.002 * lot)
    assert spread == pytest.approx(
        float((placed - expected) ** 2 @ chance), rel=0.05, abs=0.1 + 0.01 * lot**2
    )


def test_like_stores_pool_by_the_square_root():
    """Independent levels: noise and level of n like stores shrink by √n (Eppen 1979)."""
    one, many = (
        pooled_orders(np.full((n, 30), 4.0), [0.3] * n, [1.6] * n, np.ones((n, 30)), window=30)
        for n in (1, 16)
    )
    assert many.window_variance == pytest.approx(16 * one.window_variance)
    assert many.level_cv == pytest.approx(one.level_cv / 4)
    assert many.dispersion == pytest.approx(one.dispersion)
    assert many.sum_of_sds == pytest.approx(4 * np.sqrt(many.window_variance))


def test_more_correlation_never_narrows():
    spreads = [
        pooled_orders(
            np.full((5, 9), 3.0), [0.2] * 5, [1.2] * 5, np.ones((5, 9)), window=9, level_correlation=rho
        ).window_variance
        for rho in (0, 0.25, 0.5, 1)
    ]
    assert spreads == sorted(spreads)


def test_stores_that_order_nothing():
    pooled = pooled_orders([[2.0, 2.0]], [0.2], [1.5], [[True, False]], window=2, surplus=1)
    assert (pooled.window_mean, pooled.level_cv, pooled.dispersion, pooled.window_variance) == (0, 0, 1, 0)
    short = pooled_orders([[2.0, 2.0]], [0.2], [1.5], [[True, False]], window=2, surplus=-5, lot=4)
    assert short.mean.tolist() == [8, 0]
    assert short.window_variance == 0
    assert pooled_orders([[2.0]], [0.0], [1.0], [[False]], window=1).window_mean == 0


def test_correlation_of_levels_is_found_again():
    rng = np.random.default_rng(8)
    stores, windows = 12, 400
    for wanted in (0.0, 0.4, 0.9):
        shared, own = rng.normal(size=(1, windows)), rng.normal(size=(stores, windows))
        level = 1 + 0.2 * (np.sqrt(wanted) * shared + np.sqrt(1 - wanted) * own)
        forecast = rng.uniform(40, 80, (stores, 1)) * np.ones((1, windows))
        sold = rng.poisson(np.maximum(forecast * level, 0))
        assert level_correlation(sold, forecast, np.full(stores, 0.2)) == pytest.approx(wanted, abs=0.08)
    assert level_correlation([[3.0]], [[2.0]], [0.2]) == 0


def test_a_falling_target_takes_no_order_back():
    falling = pooled_orders(
        np.full((1, 4), 2.0), [0.0], [1.0], np.ones((1, 4)), window=4, target_rise=[[0, 9, 0, 0]]
    )
    assert falling.mean.tolist() == pytest.approx([0, 11, 0, 0])


def test_faults_are_told_together():
    with pytest.raises(EngineError) as error:
        pooled_orders(
            [[-1.0, 1.0]], [np.nan], [0.5], [[True]], window=3, surplus=[1, 2], lot=1.5, target_rise=[1.0],
            level_correlation=2,
        )  # fmt: skip
    for part in (
        "orders_in has shape (1, 1)", "target_rise has shape (1,)", "surplus has shape (2,)",
        "mean holds -1.0", "level_cv holds nan", "dispersion holds 0.5", "lot holds 1.5",
        "window is 3", "level_correlation is 2",
    ):  # fmt: skip
        assert part in str(error.value)
    with pytest.raises(EngineError, match="1 dimensions"):
        pooled_orders([1.0], [0.0], [1.0], [True], window=1)
    with pytest.raises(EngineError, match="stores, windows"):
        level_correlation([1.0], [1.0], [0.1])
