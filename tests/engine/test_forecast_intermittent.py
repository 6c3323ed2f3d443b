"""Croston, SBA and TSB against published series, results and slow oracles."""

import numpy as np
import pytest

from engine.forecast.intermittent import Croston, TeunterSyntetosBabai, croston, starts, tsb
from engine.forecast.panel import Panel
from engine.forecast.seasonality import seasonal_profile

PRODUCT_C = [
    *(0, 2, 0, 1, 0, 11, 0, 0, 0, 0, 2, 0),
    *(6, 3, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0),
    *(0, 0, 0, 3, 1, 0, 0, 1, 0, 1, 0, 0),
]
"""productC: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 2nd ed., section 12.2."""
PUBLISHED_SIZES = [2, 1, 11, 2, 6, 3, 7, 3, 1, 1, 1]
PUBLISHED_INTERVALS = [2, 2, 2, 5, 2, 1, 6, 8, 1, 3, 2]


def smoothed(values, start, alpha):
    level = start
    for value in values:
        level += alpha * (value - level)
    return level


def run(kernel, values, *arguments, observed=None):
    matrix = np.array([values], dtype=float)
    seen = np.ones_like(matrix, dtype=bool) if observed is None else np.array([observed])
    rate, error = np.zeros(1), np.zeros(1)
    kernel(matrix, seen, *arguments, rate, error)
    return rate[0], error[0]


def panel_of(rows, period="M", observed=None):
    values = np.array(rows, dtype=float)
    seen = np.ones(values.shape, dtype=bool) if observed is None else np.array(observed)
    names = np.array([f"s{i}" for i in range(len(values))])
    return Panel(names, names, np.datetime64("2020-01-01"), period, np.where(seen, values, 0.0), seen)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0])
def test_croston_smooths_the_published_sizes_and_intervals(alpha):
    rate, _ = run(croston, PRODUCT_C, alpha, alpha, np.array([2.0]), np.array([2.0]), 1.0)
    size = smoothed(PUBLISHED_SIZES, 2.0, alpha)
    interval = smoothed(PUBLISHED_INTERVALS, 2.0, alpha)
    assert rate == pytest.approx(size / interval)


def test_croston_with_alpha_one_has_the_published_bias():
    """Syntetos and Boylan (2001): with α = 1 the estimate's mean is −μ·ln(1/p)/(p − 1), not μ/p."""
    rng = np.random.default_rng(3)
    p = 4.0
    values = (rng.random((40_000, 60)) < 1 / p) * 1.0
    rate, error = np.zeros(len(values)), np.zeros(len(values))
    ones = np.ones(len(values))
    croston(values, np.ones_like(values, dtype=bool), 1.0, 1.0, ones, p * ones, 1.0, rate, error)
    assert rate.mean() == pytest.approx(np.log(p) / (p - 1), rel=0.02)


def test_sba_is_croston_times_one_minus_half_alpha():
    """Syntetos and Boylan (2005), equation 9; here for the size's constant of 0.2."""
    plain, _ = run(croston, PRODUCT_C, 0.2, 0.2, np.array([3.0]), np.array([3.0]), 1.0)
    unbiased, _ = run(croston, PRODUCT_C, 0.2, 0.2, np.array([3.0]), np.array([3.0]), 0.9)
    assert unbiased == pytest.approx(0.9 * plain)


def test_sba_is_nearly_unbiased_where_croston_is_not():
    rng = np.random.default_rng(5)
    values = (rng.random((5_000, 400)) < 0.25) * 2.0
    seen, ones = np.ones_like(values, dtype=bool), np.ones(5_000)
    means = []
    for factor in (1.0, 1.0 - 0.3 / 2):
        rate, error = np.zeros(5_000), np.zeros(5_000)
        croston(values, seen, 0.3, 0.3, 2 * ones, 4 * ones, factor, rate, error)
        means.append(rate.mean())
    assert means[0] > 0.5 * 1.05
    assert means[1] == pytest.approx(0.5, rel=0.04)


def test_tsb_forgets_a_dead_product_exponentially():
    """Teunter, Syntetos and Babai (2011), section 2: without demand the chance falls by 1 − β a period."""
    alive, _ = run(tsb, PRODUCT_C, 0.1, 0.2, np.array([3.0]), np.array([0.3]))
    dead, _ = run(tsb, PRODUCT_C + [0] * 10, 0.1, 0.2, np.array([3.0]), np.array([0.3]))
    assert dead == pytest.approx(alive * 0.8**10)
    unmoved, _ = run(croston, PRODUCT_C + [0] * 10, 0.1, 0.1, np.array([3.0]), np.array([3.0]), 1.0)
    assert unmoved == pytest.approx(
        run(croston, PRODUCT_C, 0.1, 0.1, np.array([3.0]), np.array([3.0]), 1.0)[0]
    )


def test_tsb_against_its_equations():
    size, chance, total = 3.0, 0.3, 0.0
    for demand in PRODUCT_C:
        total += (demand - size * chance) ** 2
        if demand > 0:
            chance = chance + 0.05 * (1 - chance)
            size = size + 0.15 * (demand - size)
        else:
            chance = (1 - 0.05) * chance
    rate, error = run(tsb, PRODUCT_C, 0.15, 0.05, np.array([3.0]), np.array([0.3]))
    assert (rate, error) == (pytest.approx(size * chance), pytest.approx(total))


@pytest.mark.parametrize("kernel", [croston, tsb])
def test_unobserved_periods_are_as_if_they_were_not(kernel):
    arguments = (0.1, 0.1, np.array([3.0]), np.array([0.5])) + ((1.0,) if kernel is croston else ())
    gap = [*PRODUCT_C[:7], 99, 99, *PRODUCT_C[7:]]
    seen = [True] * 7 + [False] * 2 + [True] * (len(PRODUCT_C) - 7)
    assert run(kernel, gap, *arguments, observed=seen) == run(kernel, PRODUCT_C, *arguments)


def test_smoothing_starts_at_the_means():
    size, interval = starts(panel_of([PRODUCT_C, [0] * 36]))
    assert size.tolist() == [pytest.approx(38 / 11), 0]
    assert interval.tolist() == [pytest.approx(36 / 11), 36]


@pytest.mark.parametrize("model", [Croston(), Croston("SBA", unbiased=True), TeunterSyntetosBabai()])
def test_models_forecast_a_level_near_the_mean(model):
    panel = panel_of([PRODUCT_C, [5] * 36, [0] * 36])
    forecast = model.fit_predict(panel, seasonal_profile(panel), 5)
    assert forecast.shape == (3, 5)
    assert 0.3 < forecast[0, 0] < 1.8
    assert 4.4 < forecast[1].mean() <= 5.0 + 1e-9
    assert (forecast[2] == 0).all()
