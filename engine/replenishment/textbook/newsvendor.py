"""Newsvendor: the stock level of least expected cost or greatest expected profit, normal and Poisson demand.

With a lead time of L whole periods and a review every period, the level covers the demand of L + 1 periods:
the base-stock level of an infinite horizon with backorders.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from engine.replenishment.textbook.checks import (
    FINITE,
    NOT_NEGATIVE,
    POSITIVE,
    WHOLE,
    WHOLE_NOT_NEGATIVE,
    Argument,
    Floats,
    checked,
    require,
)
from engine.replenishment.textbook.loss_continuous import normal_loss
from engine.replenishment.textbook.loss_discrete import poisson_loss


class StockLevel(NamedTuple):
    """A stock (or order-up-to) level [units] and its expected cost [currency / period]."""

    level: Floats
    cost: Floats


class ProfitLevel(NamedTuple):
    """A stock level [units] and its expected profit [currency / period]."""

    level: Floats
    profit: Floats


def newsvendor_normal(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    *,
    lead_time: npt.ArrayLike = 0,
    level: npt.ArrayLike | None = None,
) -> StockLevel:
    """Return the stock level of least cost under normal demand, or the cost of a given one.

    Parameters
    ----------
    holding_cost, stockout_cost : array_like
        Cost of a unit left over or short [currency / unit / period]; > 0.
    demand_mean, demand_sd : array_like
        Demand of a period [units]; sd ≥ 0.
    lead_time : array_like
        Whole periods between order and arrival [periods]; ≥ 0.
    level : array_like, optional
        Level to cost instead [units].

    Raises
    ------
    EngineError
        If an argument breaks its range.

    Notes
    -----
    ``S = μ + Φ⁻¹(p / (p + h))·σ``, cost ``h·E[(S − D)⁺] + p·E[(D − S)⁺]`` (Arrow, Harris & Marschak 1951;
    Snyder & Shen 2019, §4.3).

    Examples
    --------
    Their Example 4.3:

    >>> best = newsvendor_normal(0.18, 0.70, 50, 8)
    >>> round(float(best.level), 2), round(float(best.cost), 4)
    (56.6, 1.9976)
    """
    holding, penalty, mean, sd, lead = checked(
        *_costs(holding_cost, stockout_cost),
        ("demand_mean", demand_mean, FINITE),
        ("demand_sd", demand_sd, NOT_NEGATIVE),
        ("lead_time", lead_time, WHOLE_NOT_NEGATIVE),
    )
    mean, sd = mean * (lead + 1.0), sd * np.sqrt(lead + 1.0)
    if level is None:
        level = mean + special.ndtri(penalty / (penalty + holding)) * sd
    loss = normal_loss(level, mean, sd)
    return StockLevel(np.asarray(level, dtype=np.float64), holding * loss.over + penalty * loss.short)


def newsvendor_poisson(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    *,
    lead_time: npt.ArrayLike = 0,
    level: npt.ArrayLike | None = None,
) -> StockLevel:
    """Return the smallest stock level of least cost under Poisson demand, or the cost of a given one.

    Parameters
    ----------
    holding_cost, stockout_cost, lead_time : array_like
        As of `newsvendor_normal`.
    demand_mean : array_like
        Demand of a period [units]; > 0.
    level : array_like, optional
        Whole level to cost instead [units].

    Examples
    --------
    >>> best = newsvendor_poisson(1, 4, 6)
    >>> float(best.level), round(float(best.cost), 4)
    (8.0, 3.5701)
    """
    holding, penalty, mean, lead = checked(
        *_costs(holding_cost, stockout_cost),
        ("demand_mean", demand_mean, POSITIVE),
        ("lead_time", lead_time, WHOLE_NOT_NEGATIVE),
    )
    mean = mean * (lead + 1.0)
    if level is None:
        level = stats.poisson.ppf(penalty / (penalty + holding), mean)
    (whole,) = checked(("level", level, WHOLE))
    loss = poisson_loss(whole, mean)
    return StockLevel(whole, holding * loss.over + penalty * loss.short)


def newsvendor_normal_profit(
    revenue: npt.ArrayLike,
    purchase_cost: npt.ArrayLike,
    salvage_value: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    *,
    holding_cost: npt.ArrayLike = 0.0,
    stockout_cost: npt.ArrayLike = 0.0,
    lead_time: npt.ArrayLike = 0,
    level: npt.ArrayLike | None = None,
) -> ProfitLevel:
    """Return the stock level of greatest expected profit under normal demand, or the profit of a given one.

    Parameters
    ----------
    revenue, purchase_cost, salvage_value : array_like
        [currency / unit]; a unit sold, bought and left over; revenue > purchase cost > salvage value.
    demand_mean, demand_sd, lead_time, level : array_like
        As of `newsvendor_normal`.
    holding_cost, stockout_cost : array_like
        Besides the above [currency / unit]; ≥ 0.

    Notes
    -----
    Overage ``c − v + h``, underage ``r − c + p``; profit ``(r − c + p)S − pμ − (r − v + h + p)E[(S − D)⁺]``
    (Snyder & Shen 2019, §4.3.2).

    Examples
    --------
    Their Example 4.2:

    >>> best = newsvendor_normal_profit(1, 0.3, 0.12, 50, 8)
    >>> round(float(best.level), 2), round(float(best.profit), 2)
    (56.6, 33.0)
    """
    over, under, penalty, lead = _margins(
        revenue, purchase_cost, salvage_value, holding_cost, stockout_cost, lead_time
    )
    mean, sd = checked(("demand_mean", demand_mean, FINITE), ("demand_sd", demand_sd, NOT_NEGATIVE))
    mean, sd = mean * (lead + 1.0), sd * np.sqrt(lead + 1.0)
    if level is None:
        level = mean + special.ndtri(under / (under + over)) * sd
    left = normal_loss(level, mean, sd).over
    level = np.asarray(level, dtype=np.float64)
    return ProfitLevel(level, under * level - penalty * mean - (over + under) * left)


def newsvendor_poisson_profit(
    revenue: npt.ArrayLike,
    purchase_cost: npt.ArrayLike,
    salvage_value: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    *,
    holding_cost: npt.ArrayLike = 0.0,
    stockout_cost: npt.ArrayLike = 0.0,
    lead_time: npt.ArrayLike = 0,
    level: npt.ArrayLike | None = None,
) -> ProfitLevel:
    """Return the smallest stock level of greatest expected profit under Poisson demand.

    Parameters
    ----------
    revenue, purchase_cost, salvage_value, holding_cost, stockout_cost : array_like
        As of `newsvendor_normal_profit`.
    demand_mean, lead_time, level : array_like
        As of `newsvendor_poisson`.

    Examples
    --------
    >>> best = newsvendor_poisson_profit(1, 0.3, 0.12, 50)
    >>> float(best.level), round(float(best.profit), 2)
    (56.0, 33.2)
    """
    over, under, penalty, lead = _margins(
        revenue, purchase_cost, salvage_value, holding_cost, stockout_cost, lead_time
    )
    (mean,) = checked(("demand_mean", demand_mean, POSITIVE))
    mean = mean * (lead + 1.0)
    if level is None:
        level = stats.poisson.ppf(under / (under + over), mean)
    (whole,) = checked(("level", level, WHOLE))
    left = poisson_loss(whole, mean).over
    return ProfitLevel(whole, under * whole - penalty * mean - (over + under) * left)


def _costs(holding: npt.ArrayLike, stockout: npt.ArrayLike) -> tuple[Argument, Argument]:
    return ("holding_cost", holding, POSITIVE), ("stockout_cost", stockout, POSITIVE)


def _margins(
    revenue: npt.ArrayLike,
    purchase_cost: npt.ArrayLike,
    salvage_value: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    lead_time: npt.ArrayLike,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return cost of a unit too many, of one too few, the penalty alone, and the lead time."""
    price, cost, salvage, holding, penalty, lead = checked(
        ("revenue", revenue, POSITIVE),
        ("purchase_cost", purchase_cost, NOT_NEGATIVE),
        ("salvage_value", salvage_value, FINITE),
        ("holding_cost", holding_cost, NOT_NEGATIVE),
        ("stockout_cost", stockout_cost, NOT_NEGATIVE),
        ("lead_time", lead_time, WHOLE_NOT_NEGATIVE),
    )
    require("revenue", price, price > cost, "above purchase_cost")
    require("purchase_cost", cost, cost > salvage, "above salvage_value")
    return cost - salvage + holding, price - cost + penalty, penalty, lead
