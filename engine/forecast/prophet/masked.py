"""Fit series with their own start dates and gaps: a Gram matrix each, from sums over the calendar.

Time is scaled, and changepoints are placed, by each series' own observed rows, so the matrices of
`engine.forecast.prophet.shared` differ between series. Their entries are sums over observed rows of
products of calendar columns: a run of observed rows contributes the difference of two prefix sums, so a
series costs in proportion to its number of runs, not rows times columns squared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.forecast.prophet import lasso
from engine.forecast.prophet.blocks import for_each_block
from engine.forecast.prophet.design import TREND_PRIOR_SCALE, Seasonal, changepoint_rows
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


@dataclass(frozen=True)
class PrefixSums:
    """Sums over the calendar rows before each row of products of columns z = (1, X)."""

    day: NDArray[np.float64]
    """Days since the first calendar day, shape (T,)."""
    columns: NDArray[np.float64]
    """z, shape (T, 1 + columns)."""
    z: NDArray[np.float64]
    """Sums of z, shape (T + 1, 1 + columns)."""
    day_z: NDArray[np.float64]
    """Sums of day * z."""
    day_2: NDArray[np.float64]
    """Sums of day², shape (T + 1,)."""
    z_z: NDArray[np.float64]
    """Sums of the lower triangle of z z', row by row."""


def prefix_sums(days: NDArray[np.float64], seasonal: Seasonal) -> PrefixSums:
    """Return the prefix sums of one calendar and one set of seasonal columns."""
    day = days - days[0]
    z = np.column_stack([np.ones_like(day), seasonal.columns])
    row, column = np.tril_indices(z.shape[1])
    return PrefixSums(
        day,
        np.ascontiguousarray(z),
        _before(z),
        _before(day[:, None] * z),
        _before(day[:, None] ** 2)[:, 0].copy(),
        _before(z[:, row] * z[:, column]),
    )


def _before(terms: NDArray[np.float64]) -> NDArray[np.float64]:
    sums = np.zeros((len(terms) + 1, terms.shape[1]))
    np.cumsum(terms, axis=0, out=sums[1:])
    return sums


def fit_masked(
    values: NDArray[np.float64],
    days: NDArray[np.float64],
    seasonal: Seasonal,
    spec: ProphetSpec,
    out: ProphetParameters,
    *,
    threads: int,
) -> NDArray[np.float64]:
    """Fit series (NaN where not observed; at least two observed rows) into `out`, whose `y_scale` is set.

    Returns
    -------
    ndarray, shape (n,)
        The objective.
    """
    sums = prefix_sums(days, seasonal)
    counts = (~np.isnan(values)).sum(axis=1)
    history_rows = np.zeros(out.delta.shape, dtype=np.int64)  # a dummy at the first row where there are none
    for count in np.unique(counts):
        chosen = changepoint_rows(int(count), spec)
        history_rows[counts == count, : len(chosen)] = chosen
        out.n_changepoints[counts == count] = max(len(chosen), 1)
    ridge = 1 / np.r_[TREND_PRIOR_SCALE, TREND_PRIOR_SCALE, seasonal.prior_scale] ** 2
    objective = np.empty(len(values))

    def fit(part: slice) -> None:
        _fit_rows(
            values[part],
            history_rows[part],
            out.n_changepoints[part],
            sums.day,
            sums.columns,
            sums.z,
            sums.day_z,
            sums.day_2,
            sums.z_z,
            ridge,
            spec.changepoint_prior_scale,
            spec.growth == "linear",
            out.y_scale[part],
            out.k[part],
            out.m[part],
            out.beta[part],
            out.delta[part],
            out.sigma[part],
            out.changepoints[part],
            out.start[part],
            out.t_scale[part],
            objective[part],
        )

    for_each_block(fit, len(values), threads)
    out.start[:] += days[0]
    return objective


