"""The smallest order that reaches a target where stock expires, by simulation of each candidate."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from engine.replenishment.lines import FloatArray, IntArray
from engine.replenishment.requirement import COST, CYCLE, FILL, SCAN
from engine.replenishment.simulate import simulate


@njit(cache=True, nogil=True)
def _outcome(
    quantity: float,
    paths: FloatArray,
    stock_by_last_period: FloatArray,
    receipts: FloatArray,
    life: int,
    arrival: IntArray,
    next_arrival: IntArray,
    backorder: bool,
    stop: int,
    kind: int,
    stockout_cost: float,
    holding_cost: float,
    unit_cost: float,
) -> float:
    """Units short, windows with a stockout, or money lost, summed over paths."""
    played = simulate(
        paths,
        stock_by_last_period,
        receipts,
        life,
        arrival,
        next_arrival,
        quantity,
        backorder,
        stop,
        np.empty((0, 0)),
    )
    total = 0.0
    for path in range(len(paths)):
        if kind == FILL:
            total += played[path, 1]
        elif kind == CYCLE:
            total += played[path, 1] > 0.0
        else:
            total += stockout_cost * played[path, 1]
            total += unit_cost * played[path, 2] + holding_cost * played[path, 3]
    return total


@njit(cache=True, nogil=True)
def _cheapest_perishable(
    paths: FloatArray,
    stock_by_last_period: FloatArray,
    receipts: FloatArray,
    life: int,
    arrival: IntArray,
    next_arrival: IntArray,
    stop: int,
    high: float,
    stockout_cost: float,
    holding_cost: float,
    unit_cost: float,
) -> float:
    """Cheapest whole order in 0 … high with backorders where stock expires; of equal ones the smallest."""
    low = 0.0
    step = max(float(math.ceil(high / SCAN)), 1.0)
    best = low
    while True:
        best_cost = np.inf
        quantity = low
        while quantity < high + step:
            cost = _outcome(
                quantity, paths, stock_by_last_period, receipts, life, arrival, next_arrival, True, stop,
                COST, stockout_cost, holding_cost, unit_cost,
            )  # fmt: skip
            if cost < best_cost:
                best, best_cost = quantity, cost
            quantity += step
        if step == 1.0:
            return best
        low, high = max(best - step, low), best + step
        step = max(float(math.ceil(step / SCAN)), 1.0)


@njit(cache=True, nogil=True)
def perishable_requirement(
    paths: FloatArray,
    stock_by_last_period: FloatArray,
    receipts: FloatArray,
    life: int,
    arrival: IntArray,
    next_arrival: IntArray,
    backorder: bool,
    kind: int,
    target: float,
    demand_total: float,
    stockout_cost: float,
    holding_cost: float,
    unit_cost: float,
    guess: float,
) -> tuple[float, bool]:
    """Smallest whole order ≥ 0 that reaches the target where stock expires, by simulation.

    Units short and windows with a stockout never rise with the order, and each unit more is sold later or
    written off, so the order is found from the guess outwards and by bisection. Where shelf life puts the
    target out of reach, it is applied to what an order can still save.

    Parameters
    ----------
    target : float
        Fill or cycle share; unused for COST.
    demand_total : float
        Demand in the windows summed over paths [each].
    unit_cost : float
        Lost with a unit written off [money/each].
    guess : float
        Where to look first [each]; no result depends on it.

    Returns
    -------
    (float, bool)
        The order, and whether the target as stated is out of reach.
    """
    # units short are settled by the end of the windows, write-offs only later
    stop = paths.shape[1] if kind == COST else int(next_arrival.max())
    high = 0.0  # no window can use more
    for path in range(len(paths)):
        start = 0 if backorder else arrival[path]
        high = max(high, math.ceil(paths[path, start : next_arrival[path]].sum()))
    allowed = 0.0
    unreachable = False
    if kind != COST:
        best = _outcome(
            high, paths, stock_by_last_period, receipts, life, arrival, next_arrival, backorder, stop,
            kind, stockout_cost, holding_cost, unit_cost,
        )  # fmt: skip
        whole = demand_total if kind == FILL else float(np.sum(arrival < next_arrival))
        allowed = (1.0 - target) * whole
        unreachable = best > allowed + 1e-9 * whole
        if unreachable:
            allowed = best + (1.0 - target) * (whole - best)
        allowed += 1e-9 * whole
    if kind == COST and backorder:
        return _cheapest_perishable(
            paths, stock_by_last_period, receipts, life, arrival, next_arrival, stop, high,
            stockout_cost, holding_cost, unit_cost,
        ), False  # fmt: skip
    low, step, outwards, rising = -1.0, 1.0, True, True
    probe = min(max(guess, 0.0), high - 1.0)
    while high - low > 1.0:
        outcome = _outcome(
            probe, paths, stock_by_last_period, receipts, life, arrival, next_arrival, backorder, stop,
            kind, stockout_cost, holding_cost, unit_cost,
        )  # fmt: skip
        if kind == COST:
            following = _outcome(
                probe + 1.0, paths, stock_by_last_period, receipts, life, arrival, next_arrival,
                backorder, stop, kind, stockout_cost, holding_cost, unit_cost,
            )  # fmt: skip
            enough = following >= outcome
        else:
            enough = outcome <= allowed
        if step == 1.0:
            rising = not enough
        outwards = outwards and rising != enough
        if enough:
            high = probe
        else:
            low = probe
        if not outwards:
            probe = float(math.floor((low + high) / 2.0))
        elif rising:
            probe = min(low + step, high - 1.0)
        else:
            probe = max(high - step, low + 1.0)
        step *= 2.0
    return high, unreachable
