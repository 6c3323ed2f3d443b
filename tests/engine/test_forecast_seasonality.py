"""Seasonal factors: found where they are, absent where they are not."""

import numpy as np
import pytest

from engine.forecast.panel import Panel
from engine.forecast.seasonality import seasonal_profile, year_bins

WEEK = np.array([0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.0])
START = np.datetime64("2023-01-02")


def panel_of(values, observed=None, period="D", group=None):
    seen = np.ones(values.shape, dtype=bool) if observed is None else observed
    names = np.array([f"s{i}" for i in range(len(values))])
    return Panel(names, names, START, period, np.where(seen, values, 0.0), seen, group=group)


def yearly_wave(period, count, size=0.4):
    days = {"D": 1.0, "W": 7.0, "M": 30.4}[period]
    return 1.0 + size * np.sin(2 * np.pi * np.arange(count) * days / 365.25)


@pytest.mark.parametrize("level", [0.5, 20.0])
def test_a_shared_week_is_found(level):
    rng = np.random.default_rng(0)
    values = rng.poisson(level * WEEK[np.arange(400) % 7], (200, 400)).astype(float)
    short = seasonal_profile(panel_of(values)).short
    assert np.abs(short.mean(axis=0) - WEEK / WEEK.mean()).max() < 0.03
    assert np.abs(short - WEEK / WEEK.mean()).mean() < 0.06


def test_a_series_with_a_week_of_its_own_keeps_it():
    rng = np.random.default_rng(1)
    values = rng.poisson(20.0 * WEEK[np.arange(400) % 7], (50, 400)).astype(float)
    values[7] = rng.poisson(20.0 * WEEK[::-1][np.arange(400) % 7])
    short = seasonal_profile(panel_of(values)).short
    assert short[7] == pytest.approx(WEEK[::-1] / WEEK.mean(), abs=0.12)


def test_noise_is_not_taken_for_a_season():
    rng = np.random.default_rng(2)
    profile = seasonal_profile(panel_of(rng.poisson(1.0, (40, 800)).astype(float)))
    assert np.abs(profile.short - 1.0).max() < 0.25
    assert np.abs(profile.short - 1.0).mean() < 0.03
    assert np.abs(profile.bins - 1.0).mean() < 0.02


@pytest.mark.parametrize(("period", "count"), [("D", 1096), ("W", 157), ("M", 60)])
def test_a_shared_year_is_found_under_growth(period, count):
    rng = np.random.default_rng(3)
    wave = yearly_wave(period, count)
    growth = np.linspace(0.8, 1.2, count)
    values = rng.poisson(rng.gamma(2.0, 10.0, (100, 1)) * wave * growth).astype(float)
    profile = seasonal_profile(panel_of(values, period=period))
    future = profile.future(round(count / 4))[0]
    expected = yearly_wave(period, 2 * count)[count : count + len(future)]
    assert np.corrcoef(future, expected)[0, 1] > 0.97
    assert np.abs(future / future.mean() - expected / expected.mean()).max() < 0.15


def test_groups_have_seasons_of_their_own():
    rng = np.random.default_rng(4)
    wave = yearly_wave("W", 157)
    summer = rng.poisson(30.0 * wave, (60, 157))
    winter = rng.poisson(30.0 * (2.0 - wave), (60, 157))
    group = np.array(["ice"] * 60 + ["soup"] * 60, dtype=object)
    profile = seasonal_profile(panel_of(np.vstack([summer, winter]).astype(float), period="W", group=group))
    assert profile.bins[0, 12] > 1.2
    assert profile.bins[1, 12] < 0.8
    assert np.array_equal(profile.rows(np.array([100])).future(5), profile.future(5)[[100]])


def test_less_than_a_year_has_no_yearly_profile():
    values = np.tile(yearly_wave("D", 300), (20, 1)) * 50
    assert (seasonal_profile(panel_of(values)).bins == 1.0).all()


def test_months_that_were_never_observed_are_neutral():
    values = np.tile(yearly_wave("M", 30), (20, 1)) * 50
    seen = np.ones(values.shape, dtype=bool)
    seen[:, [3, 15, 27]] = False
    profile = seasonal_profile(panel_of(values, seen, "M"))
    assert np.isfinite(profile.bins).all()
    assert profile.bins[0, 3] == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("period", ["D", "W", "M"])
def test_factors_are_positive_and_finite_whatever_the_panel(period):
    for values in (np.zeros((3, 500)), np.full((1, 800), 1e9), np.eye(4, 400) * 7, np.ones((1, 1))):
        profile = seasonal_profile(panel_of(values, period=period))
        factors = profile.factors(0, values.shape[1] + 30)
        assert np.isfinite(factors).all()
        assert (factors > 0).all()
    hidden = np.zeros((2, 500), dtype=bool)
    assert (seasonal_profile(panel_of(np.ones((2, 500)), hidden, period)).future(40) == 1.0).all()


@pytest.mark.parametrize("scale", [1e7, 1e-200])
def test_factors_do_not_depend_on_scale(scale):
    rng = np.random.default_rng(6)
    values = rng.poisson(5.0 * WEEK[np.arange(500) % 7], (10, 500)).astype(float)
    plain, scaled = (seasonal_profile(panel_of(values * c)) for c in (1.0, scale))
    assert scaled.future(20) == pytest.approx(plain.future(20))


def test_bins_of_the_year():
    assert year_bins(np.datetime64("2024-12-30"), "D", 0, 4).tolist() == [51, 51, 0, 0]
    assert year_bins(np.datetime64("2024-01-01"), "W", 51, 2).tolist() == [51, 51]
    assert year_bins(np.datetime64("2024-11-01"), "M", 0, 3).tolist() == [10, 11, 0]
