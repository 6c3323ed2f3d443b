"""Order quantity and base stock where the quantity received differs from the quantity ordered."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.replenishment.textbook.checks import FINITE, NOT_NEGATIVE, POSITIVE, checked, require
from engine.replenishment.textbook.economic_order import EconomicOrder
from engine.replenishment.textbook.loss_given import Distribution, continuous_loss
from engine.replenishment.textbook.newsvendor import StockLevel


def economic_order_quantity_with_additive_yield(
    fixed_cost: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    demand_rate: npt.ArrayLike,
    *,
    yield_mean: npt.ArrayLike,
    yield_sd: npt.ArrayLike,
    order_quantity: npt.ArrayLike | None = None,
) -> EconomicOrder:
    """Return the order quantity of least cost where Q + Y arrives, or the cost of a given one.

    Parameters
    ----------
    fixed_cost, holding_cost, demand_rate : array_like
        As of `economic_order_quantity`.
    yield_mean, yield_sd : array_like
        Of the difference Y [units]; negative mean: fewer arrive.
    order_quantity : array_like, optional
        Quantity to cost instead [units].

    Raises
    ------
    EngineError
        If an argument breaks its range, or a given quantity yields nothing on average.

    Notes
    -----
    ``Q = √(2Kd/h + Var Y) − E Y`` (Snyder & Shen 2019, §9.3).
    """
    setup, holding, rate, mean, sd = checked(
        ("fixed_cost", fixed_cost, NOT_NEGATIVE),
        ("holding_cost", holding_cost, POSITIVE),
        ("demand_rate", demand_rate, POSITIVE),
        ("yield_mean", yield_mean, FINITE),
        ("yield_sd", yield_sd, NOT_NEGATIVE),
    )
    spread = 2.0 * setup * rate + holding * sd * sd
    if order_quantity is None:
        return EconomicOrder(np.sqrt(spread / holding) - mean, np.sqrt(spread * holding))
    (quantity,) = checked(("order_quantity", order_quantity, FINITE))
    received = quantity + mean
    require("order_quantity", received, received > 0.0, "above −yield_mean, so that something is received")
    return EconomicOrder(quantity, 0.5 * (spread / received + holding * received))


def economic_order_quantity_with_multiplicative_yield(
    fixed_cost: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    demand_rate: npt.ArrayLike,
    *,
    yield_mean: npt.ArrayLike,
    yield_sd: npt.ArrayLike,
    order_quantity: npt.ArrayLike | None = None,
) -> EconomicOrder:
    """Return the order quantity of least cost where Q·Z arrives, or the cost of a given one.

    Parameters
    ----------
    fixed_cost, holding_cost, demand_rate, order_quantity : array_like
        As of `economic_order_quantity`.
    yield_mean, yield_sd : array_like
        Of the share Z that arrives; mean > 0.

    Notes
    -----
    ``Q = √(2Kd / (h(Var Z + (E Z)²)))`` (Snyder & Shen 2019, §9.3).
    """
    setup, holding, rate, mean, sd, quantity = checked(
        ("fixed_cost", fixed_cost, NOT_NEGATIVE),
        ("holding_cost", holding_cost, POSITIVE),
        ("demand_rate", demand_rate, POSITIVE),
        ("yield_mean", yield_mean, POSITIVE),
        ("yield_sd", yield_sd, NOT_NEGATIVE),
        ("order_quantity", 1.0 if order_quantity is None else order_quantity, POSITIVE),
    )
    square = sd * sd + mean * mean
    if order_quantity is None:
        return EconomicOrder(
            np.sqrt(2.0 * setup * rate / (holding * square)),
            np.sqrt(2.0 * setup * rate * holding * square) / mean,
        )
    return EconomicOrder(
        quantity, setup * rate / (quantity * mean) + 0.5 * holding * quantity * square / mean
    )


def newsvendor_with_additive_yield(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    demand: npt.ArrayLike,
    *,
    yield_distribution: Distribution,
) -> StockLevel:
    """Return the order-up-to level of least cost for certain demand where Y too much or too little arrives.

    Parameters
    ----------
    holding_cost, stockout_cost : array_like
        [currency / unit / period]; > 0.
    demand : array_like
        Certain [units / period]; ≥ 0.
    yield_distribution : Distribution
        Of the difference Y [units], continuous.

    Notes
    -----
    ``S = d − F_Y⁻¹(h / (h + p))`` (Snyder & Shen 2019, §9.3).

    Examples
    --------
    Their Example 9.6:

    >>> from scipy.stats import uniform
    >>> best = newsvendor_with_additive_yield(15e6, 75e6, 1.5, yield_distribution=uniform(-0.5, 1))
    >>> round(float(best.level), 4), round(float(best.cost))
    (1.8333, 6250000)
    """
    holding, penalty, demand = checked(
        ("holding_cost", holding_cost, POSITIVE),
        ("stockout_cost", stockout_cost, POSITIVE),
        ("demand", demand, NOT_NEGATIVE),
    )
    needed = np.asarray(yield_distribution.ppf(holding / (holding + penalty)), dtype=np.float64)
    loss = continuous_loss(needed, yield_distribution)
    return StockLevel(demand - needed, penalty * loss.over + holding * loss.short)
