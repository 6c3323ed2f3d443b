"""Compiled path kernels give what the same Python gives."""

from __future__ import annotations

import numpy as np
import pytest

from engine.forecast import negative_binomial as nb
from engine.forecast import path_draws, uniforms

SEED = np.uint64(42)


@pytest.fixture(autouse=True)
def arithmetic_modulo_two_to_the_64():
    with np.errstate(over="ignore"):
        yield


@pytest.mark.parametrize("n", [1, 2, 7, 20])
def test_random_order(n):
    order, slow = np.empty(n, np.int64), np.empty(n, np.int64)
    assert uniforms.random_order(SEED, 3, order) == uniforms.random_order.py_func(SEED, 3, slow)
    np.testing.assert_array_equal(order, slow)
    assert uniforms.mix(SEED, 3, n) == uniforms.mix.py_func(SEED, 3, n)
    assert uniforms.uniform(SEED) == uniforms.uniform.py_func(SEED)


@pytest.mark.parametrize("cv", [31.0, 2e6, 1e200, np.inf])
def test_a_unit_gamma_of_boundless_spread_is_nothing_not_unknown(cv):
    assert uniforms.unit_gamma(3.0, cv) == uniforms.unit_gamma.py_func(3.0, cv) == 0.0


@pytest.mark.parametrize("p", [1e-9, 0.01, 0.3, 0.5, 0.99, 1 - 1e-9])
def test_normal_quantile(p):
    assert uniforms.normal_quantile(p) == pytest.approx(uniforms.normal_quantile.py_func(p), rel=1e-12)
    assert uniforms.unit_gamma(0.3, 0.5) == pytest.approx(uniforms.unit_gamma.py_func(0.3, 0.5))
    assert uniforms._tail(3.0) == pytest.approx(uniforms._tail.py_func(3.0))
    assert nb.score(p) == pytest.approx(nb.score.py_func(p))


@pytest.mark.parametrize("dispersion", [1.0, 1.5, 12.0])
@pytest.mark.parametrize("mean", [0.0, 0.4, 15.0, 30.0])
def test_negative_binomial(mean, dispersion):
    for u in (1e-6, 0.4, 0.999, 1 - 1e-13):
        assert nb.quantile(u, mean, dispersion) == nb.quantile.py_func(u, mean, dispersion)
    if mean > 0:
        none = nb.none_at_all(mean, dispersion)
        assert none == pytest.approx(nb.none_at_all.py_func(mean, dispersion))
        for u in (0.7, 1.5):
            case = (u, mean, dispersion, 0, none, none)
            assert nb.climb(*case)[0] == nb.climb.py_func(*case)[0]
        cube = nb.approximation(mean, dispersion)
        assert cube == pytest.approx(nb.approximation.py_func(mean, dispersion))
        assert nb.approximated(1.1, *cube) == nb.approximated.py_func(1.1, *cube)
    table, slow = np.zeros(600), np.zeros(600)
    assert nb.switch_mean(dispersion) == nb.switch_mean.py_func(dispersion)
    assert nb.switch_table(dispersion, table) == nb.switch_table.py_func(dispersion, slow)
    np.testing.assert_allclose(table, slow, rtol=1e-12)


@pytest.mark.parametrize("level_cv", [0.0, 0.4])
@pytest.mark.parametrize("n_paths", [1, 40])
def test_draws(level_cv, n_paths):
    mean = np.array([[0.0, 0.7, 14.0, 40.0]])
    case = (mean, np.array([level_cv]), np.array([1.6]), np.array([SEED]))
    paths, slow = np.empty((1, n_paths, 4)), np.empty((1, n_paths, 4))
    path_draws.draw_paths(*case, paths)
    path_draws.draw_paths.py_func(*case, slow)
    np.testing.assert_array_equal(paths, slow)
    order, level, level_of = np.empty(n_paths, np.int64), np.empty(32), np.empty(n_paths, np.int64)
    n_levels = path_draws._levels.py_func(SEED, level_cv, order, level, level_of)
    uniform = uniforms.random_order(SEED, 3, order)
    table = np.empty(600)
    length = nb.switch_table(1.6, table)
    for expected in (0.0, 14.0, 40.0):
        draw = (expected, 1.6, level[:n_levels], level_of, order, uniform, table, length)
        period, slow_period = np.empty(n_paths), np.empty(n_paths)
        path_draws._draw_period(*draw, period)
        path_draws._draw_period.py_func(*draw, slow_period)
        np.testing.assert_array_equal(period, slow_period)
        if expected == 14.0:
            np.testing.assert_array_equal(period, paths[0, :, 2])
