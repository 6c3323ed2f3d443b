"""Demand behind a stockout: what would have sold, kept beside what did."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile, seasonal_profile

Floats = npt.NDArray[np.float64]

HALF_WINDOW = {"D": 28, "W": 6, "M": 3}
"""Periods before and after a stockout whose observed demand sets its level."""


def demand_estimate(panel: Panel, profile: Profile | None = None) -> Floats:
    """Return demand [n, T]: observed demand, and for censored periods the expectation or sales if more.

    The expectation is the level of the observed periods around (±`HALF_WINDOW`, else the whole history)
    times the period's seasonal factor. Periods that are unobserved for another reason (before launch, feed
    down) keep their sales.
    """
    sales = panel.values if panel.sales is None else panel.sales
    estimate = np.where(panel.observed, panel.values, sales)
    if panel.censored is None or not panel.censored.any():
        return estimate
    rows = np.flatnonzero(panel.censored.any(axis=1))
    part = panel.rows(rows)
    season = (profile or seasonal_profile(panel)).factors(0, panel.n_periods)[rows]
    demand, observed = part.values, part.observed
    level = _around(demand, HALF_WINDOW[panel.period]) / np.maximum(
        _around(season * observed, HALF_WINDOW[panel.period]), 1e-12
    )
    exposure = (season * observed).sum(axis=1)
    overall = demand.sum(axis=1) / np.where(exposure > 0, exposure, 1.0)
    nearby = _around(observed.astype(np.float64), HALF_WINDOW[panel.period]) > 0.5
    expected = np.where(nearby, level, overall[:, None]) * season
    estimate[rows] = np.where(panel.censored[rows], np.maximum(estimate[rows], expected), estimate[rows])
    return estimate


def _around(values: Floats, half: int) -> Floats:
    """Sum over the columns at most `half` away, [n, T]."""
    n, periods = values.shape
    total = np.zeros((n, periods + 1))
    np.cumsum(values, axis=1, out=total[:, 1:])
    last = np.minimum(np.arange(periods) + half + 1, periods)
    first = np.maximum(np.arange(periods) - half, 0)
    result: Floats = total[:, last] - total[:, first]
    return result
