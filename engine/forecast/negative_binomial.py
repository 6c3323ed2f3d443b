"""The negative binomial by mean and dispersion: an inverse distribution function fast enough for paths.

Mean μ, variance φμ with φ ≥ 1 (φ = 1: Poisson). For a fixed probability the quantile never falls when
the mean grows: that is what makes common random numbers compare like with like.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.forecast.uniforms import normal_quantile

SEARCH_MEAN = 16.0
"""Up to this mean, or 2φ if larger, the quantile is searched exactly; above, approximated."""
_Z_LIMIT = 6.0
_TABLE = 512
_RECIPROCAL = 1.0 / np.arange(1.0, _TABLE + 1.0)


@njit(cache=True, nogil=True, inline="always")
def switch_mean(dispersion: float) -> float:
    """Return the mean from which the quantile is approximated."""
    return max(SEARCH_MEAN, 2.0 * dispersion)


@njit(cache=True, nogil=True)
def searched(u: float, mean: float, dispersion: float) -> float:
    """Return the exact quantile by adding up probabilities from zero.

    P(0) = φ^(−μ/(φ−1)), P(k+1) = P(k)·(μ/φ + k(φ−1)/φ)/(k+1). The search ends when a probability no longer
    changes the sum.
    """
    excess = dispersion - 1.0
    rate = np.log1p(excess) / excess if excess > 1e-9 else 1.0
    step = mean / dispersion
    share = excess / dispersion
    probability = np.exp(-mean * rate)
    total = probability
    k = 0
    while total < u:
        inverse = _RECIPROCAL[k] if k < _TABLE else 1.0 / (k + 1.0)
        probability *= (step + k * share) * inverse
        k += 1
        before = total
        total += probability
        if total == before and k > mean:
            break
    return float(k)


@njit(cache=True, nogil=True, inline="always")
def approximated(z: float, mean: float, dispersion: float) -> float:
    """Return the quantile at normal score z by Wilson and Hilferty's cube on a Pearson III of equal skewness.

    Skewness (2 − 1/φ)/√(μ/φ); increasing in the mean for |z| ≤ 6 wherever it is used. The half that a
    distribution on whole numbers needs cancels against rounding up.
    """
    c = 2.0 - 1.0 / dispersion
    shape = 4.0 * mean / (dispersion * c * c)
    cube = 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * np.sqrt(shape))
    value = mean * (1.0 - 2.0 / c) + 2.0 * mean / c * cube * cube * cube
    return float(np.floor(max(value, 0.0) + 0.5))


@njit(cache=True, nogil=True)
def switch_table(dispersion: float, table: np.ndarray) -> int:
    """Fill `table` with the distribution function at the switch mean; return its length."""
    mean = switch_mean(dispersion)
    excess = dispersion - 1.0
    rate = np.log1p(excess) / excess if excess > 1e-9 else 1.0
    step = mean / dispersion
    share = excess / dispersion
    probability = np.exp(-mean * rate)
    table[0] = probability
    k = 0
    while k + 1 < table.shape[0]:
        probability *= (step + k * share) / (k + 1.0)
        k += 1
        table[k] = table[k - 1] + probability
        if table[k] == table[k - 1] and k > mean:
            break
    return k


@njit(cache=True, nogil=True)
def quantile(u: float, mean: float, dispersion: float, table: np.ndarray, length: int) -> float:
    """Return the quantile; above the switch never below the exact one at the switch (keeps it monotone)."""
    if mean <= 0.0:
        return 0.0
    if mean < switch_mean(dispersion):
        return searched(u, mean, dispersion)
    z = min(max(normal_quantile(u), -_Z_LIMIT), _Z_LIMIT)
    value = approximated(z, mean, dispersion)
    if value < length and table[int(value)] < u:
        low = int(value)
        high = length
        while high - low > 1:
            middle = (low + high) // 2
            if table[middle] < u:
                low = middle
            else:
                high = middle
        value = float(high)
    return value
