"""The panel: every series on one period grid, with a mask of the periods that tell about demand.

A period is *observed* if demand could be seen in it:

- nothing before the first sale (or launch date) is observed;
- a missing row after it is a sale of zero, unless the whole location sent no row for a period for which it
  usually does: then the feed was down and the period is unobserved (a location that rarely sends rows,
  or never on Sundays, simply sold nothing);
- a period with stock on the shelf less than half of the time is *censored*: sales say little about
  demand, so it is unobserved; with stock between half and all of the time, demand is sales over that share,
  until `engine.forecast.censored.periods.with_estimates` puts the estimate in its place.

Net returns (negative quantities) count as zero demand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.errors import EngineError
from engine.forecast.drivers.drivers import Drivers

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_] | npt.NDArray[np.object_]
Period = Literal["D", "W", "M"]

CENSORED_BELOW = 0.5
"""Stock on the shelf for less than this share of a period: demand was not seen."""
SEASON_LENGTH = {"D": 7, "W": 52, "M": 12}
"""Periods in the shortest season of each kind of panel."""
YEAR_BINS = {"D": 52, "W": 52, "M": 12}
"""Bins of the yearly profile: weeks of 7 days from 1 January (the last has 8 or 9), or months."""
FEED_EXPECTED_FROM = 0.5
"""A location that sends rows for at least this share of its days (weeks, months) is expected to."""
PERIODS_A_YEAR = {"D": 365.25, "W": 365.25 / 7, "M": 12.0}


@dataclass(frozen=True, eq=False)
class Panel:
    """Demand of n series over T periods.

    Attributes
    ----------
    sku, location : [n] keys
    start : first period; a week by its Monday, a month by its first day
    period : "D", "W" or "M"
    values : [n, T] demand in units, 0 where unobserved
    observed : [n, T] whether demand could be seen
    censored : [n, T] out of stock (a part of the unobserved); None: never
    sales : [n, T] units sold, 0 where there was no row; None: equal to values
    in_stock : [n, T] share of the period with stock, 0 … 1; None: 0 where censored, else 1
    group : [n] what series share seasonality and noise with (a category); None: all with all
    drivers : promotions, events and prices of these periods and of planned ones after them; None: not known
    """

    sku: Texts
    location: Texts
    start: np.datetime64
    period: Period
    values: Floats
    observed: Mask
    censored: Mask | None = None
    sales: Floats | None = None
    in_stock: Floats | None = None
    group: Texts | None = None
    drivers: Drivers | None = None

    def __post_init__(self) -> None:
        faults = []
        if self.period not in SEASON_LENGTH:
            faults.append(f"period is {self.period!r}; it must be one of D, W, M")
        if self.values.ndim != 2 or self.values.shape != self.observed.shape:
            faults.append(
                f"values {self.values.shape} and observed {self.observed.shape} must be [series, periods]"
            )
        elif not len(self.sku) == len(self.location) == self.values.shape[0]:
            faults.append(
                f"{len(self.sku)} skus and {len(self.location)} locations for {len(self.values)} series"
            )
        elif not np.isfinite(self.values).all() or (self.values < 0).any():
            faults.append("values hold a negative or missing number; demand must be 0 or more")
        elif self.drivers is not None and (
            len(self.drivers.depth) != self.n_series or self.drivers.n_periods < self.n_periods
        ):
            faults.append(f"drivers have shape {self.drivers.depth.shape} for values {self.values.shape}")
        if faults:
            raise EngineError("; ".join(faults))

    @property
    def n_series(self) -> int:
        """Number of series."""
        return int(self.values.shape[0])

    @property
    def n_periods(self) -> int:
        """Number of periods of history."""
        return int(self.values.shape[1])

    @cached_property
    def dates(self) -> npt.NDArray[np.datetime64]:
        """First day of every period of history, datetime64[D][T]."""
        return period_dates(self.start, self.period, 0, self.n_periods)

    def future_dates(self, horizon: int) -> npt.NDArray[np.datetime64]:
        """Return the first day of each of the next `horizon` periods."""
        return period_dates(self.start, self.period, self.n_periods, horizon)

    @cached_property
    def observations(self) -> npt.NDArray[np.int64]:
        """Number of observed periods, [n]."""
        counts: npt.NDArray[np.int64] = self.observed.sum(axis=1, dtype=np.int64)
        return counts

    @cached_property
    def censoring_share(self) -> Floats:
        """Share of the periods since the first observed one that were out of stock, [n]."""
        if self.censored is None:
            return np.zeros(self.n_series)
        known = self.observed | self.censored
        since = np.maximum.accumulate(known, axis=1).sum(axis=1)
        share: Floats = self.censored.sum(axis=1) / np.maximum(since, 1)
        return share

    def head(self, periods: int) -> Panel:
        """Return the panel as it was known after its first `periods` periods."""
        part = self._part(slice(None), slice(0, periods))
        return part if self.drivers is None else replace(part, drivers=self.drivers.head(periods))

    def rows(self, which: npt.NDArray[np.int64] | Mask) -> Panel:
        """Return some of the series."""
        return self._part(which, slice(None))

    def _part(self, rows: slice | npt.NDArray[np.int64] | Mask, columns: slice) -> Panel:
        def cut(matrix: npt.NDArray[np.generic] | None) -> npt.NDArray[np.generic] | None:
            return None if matrix is None else matrix[rows][:, columns]

        return Panel(
            sku=self.sku[rows],
            location=self.location[rows],
            start=self.start,
            period=self.period,
            values=self.values[rows][:, columns],
            observed=self.observed[rows][:, columns],
            censored=cut(self.censored),  # type: ignore[arg-type]
            sales=cut(self.sales),  # type: ignore[arg-type]
            in_stock=cut(self.in_stock),  # type: ignore[arg-type]
            group=None if self.group is None else self.group[rows],
            drivers=None if self.drivers is None else self.drivers.rows(rows),
        )


def period_dates(start: np.datetime64, period: str, first: int, count: int) -> npt.NDArray[np.datetime64]:
    """Return the first days of periods `first` … `first + count − 1` after `start`, datetime64[D].

    Examples
    --------
    >>> period_dates(np.datetime64("2024-01-01"), "M", 1, 2)
    array(['2024-02-01', '2024-03-01'], dtype='datetime64[D]')
    """
    steps = np.arange(first, first + count)
    unit = "M" if period == "M" else "D"
    days = 7 if period == "W" else 1
    dates: npt.NDArray[np.datetime64] = start.astype(f"datetime64[{unit}]") + steps * days
    return dates.astype("datetime64[D]")


def make_panel(
    keys: pd.DataFrame,
    start: np.datetime64,
    period: Period,
    quantity: Floats,
    in_stock: Floats | None = None,
    *,
    launch: npt.NDArray[np.datetime64] | None = None,
    group: Texts | None = None,
) -> Panel:
    """Build the panel from sales on a grid.

    Parameters
    ----------
    keys : columns sku and location, n rows
    start : first period
    quantity : [n, T] units sold net of returns; NaN: no row
    in_stock : [n, T] share of the period with stock on the shelf, 0 … 1; NaN or None: unknown, taken as 1
    launch : [n] first day of sale, NaT: unknown (the first sale counts)
    group : [n] category whose seasonality and noise the series shares

    Raises
    ------
    EngineError : shapes that do not fit.
    """
    quantity = np.asarray(quantity, dtype=np.float64)
    if quantity.ndim != 2 or len(keys) != quantity.shape[0]:
        raise EngineError(f"quantity has shape {quantity.shape}; it must be [{len(keys)} series, periods]")
    if in_stock is not None and in_stock.shape != quantity.shape:
        raise EngineError(f"in_stock has shape {in_stock.shape}; quantity has {quantity.shape}")
    row = ~np.isnan(quantity)
    sales = np.where(row & (quantity > 0), quantity, 0.0)
    location = keys["location"].to_numpy(dtype=object)
    live = _since_first_sale(sales, row)
    if launch is not None:
        dates = period_dates(start, period, 0, quantity.shape[1])
        # A week or month that begins before the launch is only part of a period: it does not count.
        live |= ~np.isnat(launch)[:, None] & (dates[None, :] >= launch.astype("datetime64[D]")[:, None])
    seen = live & (row | ~_feed_down(row, location, period))
    values = sales.copy()
    censored = np.zeros_like(row)
    share = None
    if in_stock is not None:
        share = np.clip(np.where(np.isnan(in_stock), 1.0, in_stock), 0.0, 1.0)
        censored = live & (share < CENSORED_BELOW)
        values /= np.clip(share, CENSORED_BELOW, 1.0)
    observed = seen & ~censored
    values[~observed] = 0.0
    return Panel(
        sku=keys["sku"].to_numpy(dtype=object),
        location=location,
        start=start.astype("datetime64[D]"),
        period=period,
        values=values,
        observed=observed,
        censored=censored,
        sales=sales,
        in_stock=share,
        group=group,
    )


def _since_first_sale(sales: Floats, row: Mask) -> Mask:
    """Return [n, T] whether the first sale has been; without any sale, whether the first row has been."""
    sold = sales > 0
    started = np.where(sold.any(axis=1, keepdims=True), sold, row)
    live: Mask = np.maximum.accumulate(started, axis=1)
    return live


def _feed_down(row: Mask, location: Texts, period: Period) -> Mask:
    """Return [n, T] whether the series' location sent nothing although it usually does.

    Usually: in at least `FEED_EXPECTED_FROM` of its periods since its first row, and, in daily panels, of
    that weekday.
    """
    codes, names = pd.factorize(location)
    sent = np.zeros((len(names), row.shape[1]), dtype=bool)
    np.logical_or.at(sent, codes, row)
    open_since = np.maximum.accumulate(sent, axis=1)
    usual = sent.sum(axis=1) >= FEED_EXPECTED_FROM * open_since.sum(axis=1)
    expected = np.empty_like(sent)
    phases = SEASON_LENGTH["D"] if period == "D" else 1
    for phase in range(phases):
        these = slice(phase, None, phases)
        share = sent[:, these].sum(axis=1) / np.maximum(open_since[:, these].sum(axis=1), 1)
        expected[:, these] = (usual & (share >= FEED_EXPECTED_FROM))[:, None]
    return (expected & ~sent)[codes]
