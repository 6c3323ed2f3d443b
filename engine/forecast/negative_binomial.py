"""The negative binomial by mean and dispersion: an inverse distribution function fast enough for paths.

Mean μ, variance φμ with φ ≥ 1 (φ = 1: Poisson). For a fixed probability the quantile never falls when
the mean grows: that is what makes common random numbers compare like with like.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.forecast.uniforms import normal_quantile

SEARCH_MEAN = 16.0
"""Up to this mean, or 2φ if larger, the quantile is summed exactly; above, approximated."""
LONGEST_SUM = 1000.0
"""A φ beyond this does not raise that mean further: so long a sum costs more than it tells."""
_Z_LIMIT = 6.0
PASSED = 2.0
"""A sum of probabilities that no probability is above."""
_RECIPROCALS = 512
_RECIPROCAL = 1.0 / np.arange(1.0, _RECIPROCALS + 1.0)


@njit(cache=True, nogil=True, inline="always")
def switch_mean(dispersion: float) -> float:
    """Return the mean from which the quantile is approximated."""
    return max(SEARCH_MEAN, 2.0 * min(dispersion, LONGEST_SUM))


@njit(cache=True, nogil=True, inline="always")
def none_at_all(mean: float, dispersion: float) -> float:
    """Return P(0) = φ^(−μ/(φ−1)); e^(−μ) for φ = 1."""
    excess = dispersion - 1.0
    return float(np.exp(-mean * (np.log1p(excess) / excess if excess > 1e-9 else 1.0)))


@njit(cache=True, nogil=True)
def climb(
    u: float, mean: float, dispersion: float, k: int, probability: float, total: float
) -> tuple[int, float, float]:
    """Add up probabilities from P(k) = `probability`, with P(0) + … + P(k) = `total`, until they reach u.

    P(k+1) = P(k)·(μ/φ + k(φ−1)/φ)/(k+1). The climb ends for good, with a total above every probability, when
    a probability no longer changes the sum.
    """
    step = mean / dispersion
    share = (dispersion - 1.0) / dispersion
    while total < u:
        probability *= (step + k * share) * (_RECIPROCAL[k] if k < _RECIPROCALS else 1.0 / (k + 1.0))
        k += 1
        before = total
        total += probability
        if total == before and k > mean:
            total = PASSED
    return k, probability, total


@njit(cache=True, nogil=True, inline="always")
def approximation(mean: float, dispersion: float) -> tuple[float, float, float, float]:
    """Return what `approximated` needs of a mean: a Pearson III of equal skewness (2 − 1/φ)/√(μ/φ)."""
    c = 2.0 - 1.0 / dispersion
    shape = 4.0 * mean / (dispersion * c * c)
    return mean * (1.0 - 2.0 / c), 2.0 * mean / c, 1.0 - 1.0 / (9.0 * shape), 1.0 / (3.0 * np.sqrt(shape))


@njit(cache=True, nogil=True, inline="always")
def approximated(z: float, origin: float, scale: float, centre: float, slope: float) -> float:
    """Return the quantile at normal score z by Wilson and Hilferty's cube.

    Increasing in the mean for |z| ≤ 6 wherever it is used. The half that a distribution on whole numbers
    needs cancels against rounding up.
    """
    cube = centre + z * slope
    value = origin + scale * cube * cube * cube
    return float(np.floor(max(value, 0.0) + 0.5))


@njit(cache=True, nogil=True)
def switch_table(dispersion: float, table: np.ndarray) -> int:
    """Fill `table` with the distribution function at the switch mean; return its length."""
    mean = switch_mean(dispersion)
    step = mean / dispersion
    share = (dispersion - 1.0) / dispersion
    probability = none_at_all(mean, dispersion)
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
def quantile(u: float, mean: float, dispersion: float) -> float:
    """Return the quantile at probability u: exact up to the switch mean, approximated above."""
    if mean <= 0.0:
        return 0.0
    if mean < switch_mean(dispersion):
        probability = none_at_all(mean, dispersion)
        return float(climb(u, mean, dispersion, 0, probability, probability)[0])
    origin, scale, centre, slope = approximation(mean, dispersion)
    return approximated(score(u), origin, scale, centre, slope)


@njit(cache=True, nogil=True, inline="always")
def score(u: float) -> float:
    """Return the normal score of probability u, within the limits in which approximated quantiles rise."""
    return min(max(normal_quantile(u), -_Z_LIMIT), _Z_LIMIT)
