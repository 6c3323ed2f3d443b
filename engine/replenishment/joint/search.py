"""The best choice of a supplier's lines with the whole numbers of its terms as given: compiled loops.

With trucks, minimum and rebate fixed, each term only limits a total from above or below. A price for each
total makes every line choose for itself; what a candidate then loses against its line's best bounds what any
choice with it loses. Only the few candidates that lose less than bound and plan differ are tried, all of them
(Geoffrion 1974, Math. Programming Study 2:82-114; Pisinger 1995, EJOR 83:394-410).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.replenishment.joint.curves import FloatArray, IntArray

_SWEEPS = 12
_STEPS = 60
_MOVES = 60
_TOLERANCE = 5e-10
"""Half of `terms.TOLERANCE`: what is kept here is kept there, however it is added up."""
_FIRST_OPEN = 8
"""Lines with a second candidate in the first search."""
_WIDER = 1.5
_LEAST_WITH_TAIL = 10
"""Lines with a second candidate from which on the last of them are put together first."""
_MOST_TAIL = 512
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
    offered = np.empty((n_lines, width))
    priced = np.empty((n_lines, width))
    noise = 1e-12 * max(1.0, abs(money))
    for case in range(n_cases):
        _offer(offered, value, use, slope[case], closed[case])
        enough = money - fixed[case] + noise
        dual[case] = fixed[case] + descend(offered, use, limit[case], price[case], enough)
    bound, boxes = money, _MOST_BOXES
    for case in np.argsort(-dual):
        if dual[case] <= money + accept + noise:
            bound = max(bound, dual[case])
            continue
        _offer(offered, value, use, slope[case], closed[case])
        _price(offered, use, price[case], priced)
        mended, choice, fits = _mend(priced, offered, use, limit[case])
        if fits and mended + fixed[case] > money:
            money, best, best_case = mended + fixed[case], choice, case
        if dual[case] <= money + accept + noise:
            bound = max(bound, dual[case])
            continue
        before = money - fixed[case]
        at_prices = dual[case] - fixed[case]
        found, choice, proven, cut = _branch(
            offered, use, limit[case], price[case], at_prices, before, accept, most_nodes, boxes
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
        _price(inside, use, prices[box], priced)
        mended, choice, fits = _mend(priced, inside, use, limit)
        if fits and mended > money:
            money, best = mended, choice
        lost, choice, proven = _settle(
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
            below = descend(inside, use, limit, prices[n_boxes], money + accept)
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


@njit(cache=True, nogil=True)
def _settle(
    priced: FloatArray,
    use: FloatArray,
    limit: FloatArray,
    price: FloatArray,
    dual: float,
    money: float,
    accept: float,
    most_nodes: int,
) -> tuple[float, IntArray, float]:
    """Least loss below dual - money, its choice, and the bound that is proven: ever wider searches."""
    loss, second = _losses(priced)
    multiplier = _multiplier(price)
    noise = 1e-12 * max(1.0, abs(dual))
    most = dual - money
    reach = max(second[min(_FIRST_OPEN, len(second) - 1)], 100 * noise)
    proven = dual
    while True:
        reach = min(reach, most)
        lost, choice, is_complete = _search(loss, use, limit, multiplier, reach, accept, most_nodes)
        if is_complete:
            proven = min(proven, max(dual - min(lost, reach), money) + accept)
        if not is_complete or lost < reach or reach >= most:
            return (lost if lost < reach else np.inf), choice, proven
        reach *= _WIDER


@njit(cache=True, nogil=True)
def _multiplier(price: FloatArray) -> FloatArray:
    """One for each limit of the terms."""
    multiplier = np.zeros(2 * len(price))
    for term in range(len(price)):
        multiplier[2 * term] = max(price[term], 0.0)
        multiplier[2 * term + 1] = max(-price[term], 0.0)
    return multiplier


@njit(cache=True, nogil=True)
def _offer(
    offered: FloatArray, value: FloatArray, use: FloatArray, slope: FloatArray, closed: IntArray
) -> None:
    offered[:] = value
    for term in range(use.shape[0]):
        if slope[term] != 0.0:
            for line in range(value.shape[0]):
                for k in range(value.shape[1]):
                    offered[line, k] += slope[term] * use[term, line, k]
        if closed[term]:
            for line in range(value.shape[0]):
                for k in range(value.shape[1]):
                    if use[term, line, k] != 0.0:
                        offered[line, k] = -np.inf


@njit(cache=True, nogil=True)
def _price(offered: FloatArray, use: FloatArray, price: FloatArray, priced: FloatArray) -> None:
    priced[:] = offered
    for term in range(len(price)):
        if price[term] != 0.0:
            for line in range(offered.shape[0]):
                for k in range(offered.shape[1]):
                    priced[line, k] -= price[term] * use[term, line, k]


@njit(cache=True, nogil=True)
def descend(
    offered: FloatArray, use: FloatArray, limit: FloatArray, price: FloatArray, enough: float
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
        return _nested(offered, use, limit, price, limited[:n_limited], enough)[0]
    least = np.inf
    pair = np.empty(2, np.int64)
    for _ in range(_SWEEPS):
        before = least
        for first in range(n_limited):
            pair[0], pair[1] = limited[first], limited[(first + 1) % n_limited]
            least = min(least, _nested(offered, use, limit, price, pair, enough)[0])
            if least <= enough:
                return least
        if before - least <= 1e-10 * max(1.0, abs(least)):
            break
    return least


@njit(cache=True, nogil=True)
def _nested(
    offered: FloatArray, use: FloatArray, limit: FloatArray, price: FloatArray, over: IntArray, enough: float
) -> tuple[float, FloatArray]:
    """Least bound over the prices of the terms `over`, which are set, and the totals mixed there.

    Along one price the bound is convex and made of straight pieces. Where the tangents of both sides meet is
    tried next, until the bound lies on them: there the totals of both sides mix to what is allowed.
    """
    if len(over) == 0:
        return _choose(offered, use, limit, price)
    which, inside = over[0], over[1:]
    own = price[which]
    price[which] = 0.0
    best, used = _nested(offered, use, limit, price, inside, enough)
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
        here, used = _nested(offered, use, limit, price, inside, enough)
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
def _choose(
    offered: FloatArray, use: FloatArray, limit: FloatArray, price: FloatArray
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
        for k in range(offered.shape[1]):
            here = offered[line, k]
            for term in range(n_terms):
                here -= price[term] * use[term, line, k]
            if here > most:
                most, most_at = here, k
        total += most
        for term in range(n_terms):
            used[term] += use[term, line, most_at]
    return total, used


@njit(cache=True, nogil=True)
def _mend(
    priced: FloatArray, offered: FloatArray, use: FloatArray, limit: FloatArray
) -> tuple[float, IntArray, bool]:
    """A choice that keeps the limits, by single moves: least money for what is over, then most money."""
    n_lines, width = offered.shape
    n_limits = len(limit)
    choice = np.empty(n_lines, np.int64)
    left = limit.copy()
    scale = np.empty(n_limits)
    for which in range(n_limits):
        scale[which] = 1.0 / (abs(limit[which]) + 1.0)
    for line in range(n_lines):
        choice[line] = priced[line].argmax()
        for which in range(n_limits):
            sign = 1.0 if which % 2 == 0 else -1.0
            left[which] -= sign * use[which // 2, line, choice[line]]
    for _ in range(_MOVES):
        over = 0.0
        for which in range(n_limits):
            if limit[which] < np.inf:
                over += max(-left[which], 0.0) * scale[which]
        top, top_line, top_k = 0.0 if over <= 0.0 else -np.inf, -1, -1
        for line in range(n_lines):
            for k in range(width):
                change = offered[line, k] - offered[line, choice[line]]
                if k == choice[line] or change == -np.inf or (over <= 0.0 and change <= top):
                    continue
                after = 0.0
                for which in range(n_limits):
                    if limit[which] < np.inf:
                        sign = 1.0 if which % 2 == 0 else -1.0
                        moved = use[which // 2, line, choice[line]] - use[which // 2, line, k]
                        after += max(-left[which] - sign * moved, 0.0) * scale[which]
                if over > 0.0:
                    if after >= over * (1 - 1e-9):
                        continue
                    score = min(change, -1e-9) / (over - after)
                    if score > top:
                        top, top_line, top_k = score, line, k
                elif after <= 0.0:
                    top, top_line, top_k = change, line, k
        if top_line < 0 or (over <= 0.0 and top <= 1e-12):
            break
        for which in range(n_limits):
            sign = 1.0 if which % 2 == 0 else -1.0
            moved = use[which // 2, top_line, choice[top_line]] - use[which // 2, top_line, top_k]
            left[which] += sign * moved
        choice[top_line] = top_k
    money = 0.0
    for line in range(n_lines):
        money += offered[line, choice[line]]
    fits = money > -np.inf
    for which in range(n_limits):
        if left[which] < -_TOLERANCE * max(1.0, abs(limit[which])):
            fits = False
    return money, choice, fits


@njit(cache=True, nogil=True)
def _losses(priced: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What each candidate loses against its line's best, and the second least of each line, rising."""
    loss = np.empty(priced.shape)
    second = np.empty(priced.shape[0])
    for line in range(priced.shape[0]):
        at = priced[line].argmax()
        most = priced[line, at]
        least = np.inf
        for k in range(priced.shape[1]):
            loss[line, k] = most - priced[line, k]
            if k != at and loss[line, k] < least:
                least = loss[line, k]
        second[line] = least
    second.sort()
    return loss, second


