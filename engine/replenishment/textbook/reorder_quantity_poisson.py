"""(r, Q) policy with continuous review and Poisson demand, exact (Federgruen & Zheng 1992)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.replenishment.textbook.checks import POSITIVE, WHOLE, WHOLE_POSITIVE, Argument, Floats, checked
from engine.replenishment.textbook.loss_discrete import poisson_loss, poisson_second_loss
from engine.replenishment.textbook.reorder_quantity import ReorderPolicy


def reorder_policy_cost_poisson(
    reorder_point: npt.ArrayLike,
    order_quantity: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    fixed_cost: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    lead_time: npt.ArrayLike,
) -> Floats:
    """Return the cost rate of a reorder point and order quantity under Poisson demand.

    Parameters
    ----------
    reorder_point, order_quantity : array_like
        Whole [units]; quantity ≥ 1. An order is placed when the inventory position falls to r.
    holding_cost, stockout_cost : array_like
        Cost of a unit in stock or waiting [currency / unit / time]; > 0.
    fixed_cost : array_like
        Cost of an order [currency]; > 0.
    demand_mean : array_like
        [units / time]; > 0.
    lead_time : array_like
        Certain [time]; > 0.

    Notes
    -----
    ``(Kλ + Σ g(y)) / Q`` over y = r + 1 … r + Q. The sum is closed: g sums to second-order losses.

    Examples
    --------
    Snyder & Shen (2019), Example 5.8:

    >>> round(float(reorder_policy_cost_poisson(3, 5, 20, 150, 100, 1.5, 2)), 4)
    107.9236
    """
    point, quantity, holding, penalty, setup, rate, lead = checked(
        ("reorder_point", reorder_point, WHOLE),
        ("order_quantity", order_quantity, WHOLE_POSITIVE),
        *_terms(holding_cost, stockout_cost, fixed_cost, demand_mean, lead_time),
    )
    return _cost(point, quantity, holding, penalty, setup * rate, rate * lead)


def best_reorder_policy_poisson(
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    fixed_cost: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    lead_time: npt.ArrayLike,
) -> ReorderPolicy:
    """Return the reorder point and order quantity of least cost under Poisson demand.

    Parameters
    ----------
    holding_cost, stockout_cost, fixed_cost, demand_mean, lead_time : array_like
        As of `reorder_policy_cost_poisson`.

    Notes
    -----
    g is convex, so the Q cheapest levels are neighbours and the best (r, Q) has them as r + 1 … r + Q; the
    best Q is the first at which the next level costs more than the average.

    Examples
    --------
    Snyder & Shen (2019), Example 5.8:

    >>> best = best_reorder_policy_poisson(20, 150, 100, 1.5, 2)
    >>> float(best.reorder_point), float(best.order_quantity), round(float(best.cost), 4)
    (3.0, 5.0, 107.9236)
    """
    terms = checked(*_terms(holding_cost, stockout_cost, fixed_cost, demand_mean, lead_time))
    found = [
        _best(*(float(term) for term in row)) for row in zip(*(term.ravel() for term in terms), strict=True)
    ]
    table = np.array(found).reshape(*terms[0].shape, 3)
    return ReorderPolicy(table[..., 0], table[..., 1], table[..., 2])


def _best(
    holding: float, penalty: float, setup: float, rate: float, lead: float
) -> tuple[float, float, float]:
    mean = rate * lead
    # the best quantity is at least that of certain demand
    reach = np.ceil(np.sqrt(2.0 * setup * rate * (holding + penalty) / (holding * penalty)))
    while True:
        levels = np.arange(np.floor(mean - reach), np.ceil(mean + reach) + 1.0)
        loss = poisson_loss(levels, mean)
        costs = holding * loss.over + penalty * loss.short
        order = np.argsort(costs, kind="stable")
        sizes = np.arange(1.0, len(levels) + 1.0)
        size = int(np.argmin((setup * rate + np.cumsum(costs[order])) / sizes)) + 1
        chosen = order[:size]
        if chosen.min() > 0 and chosen.max() < len(levels) - 1:
            point = float(levels[chosen.min()]) - 1.0
            total = setup * rate + float(np.sum(costs[chosen]))
            return point, float(size), total / size
        reach *= 2.0


def _cost(
    point: Floats, quantity: Floats, holding: Floats, penalty: Floats, setup_rate: Floats, mean: Floats
) -> Floats:
    low = poisson_second_loss(point, mean)
    high = poisson_second_loss(point + quantity, mean)
    held = holding * (high.over - low.over)
    waiting = penalty * (low.short - high.short)
    # Σ (y − D)⁺ over y ≤ x is ½E[(x − D)⁺(x − D + 1)⁺]; Σ (D − y)⁺ over y > x is ½E[(D − x)⁺(D − x − 1)⁺]
    return (setup_rate + held + waiting) / quantity


def _terms(
    holding: npt.ArrayLike,
    stockout: npt.ArrayLike,
    fixed: npt.ArrayLike,
    mean: npt.ArrayLike,
    lead: npt.ArrayLike,
) -> list[Argument]:
    return [
        ("holding_cost", holding, POSITIVE),
        ("stockout_cost", stockout, POSITIVE),
        ("fixed_cost", fixed, POSITIVE),
        ("demand_mean", mean, POSITIVE),
        ("lead_time", lead, POSITIVE),
    ]
