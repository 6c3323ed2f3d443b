"""Exact minimiser of a small quadratic with an absolute-value penalty, by active set.

The rate changes of Prophet's trend carry a Laplace prior: after the other coefficients are eliminated,
each series leaves a problem of at most a few dozen variables, whose solution is found exactly in a few
solves (Osborne, Presnell & Turlach 2000, "A new approach to variable selection in least squares
problems", IMA J. Numer. Anal. 20).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

VIOLATION_TOLERANCE = 1e-9
SINGULAR_PIVOT = 1e-13
PASSES_PER_VARIABLE = 8


@njit(cache=True, nogil=True)
def solve_on_support(
    gram: NDArray[np.float64],
    support: NDArray[np.int64],
    size: int,
    right: NDArray[np.float64],
    factor: NDArray[np.float64],
    out: NDArray[np.float64],
) -> bool:
    """Solve gram[support, support] out = right by Cholesky; False where the columns are dependent."""
    for i in range(size):
        row = support[i]
        for j in range(i + 1):
            rest = gram[row, support[j]]
            for k in range(j):
                rest -= factor[i, k] * factor[j, k]
            if i > j:
                factor[i, j] = rest * factor[j, j]
            elif rest > SINGULAR_PIVOT * gram[row, row]:
                factor[i, i] = 1.0 / np.sqrt(rest)
            else:
                return False
    for i in range(size):
        rest = right[i]
        for k in range(i):
            rest -= factor[i, k] * out[k]
        out[i] = rest * factor[i, i]
    for i in range(size - 1, -1, -1):
        rest = out[i]
        for k in range(i + 1, size):
            rest -= factor[k, i] * out[k]
        out[i] = rest * factor[i, i]
    return True


@njit(cache=True, nogil=True)
def minimise(
    gram: NDArray[np.float64], linear: NDArray[np.float64], weight: float, x: NDArray[np.float64]
) -> int:
    """Minimise ``x'Gx/2 - c'x + weight * sum|x|`` in place.

    Parameters
    ----------
    gram : ndarray, shape (n, n)
        G, symmetric positive semi-definite.
    linear : ndarray, shape (n,)
        c.
    weight : float
        Of the absolute values, > 0.
    x : ndarray, shape (n,)
        A start (zeros will do; a near solution is faster) and, on return, the minimiser. Zeros are exact.

    Returns
    -------
    int
        Linear systems solved.
    """
    n = linear.shape[0]
    sign = np.sign(x)  # 0: outside the support
    barred = np.zeros(n, np.bool_)
    support = np.empty(n, np.int64)
    right = np.empty(n)
    target = np.empty(n)
    factor = np.empty((n, n))
    solves = 0
    entering = -1
    for _ in range(PASSES_PER_VARIABLE * n):
        while True:
            size = 0
            for j in range(n):
                if sign[j] != 0.0:
                    support[size] = j
                    right[size] = linear[j] - weight * sign[j]
                    size += 1
            if size == 0:
                break
            solves += 1
            if not solve_on_support(gram, support, size, right, factor, target):
                smallest = support[0]
                for a in range(size):
                    if abs(x[support[a]]) < abs(x[smallest]):
                        smallest = support[a]
                x[smallest] = 0.0
                sign[smallest] = 0.0
                barred[smallest] = True
                continue
            # Go towards the solution until a coefficient would change its sign; that one leaves.
            fraction = 1.0
            leaving = -1
            for a in range(size):
                j = support[a]
                if target[a] * sign[j] <= 0.0:
                    way = x[j] - target[a]
                    reach = x[j] / way if way != 0.0 else 0.0
                    if reach < fraction or leaving < 0:
                        fraction = reach
                        leaving = j
            if leaving < 0:
                for a in range(size):
                    x[support[a]] = target[a]
                break
            for a in range(size):
                j = support[a]
                x[j] += fraction * (target[a] - x[j])
            x[leaving] = 0.0
            sign[leaving] = 0.0
            if leaving == entering and fraction == 0.0:
                barred[leaving] = True  # its violation was rounding: do not let it in again
        entering = -1
        worst = weight * (1.0 + VIOLATION_TOLERANCE)
        worst_gradient = 0.0
        for j in range(n):
            if sign[j] == 0.0 and not barred[j]:
                gradient = linear[j]
                for a in range(size):
                    gradient -= gram[j, support[a]] * x[support[a]]
                if abs(gradient) > worst:
                    worst = abs(gradient)
                    worst_gradient = gradient
                    entering = j
        if entering < 0:
            break
        sign[entering] = 1.0 if worst_gradient > 0.0 else -1.0
    return solves
