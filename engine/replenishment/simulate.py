"""Stock projected along demand paths: batches first-expired-first-out, lost sales or backorders."""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.replenishment.lines import FloatArray, IntArray
from engine.replenishment.shelf import fill, put, take_first_expired

LOST_BEFORE, LOST_WINDOW, WASTE, HELD = 0, 1, 2, 3
"""Columns of what `simulate` returns."""


@njit(cache=True, nogil=True)
def simulate(
    paths: FloatArray,
    stock_by_last_period: FloatArray,
    receipts: FloatArray,
    life: int,
    arrival: IntArray,
    next_arrival: IntArray,
    quantity: float,
    backorder: bool,
    stop: int,
    stock_paths: FloatArray,
) -> FloatArray:
    """Play one line forward with an order of `quantity`.

    Each period: receipts and the order arrive, demand is served from the batch that expires first, what
    is unmet is lost or waits, then what expires is written off.

    Parameters
    ----------
    paths : float64 array (P, h)
        Demand [each/period].
    stock_by_last_period : float64 array (h + 1,)
        Stock today by the last period in which it can be sold; the last entry outlives the horizon.
    receipts : float64 array (h,)
        Open orders by period of arrival.
    life : int
        Periods for which newly received stock can be sold.
    arrival, next_arrival : int64 array (P,)
        The order serves the window from `arrival` up to, not including, `next_arrival`.
    quantity : float
        Order [each].
    backorder : bool
        Unmet demand waits.
    stop : int
        Periods to play, at most h.
    stock_paths : float64 array (P, h) or (0, 0)
        Filled with end stock less backlog, where it has rows.

    Returns
    -------
    float64 array (P, 4)
        Units short before `arrival`; short in the window; written off up to `stop`; end stock summed over
        the periods of the window. A backordered unit counts as short once, in the period it was wanted.
    """
    n_paths, horizon = paths.shape
    result = np.zeros((n_paths, 4))
    bins = np.empty(horizon + 1)
    keep = stock_paths.shape[0] > 0
    coming = stop
    while coming > 0 and receipts[coming - 1] == 0.0:
        coming -= 1
    for path in range(n_paths):
        stock = fill(bins, stock_by_last_period)
        oldest = 0
        backlog = 0.0
        for period in range(stop):
            arriving = receipts[period]
            if period == arrival[path]:
                arriving += quantity
            if arriving > 0.0:
                oldest = min(oldest, put(bins, arriving, period + life - 1))
                stock += arriving
            demand = paths[path, period]
            wanted = demand + backlog
            sold_out = wanted >= stock
            if sold_out:
                unmet = wanted - stock
                if stock > 0.0:
                    bins[oldest:] = 0.0
                stock = 0.0
            else:
                unmet = 0.0
                stock -= wanted
                oldest = take_first_expired(bins, oldest, wanted)
            if backorder:
                backlog = unmet
                unmet = min(unmet, demand)
            if period < arrival[path]:
                result[path, 0] += unmet
            elif period < next_arrival[path]:
                result[path, 1] += unmet
            if bins[period] > 0.0:
                result[path, 2] += bins[period]
                stock = max(stock - bins[period], 0.0)
                bins[period] = 0.0
            oldest = max(oldest, period + 1)
            if arrival[path] <= period < next_arrival[path]:
                result[path, 3] += stock
            if keep:
                stock_paths[path, period] = stock - backlog
            # sold out for good: nothing is left to hold, to expire or to be short of in the window
            if sold_out and period >= max(coming - 1, next_arrival[path] - 1, arrival[path]):
                if not keep:
                    break
                if backlog == 0.0 and not backorder:
                    stock_paths[path, period + 1 : stop] = 0.0
                    break
    return result


@njit(cache=True, nogil=True)
def usable_stock(stock_by_last_period: FloatArray, mean: FloatArray, until: int) -> float:
    """Stock today that mean demand uses, or that is still good, at the start of period `until`."""
    bins = stock_by_last_period.copy()
    wasted = 0.0
    oldest = 0
    for period in range(min(until, len(mean))):
        wanted = mean[period]
        while wanted > 0.0 and oldest < len(bins):
            served = min(bins[oldest], wanted)
            bins[oldest] -= served
            wanted -= served
            if wanted > 0.0:
                oldest += 1
        wasted += bins[period]
        bins[period] = 0.0
        oldest = max(oldest, period + 1)
    return float(stock_by_last_period.sum() - wasted)


@njit(cache=True, nogil=True)
def window_total(paths: FloatArray, arrival: IntArray, next_arrival: IntArray) -> float:
    """Demand from each path's arrival to its next arrival, summed over the paths [each]."""
    total = 0.0
    for path in range(len(paths)):
        for period in range(arrival[path], next_arrival[path]):
            total += paths[path, period]
    return total


@njit(cache=True, nogil=True)
def need_period(stock: FloatArray) -> int:
    """First period in which at least half of the paths have no stock left; -1: none.

    Parameters
    ----------
    stock : float64 array (P, h)
        End stock.
    """
    n_paths, horizon = stock.shape
    for period in range(horizon):
        out = 0
        for path in range(n_paths):
            out += stock[path, period] <= 0.0
        if out >= 0.5 * n_paths:
            return period
    return -1
