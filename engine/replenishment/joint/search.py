"""The best choice of a supplier's lines with the whole numbers of its terms as given: compiled loops.

With trucks, minimum and rebate fixed, each term only limits a total from above or below. A price for each
total makes every line choose for itself; what a candidate then loses against its line's best bounds what any
choice with it loses. Only the few candidates that lose less than bound and plan differ are tried, all of them
(Geoffrion 1974, Math. Programming Study 2:82-114; Pisinger 1995, EJOR 83:394-410).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.replenishment.joint.cores import mend, settled
from engine.replenishment.joint.curves import FloatArray, IntArray
from engine.replenishment.joint.pricing import choose_all, descend, keeps, offer, price_all, sizes

_MOST_BOXES = 1000


@njit(cache=True, nogil=True)
def best_of_cases(
    value: FloatArray,
    use: FloatArray,
    limit: FloatArray,
    fixed: FloatArray,
    slope: FloatArray,
    closed: IntArray,
    price: FloatArray,
    dual: FloatArray,
    start: IntArray,
    start_case: int,
    accept: float,
    most_nodes: int,
) -> tuple[IntArray, int, float, float]:
    """Choice, its case, its money, and the money of which no choice has more.

    Parameters
    ----------
    value : float array, shape (m, K)
        Money of each candidate; -inf where there is none.
    use : float array, shape (T, m, K)
        Of each term.
    limit : float array, shape (C, 2 T)
        Of each case and term: the total is at most the first, minus the total at most the second.
    fixed : float array, shape (C,)
        Money of a case.
    slope : float array, shape (C, T)
        Money per unit of use in a case.
    closed : int array, shape (C, T)
        1: the case allows no use of the term.
    price : float array, shape (C, T)
        Where to start the prices of the terms in each case; those found are left in it.
    dual : float array, shape (C,)
        Filled with the bound of each case.
    start : int array, shape (m,)
        A choice that keeps the limits of `start_case`.
    accept : float
        Money by which a better choice need not be looked for.
    most_nodes : int
        Of a search.
    """
    n_cases = len(fixed)
    n_lines, width = value.shape
    best = start.copy()
    best_case = start_case
    money = fixed[start_case]
    for line in range(n_lines):
        money += value[line, start[line]]
        for term in range(use.shape[0]):
            money += slope[start_case, term] * use[term, line, start[line]]
    size = sizes(value)
    offered = np.empty((n_lines, width))
    priced = np.empty((n_lines, width))
    noise = 1e-12 * max(1.0, abs(money))
    # where what the lines choose for themselves keeps the limits, a case is settled: most others end early
    for case in range(n_cases):
        offer(offered, value, size, use, slope[case], closed[case])
        at_prices, used = choose_all(offered, size, use, limit[case], np.zeros(len(use)))
        dual[case] = fixed[case] + at_prices
        if dual[case] > money and keeps(used, limit[case]):
            money, best_case = dual[case], case
            for line in range(n_lines):
                best[line] = offered[line].argmax()
    for case in np.argsort(-dual):
        if dual[case] <= money + accept + noise:
            continue
        offer(offered, value, size, use, slope[case], closed[case])
        enough = money + accept - fixed[case] + noise
        dual[case] = fixed[case] + descend(offered, size, use, limit[case], price[case], enough)
        if dual[case] > money + accept + noise:
            price_all(offered, size, use, price[case], priced)
            mended, choice, fits = mend(priced, offered, size, use, limit[case])
            if fits and mended + fixed[case] > money:
                money, best, best_case = mended + fixed[case], choice, case
    bound, boxes = money, _MOST_BOXES
    for case in np.argsort(-dual):
        if dual[case] <= money + accept + noise:
            bound = max(bound, dual[case])
            continue
        offer(offered, value, size, use, slope[case], closed[case])
        before = money - fixed[case]
        at_prices = dual[case] - fixed[case]
        found, choice, proven, cut = _branch(
            offered, size, use, limit[case], price[case], at_prices, before, accept, most_nodes, boxes
        )
        boxes = max(boxes - cut, 1)
        if found > before:
            money, best, best_case = found + fixed[case], choice, case
        proven += fixed[case]
        bound = max(bound, proven)
    return best, best_case, money, max(bound, money)


@njit(cache=True, nogil=True)
def _branch(
    offered: FloatArray,
    size: IntArray,
    use: FloatArray,
    limit: FloatArray,
    price: FloatArray,
    dual: float,
    money: float,
    accept: float,
    most_nodes: int,
    most_boxes: int,
) -> tuple[float, IntArray, float, int]:
    """Most money above `money`, its choice, the bound and the number of boxes, the best bound first.

    A box that a search does not settle is cut in two where a line mixes two candidates at its prices.
    """
    n_lines, width = offered.shape
    first = np.zeros((most_boxes, n_lines), np.int64)
    last = np.full((most_boxes, n_lines), width - 1)
    prices = np.empty((most_boxes, len(price)))
    at_prices = np.empty(most_boxes)
    bounds = np.full(most_boxes, -np.inf)
    prices[0], at_prices[0], bounds[0] = price, dual, dual
    n_boxes = 1
    best = np.zeros(n_lines, np.int64)
    closed = -np.inf
    noise = 1e-12 * max(1.0, abs(dual))
    inside = np.empty((n_lines, width))
    priced = np.empty((n_lines, width))
    while True:
        box = int(bounds[:n_boxes].argmax())
        bound = bounds[box]
        if bound <= money + accept + noise:
            return money, best, max(money, closed, bound), n_boxes
        bounds[box] = -np.inf
        _within(offered, first[box], last[box], inside)
        price_all(inside, size, use, prices[box], priced)
        mended, choice, fits = mend(priced, inside, size, use, limit)
        if fits and mended > money:
            money, best = mended, choice
        lost, choice, proven = settled(
            priced, use, limit, prices[box], at_prices[box], money, accept, most_nodes
        )
        proven = min(proven, bound)
        if at_prices[box] - lost > money:
            money, best = at_prices[box] - lost, choice
        if proven <= money + accept + noise:
            closed = max(closed, proven)
            continue
        if n_boxes + 2 > most_boxes:
            return money, best, max(money, closed, proven, bounds[:n_boxes].max()), n_boxes
        line, cut = _mixed(priced, use, prices[box])
        if line < 0:
            closed = max(closed, proven)
            continue
        for side in range(2):
            first[n_boxes], last[n_boxes], prices[n_boxes] = first[box], last[box], prices[box]
            if side == 0:
                last[n_boxes, line] = cut
            else:
                first[n_boxes, line] = cut + 1
            _within(offered, first[n_boxes], last[n_boxes], inside)
            below = descend(inside, size, use, limit, prices[n_boxes], money + accept)
            at_prices[n_boxes] = below
            below = min(below, proven)
            if below > money + accept + noise:
                bounds[n_boxes] = below
                n_boxes += 1
            else:
                closed = max(closed, below)


@njit(cache=True, nogil=True)
def _within(offered: FloatArray, first: IntArray, last: IntArray, inside: FloatArray) -> None:
    inside[:] = offered
    for line in range(offered.shape[0]):
        inside[line, : first[line]] = -np.inf
        inside[line, last[line] + 1 :] = -np.inf


@njit(cache=True, nogil=True)
def _mixed(priced: FloatArray, use: FloatArray, price: FloatArray) -> tuple[int, int]:
    """The line whose best two candidates differ most in what is priced, of those nearly even, and where."""
    n_lines, width = priced.shape
    second, other = np.full(n_lines, np.inf), np.zeros(n_lines, np.int64)
    at = np.zeros(n_lines, np.int64)
    scale = 0.0
    for line in range(n_lines):
        at[line] = priced[line].argmax()
        scale = max(scale, abs(priced[line, at[line]]))
        for k in range(width):
            loss = priced[line, at[line]] - priced[line, k]
            if k != at[line] and loss < second[line]:
                second[line], other[line] = loss, k
    least = second.min()
    if least == np.inf:
        return -1, 0
    top, top_line = -1.0, -1
    for line in range(n_lines):
        if second[line] <= max(least, 1e-9 * scale):
            moved = 0.0
            for term in range(len(price)):
                moved += abs(price[term] * (use[term, line, at[line]] - use[term, line, other[line]]))
            if moved > top:
                top, top_line = moved, line
    low, high = min(at[top_line], other[top_line]), max(at[top_line], other[top_line])
    return top_line, (low + high) // 2
