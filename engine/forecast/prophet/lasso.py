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


@njit(cache=True, nogil=True, error_model="numpy")
def factorise(
    gram: NDArray[np.float64], support: NDArray[np.int64], size: int, factor: NDArray[np.float64]
) -> int:
    """Cholesky of gram[support, support], reciprocals on the diagonal; return the columns done.

    Fewer than `size`: the next column depends on those before it.
    """
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
                return i
    return size


@njit(cache=True, nogil=True, error_model="numpy")
def substitute(
    factor: NDArray[np.float64], size: int, right: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Solve for the first `size` variables, given their factor."""
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


@njit(cache=True, nogil=True, error_model="numpy")
def gather(
    linear: NDArray[np.float64],
    weight: float,
    sign: NDArray[np.float64],
    support: NDArray[np.int64],
    right: NDArray[np.float64],
) -> int:
    """List the variables with a sign and the right-hand side of their equations; return how many."""
    size = 0
    for j in range(sign.shape[0]):
        if sign[j] != 0.0:
            support[size] = j
            right[size] = linear[j] - weight * sign[j]
            size += 1
    return size


@njit(cache=True, nogil=True, error_model="numpy")
def minimise(
    gram: NDArray[np.float64], linear: NDArray[np.float64], weight: float, x: NDArray[np.float64]
) -> None:
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
    """
    n = linear.shape[0]
    sign = np.sign(x)  # 0: outside the support
    barred = np.zeros(n, np.bool_)
    support = np.empty(n, np.int64)
    right = np.empty(n)
    step = np.empty(n)
    factor = np.empty((n, n))
    entering = -1
    for _ in range(PASSES_PER_VARIABLE * n):
        while True:
            size = gather(linear, weight, sign, support, right)
            if size == 0:
                break
            rank = factorise(gram, support, size, factor)
            farthest = 1.0
            if rank == size:
                substitute(factor, size, right, step)
                for a in range(size):
                    step[a] -= x[support[a]]
            else:
                # Along a direction that G does not see the cost is a line: go down it.
                farthest = np.inf
                slope = right[rank]
                for a in range(size):
                    step[a] = 0.0
                for a in range(rank):
                    factor[rank, a] = gram[support[a], support[rank]]
                substitute(factor, rank, factor[rank], step)
                for a in range(rank):
                    step[a] = -step[a]
                    slope += right[a] * step[a]
                step[rank] = 1.0
                if slope < 0.0:
                    for a in range(rank + 1):
                        step[a] = -step[a]
            # Go until a coefficient would change its sign; that one leaves.
            leaving = -1
            for a in range(size):
                j = support[a]
                if step[a] * sign[j] < 0.0 and -x[j] / step[a] <= farthest:
                    farthest = -x[j] / step[a]
                    leaving = j
            if leaving < 0 and rank < size:
                leaving = support[rank]  # a line without slope, but for rounding
                farthest = 0.0
            else:
                for a in range(size):
                    x[support[a]] += farthest * step[a]
            if leaving < 0:
                break
            x[leaving] = 0.0
            sign[leaving] = 0.0
            if leaving == entering and farthest == 0.0:
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
