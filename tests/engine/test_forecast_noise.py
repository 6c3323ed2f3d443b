"""Noise figures: recovered from data drawn with known ones, and calibrated."""

import numpy as np
import pytest
from scipy import stats

from engine.forecast.noise import estimate_noise, inside, sum_probability

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
    share = inside(forecast, actual, noise.level_cv[:, None], noise.dispersion[:, None]).mean()
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


def test_probability_of_a_sum_is_the_middle_of_its_step():
    """Poisson of mean 4: P(X < 3) + ½P(X = 3)."""
    expected = stats.poisson.cdf(2, 4.0) + 0.5 * stats.poisson.pmf(3, 4.0)
    got = sum_probability(np.array([4.0]), np.array([3.0]), np.array([0.0]), np.array([1.0]))
    assert got == pytest.approx([expected], abs=1e-4)
