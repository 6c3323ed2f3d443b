"""(r, Q) policy with continuous review and normal lead-time demand, exact.

When the inventory position falls to r, Q is ordered. The position is then uniform between r and r + Q, so the
cost rate is ``(Kλ + ∫ g(y) dy) / Q`` over r … r + Q with g the newsvendor cost of lead-time demand
(Hadley & Whitin 1963; Zheng 1992). The integral is closed: g integrates to second-order losses.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from engine.replenishment.textbook.checks import FINITE, NOT_NEGATIVE, POSITIVE, Floats, checked
from engine.replenishment.textbook.loss_continuous import normal_second_loss, unit_loss
from engine.replenishment.textbook.newsvendor import newsvendor_normal

BISECTIONS = 200
"""More halvings than a float has bits; each loop ends when nothing moves any more."""


_LEAST_SD = 1e-12
"""Standard deviation of lead-time demand, as a share of a time unit's demand, below which it is certain."""


_FLAT = 1e-300
"""Where demand is certain the slope is none, and the step goes out of the bracket."""
_SETTLED = 1e-11
"""Relative size of a Newton step after which the next would be rounding."""


class ReorderPolicy(NamedTuple):
    """Reorder point and order quantity [units] and their cost rate [currency / time]."""

    reorder_point: Floats
    order_quantity: Floats
    cost: Floats


class LeadTimeDemand(NamedTuple):
    """Checked costs and demand: mean and sd are those of the lead time [units]."""

    holding: Floats
    penalty: Floats
    setup: Floats
    rate: Floats
    mean: Floats
    sd: Floats


def lead_time_demand(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    fixed_cost: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    lead_time: npt.ArrayLike,
) -> LeadTimeDemand:
    """Return the arguments as arrays, demand cumulated over the lead time; see `reorder_policy_cost`."""
    holding, penalty, setup, mean, sd, lead = checked(
        ("holding_cost", holding_cost, POSITIVE),
        ("stockout_cost", stockout_cost, POSITIVE),
        ("fixed_cost", fixed_cost, POSITIVE),
        ("demand_mean", demand_mean, POSITIVE),
        ("demand_sd", demand_sd, NOT_NEGATIVE),
        ("lead_time", lead_time, NOT_NEGATIVE),
    )
    return LeadTimeDemand(holding, penalty, setup, mean, mean * lead, sd * np.sqrt(lead))


def reorder_policy_cost(
    reorder_point: npt.ArrayLike,
    order_quantity: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    fixed_cost: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    lead_time: npt.ArrayLike,
) -> Floats:
    """Return the cost rate of a reorder point and order quantity.

    Parameters
    ----------
    reorder_point, order_quantity : array_like
        [units]; quantity > 0.
    holding_cost, stockout_cost : array_like
        Cost of a unit in stock or waiting [currency / unit / time]; > 0.
    fixed_cost : array_like
        Cost of an order [currency]; > 0.
    demand_mean, demand_sd : array_like
        Demand of a time unit [units]; normal, independent from time to time; mean > 0.
    lead_time : array_like
        Certain [time]; ≥ 0.

    Raises
    ------
    EngineError
        If an argument breaks its range.

    Examples
    --------
    Snyder & Shen (2019), Example 5.1:

    >>> round(float(reorder_policy_cost(126.8, 328.5, 0.225, 7.5, 8, 1300, 150, 1 / 12)), 4)
    78.0712
    """
    terms = lead_time_demand(holding_cost, stockout_cost, fixed_cost, demand_mean, demand_sd, lead_time)
    point, quantity = checked(
        ("reorder_point", reorder_point, FINITE), ("order_quantity", order_quantity, POSITIVE)
    )
    return cost_rate(terms, point, quantity)


def cost_rate(terms: LeadTimeDemand, point: Floats, quantity: Floats) -> Floats:
    """Return ``(Kλ + ∫ g) / Q`` by second-order losses."""
    low = normal_second_loss(point, terms.mean, terms.sd)
    high = normal_second_loss(point + quantity, terms.mean, terms.sd)
    held = terms.holding * (high.over - low.over)
    waiting = terms.penalty * (low.short - high.short)
    return (terms.setup * terms.rate + held + waiting) / quantity


