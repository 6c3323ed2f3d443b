"""One choice of all lines that keeps what suppliers share, from plans that nearly do: moves of lines."""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.replenishment.joint.curves import FloatArray, IntArray

_MOVES = 4000
_PASSES = 40
_TOLERANCE = 5e-10
_NEAR = 6000
"""Moves of least loss that are tried two at a time."""


@njit(cache=True, nogil=True)
def fitted(
    money: FloatArray,
    loss: FloatArray,
    row: IntArray,
    use: FloatArray,
    limit: FloatArray,
    price: FloatArray,
    start: IntArray,
) -> tuple[IntArray, bool]:
    """A choice that keeps all rows, by moves of one line and of two, and whether it does.

    Parameters
    ----------
    money : float array, shape (n, K)
        Of each candidate; -inf where a line may not move to it.
    loss : float array, shape (n, K)
        What each candidate earns less than its line's best at `price`.
    row : int array, shape (n, E)
        Rows that each line uses; -1: none.
    use : float array, shape (n, E, K)
        Of those rows.
    limit : float array, shape (R,)
    price : float array, shape (R,)
        Money per unit of a row.
    start : int array, shape (n,)
    """
    n_lines, width = money.shape
    n_entries = row.shape[1]
    choice = start.copy()
    left = limit.copy()
    for line in range(n_lines):
        for e in range(n_entries):
            if row[line, e] >= 0:
                left[row[line, e]] -= use[line, e, choice[line]]
    weight = np.empty(len(limit))
    least = np.empty(len(limit))
    for r in range(len(limit)):
        weight[r] = price[r] + 1.0 / (abs(limit[r]) + 1.0)
        least[r] = -_TOLERANCE * max(1.0, abs(limit[r]))
    for _ in range(_MOVES):
        over = 0.0
        for r in range(len(limit)):
            if left[r] < least[r]:
                over -= left[r] * weight[r]
        if over == 0.0:
            break
        top, top_line, top_k = np.inf, -1, -1
        for line in range(n_lines):
            now = choice[line]
            touches = False
            for e in range(n_entries):
                if row[line, e] >= 0 and left[row[line, e]] < least[row[line, e]]:
                    touches = True
            if not touches:
                continue
            for k in range(width):
                if k == now or money[line, k] == -np.inf:
                    continue
                eased = 0.0
                for e in range(n_entries):
                    r = row[line, e]
                    if r >= 0:
                        after = left[r] + use[line, e, now] - use[line, e, k]
                        before_over = -left[r] if left[r] < least[r] else 0.0
                        after_over = -after if after < least[r] else 0.0
                        eased += (before_over - after_over) * weight[r]
                if eased > 1e-12:
                    score = max(loss[line, k] - loss[line, now], 1e-12) / eased
                    if score < top:
                        top, top_line, top_k = score, line, k
        if top_line < 0:
            return choice, False
        _move(choice, left, row, use, top_line, top_k)
    for r in range(len(limit)):
        if left[r] < least[r]:
            return choice, False
    for _ in range(_PASSES):
        gained = _singles(choice, left, money, row, use)
        gained += _pairs(choice, left, money, loss, row, use)
        if gained <= 1e-9:
            break
    return choice, True


@njit(cache=True, nogil=True)
def _move(choice: IntArray, left: FloatArray, row: IntArray, use: FloatArray, line: int, k: int) -> None:
    for e in range(row.shape[1]):
        if row[line, e] >= 0:
            left[row[line, e]] += use[line, e, choice[line]] - use[line, e, k]
    choice[line] = k


@njit(cache=True, nogil=True)
def _singles(choice: IntArray, left: FloatArray, money: FloatArray, row: IntArray, use: FloatArray) -> float:
    """Move each line to its best candidate that fits; return the money gained."""
    gained = 0.0
    for line in range(len(choice)):
        top, top_k = money[line, choice[line]] + 1e-12, -1
        for k in range(money.shape[1]):
            if money[line, k] > top:
                fits = True
                for e in range(row.shape[1]):
                    r = row[line, e]
                    if r >= 0:
                        moved = use[line, e, choice[line]] - use[line, e, k]
                        if moved < 0.0 and left[r] + moved < 0.0:
                            fits = False
                            break
                if fits:
                    top, top_k = money[line, k], k
        if top_k >= 0:
            gained += money[line, top_k] - money[line, choice[line]]
            _move(choice, left, row, use, line, top_k)
    return gained


