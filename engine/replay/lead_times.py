"""Lead times of orders that might be placed: drawn once, the same for every policy."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.forecast.uniforms import mix, normal_quantile, uniform, unit_gamma

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Seeds = npt.NDArray[np.uint64]

_STREAM = (1 << 30) + 16
"""Two streams of a series' seed, apart from those of its planned demand and lead times."""


@njit(cache=True, nogil=True)
def draw_lead_times(seeds: Seeds, mean: Floats, sd: Floats, first: int, periods: int) -> Ints:
    """Lead time of an order placed in each of `periods` periods from number `first`, [n, periods].

    Gamma with the given mean and standard deviation, rounded to whole periods at random so that the mean is
    kept, as the plan takes them (`engine.replenishment.lead_times`).

    Parameters
    ----------
    seeds : [n] of the lines, or of what delivers together (one truck for all lines with the same seed)
    mean, sd : [n] periods
    first : number of the first period: a longer game goes through the same lead times
    periods : how many
    """
    n = len(seeds)
    result = np.empty((n, periods), np.int64)
    for line in range(n):
        for period in range(periods):
            length = mean[line]
            if sd[line] > 0.0 and length > 0.0:
                z = normal_quantile(uniform(np.uint64(mix(seeds[line], _STREAM, first + period))))
                length *= unit_gamma(z, sd[line] / mean[line])
            share = uniform(np.uint64(mix(seeds[line], _STREAM + 1, first + period)))
            result[line, period] = math.floor(length + share)
    return result
