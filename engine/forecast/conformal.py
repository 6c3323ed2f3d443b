"""Coverage of intervals for counts, and the factor on the noise that makes it what it says.

A count has steps: whether 0 lies inside an interval that ends at 0 is a matter of taste. C. Czado,
T. Gneiting and L. Held (2009), Predictive model assessment for count data, Biometrics 65, 1254–1261: spread
every observation evenly over its step of the distribution function, from P(X < y) to P(X ≤ y). The expected
share of that inside the central interval is its coverage; right distributions have exactly the nominal one.

Calibration is conformal in the split sense (V. Vovk, A. Gammerman and G. Shafer 2005, *Algorithmic Learning
in a Random World*): the errors come from cut-offs that the forecasts were made without.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

Floats = npt.NDArray[np.float64]

COVERAGE = 0.8
LEAST_CELLS = 60
"""Errors below which a segment's noise is left as it is."""
MOST_CELLS = 4000
"""Errors, evenly taken, that a factor is judged by: the coverage is then known to half a per cent."""
_FACTORS = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0])


def step(forecast: Floats, actual: Floats, level_cv: Floats, dispersion: Floats) -> tuple[Floats, Floats]:
    """Return P(X < actual) and P(X ≤ actual) of the negative binomial with the paths' mean and variance.

    All of one shape; variance = dispersion·mean + level_cv²·mean².

    Examples
    --------
    >>> below, up_to = step(np.array([4.0]), np.array([3.0]), np.array([0.0]), np.array([1.0]))
    >>> below.round(3), up_to.round(3)  # Poisson of mean 4: F(2), F(3)
    (array([0.238]), array([0.433]))
    """
    mean = np.maximum(forecast, 1e-9)
    excess = np.maximum(dispersion - 1.0 + level_cv**2 * mean, 1e-6)
    size = mean / excess
    share = 1.0 / (1.0 + excess)
    least = np.ceil(actual)
    # P(X ≤ k) = I_share(size, k + 1), the regularised incomplete beta function.
    below = np.where(least > 0, betainc(size, np.maximum(least, 1.0), share), 0.0)
    up_to = betainc(size, np.floor(actual) + 1.0, share)
    return np.minimum(below, up_to), np.maximum(below, up_to)


def covered(
    forecast: Floats, actual: Floats, level_cv: Floats, dispersion: Floats, share: float = COVERAGE
) -> Floats:
    """Return how much of each observation lies inside its central interval, 0 … 1; arguments as `step`.

    Examples
    --------
    >>> one = np.ones(1)
    >>> covered(0.2 * one, 0.0 * one, 0.0 * one, one).round(3)  # P(0) = .819: from .1 to .819 of it
    array([0.878])
    """
    below, up_to = step(forecast, actual, level_cv, dispersion)
    low, high = (1.0 - share) / 2, (1.0 + share) / 2
    width = np.maximum(up_to - below, 1e-12)
    inside = np.clip(up_to, low, high) - np.clip(below, low, high)
    at_a_point = (below > low) & (below < high)
    result: Floats = np.where(up_to - below > 1e-9, inside / width, at_a_point)
    return result


def dispersion_factor(forecast: Floats, actual: Floats, level_cv: Floats, dispersion: Floats) -> float:
    """Return the factor on dispersion at which single periods are covered as they should be.

    All [cells]: forecasts made without the period, and what was sold.
    """
    usable = np.flatnonzero(forecast > 0)
    if len(usable) < LEAST_CELLS:
        return 1.0
    few = usable[:: -(-len(usable) // MOST_CELLS)]
    mean, sold, level, spread = forecast[few], actual[few], level_cv[few], dispersion[few]
    shares = [
        float(covered(mean, sold, level, np.maximum(factor * spread, 1.0)).mean()) for factor in _FACTORS
    ]
    return float(np.interp(COVERAGE, np.maximum.accumulate(shares), _FACTORS))
