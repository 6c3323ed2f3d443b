"""Empirical bootstrap: the future is a stretch of the series' own past, without a model of its noise.

Blocks of consecutive observed periods, drawn with replacement from the circle of the last `WINDOW` observed
ones (circular block bootstrap: D. N. Politis and J. P. Romano 1992; for lead-time demand of intermittent
items: T. R. Willemain, C. N. Smart and H. F. Schwarz 2004, International Journal of Forecasting 20,
375–387). A block keeps what neighbouring periods share. Demand is resampled over its seasonal factor and
rounded at random, with the right mean, after the future's factor is put on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.errors import EngineError
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile
from engine.forecast.uniforms import mix, uniform

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]

WINDOW = {"D": 91, "W": 52, "M": 18}
"""Observed periods that are resampled."""
LEAST_FACTOR = 0.2
"""A season below this share of the average counts as this: demand ÷ it would be all noise."""


@dataclass(frozen=True)
class Bootstrap:
    """Mean of the bootstrap paths, exactly: the window's demand over its season, times the factors."""

    name: str = "bootstrap"

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast; see `engine.forecast.model.Model`."""
        pool, count = resampled(panel, profile)
        mean = pool.sum(axis=1) / np.maximum(count, 1)
        forecast: Floats = mean[:, None] * profile.future(horizon)
        return forecast


def resampled(panel: Panel, profile: Profile) -> tuple[Floats, Codes]:
    """Return demand over its season, [n, WINDOW], oldest first, and how many of it to resample, [n].

    Rows with fewer observed periods are filled with 0 behind them.
    """
    pool = np.zeros((panel.n_series, WINDOW[panel.period]))
    count = np.zeros(panel.n_series, dtype=np.int64)
    yearly = profile.yearly(0, panel.n_periods)
    _collect(panel.values, panel.observed, profile.short, yearly, profile.group, pool, count)
    return pool, count


def bootstrap_paths(
    panel: Panel, profile: Profile, horizon: int, *, seeds: npt.NDArray[np.uint64], n_paths: int, block: int
) -> Floats:
    """Draw demand paths, [n, n_paths, horizon] whole numbers.

    Parameters
    ----------
    panel, profile : history and its seasonality
    horizon : periods ahead
    seeds : uint64[n] of the series; see `engine.forecast.uniforms.series_seed`
    n_paths : ≥ 1
    block : periods drawn together, ≥ 1: the protection period, if its sums matter

    Raises
    ------
    EngineError : n_paths or block below 1.
    """
    if n_paths < 1 or block < 1:
        raise EngineError(f"n_paths is {n_paths} and block is {block}; both must be at least 1")
    pool, count = resampled(panel, profile)
    paths = np.zeros((panel.n_series, n_paths, horizon))
    _draw(pool, count, profile.future(horizon), np.asarray(seeds, dtype=np.uint64), block, paths)
    return paths


@njit(cache=True, nogil=True)
def _collect(
    values: Floats, observed: Mask, short: Floats, yearly: Floats, group: Codes, pool: Floats, count: Codes
) -> None:
    for i in range(values.shape[0]):
        first, used = values.shape[1], 0
        while first > 0 and used < pool.shape[1]:
            first -= 1
            used += observed[i, first]
        count[i] = used
        demand, factors, total, k = 0.0, 0.0, 0.0, 0
        for t in range(first, values.shape[1]):
            if observed[i, t]:
                season = short[i, t % short.shape[1]] * yearly[group[i], t]
                pool[i, k] = values[i, t] / max(season, LEAST_FACTOR)
                demand += values[i, t]
                factors += season
                total += pool[i, k]
                k += 1
        # The level is Σ demand ÷ Σ factors, as everywhere: a low season must not weigh like a high one.
        if total > 0.0 and factors > 0.0:
            for k in range(used):
                pool[i, k] *= demand / factors * used / total


@njit(cache=True, nogil=True)
def _draw(
    pool: Floats, count: Codes, future: Floats, seeds: npt.NDArray[np.uint64], block: int, paths: Floats
) -> None:
    for i in range(paths.shape[0]):
        if count[i] == 0:
            continue
        for p in range(paths.shape[1]):
            place = np.int64(0)
            for h in range(paths.shape[2]):
                # Stream p; even counters place blocks, odd ones round.
                if h % block == 0:
                    place = np.int64(uniform(np.uint64(mix(seeds[i], p, 2 * h))) * count[i])
                demand = pool[i, place] * future[i, h]
                whole = np.floor(demand)
                chance = uniform(np.uint64(mix(seeds[i], p, 2 * h + 1)))
                paths[i, p, h] = whole + 1.0 if chance < demand - whole else whole
                place = (place + 1) % count[i]
