"""Exponential smoothing of deseasonalised demand, simple and with damped trend, over a grid of parameters.

R. J. Hyndman, A. B. Koehler, J. K. Ord and R. D. Snyder (2008), Forecasting with Exponential Smoothing.
Parameters are those with the least squared one-step error; a series' own errors are averaged with its
portfolio's, `PRIOR_OBSERVATIONS` strong, so that short series take the parameters that serve most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile

Floats = npt.NDArray[np.float64]

SIMPLE_GRID = np.array([0.01, 0.02, 0.04, 0.08, 0.15, 0.3])
"""Smoothing constants α tried."""
DAMPED_GRID = np.array([(a, b, p) for a in (0.03, 0.1, 0.25) for b in (0.02, 0.1) for p in (0.9, 0.98)])
"""(α, β, φ) tried."""
PRIOR_OBSERVATIONS = 200.0


@dataclass(frozen=True)
class SimpleSmoothing:
    """Exponentially weighted mean of past demand over its seasonal exposure.

    level = Σ (1−α)^age·y / Σ (1−α)^age·s over observed periods: simple exponential smoothing whose start is
    the weighted mean itself, and in which a low season counts for less. Forecast = level × factors.
    """

    name: str = "exponential smoothing"

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast; see `engine.forecast.model.Model`."""
        level, _ = self.fit(panel, profile)
        forecast: Floats = level[:, None] * profile.future(horizon)
        return forecast

    def fit(self, panel: Panel, profile: Profile) -> tuple[Floats, Floats]:
        """Return the last level and the sum of squared one-step errors, each [n]."""
        shape = (panel.n_series, len(SIMPLE_GRID))
        levels, errors = np.zeros(shape), np.zeros(shape)
        _simple(
            panel.values,
            panel.observed,
            profile.short,
            profile.yearly(0, panel.n_periods),
            profile.group,
            SIMPLE_GRID,
            levels,
            errors,
        )
        best = best_parameters(errors, panel.observations)
        rows = np.arange(panel.n_series)
        return levels[rows, best], errors[rows, best]


@dataclass(frozen=True)
class DampedTrend:
    """Holt's linear trend, damped (Gardner and McKenzie 1985), on deseasonalised demand, never below 0."""

    name: str = "damped trend"

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast; see `engine.forecast.model.Model`."""
        shape = (panel.n_series, len(DAMPED_GRID))
        levels, trends, errors = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        _damped(
            panel.values,
            panel.observed,
            profile.short,
            profile.yearly(0, panel.n_periods),
            profile.group,
            DAMPED_GRID,
            levels,
            trends,
            errors,
        )
        best = best_parameters(errors, panel.observations)
        level = np.take_along_axis(levels, best[:, None], axis=1)
        trend = np.take_along_axis(trends, best[:, None], axis=1)
        damping = DAMPED_GRID[best, 2][:, None]
        steps = np.cumsum(damping ** np.arange(1, horizon + 1), axis=1)
        forecast: Floats = np.maximum(level + trend * steps, 0.0) * profile.future(horizon)
        return forecast


def best_parameters(errors: Floats, observations: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Return the grid row with the least error of each series, its errors shrunk to the portfolio's.

    errors : [n, grid] sums of squared one-step errors
    observations : [n]
    """
    mean = errors.mean(axis=1, keepdims=True)
    relative = np.where(mean > 0, errors / np.where(mean > 0, mean, 1.0), 1.0)
    weight = (observations * (mean[:, 0] > 0))[:, None].astype(np.float64)
    pooled = (relative * weight).sum(axis=0) / max(weight.sum(), 1.0)
    score = (weight * relative + PRIOR_OBSERVATIONS * pooled) / (weight + PRIOR_OBSERVATIONS)
    best: npt.NDArray[np.intp] = np.argmin(score, axis=1)
    return best


@njit(cache=True, nogil=True)
def _simple(
    values: Floats,
    observed: npt.NDArray[np.bool_],
    short: Floats,
    yearly: Floats,
    group: npt.NDArray[np.int64],
    grid: Floats,
    levels: Floats,
    errors: Floats,
) -> None:
    seasons = short.shape[1]
    demand = np.empty(grid.shape[0])
    exposure = np.empty(grid.shape[0])
    for i in range(values.shape[0]):
        demand[:] = 0.0
        exposure[:] = 0.0
        phase = -1
        for t in range(values.shape[1]):
            phase = phase + 1 if phase + 1 < seasons else 0
            seen = observed[i, t]
            season = short[i, phase] * yearly[group[i], t]
            for a in range(grid.shape[0]):
                if seen and exposure[a] > 0.0:
                    error = values[i, t] - demand[a] / exposure[a] * season
                    errors[i, a] += error * error
                demand[a] *= 1.0 - grid[a]
                exposure[a] *= 1.0 - grid[a]
                if seen:
                    demand[a] += values[i, t]
                    exposure[a] += season
        for a in range(grid.shape[0]):
            levels[i, a] = demand[a] / exposure[a] if exposure[a] > 0.0 else 0.0


@njit(cache=True, nogil=True)
def _damped(
    values: Floats,
    observed: npt.NDArray[np.bool_],
    short: Floats,
    yearly: Floats,
    group: npt.NDArray[np.int64],
    grid: Floats,
    levels: Floats,
    trends: Floats,
    errors: Floats,
) -> None:
    seasons = short.shape[1]
    warm_up = 10
    for i in range(values.shape[0]):
        start = 0.0
        exposure = 0.0
        count = 0
        for t in range(values.shape[1]):
            if observed[i, t] and count < warm_up:
                start += values[i, t]
                exposure += short[i, t % seasons] * yearly[group[i], t]
                count += 1
        if count == 0:
            continue
        levels[i, :] = start / exposure
        phase = -1
        for t in range(values.shape[1]):
            phase = phase + 1 if phase + 1 < seasons else 0
            season = short[i, phase] * yearly[group[i], t]
            for a in range(grid.shape[0]):
                trends[i, a] *= grid[a, 2]
                levels[i, a] += trends[i, a]
                if observed[i, t]:
                    error = values[i, t] - levels[i, a] * season
                    errors[i, a] += error * error
                    # Weighted by the season: a low season tells little of the level.
                    step = error * season / max(season * season, 1.0)
                    levels[i, a] += grid[a, 0] * step
                    trends[i, a] += grid[a, 0] * grid[a, 1] * step
