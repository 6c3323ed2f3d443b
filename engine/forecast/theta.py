"""The Theta method: half of the straight line through the past, half of smoothing twice its curvature.

V. Assimakopoulos and K. Nikolopoulos (2000), The theta model, International Journal of Forecasting 16,
521–530, with θ = 0 and 2, is simple exponential smoothing with drift b = B/2, B the slope of the
least-squares line (R. J. Hyndman and B. Billah 2003, Unmasking the Theta method, International Journal of
Forecasting 19, 287–290); for any θ the drift is (1 − 1/θ)·B (J. A. Fiorucci et al. 2016, International
Journal of Forecasting 32, 1151–1161, model STheta: their level ℓ and ours l obey l + b = ℓ + (1 −
1/θ)·[(1−α)^(t−1)·A + (1 − (1−α)^t)/α·B]).

θ is 2: choosing it a series, or a line through the last year only, forecast no better on daily and weekly
sales. Time counts observed periods: gaps neither move the line nor the level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile
from engine.forecast.smoothing import SIMPLE_GRID
from engine.forecast.smoothing_grid import shortest_season, smoothed_forecast

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]

GRID = np.array([(alpha, 0.0, 0.0, 1.0) for alpha in SIMPLE_GRID])
"""(α, β, γ, φ) tried: no smoothing of the drift."""
DRIFT = 0.5
"""1 − 1/θ for θ = 2: the share of the line's slope that becomes drift."""


@dataclass(frozen=True)
class Theta:
    """The standard Theta method on deseasonalised demand, never below 0."""

    name: str = "Theta"

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast; see `engine.forecast.model.Model`."""
        intercept, slope = np.zeros((2, panel.n_series))
        yearly = profile.yearly(0, panel.n_periods)
        line(panel.values, panel.observed, profile.short, yearly, profile.group, intercept, slope)
        season = shortest_season(panel, profile, horizon)
        # On the line in period 1: l + b = A + B.
        level, drift = intercept + (1.0 - DRIFT) * slope, DRIFT * slope
        return smoothed_forecast(panel, profile, season, GRID, horizon, level=level, trend=drift)


@njit(cache=True, nogil=True)
def line(
    values: Floats,
    observed: Mask,
    short: Floats,
    yearly: Floats,
    group: Codes,
    intercept: Floats,
    slope: Floats,
) -> None:
    """Write A and B [n] of the least-squares line y = s·(A + B·k) over observed periods k = 1, 2, …

    values, observed : [n, T]
    short, yearly, group : seasonal factors s, as in `Profile`
    """
    for i in range(values.shape[0]):
        k = 0.0
        weight, first, second, demand, moment = 0.0, 0.0, 0.0, 0.0, 0.0
        for t in range(values.shape[1]):
            if observed[i, t]:
                k += 1.0
                s = short[i, t % short.shape[1]] * yearly[group[i], t]
                weight += s * s
                first += s * s * k
                second += s * s * k * k
                demand += s * values[i, t]
                moment += s * k * values[i, t]
        if weight > 0.0:
            centre = first / weight
            spread = second - first * centre
            if spread > 1e-9 * second:
                slope[i] = (moment - centre * demand) / spread
            intercept[i] = demand / weight - slope[i] * centre
