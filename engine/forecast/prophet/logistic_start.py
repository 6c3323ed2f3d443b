"""Where the descent of a logistic trend starts.

A trend that saturates can be approached from growth (k > 0) or from decline (k < 0); between the two lies
k = 0, where the offset m, and with it its prior, goes to infinity. So one start is not enough.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

LEAST_SHARE = 0.01
"""Of the capacity: Prophet keeps the ends of its start this far inside (0, cap)."""
LEAST_RATE = 0.1


@njit(cache=True, nogil=True, error_model="numpy")
def through_the_ends(y: NDArray[np.float64], cap: NDArray[np.float64]) -> tuple[float, float]:
    """Return Prophet's own start (k, c = -k m): the curve through the first and the last row.

    Its `logistic_growth_init`, for rows whose scaled time runs from 0 to 1.
    """
    first = min(max(y[0] / cap[0], LEAST_SHARE), 1.0 - LEAST_SHARE)
    last = min(max(y[-1] / cap[-1], LEAST_SHARE), 1.0 - LEAST_SHARE)
    ratio = 1.0 / first
    if abs(ratio - 1.0 / last) <= 0.01:
        ratio *= 1.05
    log_first = math.log(ratio - 1.0)
    log_last = math.log(1.0 / last - 1.0)
    return log_first - log_last, -log_first


@njit(cache=True, nogil=True, error_model="numpy")
def opposite_rate(k: float, c: float) -> float:
    """Return a rate of the other sign: of all such, the one that the priors of k and m = -c / k like best."""
    rate = max(math.sqrt(abs(c)), LEAST_RATE)
    return -rate if k > 0.0 else rate
