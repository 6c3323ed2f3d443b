"""The columns of Prophet's linear model: scaled time, changepoints, Fourier terms, holidays.

Rules are those of Prophet 1.5 (`forecaster.py`: `set_auto_seasonalities`, `set_changepoints`,
`fourier_series`, `make_holiday_features`), so that parameters mean the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from engine.forecast.prophet.spec import ProphetSpec, Seasonality

Dates = ArrayLike | pd.DatetimeIndex
"""datetime64, ISO strings, or anything else that pandas reads as dates."""

YEAR_DAYS = 365.25
DEFAULT_ORDERS = (10, 3, 4)
"""Fourier orders of yearly, weekly and daily seasonality where they are switched on."""
PERIODS_DAYS = (YEAR_DAYS, 7.0, 1.0)
COMPONENTS = ("yearly", "weekly", "daily", "holidays")
HOLIDAYS = 3
"""Number of the component that is not periodic."""
TREND_PRIOR_SCALE = 5.0
"""Standard deviation of the normal priors of k and m, fixed in Prophet's Stan program."""

Orders = tuple[int, int, int]


def day_numbers(dates: Dates) -> NDArray[np.float64]:
    """Return days since 1970-01-01, with fractions, shape (len(dates),)."""
    microseconds = np.asarray(pd.DatetimeIndex(np.asarray(dates)), dtype="datetime64[us]")
    days: NDArray[np.float64] = microseconds.astype(np.int64) / 86_400e6
    return days


def fourier_orders(spec: ProphetSpec, span_days: float, least_step_days: float) -> Orders:
    """Return the Fourier orders (yearly, weekly, daily) of a series; 0 is off.

    `span_days` is the time from first to last row, `least_step_days` the shortest step between two rows.
    'auto' asks for two cycles of history and, below a year, for steps shorter than the cycle.
    """
    enough = (
        span_days >= 730,
        span_days >= 14 and least_step_days < 7,
        span_days >= 2 and least_step_days < 1,
    )
    asked = (spec.yearly_seasonality, spec.weekly_seasonality, spec.daily_seasonality)
    yearly, weekly, daily = (
        _order(value, auto, default)
        for value, auto, default in zip(asked, enough, DEFAULT_ORDERS, strict=True)
    )
    return yearly, weekly, daily


def _order(asked: Seasonality, auto: bool, default: int) -> int:
    if isinstance(asked, str):
        asked = bool(auto)
    if isinstance(asked, bool):
        return default if asked else 0
    return asked


def fourier(days: NDArray[np.float64], period_days: float, order: int) -> NDArray[np.float64]:
    """Return sin, cos pairs of rising frequency, shape (len(days), 2 * order)."""
    angle = 2 * np.pi * days[:, None] * (np.arange(1, order + 1) / period_days)
    columns = np.empty((len(days), 2 * order))
    columns[:, 0::2] = np.sin(angle)
    columns[:, 1::2] = np.cos(angle)
    return columns


@dataclass(frozen=True)
class Seasonal:
    """Seasonal and holiday columns over a calendar, and the normal prior of each coefficient."""

    columns: NDArray[np.float64]
    """Shape (len(days), n_columns)."""
    prior_scale: NDArray[np.float64]
    component: NDArray[np.int64]
    """Of each column: its number in `COMPONENTS`."""


def seasonal_columns(days: NDArray[np.float64], orders: Orders, spec: ProphetSpec) -> Seasonal:
    """Return the columns that multiply Prophet's beta, in Prophet's order."""
    parts = [fourier(days, period, order) for period, order in zip(PERIODS_DAYS, orders, strict=True)]
    parts.append(_holiday_columns(days, spec))
    scales = (*(spec.seasonality_prior_scale,) * 3, spec.holidays_prior_scale)
    widths = [part.shape[1] for part in parts]
    return Seasonal(np.hstack(parts), np.repeat(scales, widths), np.repeat(np.arange(4), widths))


def _holiday_columns(days: NDArray[np.float64], spec: ProphetSpec) -> NDArray[np.float64]:
    """One 0/1 column a holiday and day of its window, sorted by Prophet's column names."""
    whole_days = np.floor(days)
    columns = {
        f"{holiday.name}_delim_{offset:+d}": np.isin(whole_days, day_numbers(holiday.dates) + offset)
        for holiday in spec.holidays
        for offset in range(holiday.lower_window, holiday.upper_window + 1)
    }
    if not columns:
        return np.empty((len(days), 0))
    return np.stack([columns[name] for name in sorted(columns)], axis=1).astype(float)


def changepoint_rows(rows: int, spec: ProphetSpec) -> NDArray[np.int64]:
    """Return the history rows that are potential changepoints, evenly over the first `changepoint_range`.

    Fewer than asked where history is short; empty where there is no room for one.

    Examples
    --------
    >>> changepoint_rows(10, ProphetSpec(n_changepoints=3))
    array([2, 5, 7])
    """
    eligible = int(np.floor(rows * spec.changepoint_range))
    count = min(spec.n_changepoints, eligible - 1)
    if count <= 0:
        return np.empty(0, dtype=np.int64)
    return np.linspace(0, eligible - 1, count + 1).round().astype(np.int64)[1:]


def changepoint_times(time: NDArray[np.float64], spec: ProphetSpec) -> NDArray[np.float64]:
    """Return changepoints in scaled time; one dummy at 0 where there are none, as in Prophet."""
    rows = changepoint_rows(len(time), spec)
    return time[rows] if len(rows) else np.zeros(1)
