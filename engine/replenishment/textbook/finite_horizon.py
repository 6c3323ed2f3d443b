"""Orders of least expected cost over a horizon that ends, by dynamic programming, exact for whole units.

The stock states are all that can be reached from the opening stock, so nothing is truncated: the only
limit is the support of demand. Unmet demand waits; orders arrive at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.replenishment.textbook.checks import FINITE, NOT_NEGATIVE, POSITIVE, SHARE, Floats, checked
from engine.replenishment.textbook.loss_given import check_table


class FiniteHorizonPolicy(NamedTuple):
    """What to do in each period and what it costs.

    Attributes
    ----------
    reorder_point : (T,) highest reachable stock at which an order is placed [units]; NaN if at none
    order_up_to : (T,) stock after the order placed at the reorder point [units]; NaN if none
    cost : least expected discounted cost from the opening stock on [currency]
    stock : for each period, the reachable stock levels [units]
    level_after : for each period, the stock after ordering at each of `stock` [units]
    """

    reorder_point: Floats
    order_up_to: Floats
    cost: float
    stock: list[Floats]
    level_after: list[Floats]


class _Period(NamedTuple):
    setup: float
    price: float
    holding: float
    penalty: float
    discount: float


def finite_horizon_policy(
    probabilities: npt.ArrayLike,
    *,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    purchase_cost: npt.ArrayLike = 0.0,
    fixed_cost: npt.ArrayLike = 0.0,
    discount_factor: npt.ArrayLike = 1.0,
    terminal_holding_cost: float = 0.0,
    terminal_stockout_cost: float = 0.0,
    opening_stock: int = 0,
) -> FiniteHorizonPolicy:
    """Return the ordering policy of least expected discounted cost.

    Parameters
    ----------
    probabilities : array_like, shape (T, m)
        Of demand 0 … m − 1 in each period; each row sums to 1.
    holding_cost, stockout_cost : array_like, shape (T,) or scalar
        Cost of a unit left over or waiting at the end of a period [currency / unit]; > 0.
    purchase_cost, fixed_cost : array_like, shape (T,) or scalar
        Of a unit and of an order [currency]; ≥ 0.
    discount_factor : array_like, shape (T,) or scalar
        Value of the next period's money in this one; above 0, at most 1.
    terminal_holding_cost, terminal_stockout_cost : float
        Of a unit left over or waiting after the last period [currency / unit].
    opening_stock : int
        [units]; may be negative.

    Raises
    ------
    EngineError
        If an argument breaks its range.

    Notes
    -----
    ``θ_t(x) = min_{y ≥ x} K·1{y > x} + c(y − x) + G_t(y) + γE θ_{t+1}(y − D)`` (Scarf 1960; Snyder & Shen
    2019, §4.3.3, §4.4.3). Nobody orders more than all demand that can still come, which bounds y.

    Examples
    --------
    >>> policy = finite_horizon_policy([[0.25, 0.5, 0.25]] * 2, holding_cost=1, stockout_cost=4)
    >>> policy.order_up_to.tolist(), round(policy.cost, 2)
    ([2.0, 2.0], 2.0)
    """
    tables, periods = _arguments(
        probabilities, holding_cost, stockout_cost, purchase_cost, fixed_cost, discount_factor
    )
    checked(
        ("terminal_holding_cost", terminal_holding_cost, FINITE),
        ("terminal_stockout_cost", terminal_stockout_cost, FINITE),
    )
    most = tables.shape[1] - 1
    count = len(periods)
    highest = max(opening_stock, most * count)
    lowest = opening_stock - most * count
    stock = np.arange(lowest, highest + 1, dtype=np.float64)
    value = np.where(stock >= 0.0, terminal_holding_cost * stock, -terminal_stockout_cost * stock)
    states, after = [], []
    for t in range(count - 1, -1, -1):
        stock = np.arange(lowest + most * (count - t), highest + 1, dtype=np.float64)
        value, level = _step(stock, value, tables[t], periods[t])
        states.append(stock)
        after.append(level)
    states.reverse()
    after.reverse()
    points, levels = np.full(count, np.nan), np.full(count, np.nan)
    for t, (stock, level) in enumerate(zip(states, after, strict=True)):
        ordering = np.flatnonzero(level > stock)
        if len(ordering):
            points[t], levels[t] = stock[ordering[-1]], level[ordering[-1]]
    return FiniteHorizonPolicy(points, levels, float(value[0]), states, after)


def _step(stock: Floats, following: Floats, table: Floats, period: _Period) -> tuple[Floats, Floats]:
    """Return the least cost from each stock on and the stock after ordering.

    `following` is the value of the next period's stocks, which reach one greatest demand further down.
    """
    demand = np.arange(len(table), dtype=np.float64)
    left = stock[:, None] - demand[None, :]
    end = (period.holding * np.maximum(left, 0.0) + period.penalty * np.maximum(-left, 0.0)) @ table
    expected = np.convolve(following, table)[len(table) - 1 : len(following)]
    hold = period.price * stock + end + period.discount * expected
    # least cost of a higher level, and that level: from the top down
    best = np.minimum.accumulate(hold[::-1])[::-1]
    where = np.where(hold == best, np.arange(len(stock)), len(stock))
    index = np.minimum.accumulate(where[::-1])[::-1]
    higher = np.append(best[1:], np.inf)
    order = period.setup + higher < hold
    level = np.where(order, stock[np.append(index[1:], len(stock) - 1)], stock)
    return np.where(order, period.setup + higher, hold) - period.price * stock, level


def _arguments(
    probabilities: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    purchase_cost: npt.ArrayLike,
    fixed_cost: npt.ArrayLike,
    discount_factor: npt.ArrayLike,
) -> tuple[Floats, list[_Period]]:
    (tables,) = checked(("probabilities", probabilities, NOT_NEGATIVE))
    if tables.ndim != 2:
        raise EngineError(f"probabilities must have a row a period; their shape is {tables.shape}")
    values = np.arange(tables.shape[1])
    rows = np.array([check_table(values, row)[1] for row in tables])
    _, setup, price, holding, penalty, discount = checked(
        ("probabilities", np.zeros(len(rows)), FINITE),
        ("fixed_cost", fixed_cost, NOT_NEGATIVE),
        ("purchase_cost", purchase_cost, NOT_NEGATIVE),
        ("holding_cost", holding_cost, POSITIVE),
        ("stockout_cost", stockout_cost, POSITIVE),
        ("discount_factor", discount_factor, SHARE),
    )
    terms = zip(setup, price, holding, penalty, discount, strict=True)
    return rows, [_Period(*(float(term) for term in row)) for row in terms]
