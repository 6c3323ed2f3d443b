"""Holt–Winters: level, damped trend and season, each smoothed by the demand's own errors.

Equations in `engine.forecast.smoothing_kernel`. The season starts from the panel's shrunk profile, not from
the series' first year: with γ = 0 it stays there, and one year of history is enough. The season is the week
of daily series (their year stays the profile's) and the year of weekly and monthly ones, by the date: a
53rd week shifts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile
from engine.forecast.smoothing_grid import first_level, full_season, smoothed_forecast

Floats = npt.NDArray[np.float64]

GRID = np.array(
    [
        (alpha, alpha * beta, gamma, 0.9)
        for alpha, beta, gamma in product((0.02, 0.06, 0.2), (0.0, 0.1), (0.0, 0.01, 0.03, 0.1))
    ]
)
"""(α, β, γ, φ) tried: with and without a trend, always damped: a linear one was worse on all data tried."""


@dataclass(frozen=True)
class HoltWinters:
    """Holt–Winters with a multiplicative or additive season, never below 0."""

    name: str = "Holt-Winters"
    additive: bool = False

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast; see `engine.forecast.model.Model`."""
        return smoothed_forecast(
            panel,
            profile,
            full_season(panel, profile, horizon),
            GRID,
            horizon,
            level=first_level(panel, profile),
            additive=self.additive,
        )
