"""(s, S) policy with periodic review, backorders and whole units, exact (Zheng & Federgruen 1991).

At each review an inventory position of s or less is raised to S. Unmet demand waits. With a lead time of L
whole periods, a period's costs are those of the demand of L + 1 periods.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.replenishment.textbook.checks import (
    NOT_NEGATIVE,
    POSITIVE,
    WHOLE,
    WHOLE_NOT_NEGATIVE,
    Floats,
    checked,
    require,
)
from engine.replenishment.textbook.reorder_up_to_kernel import best_policies, policy_costs


class ReorderUpToPolicy(NamedTuple):
    """Reorder point s and order-up-to level S [units] and their cost [currency / period]."""

    reorder_point: Floats
    order_up_to: Floats
    cost: Floats


class PowerPolicy(NamedTuple):
    """Approximate reorder point s and order-up-to level S [units]."""

    reorder_point: Floats
    order_up_to: Floats


def best_reorder_up_to_poisson(
    demand_mean: npt.ArrayLike,
    *,
    fixed_cost: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    lead_time: npt.ArrayLike = 0,
) -> ReorderUpToPolicy:
    """Return the (s, S) policy of least average cost under Poisson demand.

    Parameters
    ----------
    demand_mean : array_like
        [units / period]; > 0.
    fixed_cost : array_like
        Cost of an order [currency]; ≥ 0. Without it, s = S − 1: a base stock.
    holding_cost, stockout_cost : array_like
        Cost of a unit in stock or waiting at the end of a period [currency / unit / period]; > 0.
    lead_time : array_like
        Whole periods between order and arrival [periods]; ≥ 0.

    Raises
    ------
    EngineError
        If an argument breaks its range.

    Examples
    --------
    First row of the table of Zheng & Federgruen (1991):

    >>> best = best_reorder_up_to_poisson(10, fixed_cost=64, holding_cost=1, stockout_cost=9)
    >>> float(best.reorder_point), float(best.order_up_to), round(float(best.cost), 3)
    (6.0, 40.0, 35.022)
    """
    mean, setup, holding, penalty, lead = checked(
        ("demand_mean", demand_mean, POSITIVE),
        ("fixed_cost", fixed_cost, NOT_NEGATIVE),
        ("holding_cost", holding_cost, POSITIVE),
        ("stockout_cost", stockout_cost, POSITIVE),
        ("lead_time", lead_time, WHOLE_NOT_NEGATIVE),
    )
    return _best(mean, np.zeros((mean.size, 0)), setup, holding, penalty, lead)


def best_reorder_up_to_table(
    probabilities: npt.ArrayLike,
    *,
    fixed_cost: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    lead_time: npt.ArrayLike = 0,
) -> ReorderUpToPolicy:
    """Return the (s, S) policy of least average cost for demand of 0, 1, 2, … units with given probabilities.

    Parameters
    ----------
    probabilities : array_like, shape (…, m)
        Of demand 0 … m − 1 in a period; sum to 1, some demand above 0.
    fixed_cost, holding_cost, stockout_cost, lead_time : array_like, shape (…)
        As of `best_reorder_up_to_poisson`.

    Raises
    ------
    EngineError
        If an argument breaks its range or probabilities do not sum to 1 within 1e-6.

    Examples
    --------
    >>> best = best_reorder_up_to_table([0.5, 0.5], fixed_cost=3, holding_cost=1, stockout_cost=9)
    >>> float(best.reorder_point), float(best.order_up_to), round(float(best.cost), 3)
    (0.0, 2.0, 1.75)
    """
    tables, setup, holding, penalty, lead, _, _ = _table_terms(
        probabilities, fixed_cost, holding_cost, stockout_cost, lead_time
    )
    return _best(np.zeros(setup.shape), tables, setup, holding, penalty, lead)


def reorder_up_to_cost_poisson(
    reorder_point: npt.ArrayLike,
    order_up_to: npt.ArrayLike,
    demand_mean: npt.ArrayLike,
    *,
    fixed_cost: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    lead_time: npt.ArrayLike = 0,
) -> Floats:
    """Return the average cost a period of a given (s, S) policy under Poisson demand.

    Parameters
    ----------
    reorder_point, order_up_to : array_like
        Whole [units]; S above s.
    demand_mean, fixed_cost, holding_cost, stockout_cost, lead_time : array_like
        As of `best_reorder_up_to_poisson`.

    Examples
    --------
    Snyder & Shen (2019), Example 4.7:

    >>> round(float(reorder_up_to_cost_poisson(4, 10, 6, fixed_cost=5, holding_cost=1, stockout_cost=4)), 4)
    8.0341
    """
    mean, setup, holding, penalty, lead, point, level = checked(
        ("demand_mean", demand_mean, POSITIVE),
        ("fixed_cost", fixed_cost, NOT_NEGATIVE),
        ("holding_cost", holding_cost, POSITIVE),
        ("stockout_cost", stockout_cost, POSITIVE),
        ("lead_time", lead_time, WHOLE_NOT_NEGATIVE),
        ("reorder_point", reorder_point, WHOLE),
        ("order_up_to", order_up_to, WHOLE),
    )
    return _costs(point, level, mean, np.zeros((mean.size, 0)), setup, holding, penalty, lead)


def reorder_up_to_cost_table(
    reorder_point: npt.ArrayLike,
    order_up_to: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    fixed_cost: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    lead_time: npt.ArrayLike = 0,
) -> Floats:
    """Return the average cost a period of a given (s, S) policy; arguments as of the other functions."""
    tables, setup, holding, penalty, lead, point, level = _table_terms(
        probabilities, fixed_cost, holding_cost, stockout_cost, lead_time, reorder_point, order_up_to
    )
    return _costs(point, level, np.zeros(setup.shape), tables, setup, holding, penalty, lead)


def power_approximation(
    demand_mean: npt.ArrayLike,
    demand_sd: npt.ArrayLike,
    *,
    fixed_cost: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    lead_time: npt.ArrayLike = 0,
) -> PowerPolicy:
    """Return the (s, S) policy of Ehrhardt & Mosier's (1984) power approximation, not rounded.

    Parameters
    ----------
    demand_mean, demand_sd : array_like
        Demand of a period [units]; > 0.
    fixed_cost, holding_cost, stockout_cost, lead_time : array_like
        As of `best_reorder_up_to_poisson`; fixed cost > 0.

    Examples
    --------
    Snyder & Shen (2019), Example 4.8:

    >>> policy = power_approximation(50, 8, fixed_cost=2.5, holding_cost=0.18, stockout_cost=0.7)
    >>> round(float(policy.reorder_point), 2), round(float(policy.order_up_to), 2)
    (40.19, 74.29)
    """
    mean, sd, setup, holding, penalty, lead = checked(
        ("demand_mean", demand_mean, POSITIVE),
        ("demand_sd", demand_sd, POSITIVE),
        ("fixed_cost", fixed_cost, POSITIVE),
        ("holding_cost", holding_cost, POSITIVE),
        ("stockout_cost", stockout_cost, POSITIVE),
        ("lead_time", lead_time, WHOLE_NOT_NEGATIVE),
    )
    exposed_mean, exposed_sd = mean * (lead + 1.0), sd * np.sqrt(lead + 1.0)
    lot = 1.30 * mean**0.494 * (setup / holding) ** 0.506 * (1.0 + (exposed_sd / mean) ** 2) ** 0.116
    z = np.sqrt(lot / exposed_sd * holding / penalty)
    point = 0.973 * exposed_mean + exposed_sd * (0.183 / z + 1.063 - 2.192 * z)
    return PowerPolicy(point, point + lot)


def _table_terms(
    probabilities: npt.ArrayLike,
    fixed_cost: npt.ArrayLike,
    holding_cost: npt.ArrayLike,
    stockout_cost: npt.ArrayLike,
    lead_time: npt.ArrayLike,
    reorder_point: npt.ArrayLike = 0,
    order_up_to: npt.ArrayLike = 1,
) -> list[Floats]:
    """Return probabilities (n, m) and the other arguments broadcast with them to (…), n elements."""
    (chances,) = checked(("probabilities", np.atleast_1d(probabilities), NOT_NEGATIVE))
    totals = chances.sum(axis=-1)
    require("the sum of probabilities", totals, np.abs(totals - 1.0) <= 1e-6, "1")
    require(
        "probabilities", chances[..., 0], chances[..., 0] < 1.0, "of some demand: that of 0 units below 1"
    )
    totals, *others = checked(
        ("probabilities", totals, POSITIVE),
        ("fixed_cost", fixed_cost, NOT_NEGATIVE),
        ("holding_cost", holding_cost, POSITIVE),
        ("stockout_cost", stockout_cost, POSITIVE),
        ("lead_time", lead_time, WHOLE_NOT_NEGATIVE),
        ("reorder_point", reorder_point, WHOLE),
        ("order_up_to", order_up_to, WHOLE),
    )
    tables = np.broadcast_to(chances, (*totals.shape, chances.shape[-1])) / totals[..., None]
    return [np.ascontiguousarray(tables.reshape(-1, chances.shape[-1])), *others]


def _best(
    mean: Floats, tables: Floats, setup: Floats, holding: Floats, penalty: Floats, lead: Floats
) -> ReorderUpToPolicy:
    out = np.empty((setup.size, 3))
    best_policies(
        np.ravel(mean), tables, np.ravel(lead), np.ravel(setup), np.ravel(holding), np.ravel(penalty), out
    )
    found = out.reshape(*setup.shape, 3)
    return ReorderUpToPolicy(found[..., 0], found[..., 1], found[..., 2])


def _costs(
    point: Floats,
    level: Floats,
    mean: Floats,
    tables: Floats,
    setup: Floats,
    holding: Floats,
    penalty: Floats,
    lead: Floats,
) -> Floats:
    require("order_up_to", level, level > point, "above reorder_point")
    out = np.empty(setup.size)
    policy_costs(
        np.ravel(point),
        np.ravel(level),
        np.ravel(mean),
        tables,
        np.ravel(lead),
        np.ravel(setup),
        np.ravel(holding),
        np.ravel(penalty),
        out,
    )
    return out.reshape(setup.shape)
