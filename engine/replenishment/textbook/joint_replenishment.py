"""Joint replenishment: items that share an order's fixed cost, at intervals that fit each other."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError
from engine.replenishment.textbook.checks import NOT_NEGATIVE, POSITIVE, Floats, checked

_ROOT_2 = np.sqrt(2.0)


class JointOrders(NamedTuple):
    """Joint orders of n items.

    Attributes
    ----------
    quantities : (n,) units of each item in an order of it
    multiples : (n,) base periods between two orders of the item
    base_period : time between two joint orders
    cost : cost rate [currency / time]
    bound : no policy of any kind costs less than this [currency / time]; NaN where not known
    """

    quantities: Floats
    multiples: Floats
    base_period: float
    cost: float
    bound: float


def silver_joint_replenishment(
    shared_fixed_cost: float,
    fixed_costs: npt.ArrayLike,
    holding_costs: npt.ArrayLike,
    demand_rates: npt.ArrayLike,
) -> JointOrders:
    """Return joint orders by Silver's (1976) heuristic: one item in every order, others in every mᵢ-th.

    Parameters
    ----------
    shared_fixed_cost : float
        Of every order [currency]; ≥ 0.
    fixed_costs : array_like, shape (n,)
        Of an item in an order [currency]; ≥ 0, the sum with the shared one > 0.
    holding_costs : array_like, shape (n,)
        [currency / unit / time]; > 0.
    demand_rates : array_like, shape (n,)
        [units / time]; > 0.

    Raises
    ------
    EngineError
        If an argument breaks its range.

    Notes
    -----
    ``mᵢ = √(kᵢ/hᵢλᵢ · h₁λ₁/(K + k₁))`` rounded, item 1 being that of least k/hλ.

    Examples
    --------
    >>> orders = silver_joint_replenishment(600, [120, 840, 300], [160, 20, 50], [1, 1, 1])
    >>> orders.multiples.tolist(), round(orders.base_period, 4), round(orders.cost, 3)
    ([1.0, 3.0, 1.0], 3.1032, 837.854)
    """
    shared, fixed, holding, rates = _terms(shared_fixed_cost, fixed_costs, holding_costs, demand_rates)
    weight = holding * rates
    first = int(np.argmin(fixed / weight))
    _require_cost(shared + fixed[first])
    multiples = np.sqrt(fixed / weight * weight[first] / (shared + fixed[first]))
    multiples = np.maximum(np.rint(multiples), 1.0)
    multiples[first] = 1.0
    setup = shared + float(np.sum(fixed / multiples))
    carry = float(np.sum(weight * multiples))
    base = float(np.sqrt(2.0 * setup / carry))
    return JointOrders(base * multiples * rates, multiples, base, setup / base + 0.5 * base * carry, np.nan)


def power_of_two_joint_replenishment(
    shared_fixed_cost: float,
    fixed_costs: npt.ArrayLike,
    holding_costs: npt.ArrayLike,
    demand_rates: npt.ArrayLike,
    *,
    base_period: float | None = None,
) -> JointOrders:
    """Return the power-of-two joint orders of least cost.

    Every interval is a power of two (…, ½, 1, 2, 4, …) of the base period, so that orders coincide.

    Parameters
    ----------
    shared_fixed_cost, fixed_costs, holding_costs, demand_rates
        As of `silver_joint_replenishment`; the shared cost > 0.
    base_period : float, optional
        Such as a week [time]; > 0. By default the best one.

    Returns
    -------
    JointOrders
        `base_period` is the shortest interval; `cost` is at most 6.1 % above `bound` with a given base
        period, and 2.1 % with the best one (Roundy 1985).

    Notes
    -----
    Without the powers of two the problem is convex: items of least k/hλ join the shared order as long as
    that shortens its interval, the others keep their own (Jackson, Maxwell & Muckstadt 1985); its cost bounds
    every policy. Rounding each interval T to the power of two in T/√2 … T√2 is then optimal. The best
    base period is exact: between the points where an interval jumps to another power, cost is ``A/q + Bq``.

    Examples
    --------
    >>> orders = power_of_two_joint_replenishment(600, [120, 840, 300], [160, 20, 50], [1, 1, 1])
    >>> orders.multiples.tolist(), round(orders.cost, 2), round(orders.bound, 2)
    ([1.0, 4.0, 1.0], 844.63, 836.51)
    """
    shared, fixed, holding, rates = _terms(shared_fixed_cost, fixed_costs, holding_costs, demand_rates)
    _require_cost(shared)
    carry = 0.5 * holding * rates
    setups, carries, group = _clusters(shared, fixed, carry)
    relaxed = np.sqrt(setups / carries)
    bound = float(np.sum(2.0 * np.sqrt(setups * carries)))
    if base_period is None:
        base = _best_base(relaxed, setups, carries)
    else:
        (given,) = checked(("base_period", base_period, POSITIVE))
        base = float(given)
    intervals = _rounded(relaxed, base)
    cost = float(np.sum(setups / intervals + carries * intervals))
    shortest = float(intervals[0])
    of_item = intervals[group]
    return JointOrders(of_item * rates, of_item / shortest, shortest, cost, bound)


def _clusters(shared: float, fixed: Floats, carry: Floats) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Return fixed cost and holding rate of the joint group, then of each item apart; and who is where."""
    own = np.sqrt(fixed / carry)
    setup, weight = shared, 0.0
    joint = np.zeros(len(fixed), dtype=bool)
    for item in np.argsort(own, kind="stable"):
        if weight and own[item] * own[item] * weight >= setup:
            break
        setup += fixed[item]
        weight += carry[item]
        joint[item] = True
    apart = np.flatnonzero(~joint)
    group = np.zeros(len(fixed), dtype=np.int64)
    group[apart] = np.arange(1, len(apart) + 1)
    return np.append(setup, fixed[apart]), np.append(weight, carry[apart]), group


