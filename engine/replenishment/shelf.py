"""One period of a shelf whose stock lies by the last period in which it can be sold."""

from __future__ import annotations

from numba import njit

from engine.replenishment.lines import FloatArray


@njit(cache=True, nogil=True, inline="always")
def fill(bins: FloatArray, stock: FloatArray) -> float:
    """Put `stock` into `bins`; return how much it is."""
    total = 0.0
    for last in range(len(stock)):
        bins[last] = stock[last]
        total += stock[last]
    return total


@njit(cache=True, nogil=True, inline="always")
def put(bins: FloatArray, units: float, last: int) -> int:
    """Put `units` that can be sold up to period `last` into `bins`; return where they lie."""
    place = min(last, len(bins) - 1)
    bins[place] += units
    return place


@njit(cache=True, nogil=True, inline="always")
def expires_by(bins: FloatArray, oldest: int, period: int) -> bool:
    """Whether any stock from `oldest` on cannot be sold after `period`."""
    while oldest <= period and bins[oldest] <= 0.0:
        oldest += 1
    return oldest <= period


@njit(cache=True, nogil=True, inline="always")
def take_first_expired(bins: FloatArray, oldest: int, wanted: float) -> int:
    """Take `wanted` units from the stock that expires first; return where the next ones are taken.

    Parameters
    ----------
    bins : float64 array (h + 1,)
        Stock by its last period [each]; what is taken is gone from it. The last entry outlives the horizon.
    oldest : int
        No stock expires before this period.
    wanted : float
        Units to take [each]; at most what there is.
    """
    last = len(bins) - 1
    while wanted > 0.0:
        taken = min(bins[oldest], wanted)
        bins[oldest] -= taken
        wanted -= taken
        if wanted > 0.0:
            if oldest == last:  # rounding of fractional stock
                break
            oldest += 1
    return oldest
