"""Myopic levels: each period by itself, what is left valued at the next period's price (Veinott 1966).

``G_t(y) = c_t·y + g_t(y) − γ_t·c_{t+1}·(y − E D_t)`` with g the newsvendor cost of normal demand.
The levels bound the best (s, S) of a finite horizon (Zipkin 2000, §9.4).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from engine.replenishment.textbook.checks import (
    FINITE,
    NOT_NEGATIVE,
    POSITIVE,
    SHARE,
    Floats,
    checked,
    require,
)
from engine.replenishment.textbook.loss_continuous import normal_loss
from engine.replenishment.textbook.newsvendor import StockLevel

_BISECTIONS = 200


class MyopicBounds(NamedTuple):
    """Bounds on S_t and s_t of each period, each of shape (…, T) [units].

    `reorder_point_upper` is NaN where it does not hold: the fixed cost is below the next one discounted.
    """

    order_up_to_lower: Floats
    order_up_to_upper: Floats
    reorder_point_lower: Floats
    reorder_point_upper: Floats


class _Period(NamedTuple):
    holding: Floats
    penalty: Floats
    price: Floats
    next_price: Floats
    mean: Floats
    sd: Floats
    discount: Floats


def myopic_level(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    purchase_cost: npt.ArrayLike,
    next_purchase_cost: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    *,
    discount_factor: npt.ArrayLike = 1.0,
    level: npt.ArrayLike | None = None,
) -> StockLevel:
    """Return the level of least cost where what is left sells back at the next price, or cost a given one.

    Parameters
    ----------
    holding_cost, stockout_cost : array_like
        Cost of a unit left over or short at the end [currency / unit]; > 0.
    purchase_cost, next_purchase_cost : array_like
        In this period and the next [currency / unit]; their difference ``c − γc′`` between −h and p.
    demand_mean, demand_sd : array_like
        Normal [units]; sd > 0.
    discount_factor : array_like
        γ, above 0, at most 1.
    level : array_like, optional
        Level to cost instead [units].

    Raises
    ------
    EngineError
        If an argument breaks its range.

    Notes
    -----
    ``F(y) = (p − c + γc′) / (p + h)``.

    Examples
    --------
    >>> best = myopic_level(0.18, 0.70, 0.3, 0.35, 50, 8, discount_factor=0.98)
    >>> round(float(best.level), 3), round(float(best.cost), 4)
    (58.099, 16.6824)
    """
    period = _period(
        holding_cost,
        stockout_cost,
        purchase_cost,
        next_purchase_cost,
        demand_mean,
        demand_sd,
        discount_factor,
    )
    if level is None:
        chosen = _cheapest(period)
    else:
        (chosen,) = checked(("level", level, FINITE))
    return StockLevel(chosen, _cost(period, chosen))


def myopic_level_of_cost(
    cost: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    purchase_cost: npt.ArrayLike,
    next_purchase_cost: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    *,
    discount_factor: npt.ArrayLike = 1.0,
    side: Literal["below", "above"],
) -> Floats:
    """Return the level below or above the cheapest one whose myopic cost is `cost`.

    Parameters
    ----------
    cost : array_like
        [currency]; at least the least myopic cost.
    holding_cost, stockout_cost, purchase_cost, next_purchase_cost, demand_mean, demand_sd, discount_factor
        As of `myopic_level`; the slope must not be 0 on the side asked for.
    side : "below" or "above"
        Of the cheapest level.

    Raises
    ------
    EngineError
        If an argument breaks its range or no level has that cost.
    """
    period = _period(
        holding_cost,
        stockout_cost,
        purchase_cost,
        next_purchase_cost,
        demand_mean,
        demand_sd,
        discount_factor,
    )
    (wanted,) = checked(("cost", cost, FINITE))
    return _level_of_cost(period, wanted, -1.0 if side == "below" else 1.0)


def myopic_bounds(
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    *,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    purchase_cost: npt.ArrayLike,
    fixed_cost: npt.ArrayLike,
    terminal_holding_cost: npt.ArrayLike,
    terminal_stockout_cost: npt.ArrayLike,
    discount_factor: npt.ArrayLike = 1.0,
    periods: int | None = None,
) -> MyopicBounds:
    """Return bounds on the best (s, S) of each period of a finite horizon.

    Parameters
    ----------
    demand_mean, demand_sd : array_like, shape (…, T)
        Normal [units]; sd > 0.
    holding_cost, stockout_cost, purchase_cost, fixed_cost, discount_factor : array_like
        Of each period, broadcast to (…, T).
    terminal_holding_cost, terminal_stockout_cost : array_like, shape (…)
        Of a unit left over or short after the last period, besides its own cost [currency / unit]; ≥ 0.
    periods : int, optional
        T, where no argument has it.

    Raises
    ------
    EngineError
        If an argument breaks its range, or the price moves by more than a holding or stockout cost.

    Examples
    --------
    >>> bounds = myopic_bounds(100, 20, holding_cost=1, stockout_cost=20, purchase_cost=2, fixed_cost=50,
    ...     terminal_holding_cost=1, terminal_stockout_cost=20, periods=5)
    >>> [round(float(bound[0]), 3) for bound in bounds]
    [133.368, 191.66, 110.26, 133.368]
    """
    terms = checked(
        ("demand_mean", np.atleast_1d(demand_mean), FINITE),
        ("demand_sd", demand_sd, POSITIVE),
        ("holding_cost", holding_cost, POSITIVE),
        ("stockout_cost", stockout_cost, POSITIVE),
        ("purchase_cost", purchase_cost, NOT_NEGATIVE),
        ("fixed_cost", fixed_cost, NOT_NEGATIVE),
        ("discount_factor", discount_factor, SHARE),
        ("terminal_holding_cost", np.asarray(terminal_holding_cost)[..., None], NOT_NEGATIVE),
        ("terminal_stockout_cost", np.asarray(terminal_stockout_cost)[..., None], NOT_NEGATIVE),
        ("periods", np.zeros(periods or 1), FINITE),
    )
    mean, sd, holding, penalty, price, setup, discount, end_holding, end_penalty, _ = terms
    last = np.zeros(mean.shape)
    last[..., -1] = 1.0
    next_price, next_setup = _next(price), _next(setup)
    period = _Period(
        holding + last * end_holding, penalty + last * end_penalty, price, next_price, mean, sd, discount
    )
    _check_prices(period)
    cheapest = _cheapest(period)
    least = _cost(period, cheapest)
    later = discount * next_setup
    holds = setup >= later
    return MyopicBounds(
        cheapest,
        _level_of_cost(period, least + later, 1.0),
        _level_of_cost(period, least + setup, -1.0),
        np.where(holds, _level_of_cost(period, least + np.maximum(setup - later, 0.0), -1.0), np.nan),
    )


def _period(
    holding: npt.ArrayLike,
    penalty: npt.ArrayLike,
    price: npt.ArrayLike,
    next_price: npt.ArrayLike,
    mean: npt.ArrayLike,
    sd: npt.ArrayLike,
    discount: npt.ArrayLike,
) -> _Period:
    period = _Period(
        *checked(
            ("holding_cost", holding, POSITIVE),
            ("stockout_cost", penalty, POSITIVE),
            ("purchase_cost", price, FINITE),
            ("next_purchase_cost", next_price, FINITE),
            ("demand_mean", mean, FINITE),
            ("demand_sd", sd, POSITIVE),
            ("discount_factor", discount, SHARE),
        )
    )
    _check_prices(period)
    return period


def _check_prices(period: _Period) -> None:
    dearer = period.price - period.discount * period.next_price
    fits = (dearer > -period.holding) & (dearer < period.penalty)
    words = "such that the price less the next one discounted is above −holding_cost and below stockout_cost"
    require("purchase_cost", period.price, fits, words)


def _next(values: Floats) -> Floats:
    return np.concatenate([values[..., 1:], np.zeros_like(values[..., :1])], axis=-1)


def _cheapest(period: _Period) -> Floats:
    dearer = period.price - period.discount * period.next_price
    ratio = (period.penalty - dearer) / (period.penalty + period.holding)
    cheapest: Floats = period.mean + special.ndtri(ratio) * period.sd
    return cheapest


def _cost(period: _Period, level: Floats) -> Floats:
    loss = normal_loss(level, period.mean, period.sd)
    newsvendor = period.holding * loss.over + period.penalty * loss.short
    return period.price * level + newsvendor - period.discount * period.next_price * (level - period.mean)


def _level_of_cost(period: _Period, cost: Floats, direction: float) -> Floats:
    near = _cheapest(period)
    least = _cost(period, near)
    # the least cost itself may be asked for, with its rounding
    require("cost", cost, cost >= least - 1e-9 * np.abs(least), "at least the least cost of the period")
    reach = direction * period.sd
    for _ in range(_BISECTIONS):
        short_of = _cost(period, near + reach) < cost
        if not short_of.any():
            break
        reach = np.where(short_of, 2.0 * reach, reach)
    low, high = near, near + reach
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if np.all((middle == low) | (middle == high)):
            break
        nearer = _cost(period, middle) < cost
        low, high = np.where(nearer, middle, low), np.where(nearer, high, middle)
    return np.where(cost <= least, near, 0.5 * (low + high))
