"""Pooled seasonality: a yearly profile a group, a weekly profile a series, both shrunk to what is proven.

Factors are multiplicative with mean 1. A profile estimated from few or noisy data is pulled towards its
parent (series → group → all → no seasonality) by the James–Stein weight signal / (signal + noise):
D. Miller and D. Williams (2003), Shrinkage estimators of time series seasonal factors and their effect on
forecasting accuracy, International Journal of Forecasting 19, 669–684.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.forecast.panel import PERIODS_A_YEAR, SEASON_LENGTH, YEAR_BINS, Panel, period_dates

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]

WEEKS_OF_WEEKLY_PROFILE = 52
"""Weekdays are compared over at most this many of the last weeks."""
SIGNAL_PRIOR = 2.0
"""Weight of all series' signal beside a series' own when its weekday profile is shrunk."""
LEAST_FACTOR = 0.05
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
        short = _weekly(panel, group, yearly[:, bins])
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
        everything = _shrunk_bins(*_bin_factors(sold, exposed, noise, bins, panel), parent=flat)
        factors = np.stack(
            [_shrunk_bins(*_bin_factors(*part, bins, panel), parent=everything) for part in sums]
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


def _shrunk_bins(factor: Floats, error: Floats, parent: Floats) -> Floats:
    """Pull `factor` towards `parent` by James and Stein's weight, then scale to mean 1."""
    known = np.isfinite(factor)
    if not known.any():
        return parent
    scaled = factor / factor[known].mean()
    difference = np.where(known, scaled - parent, 0.0)
    noise = np.where(known, error, 0.0)
    signal = max(float((difference[known] ** 2 - noise[known]).mean()), 0.0)
    weight = np.where(known & (signal + noise > 0), signal / np.maximum(signal + noise, 1e-300), 0.0)
    shrunk = np.maximum(parent + weight * difference, LEAST_FACTOR)
    result: Floats = shrunk / shrunk.mean()
    return result


def _weekly(panel: Panel, group: Codes, yearly: Floats) -> Floats:
    """Return weekday factors [n, 7], by position in the panel: each series' shrunk to its group's."""
    s = SEASON_LENGTH["D"]
    weeks = min(panel.n_periods // s, WEEKS_OF_WEEKLY_PROFILE)
    if weeks < 2:
        return np.ones((panel.n_series, s))
    first = panel.n_periods - weeks * s
    demand, observed = panel.values[:, first:], panel.observed[:, first:]
    values = (demand / yearly[group, first:]).reshape(-1, weeks, s)
    seen = observed.reshape(-1, weeks, s)
    count = seen.sum(axis=1).astype(np.float64)
    level = values.sum(axis=(1, 2)) / np.maximum(count.sum(axis=1), 1)
    level = np.where(level > 0, level, np.nan)
    factor = values.sum(axis=1) / np.maximum(count, 1) / level[:, None]
    squares = (values * values).sum(axis=1) / np.maximum(count, 1) / level[:, None] ** 2
    error = np.where(count > 0, np.maximum(squares - factor**2, 0.0) / np.maximum(count - 1, 1), np.nan)
    # One observation a weekday says nothing of its noise: then its error is taken as its own square.
    error = np.where(count < 2, np.maximum(error, factor**2), error)
    factor = np.where(count > 0, factor, np.nan)
    everything = _pooled_weekday(factor, error, np.zeros(len(group), dtype=np.int64), 1, np.ones((1, s)))
    parents = _pooled_weekday(factor, error, group, len(yearly), everything)
    shrunk = _shrunk_rows(factor, error, parents[group])
    # position 0 of the last block is period `first`; roll so that column t % 7 belongs to period t.
    result: Floats = np.roll(shrunk, first % s, axis=1)
    return result


def _pooled_weekday(factor: Floats, error: Floats, group: Codes, n_groups: int, parent: Floats) -> Floats:
    """Return the mean weekday factors of groups, shrunk to `parent` [1 or n_groups, 7]."""
    known = np.isfinite(factor) & np.isfinite(error)
    count = np.zeros((n_groups, factor.shape[1]))
    total = np.zeros_like(count)
    noise = np.zeros_like(count)
    np.add.at(count, group, known)
    np.add.at(total, group, np.where(known, factor, 0.0))
    np.add.at(noise, group, np.where(known, error, 0.0))
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    squared_error = np.where(count > 0, noise / np.maximum(count, 1) ** 2, np.nan)
    return _shrunk_rows(mean, squared_error, np.broadcast_to(parent, mean.shape))


def _shrunk_rows(factor: Floats, error: Floats, parent: Floats) -> Floats:
    """`_shrunk_bins` for every row at once."""
    known = np.isfinite(factor) & np.isfinite(error)
    count = np.maximum(known.sum(axis=1), 1)
    difference = np.where(known, factor - parent, 0.0)
    noise = np.where(known, error, 0.0)
    own = (difference**2 - noise).sum(axis=1) / count
    precision = known.any(axis=1) / (noise.sum(axis=1) / count + 1e-3) ** 2
    shared = (precision * own).sum() / max(precision.sum(), 1e-12)
    # Seven weekdays say little of how much a series differs: what all series show weighs twice as much.
    signal = np.maximum((own + SIGNAL_PRIOR * shared) / (1.0 + SIGNAL_PRIOR), 0.0)[:, None]
    total = signal + noise
    weight = np.where(total > 0, signal / np.where(total > 0, total, 1.0), 0.0)
    shrunk = np.maximum(parent + weight * difference, LEAST_FACTOR)
    result: Floats = shrunk / shrunk.mean(axis=1, keepdims=True)
    return result
