"""What numba compiles gives what the same lines give when Python runs them."""

import numpy as np
import pytest

from engine.forecast import intermittent, negative_binomial, paths, smoothing, uniforms

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
    simple, damped = smoothing.SIMPLE_GRID, smoothing.DAMPED_GRID
    assert_same(smoothing._simple, (*series, simple), [(4, len(simple))] * 2)
    assert_same(smoothing._damped, (*series, damped), [(4, len(damped))] * 3)


def test_intermittent_demand():
    start = np.full(4, 2.0)
    assert_same(intermittent.croston, (VALUES, OBSERVED, 0.1, 0.2, start, start, 0.95), [4, 4])
    assert_same(intermittent.tsb, (VALUES, OBSERVED, 0.1, 0.2, start, start / 4), [4, 4])


@pytest.mark.parametrize("mean", [0.0, 0.4, 9.0, 15.99, 16.0, 23.0, 5_000.0])
@pytest.mark.parametrize("dispersion", [1.0, 1.7, 11.0])
def test_negative_binomial(mean, dispersion):
    table, plain_table = np.zeros(4_000), np.zeros(4_000)
    length = negative_binomial.switch_table(dispersion, table)
    assert negative_binomial.switch_table.py_func(dispersion, plain_table) == length
    assert table == pytest.approx(plain_table, rel=1e-12)
    for u in (1e-9, 0.02, 0.3, 0.5, 0.9, 0.999, 1 - 1e-12):
        compiled = negative_binomial.quantile(u, mean, dispersion, table, length)
        assert negative_binomial.quantile.py_func(u, mean, dispersion, table, length) == compiled
        if 0 < mean < 60:
            assert negative_binomial.searched.py_func(u, mean, dispersion) == negative_binomial.searched(
                u, mean, dispersion
            )


def test_a_table_that_is_full_ends():
    table = np.zeros(5)
    assert negative_binomial.switch_table.py_func(1.0, table) == 4
    assert negative_binomial.searched.py_func(1.0, 700.0, 1.0) > 700


@pytest.mark.parametrize("dispersion", [1.0, 3.0, 40.0])
def test_approximation_and_its_switch(dispersion):
    mean = negative_binomial.switch_mean(dispersion)
    assert negative_binomial.switch_mean.py_func(dispersion) == mean
    for z in (-4.0, 0.0, 2.5):
        compiled = negative_binomial.approximated(z, mean, dispersion)
        assert negative_binomial.approximated.py_func(z, mean, dispersion) == compiled


def test_uniforms():
    for seed in (np.uint64(0), np.uint64(2**63 + 12345)):
        bits = uniforms.mix.py_func(seed, 3, 99)
        assert int(bits) == int(uniforms.mix(seed, 3, 99))
        assert uniforms.uniform.py_func(bits) == uniforms.uniform(bits)
    for p in (1e-10, 0.01, 0.3, 0.7, 0.99):
        assert uniforms.normal_quantile.py_func(p) == pytest.approx(uniforms.normal_quantile(p), rel=1e-14)
    assert uniforms._tail.py_func(2.5) == uniforms._tail(2.5)


def test_paths_and_quantiles():
    mean = RNG.gamma(1.0, 20.0, (3, 6))
    level, dispersion = np.array([0.0, 0.3, 1.5]), np.array([1.0, 2.0, 9.0])
    seeds = np.array([1, 2**40, 2**64 - 1], dtype=np.uint64)
    assert_same(paths._levels, (seeds[1], 0.4), [30])
    assert_same(paths._levels, (seeds[1], 0.0), [30])
    assert_same(paths._fill, (mean, level, dispersion, seeds), [(3, 12, 6)])
    assert_same(paths._quantiles, (mean, level, dispersion, np.array([0.1, 0.5, 0.97])), [(3, 6, 3)])
