"""Where the descent of a logistic trend starts.

Such a trend can be explained by growth from the first row (k > 0) or by decline (k < 0). Between the two lies
k = 0, where the offset m = -c / k, and with it its prior, goes to infinity: each side has a minimum of its
own, and both are tried.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

LEAST_SHARE = 0.01
"""Of the capacity: Prophet keeps the ends of its start this far inside (0, cap)."""
LEAST_RATE = 0.1


def through_the_ends(y: NDArray[np.float64], cap: NDArray[np.float64]) -> tuple[float, float]:
    """Return Prophet's own start (k, c = -k m): the curve through the first and the last row.

    Its `logistic_growth_init`, for rows whose scaled time runs from 0 to 1.

    Examples
    --------
    >>> k, c = through_the_ends(np.array([1.0, 3.0]), np.array([4.0, 4.0]))
    >>> bool(np.isclose(k, 2 * np.log(3)) and np.isclose(c, -np.log(3)))
    True
    """
    first = min(max(y[0] / cap[0], LEAST_SHARE), 1.0 - LEAST_SHARE)
    last = min(max(y[-1] / cap[-1], LEAST_SHARE), 1.0 - LEAST_SHARE)
    ratio = 1.0 / first
    if abs(ratio - 1.0 / last) <= 0.01:
        ratio *= 1.05
    log_first = math.log(ratio - 1.0)
    log_last = math.log(1.0 / last - 1.0)
    return log_first - log_last, -log_first


def opposite_rate(k: float, c: float) -> float:
    """Return a rate of the other sign: of all such, the one that the priors of k and m = -c / k like best.

    Examples
    --------
    >>> opposite_rate(3.0, -4.0)
    -2.0
    """
    rate = max(math.sqrt(abs(c)), LEAST_RATE)
    return -rate if k > 0.0 else rate