def level_cost(terms: LeadTimeDemand, level: Floats) -> Floats:
    """Return the newsvendor cost g(y) of lead-time demand."""
    # certain demand: the limit of ever smaller deviations
    sd = np.maximum(terms.sd, _LEAST_SD * terms.rate)
    loss = unit_loss((level - terms.mean) / sd)
    return sd * (terms.holding * loss.over + terms.penalty * loss.short)


def best_reorder_point(
    order_quantity: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    lead_time: npt.ArrayLike,
) -> Floats:
    """Return the reorder point of least cost for a given order quantity: ``g(r) = g(r + Q)``.

    Parameters
    ----------
    order_quantity, holding_cost, stockout_cost, demand_mean, demand_sd, lead_time : array_like
        As of `reorder_policy_cost`.

    Examples
    --------
    >>> round(float(best_reorder_point(318, 0.225, 7.5, 1300, 150, 1 / 12)), 4)
    127.788
    """
    terms = lead_time_demand(holding_cost, stockout_cost, 1.0, demand_mean, demand_sd, lead_time)
    (quantity,) = checked(("order_quantity", order_quantity, POSITIVE))
    return balanced_point(terms, quantity)


def balanced_point(terms: LeadTimeDemand, quantity: Floats) -> Floats:
    """Return r with g(r) = g(r + Q), by Newton steps within a bracket: at most Q below the cheapest level."""
    both = terms.holding + terms.penalty
    sd = np.maximum(terms.sd, _LEAST_SD * terms.rate)
    high = newsvendor_normal(terms.holding, terms.penalty, terms.mean, terms.sd).level + 0.0 * quantity
    low = high - quantity
    point = 0.5 * (low + high)
    for _ in range(BISECTIONS):
        gap = level_cost(terms, point) - level_cost(terms, point + quantity)
        low, high = np.where(gap > 0.0, point, low), np.where(gap > 0.0, high, point)
        z = (point - terms.mean) / sd
        slope = both * np.minimum(special.ndtr(z) - special.ndtr(z + quantity / sd), -_FLAT)
        step = point - gap / slope
        new = np.where((step >= low) & (step <= high), step, 0.5 * (low + high))
        if np.all(np.abs(new - point) <= _SETTLED * (np.abs(point) + quantity)):
            return new
        point = new
    return point


def best_reorder_policy(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    fixed_cost: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    lead_time: npt.ArrayLike,
) -> ReorderPolicy:
    """Return the reorder point and order quantity of least cost.

    Parameters
    ----------
    holding_cost, stockout_cost, fixed_cost, demand_mean, demand_sd, lead_time : array_like
        As of `reorder_policy_cost`.

    Notes
    -----
    With r(Q) as above, the cost is convex in Q and least where it equals ``g(r(Q))``; that Q is at least the
    economic order quantity with backorders (Zheng 1992).

    Examples
    --------
    >>> best = best_reorder_policy(0.225, 7.5, 8, 1300, 150, 1 / 12)
    >>> round(float(best.reorder_point), 1), round(float(best.order_quantity), 1), round(float(best.cost), 4)
    (126.9, 328.4, 78.0711)
    """
    terms = lead_time_demand(holding_cost, stockout_cost, fixed_cost, demand_mean, demand_sd, lead_time)
    ratio = (terms.holding + terms.penalty) / (terms.holding * terms.penalty)
    low = np.sqrt(2.0 * terms.setup * terms.rate * ratio) * (1.0 - 1e-9)
    high = 2.0 * low
    for _ in range(BISECTIONS):
        growing = _falls(terms, high)
        if not growing.any():
            break
        high = np.where(growing, 2.0 * high, high)
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        if np.all(high - low <= 1e-12 * high):
            break
        growing = _falls(terms, middle)
        low, high = np.where(growing, middle, low), np.where(growing, high, middle)
    quantity = 0.5 * (low + high)
    point = balanced_point(terms, quantity)
    return ReorderPolicy(point, quantity, cost_rate(terms, point, quantity))


def _falls(terms: LeadTimeDemand, quantity: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether the cost still falls with the quantity."""
    point = balanced_point(terms, quantity)
    falls: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = np.asarray(
        cost_rate(terms, point, quantity) > level_cost(terms, point)
    )
    return falls
