"""Order quantity and base stock where the supplier is out of service at times."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.replenishment.textbook.checks import NOT_NEGATIVE, POSITIVE, PROBABILITY, Floats, checked
from engine.replenishment.textbook.economic_order import EconomicOrder
from engine.replenishment.textbook.newsvendor import StockLevel

_NEWTON_STEPS = 100


def economic_order_quantity_with_disruptions(
    fixed_cost: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    demand_rate: npt.ArrayLike,
    *,
    disruption_rate: npt.ArrayLike,
    recovery_rate: npt.ArrayLike,
    order_quantity: npt.ArrayLike | None = None,
    approximate: bool = False,
) -> EconomicOrder:
    """Return the order quantity of least cost where supply fails and recovers at random, or cost a given one.

    Unmet demand is lost. Up and down times of the supplier are exponential.

    Parameters
    ----------
    fixed_cost : array_like
        Cost of an order [currency]; ≥ 0.
    holding_cost : array_like
        [currency / unit / time]; > 0.
    stockout_cost : array_like
        Cost of a lost sale [currency / unit]; > 0.
    demand_rate : array_like
        [units / time]; > 0.
    disruption_rate, recovery_rate : array_like
        Disruptions a time unit while up and recoveries a time unit while down; > 0.
    order_quantity : array_like, optional
        Quantity to cost instead [units]; > 0.
    approximate : bool
        Take the share of time down, λ/(λ+μ), for the probability that supply is down when stock runs out:
        Snyder's (2014) closed form.

    Notes
    -----
    ``g(Q) = (K + hQ²/2d + pdψ/μ) / (Q/d + ψ/μ)``, ``ψ = λ/(λ+μ)·(1 − exp(−(λ+μ)Q/d))`` (Parlar & Berkin 1991,
    corrected by Berk & Arreola-Risa 1994). g is quasiconvex; the root of ``g′`` is bisected.

    Examples
    --------
    Snyder & Shen (2019), Example 9.1:

    >>> order = economic_order_quantity_with_disruptions(
    ...     8, 0.225, 5, 1300, disruption_rate=1.5, recovery_rate=14
    ... )
    >>> round(float(order.quantity), 1), round(float(order.cost), 2)
    (772.8, 173.95)
    """
    terms = checked(
        ("fixed_cost", fixed_cost, NOT_NEGATIVE),
        ("holding_cost", holding_cost, POSITIVE),
        ("stockout_cost", stockout_cost, POSITIVE),
        ("demand_rate", demand_rate, POSITIVE),
        ("disruption_rate", disruption_rate, POSITIVE),
        ("recovery_rate", recovery_rate, POSITIVE),
        ("order_quantity", 1.0 if order_quantity is None else order_quantity, POSITIVE),
    )
    setup, holding, penalty, rate, down, up, quantity = terms
    if order_quantity is None:
        share = down / (down + up)
        drag = share * rate * holding
        roots = 2.0 * holding * up * (setup * rate * up + rate * rate * penalty * share)
        quantity = (np.sqrt(drag * drag + roots) - drag) / (holding * up)
        if not approximate:
            quantity = _bisected(terms[:6], quantity)
    return EconomicOrder(quantity, _cost(terms[:6], quantity, approximate)[0])


def _cost(terms: list[Floats], quantity: Floats, approximate: bool) -> tuple[Floats, Floats]:
    """Return the cost rate and the sign of its slope."""
    setup, holding, penalty, rate, down, up = terms
    share = down / (down + up)
    fade = np.zeros_like(quantity) if approximate else np.exp(-(down + up) * quantity / rate)
    psi = share if approximate else -share * np.expm1(-(down + up) * quantity / rate)
    slope_psi = share * (down + up) / rate * fade
    cost = setup + 0.5 * holding * quantity * quantity / rate + penalty * rate * psi / up
    time = quantity / rate + psi / up
    slope = (holding * quantity / rate + penalty * rate * slope_psi / up) * time
    return cost / time, slope - cost * (1.0 / rate + slope_psi / up)


def _bisected(terms: list[Floats], start: Floats) -> Floats:
    """Return the quantity at which the slope of the cost turns positive, bracketed about `start`."""
    low, high = start.copy(), start.copy()
    for _ in range(_NEWTON_STEPS):
        rising = _cost(terms, low, False)[1] > 0.0
        falling = _cost(terms, high, False)[1] < 0.0
        if not (rising.any() or falling.any()):
            break
        low = np.where(rising, 0.5 * low, low)
        high = np.where(falling, 2.0 * high, high)
    for _ in range(_NEWTON_STEPS):
        middle = 0.5 * (low + high)
        rising = _cost(terms, middle, False)[1] > 0.0
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    return 0.5 * (low + high)


def newsvendor_with_disruptions(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    demand: npt.ArrayLike,
    *,
    disruption_probability: npt.ArrayLike,
    recovery_probability: npt.ArrayLike,
    base_stock_level: npt.ArrayLike | None = None,
) -> StockLevel:
    """Return the base stock of least cost for steady demand and a supplier that is down some periods.

    Parameters
    ----------
    holding_cost, stockout_cost : array_like
        [currency / unit / period]; > 0. Unmet demand waits.
    demand : array_like
        Certain [units / period]; > 0.
    disruption_probability, recovery_probability : array_like
        That an up period is followed by a down one, and the reverse; above 0, below 1.
    base_stock_level : array_like, optional
        Level to cost instead [units].

    Notes
    -----
    The number of periods down in a row at a random time is 0 with probability β/(α+β) and n with
    ``αβ(1−β)^(n−1)/(α+β)``; the best level covers its p/(p+h) quantile (Snyder & Shen 2019, §9.2). The
    expectation is summed in closed form.

    Examples
    --------
    Their Example 9.3:

    >>> best = newsvendor_with_disruptions(
    ...     0.25, 3, 2000, disruption_probability=0.04, recovery_probability=0.25
    ... )
    >>> float(best.level), round(float(best.cost), 1)
    (8000.0, 2737.1)
    """
    holding, penalty, demand, alpha, beta, level = checked(
        ("holding_cost", holding_cost, POSITIVE),
        ("stockout_cost", stockout_cost, POSITIVE),
        ("demand", demand, POSITIVE),
        ("disruption_probability", disruption_probability, PROBABILITY),
        ("recovery_probability", recovery_probability, PROBABILITY),
        ("base_stock_level", 0.0 if base_stock_level is None else base_stock_level, NOT_NEGATIVE),
    )
    ever_down = alpha / (alpha + beta)
    keep = 1.0 - beta
    if base_stock_level is None:
        short_risk = holding / (penalty + holding)
        # F(n) = 1 − ever_down · keepⁿ; the tolerance keeps an exact power of `keep` from costing a period
        periods = np.ceil(np.log(short_risk / ever_down) / np.log(keep) - 1e-12)
        level = demand * (1.0 + np.maximum(periods, 0.0))
    stock = level / demand - 1.0
    whole = np.maximum(np.floor(stock), -1.0)
    # E[(N − y)⁺] of the periods down N: with m whole periods in y, the tail from m + 1 on, less the fraction
    tail = ever_down * keep ** np.maximum(whole, 0.0)
    beyond = tail / beta - (stock - whole) * tail
    short = np.where(stock < 0.0, ever_down / beta - stock, beyond)
    over = stock - ever_down / beta + short
    return StockLevel(level, demand * (holding * over + penalty * short))
