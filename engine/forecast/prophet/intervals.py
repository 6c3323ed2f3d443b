"""Half-widths of Prophet's prediction intervals without simulation.

Prophet simulates the future: at each step, with probability p, the slope changes by a Laplace(0, l)
amount, l = mean|delta| + 1e-8; Gaussian noise of standard deviation sigma is added. After h steps the
trend has moved by

``l dt sum_j B_j L_j w_j``, ``w_j = j - 1/2``, j = 1 … h  (B_j Bernoulli(p), L_j Laplace(0, 1))

(`forecaster.py::_sample_uncertainty`). Its characteristic function is known, so quantiles need no draws.
Its variance, ``2 p sum w²``, and excess kurtosis, ``(6 / p - 3) sum w⁴ / (sum w²)²``, are exact here; its
shape is taken from the limit of many steps, a compound Poisson law of m jumps whose characteristic
function is ``exp(-m (1 - arctan(v) / v))`` and whose excess kurtosis is ``54 / (5 m)``: m is chosen so that
the two agree. Then every calendar, horizon and series shares one table of standardised quantiles over
(m, noise share g = sigma / total standard deviation), filled by inverting the characteristic function
(Gil-Pelaez 1951, "Note on the inversion theorem", Biometrika 38).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import ndtri

LOG_JUMPS_RANGE = (np.log(1e-2), np.log(3e2))
"""Below, jumps are too rare to move a quantile; above, the law is normal to three digits."""
LOG_JUMPS_NODES = 33
NOISE_NODES = 33
PERIOD = 48.0
"""The inversion repeats the density with this period [standard deviations]."""
NOISE_CUT_OFF = 5.0
"""Standard deviations of the noise's characteristic function after which it counts as 0."""
LIMIT_KURTOSIS = 54 / 5
EPSILON_SCALE = 1e-8
"""Prophet adds this to the mean absolute rate change."""
NEWTON_STEPS = 40
NEWTON_TOLERANCE = 1e-6


@lru_cache(maxsize=16)
def quantile_table(width: float) -> NDArray[np.float64]:
    """Return standardised quantiles at probability ``(1 + width) / 2``.

    Returns
    -------
    ndarray, shape (LOG_JUMPS_NODES, NOISE_NODES)
        Rows: log of the expected number of jumps, even over `LOG_JUMPS_RANGE`; columns: noise share, even
        over [0, 1]. In standard deviations of the sum of trend and noise.
    """
    probability = (1 + width) / 2
    jumps = np.exp(np.linspace(*LOG_JUMPS_RANGE, LOG_JUMPS_NODES))[:, None]
    shares = np.linspace(0, 1, NOISE_NODES)
    table = np.empty((LOG_JUMPS_NODES, NOISE_NODES))
    quantile = np.full(LOG_JUMPS_NODES, ndtri(probability))
    for column in range(NOISE_NODES - 1, 0, -1):
        quantile = _quantiles(jumps, shares[column], probability, start=quantile)
        table[:, column] = quantile
    # Without noise the law has an atom at 0 and its characteristic function no decay: extrapolate.
    table[:, 0] = np.maximum(2 * table[:, 1] - table[:, 2], 0.0)
    table.setflags(write=False)
    return table


