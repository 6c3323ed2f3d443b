"""Fit many complete series on one calendar: one matrix product, then a 25-variable lasso each.

Prophet's objective for one series (y and time scaled) is

``F = T ln s + |y - Z a - C d|² / (2 s²) + |a|²_prior / 2 + sum|d| / tau + 2 s²``

with Z the columns that carry normal priors (k, m, seasonality), scaled by their prior so that the penalty
is ``|a|²``, and C the ramps of the changepoints. All series share Z and C. With ``Z'Z = V diag(e) V'`` and
Q = Z V, the a that is best for given d and s² is ``u = (Q'y - Q'C d) / (e + s²)``, so what remains is a
lasso in d whose matrix ``C'C - W' diag(1 / (e + s²)) W``, W = Q'C, depends on the series through s² only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.forecast.prophet import lasso
from engine.forecast.prophet.blocks import for_each_block, padded_product
from engine.forecast.prophet.design import TREND_PRIOR_SCALE, Columns
from engine.forecast.prophet.parameters import ProphetParameters
from engine.forecast.prophet.spec import ProphetSpec
from engine.forecast.prophet.variance import (
    MAX_STEPS,
    RELATIVE_RESIDUAL_FLOOR,
    TOLERANCE,
    best_variance,
    next_variance,
    noise_objective,
)

SERIES_TERMS = 4
SERIES_LIMIT = 1e-3
"""Below this ratio of s² to the least eigenvalue, 1 / (e + s²) is summed as a power series in s²: the
error is 1e-12 of the matrix, and the four terms are the same for every series."""


@dataclass(frozen=True)
class SharedCalendar:
    """What every series of one calendar shares."""

    to_parameters: NDArray[np.float64]
    """Shape (nz, nz): turns u into (k, m, beta)."""
    project: NDArray[np.float64]
    """Shape (T, nz + s): Q and C side by side."""
    eigenvalues: NDArray[np.float64]
    cross: NDArray[np.float64]
    """W = Q'C, shape (nz, s)."""
    ramp_gram: NDArray[np.float64]
    """C'C, shape (s, s)."""
    series: NDArray[np.float64]
    """W' diag(e^-(i+1)) W for i < SERIES_TERMS."""


def shared_calendar(
    days: NDArray[np.float64], columns: Columns, changepoints: NDArray[np.float64], spec: ProphetSpec
) -> SharedCalendar:
    """Return the matrices that all complete series on `days` share; `changepoints` are in scaled time."""
    time = (days - days[0]) / (days[-1] - days[0])
    slope = float(spec.growth != "flat")  # a flat trend keeps its columns, at zero
    ramps = slope * np.maximum(time[:, None] - changepoints, 0.0)
    prior_scale = np.r_[TREND_PRIOR_SCALE, TREND_PRIOR_SCALE, columns.prior_scale]
    normal = np.column_stack([slope * time, np.ones_like(time), columns.values]) * prior_scale
    eigenvalues, vectors = np.linalg.eigh(normal.T @ normal)
    eigenvalues = np.maximum(eigenvalues, 0.0)
    rotated = normal @ vectors
    cross = np.ascontiguousarray(rotated.T @ ramps)
    inverse = 1.0 / np.maximum(eigenvalues, 1e-12 * eigenvalues[-1])
    powers = inverse[:, None] ** np.arange(1, SERIES_TERMS + 1)
    return SharedCalendar(
        to_parameters=np.ascontiguousarray((vectors * prior_scale[:, None]).T),
        project=np.hstack([rotated, ramps]),
        eigenvalues=eigenvalues,
        cross=cross,
        ramp_gram=ramps.T @ ramps,
        series=np.stack([(cross * power[:, None]).T @ cross for power in powers.T]),
    )


