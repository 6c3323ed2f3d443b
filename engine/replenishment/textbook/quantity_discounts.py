"""Economic order quantity where the price falls with the quantity: on all units or on the last."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.replenishment.textbook.checks import NOT_NEGATIVE, POSITIVE, Floats, checked, require

Integers = npt.NDArray[np.int64]


class DiscountedOrder(NamedTuple):
    """An order quantity [units], the index of its price, and the cost rate incl. purchases."""

    quantity: Floats
    price_index: Integers
    cost: Floats


def all_units_discount_order(
    fixed_cost: npt.ArrayLike,
    holding_rate: npt.ArrayLike,
    demand_rate: npt.ArrayLike,
    *,
    breakpoints: npt.ArrayLike,
    unit_costs: npt.ArrayLike,
) -> DiscountedOrder:
    """Return the order of least cost where every unit of an order has the price of its last one.

    Parameters
    ----------
    fixed_cost : array_like, shape (…)
        Cost of an order [currency]; ≥ 0.
    holding_rate : array_like, shape (…)
        Yearly (or other) holding cost as a share of the unit cost; > 0.
    demand_rate : array_like, shape (…)
        [units / time]; > 0.
    breakpoints : array_like, shape (…, m)
        Least quantity of each price [units]; the first 0, then rising.
    unit_costs : array_like, shape (…, m)
        [currency / unit]; > 0, not rising.

    Raises
    ------
    EngineError
        If an argument breaks its range.

    Notes
    -----
    Each price's best quantity is its economic order quantity, or its breakpoint if that is greater; one that
    is beyond the next breakpoint is bettered there (Snyder & Shen 2019, §3.4).

    Examples
    --------
    Their Example 3.6:

    >>> order = all_units_discount_order(
    ...     8, 0.3, 1300, breakpoints=[0, 400, 800], unit_costs=[0.75, 0.72, 0.68]
    ... )
    >>> float(order.quantity), int(order.price_index), round(float(order.cost), 2)
    (800.0, 2, 978.6)
    """
    setup, carry, rate, breaks, prices = _terms(
        fixed_cost, holding_rate, demand_rate, breakpoints, unit_costs
    )
    quantity = np.maximum(np.sqrt(2.0 * setup * rate / (carry * prices)), breaks)
    realizable = quantity < _next_breaks(breaks)
    # 1: with no fixed cost the first quantity is 0, and so is its fixed cost
    cost = (
        prices * rate + setup * rate / np.where(quantity > 0, quantity, 1.0) + 0.5 * carry * prices * quantity
    )
    return _best(quantity, np.where(realizable, cost, np.inf))


def incremental_discount_order(
    fixed_cost: npt.ArrayLike,
    holding_rate: npt.ArrayLike,
    demand_rate: npt.ArrayLike,
    *,
    breakpoints: npt.ArrayLike,
    unit_costs: npt.ArrayLike,
) -> DiscountedOrder:
    """Return the order of least cost where a lower price holds for the units beyond its breakpoint.

    Parameters
    ----------
    fixed_cost, holding_rate, demand_rate, breakpoints, unit_costs : array_like
        As of `all_units_discount_order`.

    Notes
    -----
    In price j an order costs ``K + c̄ⱼ + cⱼQ`` with c̄ⱼ what its dearer units cost more; its best quantity is
    ``√(2(K + c̄ⱼ)λ / icⱼ)`` where that lies within the price (Snyder & Shen 2019, §3.4).

    Examples
    --------
    Their Example 3.7:

    >>> order = incremental_discount_order(
    ...     8, 0.3, 1300, breakpoints=[0, 400, 800], unit_costs=[0.75, 0.72, 0.68]
    ... )
    >>> round(float(order.quantity), 2), int(order.price_index), round(float(order.cost), 2)
    (304.05, 0, 1043.41)
    """
    setup, carry, rate, breaks, prices = _terms(
        fixed_cost, holding_rate, demand_rate, breakpoints, unit_costs
    )
    drop = np.zeros_like(prices)
    drop[..., 1:] = -np.diff(prices, axis=-1) * breaks[..., 1:]
    extra = np.cumsum(drop, axis=-1)
    quantity = np.sqrt(2.0 * (setup + extra) * rate / (carry * prices))
    realizable = (quantity >= breaks) & (quantity < _next_breaks(breaks))
    cost = prices * rate + 0.5 * carry * extra + np.sqrt(2.0 * (setup + extra) * rate * carry * prices)
    return _best(quantity, np.where(realizable, cost, np.inf))


def _terms(
    fixed_cost: npt.ArrayLike,
    holding_rate: npt.ArrayLike,
    demand_rate: npt.ArrayLike,
    breakpoints: npt.ArrayLike,
    unit_costs: npt.ArrayLike,
) -> list[Floats]:
    """Return the arguments broadcast to shape (…, prices)."""
    breaks, prices = checked(
        ("breakpoints", np.atleast_1d(breakpoints), NOT_NEGATIVE),
        ("unit_costs", np.atleast_1d(unit_costs), POSITIVE),
    )
    require("breakpoints", breaks[..., 0], breaks[..., 0] == 0.0, "0 for the first price")
    require("breakpoints", breaks[..., 1:], np.diff(breaks, axis=-1) > 0.0, "rising")
    require(
        "unit_costs", prices[..., 1:], np.diff(prices, axis=-1) <= 0.0, "at most that of the price before"
    )
    return checked(
        ("fixed_cost", np.asarray(fixed_cost)[..., None], NOT_NEGATIVE),
        ("holding_rate", np.asarray(holding_rate)[..., None], POSITIVE),
        ("demand_rate", np.asarray(demand_rate)[..., None], POSITIVE),
        ("breakpoints", breaks, NOT_NEGATIVE),
        ("unit_costs", prices, POSITIVE),
    )


def _next_breaks(breaks: Floats) -> Floats:
    return np.concatenate([breaks[..., 1:], np.full_like(breaks[..., :1], np.inf)], axis=-1)


def _best(quantity: Floats, cost: Floats) -> DiscountedOrder:
    index = np.argmin(cost, axis=-1)

    def of_best(values: Floats) -> Floats:
        return np.take_along_axis(values, index[..., None], axis=-1)[..., 0]

    return DiscountedOrder(of_best(quantity), index, of_best(cost))
