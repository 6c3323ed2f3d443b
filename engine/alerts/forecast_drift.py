"""Forecast drift: what sold since a plan is further off its forecast than its own uncertainty explains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.alerts.finding import findings
from engine.alerts.limits import Limits
from engine.replenishment.words import day, units

Floats = npt.NDArray[np.float64]


def forecast_drift(sums: pd.DataFrame, lines: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Find series that sell otherwise than forecast, as far as today's forecast has not followed.

    Parameters
    ----------
    sums : DataFrame
        Of each series over the same days with stock: sold, forecast [each], days, level_cv, dispersion (of
        that forecast).
    lines : DataFrame
        The plan's line of each row: expected_demand_daily, stockout_cost, holding_cost, order_by,
        next_arrival_date.
    limits : Limits

    Returns
    -------
    DataFrame
        `engine.alerts.finding.COLUMNS`.

    Notes
    -----
    size = abs(S − F) / √(d·F + (c·F)²), the distance of sales S from forecast F in standard deviations of
    the sum that the forecast itself states (d: variance over mean of a period, c: error of the level).
    Unlike a tracking signal (Brown 1962; Trigg 1964) it needs no smoothing constant and knows intermittent
    demand. The gap g [each/day] is abs(S − F) a day, less what today's forecast has moved towards it. Too low
    a forecast costs g × days until the next possible receipt × cost of a unit short; too high a one g ×
    those days held for as long.
    """
    sold, forecast = _floats(sums, "sold"), _floats(sums, "forecast")
    sigma = np.sqrt(_floats(sums, "dispersion") * forecast + (_floats(sums, "level_cv") * forecast) ** 2)
    size = np.divide(np.abs(sold - forecast), sigma, out=np.zeros(len(sold)), where=sigma > 0.0)
    gap = unfollowed(sold, forecast, _floats(sums, "days"), _floats(lines, "expected_demand_daily"))
    window = (lines["next_arrival_date"] - lines["order_by"]).dt.days.to_numpy(dtype=np.float64)
    window = np.maximum(window, 1.0)
    cost = np.where(sold > forecast, _floats(lines, "stockout_cost"), _floats(lines, "holding_cost") * window)
    return findings("forecast_drift", gap * window * cost, size, limits)


def unfollowed(sold: Floats, forecast: Floats, days: Floats, now: Floats) -> Floats:
    """Return the gap of forecast and sales that today's forecast leaves open, [n] each/day.

    Parameters
    ----------
    sold, forecast : [n] each
        Over `days` days.
    days : [n]
    now : [n] each/day
        Today's forecast.

    Examples
    --------
    >>> one = np.ones(1)
    >>> unfollowed(30 * one, 10 * one, 10 * one, 2.5 * one)  # sold 3 a day, forecast 1, now 2.5
    array([0.5])
    """
    length = np.maximum(days, 1.0)
    rate, was = sold / length, forecast / length
    towards = np.sign(rate - was) * (now - was)
    gap: Floats = np.maximum(np.abs(rate - was) - np.maximum(towards, 0.0), 0.0)
    return gap


def words(row: Mapping[str, Any], currency: str) -> tuple[str, str]:
    """Say how far sales are off and what to do."""
    del currency
    sold, forecast = float(row["sold"]), float(row["forecast"])
    change = sold / forecast - 1.0 if forecast > 0.0 else float("inf")
    more = f"{abs(change):.0%} {'more' if sold > forecast else 'less'} than" if np.isfinite(change) else "not"
    cause = (
        f"{units(sold)} sold since {day(row['since'])}, {more} the {units(forecast)} forecast: "
        f"{row['size']:.1f} standard deviations, and today's forecast of "
        f"{units(row['expected_demand_daily'])} a day has not followed."
    )
    way = "Raise" if sold > forecast else "Lower"
    return (
        cause,
        f"{way} the forecast of this item if the change lasts, or correct the sales if they are wrong.",
    )


def _floats(frame: pd.DataFrame, name: str) -> Floats:
    return frame[name].to_numpy(dtype=np.float64)
