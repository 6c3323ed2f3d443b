"""What numba compiles gives what the same lines give when Python runs them."""

import numpy as np
import pytest

from engine.forecast import bootstrap, holt_winters, intermittent, smoothing, theta, uniforms
from engine.forecast.smoothing_kernel import smooth

RNG = np.random.default_rng(17)
VALUES = RNG.poisson(2.0, (4, 40)).astype(float)
OBSERVED = RNG.random((4, 40)) < 0.8
OBSERVED[3] = False
SHORT = RNG.uniform(0.5, 1.5, (4, 7))
YEARLY = RNG.uniform(0.5, 1.5, (2, 40))
GROUP = np.array([0, 1, 1, 0])


@pytest.fixture(autouse=True)
def wrapping_integers():
    """Mixing bits overflows on purpose; NumPy scalars warn of it, compiled code does not."""
    with np.errstate(over="ignore"):
        yield


def both(kernel, arguments, shapes):
    """Run a kernel compiled and as Python; return the outputs of each."""
    results = []
    for run in (kernel, kernel.py_func):
        out = [np.zeros(shape) for shape in shapes]
        run(*arguments, *out)
        results.append(out)
    return results


def assert_same(kernel, arguments, shapes):
    compiled, plain = both(kernel, arguments, shapes)
    for one, other in zip(compiled, plain, strict=True):
        assert one == pytest.approx(other, rel=1e-12)


def test_smoothing():
    series = (VALUES, OBSERVED, SHORT, YEARLY, GROUP)
    assert_same(smoothing._simple, (*series, smoothing.SIMPLE_GRID), [(4, 6)] * 2)
    assert_same(theta.line, series, [4] * 2)


@pytest.mark.parametrize("additive", [False, True])
def test_level_trend_and_season(additive):
    grid = holt_winters.GRID
    arguments = (VALUES, OBSERVED, np.arange(40) % 7, YEARLY, GROUP, grid, additive, 1.0)
    results = []
    for run in (smooth, smooth.py_func):
        start = SHORT[:, :, None] - additive
        state = [np.full((4, len(grid)), 2.0), np.zeros((4, len(grid))), np.repeat(start, len(grid), axis=2)]
        run(*arguments, *state, errors := np.zeros((4, len(grid))))
        results.append([*state, errors])
    for one, other in zip(*results, strict=True):
        assert one == pytest.approx(other, rel=1e-9, abs=1e-12)


def test_bootstrap():
    collected = [(4, 20), 4]
    assert_same(bootstrap._collect, (VALUES, OBSERVED, SHORT, YEARLY, GROUP), collected)
    pool, count = RNG.uniform(0, 5, (4, 20)), np.array([20, 7, 1, 0])
    seeds = np.arange(4, dtype=np.uint64)
    assert_same(bootstrap._draw, (pool, count, np.ones((4, 9)), seeds, 3), [(4, 11, 9)])


def test_intermittent_demand():
    start = np.full(4, 2.0)
    assert_same(intermittent.croston, (VALUES, OBSERVED, 0.1, 0.2, start, start, 0.95), [4, 4])
    assert_same(intermittent.tsb, (VALUES, OBSERVED, 0.1, 0.2, start, start / 4), [4, 4])


def test_uniforms():
    for seed in (np.uint64(0), np.uint64(2**63 + 12345)):
        bits = uniforms.mix.py_func(seed, 3, 99)
        assert int(bits) == int(uniforms.mix(seed, 3, 99))
        assert uniforms.uniform.py_func(bits) == uniforms.uniform(bits)
    for p in (1e-10, 0.01, 0.3, 0.7, 0.99):
        assert uniforms.normal_quantile.py_func(p) == pytest.approx(uniforms.normal_quantile(p), rel=1e-14)
    assert uniforms._tail.py_func(2.5) == uniforms._tail(2.5)
