"""Forecast a panel by smoothing with every row of a parameter grid, blended by how well each fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile, year_bins
from engine.forecast.smoothing_kernel import smooth
from engine.forecast.smoothing_weights import parameter_weights

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

BLOCK = 1024
"""Series smoothed at a time: bounds the memory of the states; rows are independent of it."""
LEAST_SEASON = 1.0
"""Squared season factor below which an error counts for less: that of an average season."""
WARM_UP = 10
"""Observed periods whose mean starts the level."""


@dataclass(frozen=True)
class Season:
    """What is smoothed as season and what is not: demand = level · season[phase] · fixed[group].

    Attributes
    ----------
    phase : [T + h] row of `start`
    start : [n, m] factors
    fixed : [groups, T + h] factors
    """

    phase: Codes
    start: Floats
    fixed: Floats


def shortest_season(panel: Panel, profile: Profile, horizon: int) -> Season:
    """The week of a daily panel; nothing of a weekly or monthly one, whose year stays fixed."""
    periods = panel.n_periods + horizon
    phase = np.arange(periods) % profile.short.shape[1]
    return Season(phase, profile.short, profile.yearly(0, periods))


def full_season(panel: Panel, profile: Profile, horizon: int) -> Season:
    """The week of a daily panel, beside a fixed year; the year of a weekly or monthly one, by date."""
    if panel.period == "D":
        return shortest_season(panel, profile, horizon)
    periods = panel.n_periods + horizon
    phase = year_bins(panel.start, panel.period, 0, periods)
    return Season(phase, profile.bins[profile.group], np.ones((len(profile.bins), periods)))


def smoothed_forecast(
    panel: Panel,
    profile: Profile,
    season: Season,
    parameters: Floats,
    horizon: int,
    *,
    level: Floats,
    trend: Floats | None = None,
    additive: bool = False,
) -> Floats:
    """Return forecasts [n, horizon], never below 0.

    Parameters
    ----------
    panel, profile : history and its seasonality
    season : over history and horizon
    parameters : [g, 4] rows of α, β, γ, φ
    level, trend : [n] starts; no trend: 0
    additive : whether seasons are added: as units a period, the start level × (factor − 1)
    """
    result = np.zeros((panel.n_series, horizon))
    past = panel.n_periods
    fixed = np.ascontiguousarray(season.fixed[:, :past])
    damping = np.cumsum(parameters[:, 3] ** np.arange(1, horizon + 1)[:, None], axis=0)
    slope = np.zeros(panel.n_series) if trend is None else trend
    # In units of each series' largest demand, squares neither overflow nor vanish.
    largest = panel.values.max(axis=1, initial=0.0)
    unit = np.where(largest > 0, largest, 1.0)
    for first in range(0, panel.n_series, BLOCK):
        rows = slice(first, min(first + BLOCK, panel.n_series))
        scale, group = unit[rows, None], profile.group[rows]
        levels = np.repeat(level[rows, None] / scale, len(parameters), axis=1)
        trends = np.repeat(slope[rows, None] / scale, len(parameters), axis=1)
        factors = (season.start[rows] - 1.0) * levels[:, :1] if additive else season.start[rows]
        seasons = np.repeat(factors[:, :, None], len(parameters), axis=2)
        errors = np.zeros_like(levels)
        smooth(
            panel.values[rows] / scale,
            panel.observed[rows],
            season.phase[:past],
            fixed,
            group,
            parameters,
            additive,
            LEAST_SEASON,
            levels,
            trends,
            seasons,
            errors,
        )
        weights = parameter_weights(errors, panel.observations[rows])
        for h in range(horizon):
            base = levels + trends * damping[h]
            factor = seasons[:, season.phase[past + h]]
            ahead = base + factor if additive else base * factor
            blend = (np.maximum(ahead, 0.0) * weights).sum(axis=1)
            result[rows, h] = blend * season.fixed[group, past + h] * unit[rows]
    return result


def first_level(panel: Panel, profile: Profile) -> Floats:
    """Return the mean of the first `WARM_UP` observed periods over their season, [n]; 0 without any."""
    used = panel.observed & (np.cumsum(panel.observed, axis=1, dtype=np.int32) <= WARM_UP)
    some = np.flatnonzero(used.any(axis=0))
    used = used[:, : some[-1] + 1] if len(some) else used[:, :0]
    count = used.shape[1]
    exposure = (profile.factors(0, count) * used).sum(axis=1)
    demand = (panel.values[:, :count] * used).sum(axis=1)
    result: Floats = demand / np.where(exposure > 0, exposure, 1.0)
    return result
