"""The week of daily series: a factor a weekday and series, shrunk to its group's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.forecast.panel import SEASON_LENGTH, Panel
from engine.forecast.shrinkage import shrink_rows

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

WEEKS_OF_WEEKLY_PROFILE = 52
"""Weekdays are compared over at most this many of the last weeks."""


def weekday_factors(panel: Panel, group: Codes, yearly: Floats) -> Floats:
    """Return weekday factors [n, 7], by position in the panel: each series' shrunk to its group's."""
    s = SEASON_LENGTH["D"]
    weeks = min(panel.n_periods // s, WEEKS_OF_WEEKLY_PROFILE)
    if weeks < 2:
        return np.ones((panel.n_series, s))
    first = panel.n_periods - weeks * s
    demand, observed = panel.values[:, first:], panel.observed[:, first:]
    values = (demand / yearly[group, first:]).reshape(-1, weeks, s)
    seen = observed.reshape(-1, weeks, s)
    count = seen.sum(axis=1).astype(np.float64)
    level = values.sum(axis=(1, 2)) / np.maximum(count.sum(axis=1), 1)
    values /= np.where(level > 0, level, np.nan)[:, None, None]  # in levels: squares of tiny units underflow
    factor = values.sum(axis=1) / np.maximum(count, 1)
    squares = (values * values).sum(axis=1) / np.maximum(count, 1)
    error = np.where(count > 0, np.maximum(squares - factor**2, 0.0) / np.maximum(count - 1, 1), np.nan)
    # One observation a weekday says nothing of its noise: then its error is taken as its own square.
    error = np.where(count < 2, np.maximum(error, factor**2), error)
    factor = np.where(count > 0, factor, np.nan)
    everything = _pooled_weekday(factor, error, np.zeros(len(group), dtype=np.int64), 1, np.ones((1, s)))
    parents = _pooled_weekday(factor, error, group, len(yearly), everything)
    shrunk = shrink_rows(factor, error, parents[group])
    # position 0 of the last block is period `first`; roll so that column t % 7 belongs to period t.
    result: Floats = np.roll(shrunk, first % s, axis=1)
    return result


def _pooled_weekday(factor: Floats, error: Floats, group: Codes, n_groups: int, parent: Floats) -> Floats:
    """Return the mean weekday factors of groups, shrunk to `parent` [1 or n_groups, 7]."""
    known = np.isfinite(factor) & np.isfinite(error)
    count = np.zeros((n_groups, factor.shape[1]))
    total = np.zeros_like(count)
    noise = np.zeros_like(count)
    np.add.at(count, group, known)
    np.add.at(total, group, np.where(known, factor, 0.0))
    np.add.at(noise, group, np.where(known, error, 0.0))
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    squared_error = np.where(count > 0, noise / np.maximum(count, 1) ** 2, np.nan)
    return shrink_rows(mean, squared_error, np.broadcast_to(parent, mean.shape))
