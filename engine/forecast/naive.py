"""Seasonal naive: the last value seen one season ago. What every other model must beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.forecast.panel import SEASON_LENGTH, Panel
from engine.forecast.seasonality import Profile

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SeasonalNaive:
    """Repeat the last season: week of a daily series, year of a weekly or monthly one.

    An unobserved value is replaced by that of the season before, and so on; without any, by the mean.
    R. J. Hyndman and G. Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 5.2.
    """

    name: str = "seasonal naive"

    def fit_predict(self, panel: Panel, profile: Profile, horizon: int) -> Floats:  # noqa: ARG002 - naive
        """Forecast; see `engine.forecast.model.Model`."""
        season = SEASON_LENGTH[panel.period]
        demand, observed = panel.values, panel.observed
        last = np.full((panel.n_series, season), np.nan)
        for end in range(panel.n_periods, 0, -season):
            first = max(end - season, 0)
            columns = slice(season - (end - first), season)
            found = np.isnan(last[:, columns]) & observed[:, first:end]
            last[:, columns][found] = demand[:, first:end][found]
            if not np.isnan(last).any():
                break
        mean = demand.sum(axis=1) / np.maximum(panel.observations, 1)
        last = np.where(np.isnan(last), mean[:, None], last)
        forecast: Floats = last[:, np.arange(horizon) % season]
        return forecast
