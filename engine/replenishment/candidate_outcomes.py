"""What each of many orders of one line does: units short, windows short, waste and stock held.

Without expiry all follow from one pass over the paths (`requirement.window_needs`): with the needs sorted,
the sums of `max(M − q, 0)` and `max(q, M_t)` over the cells are differences of running sums. With expiry
each order is played forward.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

from engine.replenishment.line import Line
from engine.replenishment.lines import FloatArray, IntArray
from engine.replenishment.requirement import window_needs
from engine.replenishment.simulate import HELD, LOST_WINDOW, WASTE, simulate

Outcomes = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
"""Expected units short in the window; share of windows short; write-off; end stock over the window."""


def outcomes(line: Line) -> tuple[float, Callable[[FloatArray], Outcomes]]:
    """Greatest order that a path of demand needs, and what orders do.

    Parameters
    ----------
    line : Line

    Returns
    -------
    (float, function)
        [each], may be negative; and from orders ≥ 0, rising, to their outcomes, of equal length.
    """
    if line.perishable:
        useful = greatest_window(line.paths, line.arrival, line.next_arrival, line.waits)
        return useful, lambda quantity: _played_each(line, quantity)
    before = line.play(0.0)
    needs, demand, peaks = window_needs(
        line.paths, line.stock.sum(), line.receipts, line.arrival, line.next_arrival, line.waits
    )
    useful = float(peaks.max(initial=-np.inf))
    return useful, lambda quantity: _from_needs(line, before, needs, demand, peaks, quantity)


def _from_needs(
    line: Line,
    before: FloatArray,
    needs: FloatArray,
    demand: FloatArray,
    peaks: FloatArray,
    quantity: FloatArray,
) -> Outcomes:
    paths = len(line.paths)
    over_peaks, failures = _excess(peaks, quantity)
    over_needs, _ = _excess(needs, quantity)
    short = over_needs - _excess(needs - demand, quantity)[0] if line.waits else over_peaks
    # stock left, max(q − need, 0), differs between orders by the orders and what is short of them
    held = float(before[:, HELD].sum()) + len(needs) * quantity + over_needs - _excess(needs, np.zeros(1))[0]
    windows = max(len(peaks), 1)
    waste = np.full(len(quantity), float(before[:, WASTE].mean()))
    return short / paths, failures / windows, waste, held / paths


def _excess(needs: FloatArray, quantity: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sum of `max(need − q, 0)` over the needs, and how many are above, for each quantity."""
    rising = np.sort(needs)
    beyond = np.concatenate([np.cumsum(rising[::-1])[::-1], [0.0]])
    met = np.searchsorted(rising, quantity, side="right")
    above = (len(rising) - met).astype(np.float64)
    return np.maximum(beyond[met] - above * quantity, 0.0), above


def _played_each(line: Line, quantity: FloatArray) -> Outcomes:
    played = _play_each(
        line.paths,
        line.stock,
        line.receipts,
        line.life,
        line.arrival,
        line.next_arrival,
        line.waits,
        quantity,
    )
    windows = max(int((line.arrival < line.next_arrival).sum()), 1)
    paths = len(line.paths)
    return played[0] / paths, played[1] / windows, played[2] / paths, played[3] / paths


@njit(cache=True, nogil=True)
def greatest_window(paths: FloatArray, arrival: IntArray, next_arrival: IntArray, waits: bool) -> float:
    """Most that can still be sold from an order on any path [each]; with backorders, counted from today."""
    greatest = 0.0
    for path in range(len(paths)):
        total = 0.0
        for period in range(0 if waits else arrival[path], next_arrival[path]):
            total += paths[path, period]
        greatest = max(greatest, total)
    return greatest


@njit(cache=True, nogil=True)
def _play_each(
    paths: FloatArray,
    stock_by_last_period: FloatArray,
    receipts: FloatArray,
    life: int,
    arrival: IntArray,
    next_arrival: IntArray,
    backorder: bool,
    quantity: FloatArray,
) -> FloatArray:
    """Sums over the paths of what `simulate` says of each quantity, shape (4, K)."""
    total = np.zeros((4, len(quantity)))
    for k in range(len(quantity)):
        played = simulate(
            paths, stock_by_last_period, receipts, life, arrival, next_arrival, quantity[k], backorder,
            paths.shape[1], np.empty((0, 0)),
        )  # fmt: skip
        for path in range(len(paths)):
            total[0, k] += played[path, LOST_WINDOW]
            total[1, k] += played[path, LOST_WINDOW] > 0.0
            total[2, k] += played[path, WASTE]
            total[3, k] += played[path, HELD]
    return total


@njit(cache=True, nogil=True)
def enough_on_each_path(
    paths: FloatArray,
    stock_by_last_period: FloatArray,
    receipts: FloatArray,
    life: int,
    arrival: IntArray,
    next_arrival: IntArray,
    backorder: bool,
    high: float,
) -> FloatArray:
    """Smallest whole order that leaves nothing short in the window of each path, shape (P,).

    `high + 1` where no order up to `high` does. What is short never rises with the order.
    """
    enough = np.empty(len(paths))
    for path in range(len(paths)):
        least, most = -1.0, high + 1.0
        quantity = high
        while most - least > 1.0:
            played = simulate(
                paths[path : path + 1], stock_by_last_period, receipts, life, arrival[path : path + 1],
                next_arrival[path : path + 1], quantity, backorder, next_arrival[path], np.empty((0, 0)),
            )  # fmt: skip
            if played[0, LOST_WINDOW] > 0.0:
                least = quantity
            else:
                most = quantity
            quantity = np.floor((least + most) / 2.0)
        enough[path] = most
    return enough
