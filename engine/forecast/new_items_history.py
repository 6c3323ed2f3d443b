"""Demand since the launch: of series launched within the history, and what it settles to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.forecast.lifecycle import LifecycleFacts, period_index
from engine.forecast.lifecycle_bins import BIN_PERIODS, bin_sums, pooled_bins
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

PROFILE_BINS = {"D": 13, "W": 13, "M": 4}
"""Bins of the launch profile; after them a product is settled."""
LEAST_BEFORE = {"D": 56, "W": 8, "M": 3}
"""Periods of history before a launch, to tell it from the history's own beginning."""


def first_period(panel: Panel, about: LifecycleFacts) -> Codes:
    """Return the period of each series' launch, else of the first that anything is known of, [n]."""
    known = panel.observed if panel.censored is None else panel.observed | panel.censored
    seen = np.full(panel.n_series, panel.n_periods)
    if panel.n_periods:
        seen = np.where(known.any(axis=1), known.argmax(axis=1), panel.n_periods)
    return np.where(np.isnat(about.launch), seen, period_index(panel, about.launch)).astype(np.int64)


def exposures(panel: Panel, profile: Profile, about: LifecycleFacts, rows: Codes, periods: Codes) -> Floats:
    """Return seasonal factors of `rows` in `periods` [k, P], 0 where not observed or outside the history.

    A first sale that nobody announced tells when the product was launched, not what it sells: it is left out.
    """
    inside = (periods >= 0) & (periods < panel.n_periods)
    at = np.clip(periods, 0, panel.n_periods - 1)
    season = profile.short[rows[:, None], at % profile.short.shape[1]]
    season = season * profile.yearly(0, panel.n_periods)[profile.group[rows][:, None], at]
    first = np.where(np.isnat(about.launch[rows]), panel.observed[rows].argmax(axis=1), -1)
    use = inside & panel.observed[rows[:, None], at] & (periods != first[:, None])
    result: Floats = np.where(use, season, 0.0)
    return result


def gather(
    panel: Panel, profile: Profile, about: LifecycleFacts, rows: Codes, start: Codes, count: int
) -> tuple[Floats, Floats]:
    """Return demand and exposure of `rows` in the `count` periods from `start` on, [k, count]."""
    periods = start[:, None] + np.arange(count)
    exposure = exposures(panel, profile, about, rows, periods)
    values = panel.values[rows[:, None], np.clip(periods, 0, max(panel.n_periods - 1, 0))]
    return np.where(exposure > 0, values, 0.0), exposure


def launch_profile(panel: Panel, profile: Profile, about: LifecycleFacts) -> Floats:
    """Return demand by bins since launch over the settled level, [groups, bins], pooled and shrunk to 1."""
    groups = int(profile.group.max(initial=0)) + 1
    bins, width = PROFILE_BINS[panel.period], BIN_PERIODS[panel.period]
    rows = launched(panel, about, bins * width + LEAST_BEFORE[panel.period])
    if not len(rows):
        return np.ones((groups, bins))
    start = first_period(panel, about)[rows]
    sums = bin_sums(*gather(panel, profile, about, rows, start, 2 * bins * width), bins, width)
    result = np.ones((groups, bins))
    found = pooled_bins(*sums, panel.sku[rows], profile.group[rows])
    result[: len(found)] = found
    return result


def by_age(shape: Floats, group: Codes, age: Codes, period: str) -> Floats:
    """Return the launch profile at ages [k, P] in periods; 1 once settled, that of the first bin before."""
    bin_ = np.clip(age // BIN_PERIODS[period], 0, shape.shape[1])
    settled = np.hstack([shape, np.ones((len(shape), 1))])
    factors: Floats = settled[group[:, None], bin_]
    return factors


def launched(panel: Panel, about: LifecycleFacts, after: int) -> Codes:
    """Return rows launched within the history, with at least `after` periods since."""
    start = first_period(panel, about)
    known = panel.observed if panel.censored is None else panel.observed | panel.censored
    begins = int(known.any(axis=0).argmax()) if known.size else 0
    within = (start >= begins + LEAST_BEFORE[panel.period]) & (start <= panel.n_periods - after)
    return np.flatnonzero(within & (panel.values.sum(axis=1) > 0)).astype(np.int64)
