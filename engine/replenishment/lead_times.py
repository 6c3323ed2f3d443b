"""Random lead times: arrivals of this order and of the next one on every path, from a counter.

A lead time is gamma distributed with the given mean and standard deviation (Wilson and Hilferty 1931,
PNAS 17: the cube root of a gamma variable is nearly normal), then rounded to a whole period at random so
that its mean is kept: 2.3 periods arrive after 2 periods on 70 % of the paths and after 3 on the rest.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from engine.replenishment.lines import IntArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_STREAM = np.uint64(0x4C65616454696D65)  # keeps lead times apart from the demand drawn with the same seed
_S27, _S30, _S31, _S11 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(11)


@njit(cache=True, nogil=True)
def _uniform(seed: np.uint64, counter: np.uint64) -> float:
    """Uniform in (0, 1): SplitMix64 of Steele, Lea and Flood (2014) at one counter."""
    z = (seed ^ _STREAM) + (counter + np.uint64(1)) * _GOLDEN
    z = (z ^ (z >> _S30)) * _MIX1
    z = (z ^ (z >> _S27)) * _MIX2
    z = z ^ (z >> _S31)
    return (float(z >> _S11) + 0.5) * 2.0**-53


@njit(cache=True, nogil=True)
def _lead_time(mean: float, sd: float, seed: np.uint64, counter: np.uint64) -> int:
    """One whole lead time [periods] from counters `counter` … `counter + 2`."""
    length = mean
    if sd > 0.0 and mean > 0.0:
        radius = math.sqrt(-2.0 * math.log(_uniform(seed, counter)))
        normal = radius * math.cos(2.0 * math.pi * _uniform(seed, counter + np.uint64(1)))
        spread = (sd / mean) ** 2 / 9.0
        length = mean * max(1.0 - spread + normal * math.sqrt(spread), 0.0) ** 3
    return math.floor(length + _uniform(seed, counter + np.uint64(2)))


@njit(cache=True, nogil=True)
def arrivals(
    seed: np.uint64,
    n_paths: int,
    order_period: int,
    next_order_period: int,
    mean: float,
    sd: float,
    horizon: int,
) -> tuple[IntArray, IntArray]:
    """Periods in which this order and the next one arrive, on each path, at most `horizon`.

    Orders do not overtake: the next one arrives no earlier than this one.

    Parameters
    ----------
    seed : uint64
    n_paths : int
    order_period, next_order_period : int
        Periods in which the orders are placed.
    mean, sd : float
        Lead time [periods].
    horizon : int
        Periods simulated.

    Returns
    -------
    (int64 array, int64 array)
        Shape (n_paths,) each.
    """
    first = np.empty(n_paths, np.int64)
    second = np.empty(n_paths, np.int64)
    for path in range(n_paths):
        counter = np.uint64(6 * path)
        arrival = order_period + _lead_time(mean, sd, seed, counter)
        following = next_order_period + _lead_time(mean, sd, seed, counter + np.uint64(3))
        first[path] = min(arrival, horizon)
        second[path] = min(max(arrival, following), horizon)
    return first, second
