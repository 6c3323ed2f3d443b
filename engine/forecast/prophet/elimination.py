"""Minimise Prophet's objective given normal equations: eliminate what has a normal prior, lasso the rest."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.forecast.prophet import lasso
from engine.forecast.prophet.variance import (
    MAX_STEPS,
    RELATIVE_RESIDUAL_FLOOR,
    TOLERANCE,
    best_variance,
    next_variance,
    noise_objective,
)


@njit(cache=True, nogil=True, error_model="numpy")
def eliminate(
    gram: NDArray[np.float64],
    right: NDArray[np.float64],
    ridge: NDArray[np.float64],
    variance: float,
    factor: NDArray[np.float64],
    cross: NDArray[np.float64],
    rotated: NDArray[np.float64],
    ramp_gram: NDArray[np.float64],
    linear: NDArray[np.float64],
) -> None:
    """Eliminate the nz coefficients with normal priors: the Schur complement left for the rate changes.

    ``factor factor' = G_zz + variance * ridge``, ``cross = factor^-1 G_zc``, ``rotated = factor^-1 b_z``.
    """
    nz = ridge.shape[0]
    nc = linear.shape[0]
    for i in range(nz):
        for j in range(i + 1):
            rest = gram[i, j]
            for k in range(j):
                rest -= factor[i, k] * factor[j, k]
            if i > j:
                factor[i, j] = rest * factor[j, j]
            else:
                # Exactly, rest >= 0; rounding may say less where columns outnumber rows.
                factor[i, i] = 1.0 / np.sqrt(max(rest, 0.0) + variance * ridge[i])
    for i in range(nz):
        rest = right[i]
        for q in range(nc):
            cross[i, q] = gram[i, nz + q]
        for k in range(i):
            by = factor[i, k]
            rest -= by * rotated[k]
            for q in range(nc):
                cross[i, q] -= by * cross[k, q]
        rotated[i] = rest * factor[i, i]
        for q in range(nc):
            cross[i, q] *= factor[i, i]
    for a in range(nc):
        linear[a] = right[nz + a]
        for q in range(nc):
            ramp_gram[a, q] = gram[nz + a, nz + q]
    for i in range(nz):
        for a in range(nc):
            by = cross[i, a]
            linear[a] -= by * rotated[i]
            for q in range(nc):
                ramp_gram[a, q] -= by * cross[i, q]


@njit(cache=True, nogil=True, error_model="numpy")
def solve(
    gram: NDArray[np.float64],
    right: NDArray[np.float64],
    squares: float,
    rows: float,
    ridge: NDArray[np.float64],
    tau: float,
    theta: NDArray[np.float64],
) -> tuple[float, float]:
    """Minimise the objective over all coefficients and the noise; return (variance, objective)."""
    nz = ridge.shape[0]
    n_all = right.shape[0]
    nc = n_all - nz
    factor = np.empty((nz, nz))
    cross = np.empty((nz, nc))
    rotated = np.empty(nz)
    ramp_gram = np.empty((nc, nc))
    linear = np.empty(nc)
    delta = np.zeros(nc)
    variance = max(squares / rows - (right[1] / rows) ** 2, 1e-8)
    last_variance, last_image = 0.0, 0.0
    residual = squares
    for _ in range(MAX_STEPS):
        eliminate(gram, right, ridge, variance, factor, cross, rotated, ramp_gram, linear)
        lasso.minimise(ramp_gram, linear, variance / tau, delta)
        for i in range(nz):
            rest = rotated[i]
            for q in range(nc):
                rest -= cross[i, q] * delta[q]
            theta[i] = rest
        for i in range(nz - 1, -1, -1):
            rest = theta[i]
            for k in range(i + 1, nz):
                rest -= factor[k, i] * theta[k]
            theta[i] = rest * factor[i, i]
        for q in range(nc):
            theta[nz + q] = delta[q]
        residual = squares
        for i in range(n_all):
            if theta[i] != 0.0:
                image_i = 0.0
                for j in range(n_all):
                    image_i += gram[i, j] * theta[j]
                residual += theta[i] * (image_i - 2.0 * right[i])
        residual = max(residual, RELATIVE_RESIDUAL_FLOOR * squares)
        image = best_variance(residual, rows)
        if abs(image - variance) <= TOLERANCE * variance:
            variance = image
            break
        step = next_variance(variance, image, last_variance, last_image)
        last_variance, last_image = variance, image
        variance = step
    penalty = 0.0
    for i in range(nz):
        penalty += 0.5 * ridge[i] * theta[i] * theta[i]
    for q in range(nc):
        penalty += abs(delta[q]) / tau
    return variance, noise_objective(residual, rows, variance) + penalty
