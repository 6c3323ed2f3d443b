"""Demand after a launch or before an end, over the level of the same series, pooled over many.

Series of very different size are pooled as a ratio of sums, each series weighing between 1 (large) and its
volume (small): one launch that sold a hundredfold, or one that sold nothing, does not make the profile.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Texts = npt.NDArray[np.str_] | npt.NDArray[np.object_]

BIN_PERIODS = {"D": 7, "W": 1, "M": 1}
"""Periods in a bin: a week; a month."""
LEAST_FACTOR, LARGEST_FACTOR = 0.05, 5.0


def bin_sums(values: Floats, exposure: Floats, bins: int, width: int) -> tuple[Floats, Floats, Floats]:
    """Return demand [k, bins], exposure [k, bins] and settled level [k] of series, period 0 at the event.

    Parameters
    ----------
    values : [k, ≥ bins·width] demand by distance from the launch (or the end)
    exposure : like values; seasonal factor where observed, else 0
    bins, width : the profile's; periods after them are settled

    Series without any settled exposure have level NaN.
    """
    inside = bins * width
    shape = (len(values), bins, width)
    demand = values[:, :inside].reshape(shape).sum(axis=2)
    exposed = exposure[:, :inside].reshape(shape).sum(axis=2)
    settled = exposure[:, inside:].sum(axis=1)
    total = np.where(exposure[:, inside:] > 0, values[:, inside:], 0.0).sum(axis=1)
    level = np.where(settled > 0, total / np.where(settled > 0, settled, 1.0), np.nan)
    return demand, exposed, level


def pooled_bins(demand: Floats, exposure: Floats, level: Floats, cluster: Texts, group: Codes) -> Floats:
    """Return the profile of every group, [groups, bins]: 1 is the settled level.

    Each group's ratio is pulled to that of all, and that to 1, by signal ÷ (signal + noise) (James and Stein;
    `engine.forecast.shrinkage`). Noise comes from how much products differ: the locations of one product,
    launched together, are one observation.

    Parameters
    ----------
    demand, exposure, level : `bin_sums`; series with level NaN are left out
    cluster : [k] product
    group : [k] 0 … groups - 1
    """
    groups, bins = int(group.max(initial=0)) + 1, demand.shape[1]
    known = np.isfinite(level)
    everything = np.ones(bins)
    if not known.any() or not level[known].any():
        return np.ones((groups, bins))
    demand, exposure, level = demand[known], exposure[known], level[known]
    weight = 1.0 / (level + level.mean())
    seen, expected = demand * weight[:, None], exposure * (level * weight)[:, None]
    names, codes = np.unique(np.asarray(cluster[known]).astype(str), return_inverse=True)
    every = np.zeros(len(level), dtype=np.int64)
    everything = _shrunk(*_ratios(seen, expected, codes, len(names), every, 1), np.ones((1, bins)))[0]
    own = _ratios(seen, expected, codes, len(names), group[known], groups)
    return _shrunk(*own, np.broadcast_to(everything, (groups, bins)))


def _ratios(
    seen: Floats, expected: Floats, cluster: Codes, clusters: int, group: Codes, groups: int
) -> tuple[Floats, Floats]:
    """Return ratio and squared error [groups, bins]; NaN where fewer than two products tell."""
    cell, code = np.unique(group * clusters + cluster, return_inverse=True)
    of_group = cell // clusters
    top, bottom = (_sums(part, code, len(cell)) for part in (seen, expected))
    total, sold = _sums(bottom, of_group, groups), _sums(top, of_group, groups)
    count = _sums((bottom > 0).astype(np.float64), of_group, groups)
    enough = (count >= 2) & (total > 0)
    ratio = np.where(enough, sold / np.where(enough, total, 1.0), np.nan)
    residual = (top - np.nan_to_num(ratio)[of_group] * bottom) ** 2
    spread = _sums(residual, of_group, groups) * count / np.maximum(count - 1, 1)
    return ratio, np.where(enough, spread / np.where(enough, total, 1.0) ** 2, np.nan)


def totals(code: Codes, values: npt.ArrayLike, size: int = 0) -> Floats:
    """Return the sum of values [k] of each code, [at least size]."""
    result: Floats = np.bincount(code, np.asarray(values, dtype=np.float64), size).astype(np.float64)
    return result


def _sums(values: Floats, code: Codes, count: int) -> Floats:
    """Sum rows [k, bins] by code, [count, bins]."""
    result = np.zeros((count, values.shape[1]))
    np.add.at(result, code, values)
    return result


def _shrunk(ratio: Floats, error: Floats, parent: Floats) -> Floats:
    known = np.isfinite(ratio) & np.isfinite(error)
    difference = np.where(known, np.nan_to_num(ratio) - parent, 0.0)
    noise = np.where(known, np.nan_to_num(error), 0.0)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    signal = np.maximum((difference**2 - noise).sum(axis=1, keepdims=True) / count, 0.0)
    total = signal + noise
    pull = np.where(total > 0, signal / np.where(total > 0, total, 1.0), 0.0)
    result: Floats = np.clip(parent + pull * difference, LEAST_FACTOR, LARGEST_FACTOR)
    return result