@njit(cache=True, nogil=True)
def _search(
    loss: FloatArray,
    use: FloatArray,
    limit: FloatArray,
    multiplier: FloatArray,
    reach: float,
    accept: float,
    most_nodes: int,
) -> tuple[float, IntArray, bool]:
    """Least loss below `reach` of a choice that keeps the limits, the choice, and whether all were tried.

    A choice loses what its candidates lose, and each multiplier times what its limit leaves unused.
    """
    n_lines, width = loss.shape
    n_limits = len(limit)
    choice = np.zeros(n_lines, np.int64)
    slack = limit.copy()
    candidates = np.empty((n_lines, width), np.int64)
    n_candidates = np.zeros(n_lines, np.int64)
    lines = np.empty(n_lines, np.int64)
    weight = np.empty(n_lines)
    n_open = 0
    for line in range(n_lines):
        order = np.argsort(loss[line], kind="mergesort")
        count = 0
        for k in order:
            if loss[line, k] < reach:
                candidates[n_open, count] = k
                count += 1
        choice[line] = order[0]
        if count <= 1:
            for which in range(n_limits):
                sign = 1.0 if which % 2 == 0 else -1.0
                slack[which] -= sign * use[which // 2, line, order[0]]
            continue
        spread = 0.0
        for term in range(use.shape[0]):
            least, most = np.inf, -np.inf
            for c in range(count):
                here = use[term, line, candidates[n_open, c]]
                least, most = min(least, here), max(most, here)
            scale = 1.0
            for which in (2 * term, 2 * term + 1):
                if limit[which] != np.inf:
                    scale = max(scale, abs(limit[which]))
            spread += (most - least) / scale
        lines[n_open], n_candidates[n_open], weight[n_open] = line, count, -spread
        n_open += 1
    # the lines that move totals most come first, the finest fit what is left
    order = np.argsort(weight[:n_open], kind="mergesort")
    least_rest = np.zeros((n_open + 1, n_limits))
    most_rest = np.zeros((n_open + 1, n_limits))
    for level in range(n_open - 1, -1, -1):
        at = order[level]
        for which in range(n_limits):
            sign = 1.0 if which % 2 == 0 else -1.0
            least, most = np.inf, -np.inf
            for c in range(n_candidates[at]):
                here = sign * use[which // 2, lines[at], candidates[at, c]]
                least, most = min(least, here), max(most, here)
            least_rest[level, which] = least_rest[level + 1, which] + least
            most_rest[level, which] = most_rest[level + 1, which] + most
    tolerance = np.empty(n_limits)
    for which in range(n_limits):
        tolerance[which] = -_TOLERANCE * max(1.0, abs(limit[which]))
    left = np.empty((n_open + 1, n_limits))
    left[0] = slack
    lost = np.zeros(n_open + 1)
    tried = np.zeros(n_open + 1, np.int64)
    best, best_choice = reach, choice.copy()
    here = choice.copy()
    nodes, level = 0, 0
    if n_open == 0:
        total = 0.0
        for which in range(n_limits):
            if slack[which] < tolerance[which]:
                return reach, best_choice, True
            if multiplier[which] > 0.0:
                total += multiplier[which] * slack[which]
        return min(total, reach), best_choice, True
    key, first, tail_key, tail_loss, tail_use, tail_pick = _tail(
        loss, use, multiplier, candidates, n_candidates, lines, order, most_rest - least_rest
    )
    while level >= 0:
        if level == first:
            level -= 1
            now = left[first, key]
            total = lost[first]
            reach_key = now - (best - accept - total) / multiplier[key]
            here_at = np.searchsorted(tail_key, reach_key)
            while here_at < len(tail_key) and tail_key[here_at] <= now - tolerance[key]:
                nodes += 1
                after = total + tail_loss[here_at]
                if after < best - accept:
                    fits = True
                    for which in range(n_limits):
                        if limit[which] == np.inf:
                            continue
                        sign = 1.0 if which % 2 == 0 else -1.0
                        unused = left[first, which] - sign * tail_use[here_at, which // 2]
                        if unused < tolerance[which]:
                            fits = False
                            break
                        after += multiplier[which] * max(unused, 0.0)
                    if fits and after < best - accept:
                        for back in range(first, n_open):
                            at = order[back]
                            here[lines[at]] = candidates[at, tail_pick[here_at, back - first]]
                        best, best_choice = after, here.copy()
                here_at += 1
            if nodes > most_nodes:
                return best, best_choice, False
            continue
        at = order[level]
        c = tried[level]
        if c >= n_candidates[at]:
            tried[level] = 0
            level -= 1
            continue
        k = candidates[at, c]
        line = lines[at]
        total = lost[level] + loss[line, k]
        if total >= best - accept:
            # those behind lose more
            tried[level] = 0
            level -= 1
            continue
        tried[level] = c + 1
        nodes += 1
        if nodes > most_nodes:
            return best, best_choice, False
        fits = True
        wasted = 0.0
        for which in range(n_limits):
            if limit[which] == np.inf:
                continue
            sign = 1.0 if which % 2 == 0 else -1.0
            now = left[level, which] - sign * use[which // 2, line, k]
            left[level + 1, which] = now
            if now - least_rest[level + 1, which] < tolerance[which]:
                fits = False
                break
            if multiplier[which] > 0.0:
                wasted += multiplier[which] * max(now - most_rest[level + 1, which], 0.0)
        if not fits or total + wasted >= best - accept:
            continue
        here[line] = k
        if level + 1 == n_open:
            best, best_choice = total + wasted, here.copy()
            continue
        lost[level + 1] = total
        level += 1
    return best, best_choice, True


@njit(cache=True, nogil=True)
def _tail(
    loss: FloatArray,
    use: FloatArray,
    multiplier: FloatArray,
    candidates: IntArray,
    n_candidates: IntArray,
    lines: IntArray,
    order: IntArray,
    spread: FloatArray,
) -> tuple[int, int, FloatArray, FloatArray, FloatArray, IntArray]:
    """All choices of the last lines, in order of what they use of the limit of the greatest price.

    Of these only the few that fill what the lines before them leave are looked at (Horowitz & Sahni 1974,
    JACM 21:277-292). Returns the limit, the first of these lines, and use, loss, totals and candidates of
    each choice; a first line behind the last: none.
    """
    n_open, n_terms = len(order), use.shape[0]
    key, worth = 0, 0.0
    for which in range(len(multiplier)):
        if multiplier[which] * spread[0, which] > worth:
            key, worth = which, multiplier[which] * spread[0, which]
    size, first = 1, n_open
    while worth > 0.0 and first > n_open // 2 and size * n_candidates[order[first - 1]] <= _MOST_TAIL:
        first -= 1
        size *= n_candidates[order[first]]
    if n_open < _LEAST_WITH_TAIL or first == n_open:
        none = np.empty((0, n_terms))
        return key, n_open + 1, np.empty(0), np.empty(0), none, np.empty((0, 0), np.int64)
    lost, used = np.zeros(size), np.zeros((size, n_terms))
    pick = np.zeros((size, n_open - first), np.int64)
    filled = 1
    for level in range(first, n_open):
        at = order[level]
        for c in range(n_candidates[at] - 1, -1, -1):
            k = candidates[at, c]
            for row in range(filled):
                to = c * filled + row
                lost[to] = lost[row] + loss[lines[at], k]
                for term in range(n_terms):
                    used[to, term] = used[row, term] + use[term, lines[at], k]
                pick[to, : level - first] = pick[row, : level - first]
                pick[to, level - first] = c
        filled *= n_candidates[at]
    by_key = used[:, key // 2] if key % 2 == 0 else -used[:, key // 2]
    rank = np.argsort(by_key, kind="mergesort")
    return key, first, by_key[rank], lost[rank], used[rank], pick[rank]
