"""Pooled seasonality: a yearly profile a group, a weekly profile a series, both shrunk to what is proven.

Factors are multiplicative with mean 1. A profile estimated from few or noisy data is pulled towards its
parent (series → group → all → no seasonality): `engine.forecast.shrinkage`. Here is the year; the week is in
`engine.forecast.weekday`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.forecast.panel import PERIODS_A_YEAR, YEAR_BINS, Panel, period_dates
from engine.forecast.shrinkage import shrink_bins
from engine.forecast.weekday import weekday_factors

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]

_PASSES = 2


@dataclass(frozen=True)
class Profile:
    """Seasonal factors of a panel: `short[i, t % S] · yearly[group[i], t]`.

    Attributes
    ----------
    short : [n, S] factors within a week (S = 7) of daily series; S = 1 (all 1) otherwise
    group : [n] row of `yearly`
    bins : [n_groups, bins] yearly factors
    start, period, n_periods : of the panel
    """

    short: Floats
    group: Codes
    bins: Floats
    start: np.datetime64
    period: str
    n_periods: int

    def yearly(self, first: int, count: int) -> Floats:
        """Return the yearly factors of periods first … first + count − 1, [n_groups, count]."""
        return self.bins[:, year_bins(self.start, self.period, first, count)]

    def factors(self, first: int, count: int) -> Floats:
        """Return the factors of every series in periods first … first + count − 1, [n, count]."""
        phase = np.arange(first, first + count) % self.short.shape[1]
        result: Floats = self.short[:, phase] * self.yearly(first, count)[self.group]
        return result

    def rows(self, which: npt.NDArray[np.intp]) -> Profile:
        """Return the profile of some of the series."""
        return replace(self, short=self.short[which], group=self.group[which])

    def future(self, horizon: int) -> Floats:
        """Return the factors of the next `horizon` periods, [n, horizon]."""
        return self.factors(self.n_periods, horizon)


def year_bins(start: np.datetime64, period: str, first: int, count: int) -> Codes:
    """Return the bin of the yearly profile of each period: a 7-day week of the year, or a month."""
    dates = period_dates(start, period, first, count)
    if period == "M":
        month: Codes = dates.astype("datetime64[M]").astype(np.int64) % 12
        return month
    day = (dates - dates.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64)
    week: Codes = np.minimum(day // 7, YEAR_BINS[period] - 1)
    return week


def seasonal_profile(panel: Panel) -> Profile:
    """Estimate the seasonal factors of a panel from its observed periods."""
    group = _group_codes(panel)
    n_bins = YEAR_BINS[panel.period]
    yearly = np.ones((group.max(initial=0) + 1, n_bins))
    if panel.n_periods >= PERIODS_A_YEAR[panel.period] and panel.n_series:
        yearly = _yearly(panel, group, len(yearly))
    bins = year_bins(panel.start, panel.period, 0, panel.n_periods)
    short = np.ones((panel.n_series, 1))
    if panel.period == "D":
        short = weekday_factors(panel, group, yearly[:, bins])
    return Profile(short, group, yearly, panel.start, panel.period, panel.n_periods)


def _group_codes(panel: Panel) -> Codes:
    if panel.group is None:
        return np.zeros(panel.n_series, dtype=np.int64)
    _, codes = np.unique(np.asarray(panel.group).astype(str), return_inverse=True)
    return codes.astype(np.int64)


def _yearly(panel: Panel, group: Codes, n_groups: int) -> Floats:
    """Return yearly factors [n_groups, bins]: each group's, shrunk to all series', shrunk to 1."""
    bins = year_bins(panel.start, panel.period, 0, panel.n_periods)
    demand, observed = panel.values, panel.observed
    factors = np.ones((n_groups, YEAR_BINS[panel.period]))
    members = [np.flatnonzero(group == g) for g in range(n_groups)]
    for _ in range(_PASSES):
        sums = [_group_sums(demand[rows], observed[rows], factors[g, bins]) for g, rows in enumerate(members)]
        sold, exposed, noise = (np.sum(part, axis=0) for part in zip(*sums, strict=True))
        flat = np.ones(factors.shape[1])
        everything = shrink_bins(*_bin_factors(sold, exposed, noise, bins, panel), parent=flat)
        factors = np.stack(
            [shrink_bins(*_bin_factors(*part, bins, panel), parent=everything) for part in sums]
        )
    return factors


def _group_sums(demand: Floats, observed: Mask, season: Floats) -> tuple[Floats, Floats, Floats]:
    """Return weighted sums [T] over one group's series: of demand ÷ level, of weights, of squared noise.

    Divided by its level, every series counts whatever its scale, with weight 1 ÷ (1 + its squared
    coefficient of variation): a series with one huge day, or few sales, says little of the season.
    """
    exposure = np.einsum("it,t->i", observed, season)
    level = demand.sum(axis=1) / np.where(exposure > 0, exposure, 1.0)
    sold = level > 0
    ratio = demand[sold] / level[sold, None]
    seen = observed[sold].astype(np.float64)
    spread = (ratio * ratio).sum(axis=1) / np.maximum(seen.sum(axis=1), 1.0)
    weight = 1.0 / np.maximum(spread, 1.0)
    exposed, total = _weighted(weight, seen), _weighted(weight, ratio)
    index = total / np.where(exposed > 0, exposed, 1.0)
    # Σ w²(r − index)² over the observed; unobserved ratios are 0.
    squares = weight * weight
    noise = (
        _weighted(squares, ratio * ratio)
        - 2.0 * index * _weighted(squares, ratio)
        + index * index * _weighted(squares, seen)
    )
    return total, exposed, np.maximum(noise, 0.0)


def _weighted(weight: Floats, rows: Floats) -> Floats:
    """Σ weight[i]·rows[i, t], without BLAS: the same bytes on any number of threads."""
    total: Floats = np.einsum("i,it->t", weight, rows)
    return total


def _bin_factors(
    sold: Floats, exposed: Floats, noise: Floats, bins: Codes, panel: Panel
) -> tuple[Floats, Floats]:
    """Return factor and its squared standard error a bin; NaN where nothing was observed.

    sold, exposed, noise: [T] sums over series of demand ÷ level, of series observed, of squared residuals.
    """
    n_bins = YEAR_BINS[panel.period]
    exposed = exposed * _trend(sold, exposed, panel)
    sums = np.bincount(bins, sold, n_bins)
    weights = np.bincount(bins, exposed, n_bins)
    known = weights > 0
    factor = np.where(known, sums / np.where(known, weights, 1.0), np.nan)
    error = np.where(known, np.bincount(bins, noise, n_bins) / np.where(known, weights, 1.0) ** 2, np.nan)
    between = _between_years(sold, exposed, bins, panel)
    error = np.maximum(error, np.maximum(between, _roughness(factor)))
    return factor, error


def _between_years(sold: Floats, exposed: Floats, bins: Codes, panel: Panel) -> Floats:
    """What differs from year to year is noise, however many series agree within one: squared error a bin."""
    n_bins = YEAR_BINS[panel.period]
    year = (np.arange(panel.n_periods) // PERIODS_A_YEAR[panel.period]).astype(np.int64)
    years = year.max() + 1
    cell = year * n_bins + bins
    weight = np.bincount(cell, exposed, years * n_bins).reshape(years, n_bins)
    total = np.bincount(cell, sold, years * n_bins).reshape(years, n_bins)
    full = weight > 0.5 * np.median(weight[weight > 0]) if (weight > 0).any() else weight > 0
    count = full.sum(axis=0)
    repeated = count >= 2
    if not repeated.any():
        return np.zeros(n_bins)
    value = np.where(full, total / np.where(full, weight, 1.0), np.nan)[:, repeated]
    error: Floats = np.nanvar(value, axis=0, ddof=1).mean() / np.maximum(count, 1)
    return error


def _roughness(factor: Floats) -> float:
    """Squared error of a bin, from how much factors jump between neighbours.

    A year is smooth but for a few peaks, so the median squared second difference, 6 × the error's variance
    times the median .455 of χ²(1), is mostly noise.
    """
    bend = np.roll(factor, 1) - 2.0 * factor + np.roll(factor, -1)
    bend = bend[np.isfinite(bend)]
    return float(np.median(bend**2)) / (6.0 * 0.455) if len(bend) else 0.0


def _trend(sold: Floats, exposed: Floats, panel: Panel) -> Floats:
    """Return a straight trend [T] with mean about 1, from differences at a distance of one year.

    Such differences are free of seasonality. With less than one and a half years the trend is flat.
    """
    year = round(PERIODS_A_YEAR[panel.period])
    centred = (np.arange(panel.n_periods) - (panel.n_periods - 1) / 2) / year
    if panel.n_periods < 1.5 * year:
        return np.ones(panel.n_periods)
    weight = np.minimum(exposed[year:], exposed[:-year])
    index = sold / np.maximum(exposed, 1e-12)
    slope = (weight * (index[year:] - index[:-year])).sum() / max(weight.sum(), 1e-12)
    trend: Floats = np.maximum(1.0 + np.clip(slope, -0.5, 0.5) * centred, 0.2)
    return trend
