"""Pooled seasonal moving average: the level of the last periods times the shared seasonal factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile

Floats = npt.NDArray[np.float64]

WINDOW = {"D": 56, "W": 13, "M": 12}
"""Observed periods that make the level."""


@dataclass(frozen=True)
class SeasonalMovingAverage:
    """Level = demand ÷ seasonal factors over the last `WINDOW` observed periods; forecast = level × factors.

    The VN2 inventory planning challenge's reference forecast, with observed periods only.
    """

    name: str = "seasonal moving average"

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:
        """Forecast; see `engine.forecast.model.Model`."""
        observed = panel.observed
        back = np.cumsum(observed[:, ::-1], axis=1, dtype=np.int32)[:, ::-1]
        used = observed & (back <= WINDOW[panel.period])
        first = int(np.argmax(used.any(axis=0))) if used.any() else panel.n_periods
        used = used[:, first:]
        exposure = (profile.factors(first, panel.n_periods - first) * used).sum(axis=1)
        demand = (panel.values[:, first:] * used).sum(axis=1)
        level = demand / np.where(exposure > 0, exposure, 1.0)
        forecast: Floats = level[:, None] * profile.future(horizon)
        return forecast