def _quantiles(
    jumps: NDArray[np.float64], share: float, probability: float, *, start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Quantile of ``sqrt(1 - share²) U + share Z`` for each number of jumps, U of unit variance.

    Newton steps from `start`, kept inside a bracket that every step tightens.
    """
    spacing = 2 * np.pi / PERIOD
    frequency = np.arange(1, int(NOISE_CUT_OFF / share / spacing) + 1) * spacing
    # Unit variance: a jump has variance 2 E[w²] = 2/3 in units of its largest weight.
    v = np.maximum(frequency * np.sqrt((1 - share**2) * 1.5 / jumps), 1e-9)
    weight = np.exp(-0.5 * (share * frequency) ** 2 - jumps * (1 - np.arctan(v) / v)) * (spacing / np.pi)
    low = np.zeros(len(jumps))
    high = np.full(len(jumps), PERIOD / 2)
    x = start
    for _ in range(NEWTON_STEPS):
        angle = x[:, None] * frequency
        excess = 0.5 + x / PERIOD + (np.sin(angle) * weight / frequency).sum(1) - probability
        density = 1 / PERIOD + (np.cos(angle) * weight).sum(1)
        high = np.where(excess > 0, x, high)
        low = np.where(excess > 0, low, x)
        newton = x - excess / np.maximum(density, 1e-12)
        step = np.where((newton > low) & (newton < high), newton, (low + high) / 2)
        moved = np.abs(step - x).max()
        x = step
        if moved < NEWTON_TOLERANCE:
            break
    return x


def half_widths(
    jump_scale: NDArray[np.float64],
    change_probability: NDArray[np.float64],
    sigma: NDArray[np.float64],
    horizon: int,
    width: float,
    factor: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return half the width of the central interval at each step.

    Parameters
    ----------
    jump_scale : ndarray, shape (n,)
        Effect of one rate change over one step, ``(mean|delta| + 1e-8) * dt``; 0 for a flat trend.
    change_probability : ndarray, shape (n,)
        Probability of a rate change at a step; clipped to 1.
    sigma : ndarray, shape (n,)
        Noise, in the same unit as `jump_scale`.
    horizon : int
        Steps.
    width : float
        Probability inside the interval.
    factor : ndarray, shape (n, horizon), optional
        Multiplies the trend, noise apart, >= 0; default 1.

    Returns
    -------
    ndarray, shape (n, horizon)
        In the unit of `sigma`. Nothing is clipped: the caller decides whether demand may be negative.
    """
    probability = np.clip(change_probability, 1e-12, 1.0)
    weight_2 = np.cumsum((np.arange(horizon) + 0.5) ** 2)
    weight_4 = np.cumsum((np.arange(horizon) + 0.5) ** 4)
    out = np.empty((len(sigma), horizon))
    _half_widths(
        jump_scale,
        2 * probability,
        np.log(LIMIT_KURTOSIS / (6 / probability - 3)),
        sigma,
        weight_2,
        np.log(weight_2**2 / weight_4),
        np.ones((1, horizon)) if factor is None else factor,
        quantile_table(width),
        out,
    )
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _half_widths(
    jump_scale: NDArray[np.float64],
    jump_variance: NDArray[np.float64],
    log_jumps_series: NDArray[np.float64],
    sigma: NDArray[np.float64],
    weight_2: NDArray[np.float64],
    log_jumps_step: NDArray[np.float64],
    factor: NDArray[np.float64],
    table: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    n, horizon = out.shape
    first, last = LOG_JUMPS_RANGE
    per_log = (LOG_JUMPS_NODES - 1) / (last - first)
    for i in range(n):
        noise = sigma[i] * sigma[i]
        unit = jump_variance[i] * jump_scale[i] * jump_scale[i]
        by = min(i, factor.shape[0] - 1)
        for h in range(horizon):
            total = np.sqrt(unit * weight_2[h] * factor[by, h] * factor[by, h] + noise)
            if total == 0.0:
                out[i, h] = 0.0
                continue
            row = (log_jumps_series[i] + log_jumps_step[h] - first) * per_log
            row = min(max(row, 0.0), LOG_JUMPS_NODES - 1.000001)
            column = min(sigma[i] / total * (NOISE_NODES - 1), NOISE_NODES - 1.000001)
            r, c = int(row), int(column)
            fr, fc = row - r, column - c
            upper = table[r, c] * (1.0 - fc) + table[r, c + 1] * fc
            lower = table[r + 1, c] * (1.0 - fc) + table[r + 1, c + 1] * fc
            out[i, h] = (upper * (1.0 - fr) + lower * fr) * total
