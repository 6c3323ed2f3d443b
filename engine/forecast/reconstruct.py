"""Demand behind a stockout: what would have sold, kept beside what did."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile, seasonal_profile

Floats = npt.NDArray[np.float64]

HALF_WINDOW = {"D": 28, "W": 6, "M": 3}
"""Periods before and after a stockout whose observed demand sets its level."""
LEAST_EXPOSURE = 0.5
"""Observed periods (of average season) around that make a level."""
SHRINK_LOCATIONS = 0.5


def demand_estimate(panel: Panel, profile: Profile | None = None) -> Floats:
    """Return demand [n, T]: observed demand, and for censored periods the expectation or sales if more.

    The expectation is the level of the observed periods around (±`HALF_WINDOW`, else the whole history) times
    the period's seasonal factor, times what the same product did against its expectation at locations that
    had it in that period: promotions and holidays empty shelves, so stockouts fall on unusual days. Periods
    unobserved for another reason (before launch, feed down) keep their sales.
    """
    sales = panel.values if panel.sales is None else panel.sales
    estimate: Floats = np.where(panel.observed, panel.values, sales)
    if panel.censored is None or not panel.censored.any():
        return estimate
    short = np.unique(panel.sku[panel.censored.any(axis=1)].astype(str))
    rows = np.flatnonzero(np.isin(panel.sku.astype(str), short))
    season = (profile or seasonal_profile(panel)).factors(0, panel.n_periods)[rows]
    part = panel.rows(rows)
    expected = _expected(part, season, HALF_WINDOW[panel.period])
    expected *= _elsewhere(part, expected)
    estimate[rows] = np.where(panel.censored[rows], np.maximum(estimate[rows], expected), estimate[rows])
    return estimate


def _expected(panel: Panel, season: Floats, half: int) -> Floats:
    """Local level times season, [n, T]."""
    demand, exposure = panel.values, season * panel.observed
    nearby = _around(exposure, half)
    whole = exposure.sum(axis=1)
    overall = demand.sum(axis=1) / np.where(whole > 0, whole, 1.0)
    known = nearby > LEAST_EXPOSURE
    level = np.where(known, _around(demand, half) / np.where(known, nearby, 1.0), overall[:, None])
    result: Floats = level * season
    return result


def _elsewhere(panel: Panel, expected: Floats) -> Floats:
    """Demand over expectation of the same product at the locations that had it, [n, T], shrunk to 1.

    `SHRINK_LOCATIONS` locations of average size that sold as expected are added to those that were observed.
    """
    _, product = np.unique(panel.sku.astype(str), return_inverse=True)
    indicator = sparse.csr_array((np.ones(len(product)), (product, np.arange(len(product)))))
    sold = indicator @ panel.values
    meant = indicator @ (expected * panel.observed)
    prior = SHRINK_LOCATIONS * (indicator @ expected) / indicator.sum(axis=1)[:, None]
    ratio = (sold + prior) / np.where(meant + prior > 0, meant + prior, 1.0)
    result: Floats = np.where(meant + prior > 0, ratio, 1.0)[product]
    return result


def _around(values: Floats, half: int) -> Floats:
    """Sum over the columns at most `half` away, [n, T]."""
    n, periods = values.shape
    total = np.zeros((n, periods + 1))
    np.cumsum(values, axis=1, out=total[:, 1:])
    last = np.minimum(np.arange(periods) + half + 1, periods)
    first = np.maximum(np.arange(periods) - half, 0)
    result: Floats = total[:, last] - total[:, first]
    return result
