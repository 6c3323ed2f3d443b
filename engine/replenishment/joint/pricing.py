"""Prices for shared totals under which every line chooses for itself: compiled loops of the search.

The least upper bound over the prices is found one price inside the other, each a convex function of one
variable (Geoffrion 1974, Math. Programming Study 2:82-114).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.replenishment.joint.curves import FloatArray, IntArray

_SWEEPS = 12
_STEPS = 60


@njit(cache=True, nogil=True)
def multiplier_of(price: FloatArray) -> FloatArray:
    """Return a multiplier for each limit of the terms, [2 T]: for the upper one and for the lower one."""
    multiplier = np.zeros(2 * len(price))
    for term in range(len(price)):
        multiplier[2 * term] = max(price[term], 0.0)
        multiplier[2 * term + 1] = max(-price[term], 0.0)
    return multiplier


@njit(cache=True, nogil=True)
def sizes(value: FloatArray) -> IntArray:
    """Return how many candidates each line has; behind them stands -inf."""
    size = np.zeros(len(value), np.int64)
    for line in range(len(value)):
        for k in range(value.shape[1]):
            if value[line, k] > -np.inf:
                size[line] = k + 1
    return size


@njit(cache=True, nogil=True)
def offer(
    offered: FloatArray,
    value: FloatArray,
    size: IntArray,
    use: FloatArray,
    slope: FloatArray,
    closed: IntArray,
) -> None:
    """Fill `offered` with the money of each candidate in one case, -inf where the case does not allow it."""
    offered[:] = value
    for term in range(use.shape[0]):
        if slope[term] != 0.0:
            for line in range(value.shape[0]):
                for k in range(size[line]):
                    offered[line, k] += slope[term] * use[term, line, k]
        if closed[term]:
            for line in range(value.shape[0]):
                for k in range(size[line]):
                    if use[term, line, k] != 0.0:
                        offered[line, k] = -np.inf


@njit(cache=True, nogil=True)
def price_all(
    offered: FloatArray, size: IntArray, use: FloatArray, price: FloatArray, priced: FloatArray
) -> None:
    """Fill `priced` with what is left of `offered` after the prices."""
    priced[:] = offered
    for term in range(len(price)):
        if price[term] != 0.0:
            for line in range(offered.shape[0]):
                for k in range(size[line]):
                    priced[line, k] -= price[term] * use[term, line, k]


@njit(cache=True, nogil=True)
def descend(
    offered: FloatArray, size: IntArray, use: FloatArray, limit: FloatArray, price: FloatArray, enough: float
) -> float:
    """Least bound over the prices of the terms, two at a time; ends early once it is at most `enough`.

    A price above 0 is one of what is over the most, below 0 of what lacks to the least. Starts at `price`;
    those found are left in it.
    """
    n_terms = len(price)
    limited = np.empty(n_terms, np.int64)
    n_limited = 0
    for term in range(n_terms):
        if limit[2 * term] < np.inf or limit[2 * term + 1] < np.inf:
            limited[n_limited] = term
            n_limited += 1
        else:
            price[term] = 0.0
    if n_limited <= 2:
        return _nested(offered, size, use, limit, price, limited[:n_limited], enough)[0]
    least = np.inf
    pair = np.empty(2, np.int64)
    for _ in range(_SWEEPS):
        before = least
        for first in range(n_limited):
            pair[0], pair[1] = limited[first], limited[(first + 1) % n_limited]
            least = min(least, _nested(offered, size, use, limit, price, pair, enough)[0])
            if least <= enough:
                return least
        if before - least <= 1e-10 * max(1.0, abs(least)):
            break
    return least


@njit(cache=True, nogil=True)
def _nested(
    offered: FloatArray,
    size: IntArray,
    use: FloatArray,
    limit: FloatArray,
    price: FloatArray,
    over: IntArray,
    enough: float,
) -> tuple[float, FloatArray]:
    """Least bound over the prices of the terms `over`, which are set, and the totals mixed there.

    Along one price the bound is convex and made of straight pieces. Where the tangents of both sides meet is
    tried next, until the bound lies on them: there the totals of both sides mix to what is allowed.
    """
    if len(over) == 0:
        return choose_all(offered, size, use, limit, price)
    which, inside = over[0], over[1:]
    own = price[which]
    price[which] = 0.0
    best, used = _nested(offered, size, use, limit, price, inside, enough)
    way, edge = 0.0, 0.0
    if used[which] > limit[2 * which]:
        way, edge = 1.0, limit[2 * which]
    elif used[which] < -limit[2 * which + 1]:
        way, edge = -1.0, -limit[2 * which + 1]
    if way == 0.0 or best <= enough:
        return best, used
    best_at, best_inside = 0.0, price[inside].copy()
    low, low_f, low_slope, low_used = 0.0, best, way * (edge - used[which]), used
    high, high_f, high_slope, high_used = np.inf, np.inf, 0.0, used
    at = own * way if own * way > 0.0 else 1e-3
    step = 0.25 * at
    floor = -np.inf
    for _ in range(_STEPS):
        price[which] = way * at
        here, used = _nested(offered, size, use, limit, price, inside, enough)
        slope = way * (edge - used[which])
        if here < best:
            best, best_at, best_inside = here, at, price[inside].copy()
            if best <= enough:
                return best, used
        if slope < 0.0:
            low, low_f, low_slope, low_used = at, here, slope, used
        else:
            high, high_f, high_slope, high_used = at, here, slope, used
        if here <= floor + 1e-13 * max(1.0, abs(here)) or slope == 0.0:
            break
        if high == np.inf:
            if at > 1e12:
                break
            at += step
            step *= 4.0
            continue
        at = (low_f - low_slope * low - high_f + high_slope * high) / (high_slope - low_slope)
        if at <= low or at >= high:
            break
        floor = low_f + low_slope * (at - low)
    price[which] = way * best_at
    price[inside] = best_inside
    if high == np.inf:
        return best, low_used
    share = high_slope / (high_slope - low_slope)
    return best, share * low_used + (1.0 - share) * high_used


@njit(cache=True, nogil=True)
def keeps(used: FloatArray, limit: FloatArray) -> bool:
    """Whether totals keep the limits."""
    for term in range(len(used)):
        if used[term] > limit[2 * term] or used[term] < -limit[2 * term + 1]:
            return False
    return True


@njit(cache=True, nogil=True)
def choose_all(
    offered: FloatArray, size: IntArray, use: FloatArray, limit: FloatArray, price: FloatArray
) -> tuple[float, FloatArray]:
    """The bound at these prices, and the totals of the choice there."""
    n_terms = len(price)
    used = np.zeros(n_terms)
    total = 0.0
    for term in range(n_terms):
        if price[term] > 0.0:
            total += price[term] * limit[2 * term]
        elif price[term] < 0.0:
            total -= price[term] * limit[2 * term + 1]
    for line in range(offered.shape[0]):
        most, most_at = -np.inf, 0
        for k in range(size[line]):
            here = offered[line, k]
            for term in range(n_terms):
                here -= price[term] * use[term, line, k]
            if here > most:
                most, most_at = here, k
        total += most
        for term in range(n_terms):
            used[term] += use[term, line, most_at]
    return total, used
