"""(r, Q) policies by the usual approximations, for comparison with the exact one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from engine.replenishment.textbook.checks import Floats, require
from engine.replenishment.textbook.economic_order import (
    economic_order_quantity,
    economic_order_quantity_with_backorders,
)
from engine.replenishment.textbook.loss_continuous import normal_loss, normal_second_loss
from engine.replenishment.textbook.newsvendor import newsvendor_normal
from engine.replenishment.textbook.reorder_quantity import (
    BISECTIONS,
    LeadTimeDemand,
    ReorderPolicy,
    balanced_point,
    cost_rate,
    lead_time_demand,
)

_ROUNDS = 10_000
_SETTLED = 1e-14


def expected_inventory_level_policy(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    fixed_cost: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    lead_time: npt.ArrayLike,
) -> ReorderPolicy:
    """Return r and Q by the expected-inventory-level approximation, a stockout costing once a unit.

    Parameters
    ----------
    holding_cost, fixed_cost, demand_mean, demand_sd, lead_time : array_like
        As of `reorder_policy_cost`.
    stockout_cost : array_like
        [currency / unit], whatever the wait; above ``hQ/λ``.

    Returns
    -------
    ReorderPolicy
        With the approximate cost ``h(r − λL + Q/2) + Kλ/Q + pλn(r)/Q``.

    Raises
    ------
    EngineError
        If an argument breaks its range, or a stockout is so cheap that none would be held for it.

    Notes
    -----
    Alternates ``r = F⁻¹(1 − Qh/pλ)`` and ``Q = √(2λ(K + p·n(r))/h)`` (Whitin 1953; Snyder & Shen 2019,
    Algorithm 5.1).

    Examples
    --------
    Their Example 5.2:

    >>> policy = expected_inventory_level_policy(0.225, 7.5, 8, 1300, 150, 1 / 12)
    >>> round(float(policy.reorder_point), 2), round(float(policy.order_quantity), 2)
    (213.97, 318.59)
    """
    terms = lead_time_demand(holding_cost, stockout_cost, fixed_cost, demand_mean, demand_sd, lead_time)
    quantity = economic_order_quantity(terms.setup, terms.holding, terms.rate).quantity
    for _ in range(_ROUNDS):
        risk = quantity * terms.holding / (terms.penalty * terms.rate)
        require(
            "stockout_cost", terms.penalty, risk < 1.0, "above what holding an order until sold costs a unit"
        )
        point = terms.mean - special.ndtri(risk) * terms.sd
        short = normal_loss(point, terms.mean, terms.sd).short
        before = quantity
        quantity = np.sqrt(2.0 * terms.rate * (terms.setup + terms.penalty * short) / terms.holding)
        if np.all(np.abs(quantity - before) <= _SETTLED * quantity):
            break
    held = terms.holding * (point - terms.mean + 0.5 * quantity)
    ordered = terms.rate * (terms.setup + terms.penalty * short) / quantity
    return ReorderPolicy(point, quantity, held + ordered)


def backorder_quantity_policy(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    fixed_cost: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    lead_time: npt.ArrayLike,
) -> ReorderPolicy:
    """Return the economic order quantity with backorders and its best reorder point, with the exact cost.

    Its cost is at most 1/8 above the least (Zheng 1992).

    Parameters
    ----------
    holding_cost, stockout_cost, fixed_cost, demand_mean, demand_sd, lead_time : array_like
        As of `reorder_policy_cost`.
    """
    terms = lead_time_demand(holding_cost, stockout_cost, fixed_cost, demand_mean, demand_sd, lead_time)
    quantity = economic_order_quantity_with_backorders(
        terms.setup, terms.holding, terms.penalty, terms.rate
    ).quantity
    return _with_cost(terms, balanced_point(terms, quantity), quantity)


def safety_stock_policy(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    fixed_cost: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    lead_time: npt.ArrayLike,
) -> ReorderPolicy:
    """Return the economic order quantity and the newsvendor level of lead-time demand, with the exact cost.

    Parameters
    ----------
    holding_cost, stockout_cost, fixed_cost, demand_mean, demand_sd, lead_time : array_like
        As of `reorder_policy_cost`.
    """
    terms = lead_time_demand(holding_cost, stockout_cost, fixed_cost, demand_mean, demand_sd, lead_time)
    quantity = economic_order_quantity(terms.setup, terms.holding, terms.rate).quantity
    point = newsvendor_normal(terms.holding, terms.penalty, terms.mean, terms.sd).level
    return _with_cost(terms, point, quantity)


def loss_function_policy(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    fixed_cost: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    lead_time: npt.ArrayLike,
) -> ReorderPolicy:
    """Return r and Q that neglect the waiting left when an order arrives, with the exact cost.

    Parameters
    ----------
    holding_cost, stockout_cost, fixed_cost, demand_mean, demand_sd, lead_time : array_like
        As of `reorder_policy_cost`.

    Notes
    -----
    Alternates ``n(r) = hQ/(h + p)`` and ``Q = √(2(Kλ + (h + p)·n₂(r))/h)`` (Hadley & Whitin 1963;
    Snyder & Shen 2019, §5.4).

    Examples
    --------
    Their Example 5.6:

    >>> policy = loss_function_policy(0.225, 7.5, 8, 1300, 150, 1 / 12)
    >>> round(float(policy.reorder_point), 2), round(float(policy.order_quantity), 2)
    (126.87, 328.45)
    """
    terms = lead_time_demand(holding_cost, stockout_cost, fixed_cost, demand_mean, demand_sd, lead_time)
    both = terms.holding + terms.penalty
    quantity = economic_order_quantity(terms.setup, terms.holding, terms.rate).quantity
    for _ in range(_ROUNDS):
        point = _point_of_loss(terms, terms.holding * quantity / both)
        second = normal_second_loss(point, terms.mean, terms.sd).short
        before = quantity
        quantity = np.sqrt(2.0 * (terms.setup * terms.rate + both * second) / terms.holding)
        if np.all(np.abs(quantity - before) <= _SETTLED * quantity):
            break
    return _with_cost(terms, point, quantity)


def _point_of_loss(terms: LeadTimeDemand, short: Floats) -> Floats:
    """Return the level at which `short` units are expected short: at least the mean less that many."""
    low = terms.mean - short
    high = terms.mean + 40.0 * terms.sd
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        if np.all((middle == low) | (middle == high)):
            break
        too_low = normal_loss(middle, terms.mean, terms.sd).short > short
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return 0.5 * (low + high)


def _with_cost(
    terms: LeadTimeDemand,
    point: Floats,
    quantity: Floats,
) -> ReorderPolicy:
    return ReorderPolicy(point, quantity, cost_rate(terms, point, quantity))
