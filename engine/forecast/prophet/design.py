"""The columns of Prophet's linear model: Fourier terms, holidays, regressors, each with its prior.

Rules are those of Prophet 1.5 (`forecaster.py`: `set_auto_seasonalities`, `fourier_series`,
`make_all_seasonality_features`), so that parameters mean the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from engine.errors import EngineError
from engine.forecast.prophet.holiday_columns import holiday_columns
from engine.forecast.prophet.spec import ProphetSpec, Seasonality, SeasonalityOption
from engine.forecast.prophet.terms import BUILT_IN

Dates = ArrayLike | pd.DatetimeIndex
"""datetime64, ISO strings, or anything else that pandas reads as dates."""

YEAR_DAYS = 365.25
DEFAULT_ORDERS = (10, 3, 4)
"""Fourier orders of yearly, weekly and daily seasonality where they are switched on."""
PERIODS_DAYS = (YEAR_DAYS, 7.0, 1.0)
TREND_PRIOR_SCALE = 5.0
"""Standard deviation of the normal priors of k and m, fixed in Prophet's Stan program."""

Orders = tuple[int, int, int]


def day_numbers(dates: Dates) -> NDArray[np.float64]:
    """Return days since 1970-01-01, with fractions, shape (len(dates),).

    Raises
    ------
    EngineError
        If dates have a time zone: Prophet counts calendar days, which a change of clocks must not move.
    """
    index = dates if isinstance(dates, pd.DatetimeIndex) else pd.DatetimeIndex(np.asarray(dates))
    if index.tz is not None:
        raise EngineError(f"dates have the time zone {index.tz}: give local dates without one")
    microseconds = np.asarray(index, dtype="datetime64[us]")
    days: NDArray[np.float64] = microseconds.astype(np.int64) / 86_400e6
    return days


def fourier_orders(spec: ProphetSpec, span_days: float, least_step_days: float) -> Orders:
    """Return the Fourier orders (yearly, weekly, daily) of a series; 0 is off.

    `span_days` is the time from first to last row, `least_step_days` the shortest step between two rows.
    'auto' asks for two cycles of history, for steps shorter than the cycle below a year, and for no added
    seasonality of the same name.
    """
    added = {seasonality.name for seasonality in spec.seasonalities}
    enough = (
        span_days >= 730 and "yearly" not in added,
        span_days >= 14 and least_step_days < 7 and "weekly" not in added,
        span_days >= 2 and least_step_days < 1 and "daily" not in added,
    )
    asked = (spec.yearly_seasonality, spec.weekly_seasonality, spec.daily_seasonality)
    yearly, weekly, daily = (
        _order(value, auto, default)
        for value, auto, default in zip(asked, enough, DEFAULT_ORDERS, strict=True)
    )
    return yearly, weekly, daily


def _order(asked: SeasonalityOption, auto: bool, default: int) -> int:
    if isinstance(asked, str):
        asked = bool(auto)
    if isinstance(asked, bool):
        return default if asked else 0
    return int(asked)


def fourier(days: NDArray[np.float64], period_days: float, order: int) -> NDArray[np.float64]:
    """Return sin, cos pairs of rising frequency, shape (len(days), 2 * order)."""
    angle = 2 * np.pi * days[:, None] * (np.arange(1, order + 1) / period_days)
    columns = np.empty((len(days), 2 * order))
    columns[:, 0::2] = np.sin(angle)
    columns[:, 1::2] = np.cos(angle)
    return columns


def seasonalities(spec: ProphetSpec, orders: Orders) -> tuple[Seasonality, ...]:
    """Return the seasonalities of a series in Prophet's order: added ones, then the built-in.

    A built-in seasonality takes the place of an added one of its name, unless it is on 'auto'.
    """
    chosen = {seasonality.name: seasonality for seasonality in spec.seasonalities}
    for name, period, order in zip(BUILT_IN, PERIODS_DAYS, orders, strict=True):
        if order:
            chosen[name] = Seasonality(name, period, order)
    return tuple(chosen.values())