@njit(cache=True, nogil=True, error_model="numpy")
def _normal_equations(
    y: NDArray[np.float64],
    cuts: NDArray[np.int64],
    last: int,
    y_scale: float,
    day: NDArray[np.float64],
    columns: NDArray[np.float64],
    z: NDArray[np.float64],
    day_z: NDArray[np.float64],
    day_2: NDArray[np.float64],
    z_z: NDArray[np.float64],
    is_linear: bool,
    gram: NDArray[np.float64],
    right: NDArray[np.float64],
) -> float:
    """Fill gram and right (zeros before) for (k, m, beta | delta); return the sum of squares of y.

    `cuts` are calendar rows: the first observed row, where k's ramp starts, then the changepoints. Rows are
    walked backwards; at each cut the sums from there to the end are what its ramp needs.
    """
    width = columns.shape[1]
    n_cuts = cuts.shape[0]
    t_scale = day[last] - day[cuts[0]]
    sum_z = np.zeros(width)
    sum_day_z = np.zeros(width)
    sum_zy = np.zeros(width)
    tail_count = np.zeros(n_cuts)
    tail_day = np.zeros(n_cuts)
    tail_day_2 = np.zeros(n_cuts)
    sum_day_2 = 0.0
    sum_y = 0.0
    sum_day_y = 0.0
    squares = 0.0
    cut = n_cuts - 1
    piece_end = last + 1
    run_end = last + 1
    for t in range(last, cuts[0] - 1, -1):
        if np.isnan(y[t]):
            continue
        if t == last or np.isnan(y[t + 1]):
            piece_end = t + 1
            run_end = t + 1
        scaled = y[t] / y_scale
        sum_y += scaled
        sum_day_y += day[t] * scaled
        squares += scaled * scaled
        for c in range(width):
            sum_zy[c] += scaled * columns[t, c]
        run_begins = t == cuts[0] or np.isnan(y[t - 1])
        if run_begins or t == cuts[cut]:
            for c in range(width):
                sum_z[c] += z[piece_end, c] - z[t, c]
                sum_day_z[c] += day_z[piece_end, c] - day_z[t, c]
            sum_day_2 += day_2[piece_end] - day_2[t]
            piece_end = t
        if run_begins:
            at = 0
            for a in range(1, width + 1):
                for b in range(1, a + 1):
                    gram[a, b] += z_z[run_end, at] - z_z[t, at]
                    at += 1
        while cut >= 0 and t == cuts[cut]:
            tail_count[cut] = sum_z[0]
            tail_day[cut] = sum_day_z[0]
            tail_day_2[cut] = sum_day_2
            if is_linear:
                ramp = 0 if cut == 0 else width + cut
                for c in range(width):
                    gram[ramp, c + 1] = (sum_day_z[c] - day[t] * sum_z[c]) / t_scale
                right[ramp] = (sum_day_y - day[t] * sum_y) / t_scale
            cut -= 1
    for c in range(width):
        right[c + 1] = sum_zy[c]
    if is_linear:
        for b in range(n_cuts):
            for a in range(b + 1):
                first, second = day[cuts[a]], day[cuts[b]]
                product = tail_day_2[b] - (first + second) * tail_day[b] + first * second * tail_count[b]
                gram[width + b if b else 0, width + a if a else 0] = product / (t_scale * t_scale)
    # k's ramp is row and column 0: copy the parts written below and left of the diagonal across it.
    for c in range(1, width + 1):
        gram[c, 0] = gram[0, c]
    for a in range(gram.shape[0]):
        for b in range(a):
            gram[b, a] = gram[a, b]
    return squares


@njit(cache=True, nogil=True, error_model="numpy")
def _eliminate(
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
def _solve(
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
        _eliminate(gram, right, ridge, variance, factor, cross, rotated, ramp_gram, linear)
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


@njit(cache=True, nogil=True, error_model="numpy")
def _fit_rows(
    values: NDArray[np.float64],
    history_rows: NDArray[np.int64],
    n_changepoints: NDArray[np.int64],
    day: NDArray[np.float64],
    columns: NDArray[np.float64],
    z: NDArray[np.float64],
    day_z: NDArray[np.float64],
    day_2: NDArray[np.float64],
    z_z: NDArray[np.float64],
    ridge: NDArray[np.float64],
    tau: float,
    is_linear: bool,
    y_scale: NDArray[np.float64],
    k: NDArray[np.float64],
    m: NDArray[np.float64],
    beta: NDArray[np.float64],
    delta: NDArray[np.float64],
    sigma: NDArray[np.float64],
    changepoints: NDArray[np.float64],
    start: NDArray[np.float64],
    t_scale: NDArray[np.float64],
    objective: NDArray[np.float64],
) -> None:
    """Fit each row of a block; the arguments from `k` on are filled in."""
    n, n_dates = values.shape
    nz = ridge.shape[0]
    seen = np.empty(n_dates, np.int64)
    for i in range(n):
        count = 0
        for t in range(n_dates):
            if not np.isnan(values[i, t]):
                seen[count] = t
                count += 1
        nc = n_changepoints[i]
        cuts = np.empty(nc + 1, np.int64)
        cuts[0] = seen[0]
        for q in range(nc):
            cuts[q + 1] = seen[history_rows[i, q]]
        last = seen[count - 1]
        start[i] = day[seen[0]]
        t_scale[i] = day[last] - start[i]
        gram = np.zeros((nz + nc, nz + nc))
        right = np.zeros(nz + nc)
        theta = np.zeros(nz + nc)
        squares = _normal_equations(
            values[i], cuts, last, y_scale[i], day, columns, z, day_z, day_2, z_z,
            is_linear, gram, right,
        )  # fmt: skip
        variance, objective[i] = _solve(gram, right, squares, float(count), ridge, tau, theta)
        sigma[i] = np.sqrt(variance)
        k[i] = theta[0]
        m[i] = theta[1]
        for c in range(nz - 2):
            beta[i, c] = theta[2 + c]
        for q in range(nc):
            delta[i, q] = theta[nz + q]
            changepoints[i, q] = (day[cuts[q + 1]] - start[i]) / t_scale[i]
