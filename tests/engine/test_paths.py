"""Sample paths: right distribution, reproducible, and comparable when the mean or the level changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from engine.errors import EngineError
from engine.forecast.paths import quantiles, sample_paths, sample_paths_many
from engine.forecast.uniforms import normal_quantile, random_order, series_seed

PROBABILITIES = np.array([0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])


def exact_quantiles(mean, dispersion):
    if dispersion == 1.0:
        return stats.poisson.ppf(PROBABILITIES, mean)
    return stats.nbinom.ppf(PROBABILITIES, mean / (dispersion - 1.0), 1.0 / dispersion)


@pytest.mark.parametrize("dispersion", [1.0, 1.5, 4.0, 12.0])
@pytest.mark.parametrize("mean", [0.05, 0.3, 3.0, 15.9])
def test_small_means_have_the_exact_quantiles(mean, dispersion):
    assert quantiles([[mean]], [0.0], [dispersion], PROBABILITIES)[0, 0].tolist() == pytest.approx(
        exact_quantiles(mean, dispersion)
    )


@pytest.mark.parametrize("dispersion", [1.0, 1.5, 4.0, 12.0, 60.0])
@pytest.mark.parametrize("mean", [16.1, 30.0, 200.0, 5_000.0])
def test_large_means_have_nearly_the_exact_quantiles(mean, dispersion):
    got = quantiles([[mean]], [0.0], [dispersion], PROBABILITIES)[0, 0]
    spread = np.sqrt(mean * dispersion)
    assert np.abs(got - exact_quantiles(mean, dispersion)).max() <= max(1.0, 0.05 * spread)


def test_poisson_quantiles_of_mean_three():
    """Tables of the Poisson distribution: P(X ≤ 2) = .4232, P(X ≤ 3) = .6472, P(X ≤ 5) = .9161."""
    chances = [0.4231, 0.4233, 0.6473, 0.9160, 0.9162]
    assert quantiles([[3.0]], [0.0], [1.0], chances)[0, 0].tolist() == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("mean", "level_cv", "dispersion"), [(0.2, 0.5, 1.2), (6.0, 0.3, 2.0), (80.0, 0.2, 5.0)]
)
def test_the_protection_sum_has_the_stated_mean_and_variance(mean, level_cv, dispersion):
    paths = sample_paths(np.full(14, mean), level_cv, dispersion, seed=11, n_paths=20_000)
    total = paths.sum(axis=1)
    expected = 14 * mean
    assert total.mean() == pytest.approx(expected, rel=0.005)
    assert total.var() == pytest.approx(dispersion * expected + (level_cv * expected) ** 2, rel=0.05)


def test_three_hundred_paths_give_the_mean_of_each_period_within_two_percent():
    mean = np.linspace(1.0, 40.0, 30)
    paths = sample_paths(mean, 0.3, 1.8, seed=5, n_paths=300)
    assert np.abs(paths.mean(axis=0) / mean - 1.0).max() < 0.06
    assert paths.mean() == pytest.approx(mean.mean(), rel=0.01)


@given(
    mean=st.lists(st.floats(0.0, 300.0), min_size=1, max_size=6),
    level_cv=st.floats(0.0, 1.0),
    dispersion=st.floats(1.0, 30.0),
    scale=st.floats(1.0, 3.0),
    seed=st.integers(0, 2**64 - 1),
)
@settings(deadline=None, max_examples=150)
def test_a_higher_mean_never_lowers_a_path(mean, level_cv, dispersion, scale, seed):
    low = sample_paths(mean, level_cv, dispersion, seed, 40)
    high = sample_paths(np.array(mean) * scale, level_cv, dispersion, seed, 40)
    assert (high >= low).all()
    assert (low >= 0).all()
    assert (low == np.floor(low)).all()


@given(mean=st.floats(10.0, 60.0), dispersion=st.floats(1.0, 25.0), seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=100)
def test_a_higher_mean_never_lowers_a_path_where_the_method_changes(mean, dispersion, seed):
    means = np.linspace(0.7 * mean, 1.3 * mean, 60)
    paths = np.stack([sample_paths([m], 0.0, dispersion, seed, 30)[:, 0] for m in means])
    assert (np.diff(paths, axis=0) >= 0).all()


def test_level_error_keeps_the_underlying_uniforms():
    narrow = sample_paths([50.0], 0.2, 1.0, 3, 500)[:, 0]
    wide = sample_paths([50.0], 0.4, 1.0, 3, 500)[:, 0]
    assert np.corrcoef(narrow, wide)[0, 1] > 0.9


def test_many_series_equal_each_series_alone_to_the_bit():
    rng = np.random.default_rng(1)
    mean = rng.gamma(1.0, 20.0, (7, 9))
    level, dispersion = rng.uniform(0, 0.6, 7), rng.uniform(1, 6, 7)
    seeds = np.array([series_seed(1, str(i), "x") for i in range(7)], dtype=np.uint64)
    out = np.empty((7, 50, 9))
    many = sample_paths_many(mean, level, dispersion, seeds, 50, out)
    assert many is out
    for i in range(7):
        assert np.array_equal(many[i], sample_paths(mean[i], level[i], dispersion[i], seeds[i], 50))


def test_extreme_arguments_give_finite_paths():
    paths = sample_paths([0.0, 1e-9, 1e9], level_cv=50.0, dispersion=1e9, seed=0, n_paths=64)
    assert np.isfinite(paths).all()
    assert (paths[:, 0] == 0).all()
    assert paths[:, 2].mean() == pytest.approx(1e9, rel=0.05)


def test_one_path_is_allowed():
    assert sample_paths([4.0], 0.3, 1.5, 9, 1).shape == (1, 1)


def test_quantiles_rise_with_probability_and_contain_the_level_error():
    chances = np.linspace(0.02, 0.98, 25)
    alone = quantiles([[30.0]], [0.0], [1.5], chances)[0, 0]
    uncertain = quantiles([[30.0]], [0.5], [1.5], chances)[0, 0]
    assert (np.diff(alone) >= 0).all()
    assert uncertain[-1] > alone[-1]
    assert uncertain[0] < alone[0]


def test_all_faults_of_the_arguments_are_named():
    with pytest.raises(EngineError, match=r"mean holds.*level_cv holds.*dispersion holds"):
        sample_paths([-1.0], -0.1, 0.5, 1, 10)
    with pytest.raises(EngineError, match="one number a series"):
        quantiles([[1.0]], [0.1, 0.2], [1.0], [0.5])
    with pytest.raises(EngineError, match="n_paths is 0"):
        sample_paths([1.0], 0.1, 1.0, 1, 0)
    with pytest.raises(EngineError, match="between 0 and 1"):
        quantiles([[1.0]], [0.1], [1.0], [1.0])
    seeds = np.zeros(1, dtype=np.uint64)
    with pytest.raises(EngineError, match="one seed a series"):
        sample_paths_many([[1.0], [1.0]], [0.1, 0.1], [1.0, 1.0], seeds, 3)
    with pytest.raises(EngineError, match="out has shape"):
        sample_paths_many([[1.0]], [0.1], [1.0], seeds, 3, np.empty((1, 2, 1)))
    with pytest.raises(EngineError, match="dimensions"):
        sample_paths_many([1.0], [0.1], [1.0], seeds, 3)


def test_seeds_differ_between_series_and_runs():
    seeds = {int(series_seed(run, sku, "x")) for run in range(3) for sku in ("1", "01", "001")}
    assert len(seeds) == 9


def test_normal_quantile_is_that_of_scipy():
    p = np.concatenate([[1e-12, 1e-6, 0.02, 0.03], np.linspace(0.05, 0.95, 19), [0.98, 1 - 1e-6]])
    assert [normal_quantile(x) for x in p] == pytest.approx(stats.norm.ppf(p).tolist(), rel=2e-8, abs=1e-8)


def test_strata_go_to_the_paths_in_random_order():
    order = np.empty(100, np.int64)
    uniform = random_order(np.uint64(42), 3, order)
    assert sorted(order.tolist()) == list(range(100))
    assert (np.diff(order) > 0).mean() < 0.7
    assert 0.0 < uniform < 1.0


def test_every_place_in_the_order_is_as_likely_as_any_other():
    places = np.zeros((6, 6))
    order = np.empty(6, np.int64)
    for seed in range(6_000):
        random_order(np.uint64(seed), 1, order)
        places[np.arange(6), order] += 1
    assert stats.chisquare(places.ravel()).pvalue > 0.001


def test_orders_of_different_periods_are_unrelated():
    orders = np.empty((40, 300), np.int64)
    for stream in range(40):
        random_order(np.uint64(9), stream, orders[stream])
    related = np.corrcoef(orders)[np.triu_indices(40, 1)]
    assert np.abs(related).max() < 0.3
    assert related.std() == pytest.approx(300**-0.5, rel=0.15)


@pytest.mark.parametrize("level_cv", [0.05, 0.3, 0.8])
def test_few_levels_have_the_mean_and_variance_of_many(level_cv):
    paths = sample_paths(np.full(400, 1e6), level_cv, 1.0, seed=2, n_paths=300)
    levels = paths.mean(axis=1) / 1e6
    assert levels.mean() == pytest.approx(1.0, abs=1e-4)
    assert levels.std() == pytest.approx(level_cv, rel=0.03)
    gamma = stats.gamma(level_cv**-2, scale=level_cv**2)
    assert np.quantile(levels, [0.05, 0.5, 0.95]) == pytest.approx(
        gamma.ppf([0.05, 0.5, 0.95]), abs=0.2 * level_cv
    )


@pytest.mark.parametrize(("mean", "level_cv"), [(1e5, 0.3), (1e6, 0.2), (1e9, 0.5)])
def test_quantiles_of_large_volumes_are_as_wide_as_the_level_says(mean, level_cv):
    chances = np.array([0.05, 0.5, 0.9, 0.95])
    found = quantiles([[mean]], [level_cv], [1.0], chances)[0, 0]
    # So large a negative binomial is its gamma mixture; Wilson and Hilferty's cube is within 2 % of it.
    gamma = stats.gamma.ppf(chances, a=level_cv**-2.0, scale=mean * level_cv**2)
    np.testing.assert_allclose(found, gamma, rtol=0.02)
