"""The kernel behind sample paths: each period's strata walked once, upwards, for all levels together.

The level of a path is one of at most 32 gamma quantiles, so that a period has few distinct means. For each
of them the distribution function is summed once, in step with the rising strata; every path takes the sum
where it stands.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.forecast.negative_binomial import (
    PASSED,
    approximated,
    approximation,
    climb,
    none_at_all,
    score,
    switch_mean,
    switch_table,
)
from engine.forecast.uniforms import normal_quantile, random_order, unit_gamma

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEVELS = 32
"""Most levels told apart; their mean and variance are kept."""
_TABLE_LENGTH = 32_768


@njit(cache=True, nogil=True)
def _levels(seed: np.uint64, level_cv: float, order: Ints, level: Floats, level_of: Ints) -> int:
    """Fill levels of mean exactly 1 and the level of every path; return how many levels there are."""
    n_paths = order.shape[0]
    n_levels = min(n_paths, level.shape[0]) if level_cv > 0.0 else 1
    if n_levels == 1:
        level[0] = 1.0
        level_of[:] = 0
        return 1
    random_order(seed, 0, order)
    square = 0.0
    for i in range(n_paths):
        level_of[order[i]] = i * n_levels // n_paths
        square += normal_quantile((i * n_levels // n_paths + 0.5) / n_levels) ** 2
    widen = np.sqrt(n_paths / square)
    total = 0.0
    for k in range(n_levels):
        level[k] = unit_gamma(widen * normal_quantile((k + 0.5) / n_levels), level_cv)
    for j in range(n_paths):
        total += level[level_of[j]]
    for k in range(n_levels):
        level[k] *= n_paths / total
    return n_levels


@njit(cache=True, nogil=True)
def _draw_period(
    mean: float,
    dispersion: float,
    level: Floats,
    level_of: Ints,
    order: Ints,
    uniform: float,
    table: Floats,
    length: int,
    out: Floats,
) -> None:
    """Fill `out[paths]` with one period's demand; `order[i]` is the path of stratum i."""
    n_paths = order.shape[0]
    n_levels = level.shape[0]
    switch = switch_mean(dispersion)
    probability, total, count = np.empty(n_levels), np.empty(n_levels), np.zeros(n_levels, np.int64)
    cubes = np.empty((n_levels, 4))
    some_large = False
    for k in range(n_levels):
        expected = mean * level[k]
        if expected >= switch:
            total[k] = -1.0
            cubes[k] = approximation(expected, dispersion)
            some_large = True
        else:
            probability[k] = none_at_all(expected, dispersion)
            total[k] = probability[k] if expected > 0.0 else PASSED
    least = 0
    z = 0.0
    for i in range(n_paths):
        u = (i + uniform) / n_paths
        if some_large:
            z = score(u)
            while least < length and table[least] < u:
                least += 1
        path = order[i]
        k = level_of[path]
        if total[k] < 0.0:
            value = approximated(z, cubes[k, 0], cubes[k, 1], cubes[k, 2], cubes[k, 3])
            # never below the exact quantile at the switch: keeps paths rising with the mean
            out[path] = max(value, float(least))
            continue
        if total[k] < u:
            count[k], probability[k], total[k] = climb(
                u, mean * level[k], dispersion, count[k], probability[k], total[k]
            )
        out[path] = float(count[k])


@njit(cache=True, nogil=True)
def draw_paths(
    mean: Floats, level_cv: Floats, dispersion: Floats, seeds: npt.NDArray[np.uint64], out: Floats
) -> None:
    """Fill `out[n, paths, h]` from checked `mean[n, h]`, `level_cv[n]`, `dispersion[n]` and `seeds[n]`."""
    n_paths, horizon = out.shape[1], out.shape[2]
    level = np.empty(LEVELS)
    level_of = np.empty(n_paths, np.int64)
    order = np.empty(n_paths, np.int64)
    table = np.empty(_TABLE_LENGTH)
    periods = np.empty((horizon, n_paths))
    for i in range(mean.shape[0]):
        n_levels = _levels(seeds[i], level_cv[i], order, level, level_of)
        length = 0
        if mean[i].max() * level[:n_levels].max() >= switch_mean(dispersion[i]):
            length = switch_table(dispersion[i], table)
        for h in range(horizon):
            uniform = random_order(seeds[i], h + 1, order)
            _draw_period(
                mean[i, h], dispersion[i], level[:n_levels], level_of, order, uniform,
                table, length, periods[h],
            )  # fmt: skip
        for path in range(n_paths):
            for h in range(horizon):
                out[i, path, h] = periods[h, path]