@dataclass(frozen=True)
class Columns:
    """Columns over a calendar, in Prophet's order, and what each means.

    Seasonalities, holidays, then regressors. `values` holds the columns that all series share; the others
    (regressors of their own values) are the last `n_own`, known by their prior, mode and component only.
    """

    values: NDArray[np.float64]
    """Shape (len(days), columns - n_own)."""
    prior_scale: NDArray[np.float64]
    """Standard deviation of the normal prior of each coefficient, shape (columns,)."""
    is_multiplicative: NDArray[np.bool_]
    """Whether the column multiplies the trend."""
    component: NDArray[np.int64]
    """Of each column: its number in `components`."""
    components: tuple[str, ...]
    """Names: each seasonality, each holiday, each regressor."""
    is_holiday: NDArray[np.bool_]
    """Of each column."""
    labels: tuple[str, ...]
    """Prophet's name of each column."""

    @property
    def n_own(self) -> int:
        """Number of columns whose values differ between series."""
        return int(len(self.prior_scale) - self.values.shape[1])

    def used(self, orders: Orders, spec: ProphetSpec) -> NDArray[np.bool_]:
        """Return which columns a series of fewer built-in seasonalities has."""
        names = {seasonality.name for seasonality in seasonalities(spec, orders)}
        absent = [at for at, name in enumerate(self.components) if name in BUILT_IN and name not in names]
        return ~np.isin(self.component, absent)


def design_columns(
    days: NDArray[np.float64],
    orders: Orders,
    spec: ProphetSpec,
    *,
    history: NDArray[np.float64] | None = None,
    regressors: NDArray[np.float64] | None = None,
) -> Columns:
    """Return the columns that multiply Prophet's beta, in Prophet's order.

    Parameters
    ----------
    days : ndarray, shape (d,)
        Days since 1970-01-01.
    orders : tuple
        Fourier orders of the built-in seasonalities.
    spec : ProphetSpec
    history : ndarray, optional
        Days of the history, which decide what holiday columns there are; default: `days`.
    regressors : ndarray, shape (d, k), optional
        Standardised values that all series share. Default: series have their own.
    """
    parts: list[NDArray[np.float64]] = []
    scales: list[float] = []
    multiplies: list[bool] = []
    labels: list[str] = []
    for seasonality in seasonalities(spec, orders):
        columns = fourier(days, seasonality.period, seasonality.fourier_order)
        width = columns.shape[1]
        scale = seasonality.prior_scale
        parts.append(columns)
        scales += [spec.seasonality_prior_scale if scale is None else scale] * width
        multiplies += [(seasonality.mode or spec.seasonality_mode) == "multiplicative"] * width
        labels += [f"{seasonality.name}_delim_{at + 1}" for at in range(width)]
    holiday_names, columns, holiday_scales = holiday_columns(days, spec, days if history is None else history)
    parts.append(columns)
    scales += holiday_scales.tolist()
    multiplies += [spec.mode_of("holidays") == "multiplicative"] * len(holiday_names)
    first_holiday = len(labels)
    labels += holiday_names
    for regressor in spec.extra_regressors:
        scale = regressor.prior_scale
        scales.append(spec.holidays_prior_scale if scale is None else scale)
        multiplies.append(spec.mode_of(regressor.name) == "multiplicative")
        labels.append(regressor.name)
    if regressors is not None:
        parts.append(regressors)
    is_holiday = np.zeros(len(labels), dtype=np.bool_)
    is_holiday[first_holiday : first_holiday + len(holiday_names)] = True
    names = [label.split("_delim_")[0] for label in labels]
    components = tuple(dict.fromkeys(names))
    number = {name: at for at, name in enumerate(components)}
    return Columns(
        np.hstack(parts),
        np.array(scales, dtype=np.float64),
        np.array(multiplies, dtype=np.bool_),
        np.array([number[name] for name in names], dtype=np.int64),
        components,
        is_holiday,
        tuple(labels),
    )