@njit(cache=True, nogil=True)
def _pairs(
    choice: IntArray,
    left: FloatArray,
    money: FloatArray,
    loss: FloatArray,
    row: IntArray,
    use: FloatArray,
) -> float:
    """Move two lines at once where both together fit and gain; return the money gained."""
    n_lines, width = money.shape
    n_entries = row.shape[1]
    n_moves = 0
    for line in range(n_lines):
        for k in range(width):
            if k != choice[line] and money[line, k] > -np.inf:
                n_moves += 1
    of_line, of_k = np.empty(n_moves, np.int64), np.empty(n_moves, np.int64)
    cost = np.empty(n_moves)
    n_moves = 0
    for line in range(n_lines):
        for k in range(width):
            if k != choice[line] and money[line, k] > -np.inf:
                of_line[n_moves], of_k[n_moves] = line, k
                cost[n_moves] = loss[line, k] - loss[line, choice[line]]
                n_moves += 1
    near = np.argsort(cost, kind="mergesort")[:_NEAR]
    change = np.empty(len(near))
    for at, move in enumerate(near):
        change[at] = money[of_line[move], of_k[move]] - money[of_line[move], choice[of_line[move]]]
    # the second move of a pair by what it gains, the most first
    by_gain = np.argsort(-change, kind="mergesort")
    gained = 0.0
    done = np.zeros(n_lines, np.bool_)
    need = np.zeros(len(left))
    for a_at in by_gain:
        a_line, a_k = of_line[near[a_at]], of_k[near[a_at]]
        if done[a_line]:
            continue
        if change[a_at] <= 0.0:
            break
        for e in range(n_entries):
            r = row[a_line, e]
            if r >= 0:
                need[r] = use[a_line, e, choice[a_line]] - use[a_line, e, a_k]
        top, top_at = 1e-9, -1
        for b_at in by_gain:
            total = change[a_at] + change[b_at]
            if total <= top:
                break
            b_line, b_k = of_line[near[b_at]], of_k[near[b_at]]
            if done[b_line] or b_line == a_line:
                continue
            fits = True
            for e in range(n_entries):
                r = row[b_line, e]
                if r >= 0:
                    moved = need[r] + use[b_line, e, choice[b_line]] - use[b_line, e, b_k]
                    if moved < 0.0 and left[r] + moved < 0.0:
                        fits = False
                        break
            if fits:
                # rows that only the first line uses
                for e in range(n_entries):
                    r = row[a_line, e]
                    if r >= 0 and need[r] < 0.0 and left[r] + need[r] < 0.0:
                        shares = False
                        for other in range(n_entries):
                            if row[b_line, other] == r:
                                shares = True
                        if not shares:
                            fits = False
                            break
            if fits:
                top, top_at = total, b_at
        for e in range(n_entries):
            if row[a_line, e] >= 0:
                need[row[a_line, e]] = 0.0
        if top_at >= 0:
            b_line, b_k = of_line[near[top_at]], of_k[near[top_at]]
            _move(choice, left, row, use, a_line, a_k)
            _move(choice, left, row, use, b_line, b_k)
            done[a_line] = done[b_line] = True
            gained += top
    return gained


@njit(cache=True, nogil=True)
def picked_plans(
    part: IntArray,
    lost: FloatArray,
    used: FloatArray,
    limit: FloatArray,
    price: FloatArray,
    start: IntArray,
    dearer: float,
) -> IntArray:
    """One plan a part, bettered one and two at a time: what they lose, leave unused and overstep, at prices.

    What is overstepped is charged `dearer` times the price; lines are moved until it holds (`fitted`).
    """
    picked = start.copy()
    n_rows = len(limit)
    left = limit.copy()
    for plan in picked:
        left -= used[plan]
    over_price = np.empty(n_rows)
    for r in range(n_rows):
        over_price[r] = dearer * price[r] + 0.1 / (abs(limit[r]) + 1.0)
    here = _charged(left, price, over_price)
    one = np.empty(n_rows)
    for _ in range(_PASSES):
        before = here
        for q in range(len(part)):
            old_q = picked[part[q]]
            if q == old_q:
                continue
            for r in range(n_rows):
                one[r] = left[r] + used[old_q, r] - used[q, r]
            base = lost[q] - lost[old_q]
            top, top_at = base + _charged(one, price, over_price), q
            for s in range(len(part)):
                old_s = picked[part[s]]
                if s == old_s or part[s] == part[q] or base + lost[s] - lost[old_s] >= top:
                    continue
                total = base + lost[s] - lost[old_s]
                for r in range(n_rows):
                    after = one[r] + used[old_s, r] - used[s, r]
                    total += price[r] * after if after >= 0.0 else -over_price[r] * after
                    if total >= top:
                        break
                if total < top:
                    top, top_at = total, s
            if top < here - 1e-9:
                for r in range(n_rows):
                    left[r] = one[r]
                picked[part[q]] = q
                if top_at != q:
                    for r in range(n_rows):
                        left[r] += used[picked[part[top_at]], r] - used[top_at, r]
                    picked[part[top_at]] = top_at
                here = _charged(left, price, over_price)
        if here >= before - 1e-9:
            break
    return picked


@njit(cache=True, nogil=True)
def _charged(left: FloatArray, price: FloatArray, over_price: FloatArray) -> float:
    total = 0.0
    for r in range(len(left)):
        total += price[r] * left[r] if left[r] >= 0.0 else -over_price[r] * left[r]
    return total