def _rounded(intervals: Floats, base: float) -> Floats:
    """Return the power of two of the base in (T/√2, T√2]."""
    # the tolerance keeps an interval that is a power of two times √2 from falling to either side by rounding
    exponent = np.floor(np.log2(intervals * _ROOT_2 / base) + 1e-12)
    rounded: Floats = base * np.exp2(exponent)
    return rounded


def _best_base(intervals: Floats, setups: Floats, carries: Floats) -> float:
    """Return the base period in [1, 2) of least cost after rounding."""
    jumps = np.unique(np.exp2(np.mod(np.log2(intervals * _ROOT_2), 1.0)))
    ends = np.concatenate([[1.0], jumps, [2.0]])
    best, best_cost = 1.0, np.inf
    for low, high in pairwise(ends):
        powers = _rounded(intervals, 0.5 * (low + high)) / (0.5 * (low + high))
        setup, carry = float(np.sum(setups / powers)), float(np.sum(carries * powers))
        base = float(np.clip(np.sqrt(setup / carry), low, high))
        cost = setup / base + carry * base
        if cost < best_cost:
            best, best_cost = base, cost
    return best


def _terms(
    shared_fixed_cost: float,
    fixed_costs: npt.ArrayLike,
    holding_costs: npt.ArrayLike,
    demand_rates: npt.ArrayLike,
) -> tuple[float, Floats, Floats, Floats]:
    shared, fixed, holding, rates = checked(
        ("shared_fixed_cost", shared_fixed_cost, NOT_NEGATIVE),
        ("fixed_costs", np.atleast_1d(fixed_costs), NOT_NEGATIVE),
        ("holding_costs", holding_costs, POSITIVE),
        ("demand_rates", demand_rates, POSITIVE),
    )
    if fixed.ndim != 1 or not fixed.size:
        raise EngineError(f"fixed_costs must be one list of items; their shape is {fixed.shape}")
    return float(shared[0]), fixed, holding, rates


def _require_cost(cost: float) -> None:
    if cost <= 0.0:
        raise EngineError("shared_fixed_cost must be above 0: without it nothing is shared")
