"""Noise figures: recovered from data drawn with known ones, and calibrated."""

import numpy as np
import pytest

from engine.forecast.conformal import covered
from engine.forecast.noise import estimate_noise, without_outliers

N, K = 600, 3


def drawn(level_cv, dispersion, mean=60.0, n=N, seed=1):
    """Protection-period sums of n series whose forecast is right on average."""
    rng = np.random.default_rng(seed)
    level = rng.gamma(1 / level_cv**2, level_cv**2, (n, K)) if level_cv else np.ones((n, K))
    expected = mean * level
    actual = rng.negative_binomial(expected / (dispersion - 1), 1 / dispersion, (n, K)).astype(float)
    return np.full((n, K), mean), actual


def estimate(forecast, actual, dispersion, *, per_period=5.0, periods=400, known=None, segment=None):
    n = len(forecast)
    return estimate_noise(
        forecast,
        actual,
        np.ones(forecast.shape, dtype=bool) if known is None else known,
        np.full(n, dispersion * per_period * periods),
        np.full(n, per_period * periods),
        np.full(n, periods),
        np.array(["smooth"] * n, dtype=object) if segment is None else segment,
    )


@pytest.mark.parametrize(("level_cv", "dispersion"), [(0.3, 1.5), (0.15, 3.0), (0.5, 1.2)])
def test_known_noise_is_recovered(level_cv, dispersion):
    noise = estimate(*drawn(level_cv, dispersion), dispersion)
    assert noise.dispersion == pytest.approx(dispersion, rel=0.01)
    assert noise.level_cv.mean() == pytest.approx(level_cv, rel=0.2)
    assert noise.coverage == pytest.approx(0.8, abs=0.03)


def test_noise_is_calibrated_on_sums_not_seen():
    noise = estimate(*drawn(0.35, 2.0), 2.0)
    forecast, actual = drawn(0.35, 2.0, seed=2)
    wide = (np.broadcast_to(part[:, None], forecast.shape) for part in (noise.level_cv, noise.dispersion))
    share = covered(forecast, actual, *wide).mean()
    assert share == pytest.approx(0.8, abs=0.03)


def test_without_level_error_paths_stay_near_poisson():
    noise = estimate(*drawn(0.0, 1.2), 1.2)
    assert noise.level_cv.mean() < 0.06


def test_a_series_with_larger_errors_gets_more_noise_but_is_shrunk():
    forecast, actual = drawn(0.2, 1.5)
    actual[0] = [150.0, 10.0, 140.0]
    noise = estimate(forecast, actual, 1.5)
    others = np.median(noise.level_cv[1:])
    own = np.sqrt((((actual[0] - 60.0) / 60.0) ** 2).mean())
    assert 1.3 * others < noise.level_cv[0] < own


def test_segments_have_noise_of_their_own_and_small_ones_share():
    calm, wild = drawn(0.1, 1.5, n=200), drawn(0.6, 1.5, n=200)
    forecast, actual = np.vstack([calm[0], wild[0]]), np.vstack([calm[1], wild[1]])
    segment = np.array(["smooth"] * 200 + ["lumpy"] * 195 + ["erratic"] * 5, dtype=object)
    noise = estimate(forecast, actual, 1.5, segment=segment)
    assert noise.level_cv[:200].mean() < 0.5 * noise.level_cv[200:395].mean()
    assert np.isfinite(noise.level_cv).all()


def test_dispersion_follows_volume_and_is_never_below_one():
    n = 300
    mean = np.linspace(0.5, 50.0, n)
    variance_over_mean = 1.0 + 0.1 * mean
    noise = estimate_noise(
        np.zeros((n, K)),
        np.zeros((n, K)),
        np.zeros((n, K), dtype=bool),
        variance_over_mean * mean * 20,
        mean * 20,
        np.full(n, 20),
        np.array(["smooth"] * n, dtype=object),
    )
    assert noise.dispersion == pytest.approx(variance_over_mean, rel=0.15)
    assert np.isnan(noise.coverage)
    assert estimate(*drawn(0.2, 1.5), 0.3).dispersion.tolist() == [1.0] * N


def test_series_without_sums_take_the_segments_noise():
    forecast, actual = drawn(0.3, 1.5)
    known = np.ones((N, K), dtype=bool)
    known[:10] = False
    noise = estimate(forecast, actual, 1.5, known=known)
    assert noise.level_cv[:10] == pytest.approx(np.median(noise.level_cv), rel=0.3)


def test_nothing_known_still_gives_noise():
    empty = np.zeros((4, 0))
    noise = estimate(empty, empty, 0.0, per_period=0.0, periods=0)
    assert noise.dispersion.tolist() == [1.0] * 4
    assert (noise.level_cv > 0).all()
    assert np.isnan(noise.coverage)


def test_dispersion_is_set_by_single_periods():
    """The history says 3, but the backtest's days have 1.5: what they show counts."""
    rng = np.random.default_rng(3)
    level = rng.gamma(1 / 0.04, 0.04, (N, K, 1))
    days = rng.negative_binomial(5.0 * level / 0.5, 1 / 1.5, (N, K, 12)).astype(float)
    single = np.full((N, K * 12), 5.0), days.reshape(N, -1), np.ones((N, K * 12), dtype=bool)
    noise = estimate_noise(
        np.full((N, K), 60.0),
        days.sum(axis=2),
        np.ones((N, K), dtype=bool),
        np.full(N, 3.0 * 5.0 * 400),
        np.full(N, 5.0 * 400),
        np.full(N, 400),
        np.array(["smooth"] * N, dtype=object),
        single,
    )
    assert noise.dispersion.mean() == pytest.approx(1.5, rel=0.12)
    assert noise.level_cv.mean() == pytest.approx(0.2, rel=0.2)


def test_one_bulk_sale_is_cut_and_ordinary_peaks_stay():
    rng = np.random.default_rng(2)
    lumpy = rng.lognormal(1.0, 1.0, (50, 300)) * (rng.random((50, 300)) < 0.2)
    spoilt = lumpy.copy()
    spoilt[:, 100] = 74_215.0
    kept = without_outliers(lumpy)
    assert (kept == lumpy).mean() > 0.995
    cut = without_outliers(spoilt)
    assert cut[:, 100].max() < 3.01 * np.sort(lumpy, axis=1)[:, -1].max()
    assert np.array_equal(np.delete(cut, 100, axis=1) > 0, np.delete(lumpy, 100, axis=1) > 0)
    assert without_outliers(np.zeros((2, 0))).shape == (2, 0)
    assert without_outliers(np.zeros((2, 3))).tolist() == [[0.0] * 3] * 2
    assert without_outliers(np.array([[0.0, 7.0, 0.0]])).tolist() == [[0.0, 7.0, 0.0]]
