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

FILL, CYCLE, COST = 0, 1, 2
"""Kinds of target, as in `lines.TARGET_KINDS`."""

SCAN = 16
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
    step = max(float(math.ceil((high - low) / SCAN)), 1.0)
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
        step = max(float(math.ceil(step / SCAN)), 1.0)


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
