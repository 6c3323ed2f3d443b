"""The few candidates that may still be best under given prices, all of them tried: compiled search loops.

What a candidate loses against its line's best bounds what any choice with it loses; only those that lose less
than bound and plan differ are tried (Pisinger 1995, EJOR 83:394-410).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.replenishment.joint.curves import FloatArray, IntArray
from engine.replenishment.joint.pricing import multiplier_of

_MOVES = 60
_TOLERANCE = 5e-10
"""Half of `terms.TOLERANCE`: what is kept here is kept there, however it is added up."""
_FIRST_OPEN = 8
"""Lines with a second candidate in the first search."""
_WIDER = 1.5
_LEAST_WITH_TAIL = 10
"""Lines with a second candidate from which on the last of them are put together first."""
_MOST_TAIL = 512


@njit(cache=True, nogil=True)
def settled(
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
    multiplier = multiplier_of(price)
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
def mend(
    priced: FloatArray, offered: FloatArray, size: IntArray, use: FloatArray, limit: FloatArray
) -> tuple[float, IntArray, bool]:
    """A choice that keeps the limits, by single moves: least money for what is over, then most money."""
    n_lines = len(offered)
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
            for k in range(size[line]):
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
        best_k = loss[line].argmin()
        count = 0
        for k in range(width):
            if loss[line, k] < reach:
                to = count
                while to > 0 and loss[line, candidates[n_open, to - 1]] > loss[line, k]:
                    candidates[n_open, to] = candidates[n_open, to - 1]
                    to -= 1
                candidates[n_open, to] = k
                count += 1
        choice[line] = best_k
        if count <= 1:
            for which in range(n_limits):
                sign = 1.0 if which % 2 == 0 else -1.0
                slack[which] -= sign * use[which // 2, line, best_k]
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
