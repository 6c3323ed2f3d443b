"""The smallest order that reaches a target, exactly, from one pass over the paths.

Lost sales: in the window from its arrival to the next one, an order of q leaves `max(M - q, 0)` units
short on a path, where M is the running maximum of demand less supply since the arrival (the reflection
of a random walk, Asmussen 2003, Applied Probability and Queues, ch. IX); its end stocks sum to
`sum(max(q, M_t) - N_t)` with M_t the maximum so far and N_t the sum so far. Backorders: a period is
`clip(N_t - q, 0, d_t)` short, with N_t counted from today. All fall with q, so bisection finds a service
target; costs of lost sales are convex in q as well. Costs of backorders are not (a unit too late for
its backlog saves nothing), so there the whole range is scanned, ever finer.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from engine.replenishment.lines import FloatArray, IntArray
from engine.replenishment.simulate import simulate

FILL, CYCLE, COST = 0, 1, 2
"""Kinds of target, as in `lines.TARGET_KINDS`."""

_SCAN = 16
"""Quantities compared at once where the cost is not convex."""


@njit(cache=True, nogil=True)
def window_needs(
    paths: FloatArray,
    stock: float,
    receipts: FloatArray,
    arrival: IntArray,
    next_arrival: IntArray,
    backorder: bool,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What each window needs of the order, path after path.

    Parameters
    ----------
    paths : float64 array (P, h)
    stock : float
        Usable stock today [each].
    receipts : float64 array (h,)
    arrival, next_arrival : int64 array (P,)
    backorder : bool

    Returns
    -------
    (needs, demand, peaks)
        For every period of every window, the running need M_t (lost sales) or N_t (backorders), and its
        demand; for every path with a window, the greatest need. Negative: that much more than enough.
    """
    n_paths, horizon = paths.shape
    needs = np.empty(n_paths * horizon)
    demand = np.empty(n_paths * horizon)
    peaks = np.empty(n_paths)
    cells = 0
    windows = 0
    for path in range(n_paths):
        if arrival[path] >= next_arrival[path]:
            continue
        left = stock
        for period in range(arrival[path]):
            left += receipts[period] - paths[path, period]
            if left < 0.0 and not backorder:
                left = 0.0
        need = -left
        peak = -np.inf
        for period in range(arrival[path], next_arrival[path]):
            need += paths[path, period] - receipts[period]
            peak = max(peak, need)
            needs[cells] = need if backorder else peak
            demand[cells] = paths[path, period]
            cells += 1
        peaks[windows] = peak
        windows += 1
    return needs[:cells].copy(), demand[:cells].copy(), peaks[:windows].copy()


@njit(cache=True, nogil=True)
def _short(quantity: float, needs: FloatArray, demand: FloatArray, peaks: FloatArray, waits: bool) -> float:
    """Units short in the windows, summed over paths."""
    total = 0.0
    if waits:
        for cell in range(len(needs)):
            total += min(max(needs[cell] - quantity, 0.0), demand[cell])
    else:
        for path in range(len(peaks)):
            total += max(peaks[path] - quantity, 0.0)
    return total


@njit(cache=True, nogil=True)
def _reached(
    quantity: float,
    needs: FloatArray,
    demand: FloatArray,
    peaks: FloatArray,
    waits: bool,
    kind: int,
    allowed: float,
    stockout_cost: float,
    holding_cost: float,
) -> bool:
    """Whether `quantity` reaches the target, or, for costs, whether one more unit no longer pays."""
    if kind == FILL:
        return _short(quantity, needs, demand, peaks, waits) <= allowed
    if kind == CYCLE:
        failures = 0.0
        for path in range(len(peaks)):
            failures += peaks[path] > quantity
        return failures <= allowed
    saved = _short(quantity, needs, demand, peaks, waits)
    saved -= _short(quantity + 1.0, needs, demand, peaks, waits)
    held = 0.0
    for cell in range(len(needs)):
        held += min(max(quantity + 1.0 - needs[cell], 0.0), 1.0)
    return holding_cost * held >= stockout_cost * saved


@njit(cache=True, nogil=True)
def _cheapest(
    needs: FloatArray,
    demand: FloatArray,
    low: float,
    high: float,
    stockout_cost: float,
    holding_cost: float,
) -> float:
    """Cheapest whole quantity in low … high with backorders; of equal ones the smallest."""
    step = max(float(math.ceil((high - low) / _SCAN)), 1.0)
    best = low
    while True:
        best_cost = np.inf
        quantity = low
        while quantity < high + step:
            cost = stockout_cost * _short(quantity, needs, demand, needs, True)
            for cell in range(len(needs)):
                cost += holding_cost * max(quantity - needs[cell], 0.0)
            if cost < best_cost:
                best, best_cost = quantity, cost
            quantity += step
        if step == 1.0:
            return best
        low, high = max(best - step, low), best + step
        step = max(float(math.ceil(step / _SCAN)), 1.0)


@njit(cache=True, nogil=True)
def requirement(
    needs: FloatArray,
    demand: FloatArray,
    peaks: FloatArray,
    waits: bool,
    kind: int,
    allowed: float,
    stockout_cost: float,
    holding_cost: float,
    lowest: float,
) -> float:
    """Smallest whole quantity ≥ `lowest` that reaches the target of stock that does not expire.

    Parameters
    ----------
    needs, demand, peaks : float64 arrays
        From `window_needs`.
    waits : bool
        Backorders instead of lost sales.
    kind : int
        FILL, CYCLE or COST.
    allowed : float
        Units short (FILL) or windows with a stockout (CYCLE) allowed, summed over paths.
    stockout_cost, holding_cost : float
        [money/each], [money/each/period]; for COST.
    lowest : float
        Minus the stock that could be taken away.

    Returns
    -------
    float
        Negative: so much stock is more than the target needs. `lowest` if no path has a window.
    """
    low = float(math.floor(lowest))
    if len(peaks) > 0 and waits and kind == COST:
        return max(_cheapest(needs, demand, low, max(peaks.max(), low), stockout_cost, holding_cost), lowest)
    if len(peaks) == 0 or _reached(
        low, needs, demand, peaks, waits, kind, allowed, stockout_cost, holding_cost
    ):
        return lowest
    high = max(float(math.ceil(peaks.max())), low + 1.0)
    while high - low > 1.0:
        middle = float(math.floor((low + high) / 2.0))
        if _reached(middle, needs, demand, peaks, waits, kind, allowed, stockout_cost, holding_cost):
            high = middle
        else:
            low = middle
    return high


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
    step = max(float(math.ceil(high / _SCAN)), 1.0)
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
        step = max(float(math.ceil(step / _SCAN)), 1.0)


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
