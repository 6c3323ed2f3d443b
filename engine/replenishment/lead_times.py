"""Random lead times: arrivals of this order and of the next one on every path, from a counter.

A lead time is gamma distributed with the given mean and standard deviation, then rounded to a whole period
at random so that its mean is kept: 2.3 periods arrive after 2 periods on 70 % of the paths and after 3 on
the rest. Both draws are strata over the paths, as those of demand are.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from engine.forecast.uniforms import normal_quantile, random_order, unit_gamma
from engine.replenishment.lines import IntArray

_STREAM = 1 << 30
"""First of four streams, far from those of the demand drawn with the same seed."""


@njit(cache=True, nogil=True)
def _lead_times(seed: np.uint64, stream: int, mean: float, sd: float, order: IntArray, out: IntArray) -> None:
    """Fill `out` with whole lead times [periods] from two streams."""
    n_paths = len(out)
    length = np.full(n_paths, mean)
    if sd > 0.0 and mean > 0.0:
        shift = random_order(seed, stream, order)
        for i in range(n_paths):
            length[order[i]] = mean * unit_gamma(normal_quantile((i + shift) / n_paths), sd / mean)
    shift = random_order(seed, stream + 1, order)
    for i in range(n_paths):
        out[order[i]] = math.floor(length[order[i]] + (i + shift) / n_paths)


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
    order = np.empty(n_paths, np.int64)
    first = np.empty(n_paths, np.int64)
    second = np.empty(n_paths, np.int64)
    _lead_times(seed, _STREAM, mean, sd, order, first)
    _lead_times(seed, _STREAM + 2, mean, sd, order, second)
    for path in range(n_paths):
        arrival = order_period + first[path]
        first[path] = min(arrival, horizon)
        second[path] = min(max(arrival, next_order_period + second[path]), horizon)
    return first, second
