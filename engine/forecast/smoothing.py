"""Exponential smoothing of deseasonalised demand: simple, with linear and with damped trend, over grids.

R. J. Hyndman, A. B. Koehler, J. K. Ord and R. D. Snyder (2008), Forecasting with Exponential Smoothing. The
forecasts of a grid of parameters are blended by how well each fits: `engine.forecast.smoothing_weights`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile
from engine.forecast.smoothing_grid import first_level, shortest_season, smoothed_forecast
from engine.forecast.smoothing_weights import parameter_weights

Floats = npt.NDArray[np.float64]

SIMPLE_GRID = np.array([0.01, 0.02, 0.04, 0.08, 0.15, 0.3])
"""Smoothing constants α tried."""
LINEAR_GRID = np.array(
    [(a, a * b, 0.0, 1.0) for a in (0.02, 0.05, 0.1, 0.2, 0.4) for b in (0.005, 0.02, 0.1)]
)
"""(α, β, γ, φ) tried by `Holt`."""
DAMPED_GRID = np.array(
    [(a, a * b, 0.0, p) for a in (0.03, 0.1, 0.25) for b in (0.02, 0.1) for p in (0.9, 0.98)]
)
"""(α, β, γ, φ) tried by `DampedTrend`."""


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
        """Return the last level and the sum of squared one-step errors, each [n], blended over the grid."""
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
        weights = parameter_weights(errors, panel.observations)
        return (levels * weights).sum(axis=1), (errors * weights).sum(axis=1)


@dataclass(frozen=True)
class Holt:
    """Holt's linear trend on deseasonalised demand, never below 0."""

    name: str = "Holt"

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast; see `engine.forecast.model.Model`."""
        return _with_trend(panel, profile, horizon, LINEAR_GRID)


@dataclass(frozen=True)
class DampedTrend:
    """Holt's linear trend, damped (Gardner and McKenzie 1985), on deseasonalised demand, never below 0."""

    name: str = "damped trend"

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast; see `engine.forecast.model.Model`."""
        return _with_trend(panel, profile, horizon, DAMPED_GRID)


def _with_trend(panel: Panel, profile: Profile, horizon: int, grid: Floats) -> Floats:
    season = shortest_season(panel, profile, horizon)
    return smoothed_forecast(panel, profile, season, grid, horizon, level=first_level(panel, profile))


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
