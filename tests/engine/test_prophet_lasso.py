"""The lasso kernel: a published solution, two slow oracles, and the optimality conditions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from engine.forecast.prophet.lasso import minimise


def problem(seed: int, n: int, rank: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(rank, n)) * 10 ** rng.uniform(-1, 1, n)
    return columns.T @ columns, columns.T @ rng.normal(size=rank)


def solve(gram: np.ndarray, linear: np.ndarray, weight: float, start: np.ndarray | None = None) -> np.ndarray:
    x = np.zeros(len(linear)) if start is None else start.copy()
    minimise(gram, linear, weight, x)
    return x


def cost(gram: np.ndarray, linear: np.ndarray, weight: float, x: np.ndarray) -> float:
    return float(x @ gram @ x / 2 - linear @ x + weight * np.abs(x).sum())


def coordinate_descent(
    gram: np.ndarray, linear: np.ndarray, weight: float, sweeps: int = 20_000
) -> np.ndarray:
    x = np.zeros(len(linear))
    for _ in range(sweeps):
        before = x.copy()
        for j in range(len(x)):
            rest = linear[j] - gram[j] @ x + gram[j, j] * x[j]
            x[j] = np.sign(rest) * max(abs(rest) - weight, 0) / gram[j, j]
        if np.abs(x - before).max() < 1e-14:
            break
    return x


def test_orthonormal_columns_give_soft_thresholds():
    # Tibshirani (1996), eq. 3: sign(b) (|b| - weight)+
    linear = np.array([3.0, -2.0, 0.5, -1.0])
    assert solve(np.eye(4), linear, 1.0) == pytest.approx([2.0, -1.0, 0.0, 0.0], abs=1e-15)


@pytest.mark.parametrize("seed", range(12))
def test_agrees_with_coordinate_descent(seed):
    gram, linear = problem(seed, n=6, rank=12)
    weight = 0.2 * np.abs(linear).max()
    slow = coordinate_descent(gram, linear, weight)
    assert solve(gram, linear, weight) == pytest.approx(slow, abs=1e-8)


def test_agrees_with_a_general_optimiser():
    gram, linear = problem(3, n=8, rank=20)
    weight = 0.1 * np.abs(linear).max()

    def split(z: np.ndarray) -> tuple[float, np.ndarray]:
        slope = gram @ (z[:8] - z[8:]) - linear
        value = cost(gram, linear, 0.0, z[:8] - z[8:]) + weight * z.sum()
        return value, np.concatenate([slope + weight, -slope + weight])

    found = minimize(
        split, np.zeros(16), jac=True, bounds=[(0, None)] * 16, options={"maxiter": 5000, "ftol": 1e-15}
    )
    exact = solve(gram, linear, weight)
    assert cost(gram, linear, weight, exact) <= found.fun + 1e-9
    assert exact == pytest.approx(found.x[:8] - found.x[8:], abs=1e-4)


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 25),
    extra_rows=st.integers(-5, 30),
    share=st.floats(1e-4, 1.2),
    warm=st.booleans(),
)
def test_meets_the_optimality_conditions(seed, n, extra_rows, share, warm):
    gram, linear = problem(seed, n, max(n + extra_rows, 1))
    weight = share * np.abs(linear).max()
    start = np.random.default_rng(seed).normal(size=n) if warm else None
    x = solve(gram, linear, weight, start)
    slope = linear - gram @ x
    scale = np.abs(linear).max() + 1e-12
    assert np.abs(slope).max() <= weight + 1e-6 * scale
    assert slope[x != 0] == pytest.approx(weight * np.sign(x[x != 0]), abs=1e-6 * scale)
    assert cost(gram, linear, weight, x) <= 1e-9


def test_identical_columns_do_not_break_it():
    gram, linear = np.ones((3, 3)), np.ones(3)
    assert solve(gram, linear, 0.25).sum() == pytest.approx(0.75)


def test_a_warm_start_of_the_wrong_signs_ends_at_the_same_point():
    gram, linear = problem(7, n=10, rank=30)
    weight = 0.1 * np.abs(linear).max()
    cold = solve(gram, linear, weight)
    assert solve(gram, linear, weight, -cold - 0.1) == pytest.approx(cold, abs=1e-10)


def test_columns_whose_split_is_arbitrary_do_not_break_it():
    # Only x1 + x2 matters, and both start in the support.
    x = np.array([2.0, 1.0])
    minimise(np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([1.0, 1.0]), 0.5, x)
    assert x.sum() == pytest.approx(0.5)
    assert (x >= 0).all()
