"""One period of many lines: what arrives, sells, is short, expires. The mechanics of `engine.replay.play`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

SOLD, SHORT, WASTE, END, IN_STOCK = range(5)
"""Columns of what `play_period` fills."""


@njit(cache=True, nogil=True)
def play_period(
    period: int,
    stock: Floats,
    oldest: Ints,
    on_hand: Floats,
    backlog: Floats,
    arriving: Floats,
    demand: Floats,
    life: Ints,
    backorder: Mask,
    out: Floats,
) -> None:
    """Play one period of n lines, in place.

    Receipts arrive, demand (and what waits) is served from the stock that expires first, what is unmet is
    lost or waits, then what can no longer be sold is written off.

    Parameters
    ----------
    period : t
    stock : [n, T + 1] by last period of sale; the last column outlives the game
    oldest : [n] first column that may hold stock
    on_hand : [n] sum of `stock` over its columns
    backlog : [n] units waiting
    arriving, demand : [n] units of this period
    life : [n] periods for which what arrives can be sold
    backorder : [n] unmet demand waits
    out : [n, 5] filled: units served, short (a waiting unit counts once), written off, left; share of the
        period with stock, by what was served of demand (1 where demand waits: it is seen)
    """
    n, columns = stock.shape
    for line in range(n):
        units = arriving[line]
        if units > 0.0:
            last = min(period + life[line] - 1, columns - 1)
            stock[line, last] += units
            on_hand[line] += units
            oldest[line] = min(oldest[line], last)
        asked = demand[line] + backlog[line]
        stocked = 1.0 if on_hand[line] > 0.0 else 0.0
        wanted, there, at = asked, on_hand[line], oldest[line]
        while wanted > 0.0 and there > 0.0 and at < columns:
            served = min(stock[line, at], wanted)
            stock[line, at] -= served
            wanted -= served
            there -= served
            if wanted > 0.0:
                at += 1
        oldest[line] = min(at, columns - 1)
        out[line, 0] = asked - wanted
        out[line, 1] = min(wanted, demand[line]) if backorder[line] else wanted
        if backorder[line]:
            out[line, 4] = 1.0
        else:
            out[line, 4] = 1.0 - wanted / asked if wanted > 0.0 else stocked
        backlog[line] = wanted if backorder[line] else 0.0
        waste = 0.0
        if period < columns - 1:
            waste = stock[line, period]
            stock[line, period] = 0.0
            oldest[line] = max(oldest[line], period + 1)
        out[line, 2] = waste
        on_hand[line] = max(there - waste, 0.0)
        out[line, 3] = on_hand[line]
