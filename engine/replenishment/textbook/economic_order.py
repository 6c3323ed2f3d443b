"""Economic order quantity: plain, with planned backorders, and with a finite production rate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.replenishment.textbook.checks import NOT_NEGATIVE, POSITIVE, Floats, Rule, checked, require

_SHARE = Rule("between 0 and 1", lambda a: (a >= 0) & (a <= 1))


class EconomicOrder(NamedTuple):
    """An order quantity [units] and its cost rate [currency / time unit of the demand rate]."""

    quantity: Floats
    cost: Floats


class BackorderedOrder(NamedTuple):
    """An order quantity [units], the share of demand that waits, and the cost rate."""

    quantity: Floats
    backordered_share: Floats
    cost: Floats


def economic_order_quantity(
    fixed_cost: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    demand_rate: npt.ArrayLike,
    *,
    order_quantity: npt.ArrayLike | None = None,
) -> EconomicOrder:
    """Return the order quantity of least fixed and holding cost, or the cost of a given one.

    Parameters
    ----------
    fixed_cost : array_like
        Cost of an order [currency]; ≥ 0.
    holding_cost : array_like
        [currency / unit / time]; > 0.
    demand_rate : array_like
        [units / time]; > 0.
    order_quantity : array_like, optional
        Quantity to cost instead [units]; > 0.

    Raises
    ------
    EngineError
        If an argument breaks its range.

    Notes
    -----
    ``Q = √(2Kλ / h)``; cost ``Kλ/Q + hQ/2`` (Harris 1913).

    Examples
    --------
    Snyder & Shen (2019), Example 3.1:

    >>> order = economic_order_quantity(8, 0.225, 1300)
    >>> round(float(order.quantity), 2), round(float(order.cost), 2)
    (304.05, 68.41)
    """
    setup, holding, rate = _costs(fixed_cost, holding_cost, demand_rate)
    if order_quantity is None:
        return EconomicOrder(np.sqrt(2.0 * setup * rate / holding), np.sqrt(2.0 * setup * rate * holding))
    setup, holding, rate, quantity = checked(
        ("fixed_cost", setup, NOT_NEGATIVE),
        ("holding_cost", holding, POSITIVE),
        ("demand_rate", rate, POSITIVE),
        ("order_quantity", order_quantity, POSITIVE),
    )
    return EconomicOrder(quantity, setup * rate / quantity + 0.5 * holding * quantity)


def economic_order_quantity_with_backorders(
    fixed_cost: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    demand_rate: npt.ArrayLike,
    *,
    order_quantity: npt.ArrayLike | None = None,
    backordered_share: npt.ArrayLike | None = None,
) -> BackorderedOrder:
    """Return the order quantity and planned backorders of least cost, or the cost of given ones.

    Parameters
    ----------
    fixed_cost, holding_cost, demand_rate : array_like
        As of `economic_order_quantity`.
    stockout_cost : array_like
        Cost of a backorder [currency / unit / time]; > 0.
    order_quantity : array_like, optional
        Quantity to cost instead [units]; > 0.
    backordered_share : array_like, optional
        Share of each order that meets waiting demand; the best one by default.

    Notes
    -----
    ``Q = √(2Kλ(h + p) / hp)``, ``x = h / (h + p)``, cost ``h(1 − x)²Q/2 + px²Q/2 + Kλ/Q``
    (Snyder & Shen 2019, §3.5).

    Examples
    --------
    Their Example 3.8:

    >>> order = economic_order_quantity_with_backorders(8, 0.225, 5, 1300)
    >>> round(float(order.quantity), 2), round(float(order.backordered_share), 4), round(float(order.cost), 2)
    (310.81, 0.0431, 66.92)
    """
    setup, holding, rate = _costs(fixed_cost, holding_cost, demand_rate)
    setup, holding, rate, penalty = checked(
        ("fixed_cost", setup, NOT_NEGATIVE),
        ("holding_cost", holding, POSITIVE),
        ("demand_rate", rate, POSITIVE),
        ("stockout_cost", stockout_cost, POSITIVE),
    )
    share = holding / (holding + penalty) if backordered_share is None else backordered_share
    best = np.sqrt(2.0 * setup * rate * (holding + penalty) / (holding * penalty))
    if order_quantity is None and backordered_share is None:
        return BackorderedOrder(
            best,
            np.asarray(share),
            setup * rate / _not_zero(best) + 0.5 * best * _rate(holding, penalty, np.asarray(share)),
        )
    quantity, share = checked(
        ("order_quantity", best if order_quantity is None else order_quantity, POSITIVE),
        ("backordered_share", share, _SHARE),
    )
    return BackorderedOrder(
        quantity, share, setup * rate / quantity + 0.5 * quantity * _rate(holding, penalty, share)
    )


def _rate(holding: Floats, penalty: Floats, share: Floats) -> Floats:
    """Holding and backorder cost a unit of order quantity, twice."""
    return holding * (1.0 - share) ** 2 + penalty * share * share


def _not_zero(quantity: Floats) -> Floats:
    """An order that costs nothing is of size 0, and 0/0 is no cost."""
    return np.where(quantity > 0.0, quantity, 1.0)


def economic_production_quantity(
    fixed_cost: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    demand_rate: npt.ArrayLike,
    production_rate: npt.ArrayLike,
    *,
    order_quantity: npt.ArrayLike | None = None,
) -> EconomicOrder:
    """Return the lot of least cost where it arrives at a finite rate, or the cost of a given lot.

    Parameters
    ----------
    fixed_cost, holding_cost, demand_rate, order_quantity : array_like
        As of `economic_order_quantity`.
    production_rate : array_like
        [units / time]; above `demand_rate`.

    Notes
    -----
    The economic order quantity with ``h(1 − λ/μ)`` for h (Taft 1918).

    Examples
    --------
    Snyder & Shen (2019), Problem 3.22:

    >>> lot = economic_production_quantity(4, 0.08, 80, 110)
    >>> round(float(lot.quantity), 2), round(float(lot.cost), 4)
    (171.27, 3.7368)
    """
    setup, holding, rate = _costs(fixed_cost, holding_cost, demand_rate)
    setup, holding, rate, production = checked(
        ("fixed_cost", setup, NOT_NEGATIVE),
        ("holding_cost", holding, POSITIVE),
        ("demand_rate", rate, POSITIVE),
        ("production_rate", production_rate, POSITIVE),
    )
    require("production_rate", production, production > rate, "above demand_rate")
    return economic_order_quantity(
        setup, holding * (1.0 - rate / production), rate, order_quantity=order_quantity
    )


def _costs(fixed: npt.ArrayLike, holding: npt.ArrayLike, rate: npt.ArrayLike) -> list[Floats]:
    return checked(
        ("fixed_cost", fixed, NOT_NEGATIVE),
        ("holding_cost", holding, POSITIVE),
        ("demand_rate", rate, POSITIVE),
    )