def fit_shared(
    values: NDArray[np.float64],
    calendar: SharedCalendar,
    spec: ProphetSpec,
    out: ProphetParameters,
    *,
    threads: int,
) -> NDArray[np.float64]:
    """Fit complete series into `out`, whose scales and changepoints are set.

    Returns
    -------
    ndarray, shape (n,)
        The objective.
    """
    nz = len(calendar.eigenvalues)
    objective = np.empty(len(values))

    def fit(part: slice) -> None:
        scaled = out.scaled(values, part)
        projected = padded_product(scaled, calendar.project)
        rotated = np.zeros((len(scaled), nz))
        _solve(
            scaled,
            projected,
            calendar.eigenvalues,
            calendar.cross,
            calendar.ramp_gram,
            calendar.series,
            spec.changepoint_prior_scale,
            rotated,
            out.delta[part],
            out.sigma[part],
            objective[part],
        )
        normal = padded_product(rotated, calendar.to_parameters)
        out.k[part], out.m[part] = normal[:, 0], normal[:, 1]
        out.beta[part] = normal[:, 2:]

    for_each_block(fit, len(values), threads)
    return objective


@njit(cache=True, nogil=True, error_model="numpy")
def _solve(
    scaled: NDArray[np.float64],
    projected: NDArray[np.float64],
    eigenvalues: NDArray[np.float64],
    cross: NDArray[np.float64],
    ramp_gram: NDArray[np.float64],
    series: NDArray[np.float64],
    tau: float,
    rotated: NDArray[np.float64],
    delta: NDArray[np.float64],
    sigma: NDArray[np.float64],
    objective: NDArray[np.float64],
) -> None:
    """Solve each row of a block; the last four arguments are filled in."""
    n, rows = scaled.shape
    nz, nc = cross.shape
    gram = np.empty((nc, nc))
    linear = np.empty(nc)
    rest = np.empty(nz)
    for i in range(n):
        total = 0.0
        squares = 0.0
        for t in range(rows):
            total += scaled[i, t]
            squares += scaled[i, t] * scaled[i, t]
        d = delta[i]
        u = rotated[i]
        variance = max(squares / rows - (total / rows) ** 2, 1e-8)
        last_variance, last_image = 0.0, 0.0
        residual = squares
        for _ in range(MAX_STEPS):
            if variance < SERIES_LIMIT * eigenvalues[0]:
                v2 = variance * variance
                v3 = v2 * variance
                for a in range(nc):
                    for b in range(nc):
                        gram[a, b] = ramp_gram[a, b] - (
                            series[0, a, b]
                            - variance * series[1, a, b]
                            + v2 * series[2, a, b]
                            - v3 * series[3, a, b]
                        )
            else:
                for a in range(nc):
                    for b in range(nc):
                        gram[a, b] = ramp_gram[a, b]
                for k in range(nz):
                    share = 1.0 / (eigenvalues[k] + variance)
                    for a in range(nc):
                        by = cross[k, a] * share
                        for b in range(nc):
                            gram[a, b] -= by * cross[k, b]
            for a in range(nc):
                linear[a] = projected[i, nz + a]
            for k in range(nz):
                by = projected[i, k] / (eigenvalues[k] + variance)
                for a in range(nc):
                    linear[a] -= by * cross[k, a]
            lasso.minimise(gram, linear, variance / tau, d)

            residual = squares
            for k in range(nz):
                rest[k] = projected[i, k]
            for a in range(nc):
                if d[a] != 0.0:
                    image_a = 0.0
                    for b in range(nc):
                        image_a += ramp_gram[a, b] * d[b]
                    residual += d[a] * (image_a - 2.0 * projected[i, nz + a])
                    for k in range(nz):
                        rest[k] -= cross[k, a] * d[a]
            for k in range(nz):
                u[k] = rest[k] / (eigenvalues[k] + variance)
                residual -= (eigenvalues[k] + 2.0 * variance) * u[k] * u[k]
            residual = max(residual, RELATIVE_RESIDUAL_FLOOR * squares)
            image = best_variance(residual, rows)
            if abs(image - variance) <= TOLERANCE * variance:
                variance = image
                break
            step = next_variance(variance, image, last_variance, last_image)
            last_variance, last_image = variance, image
            variance = step
        penalty = 0.0
        for k in range(nz):
            penalty += 0.5 * u[k] * u[k]
        for a in range(nc):
            penalty += abs(d[a]) / tau
        sigma[i] = np.sqrt(variance)
        objective[i] = noise_objective(residual, rows, variance) + penalty
