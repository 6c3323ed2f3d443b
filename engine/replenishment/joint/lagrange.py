"""A supplier's lines at given prices, fast: the bound of its Lagrangian dual and a plan beside it.

Few whole numbers (ordered or not, trucks) are tried one combination after another. With them fixed a term
only limits a total from above or below; a multiplier for each limit makes every line choose for itself. Any
multipliers bound every plan (Geoffrion 1974, Math. Programming Study 2:82–114).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.replenishment.joint.curves import Curves, FloatArray, IntArray
from engine.replenishment.joint.groups import total_use
from engine.replenishment.joint.terms import Program, Term, rows_of

MOST_COMBINATIONS = 60
"""Of whole numbers of one supplier that are tried."""
_BEYOND = 2
_MOVES = 60
_SWEEPS = 5
_HALVINGS = 18
_DOUBLINGS = 12


@dataclass(frozen=True)
class _Limit:
    """`use · choice ≤ bound` with a multiplier; a limit from below has both signs turned."""

    use: FloatArray
    bound: float


def bounded(curves: Curves, terms: list[Term], lines: IntArray) -> tuple[IntArray, float] | None:
    """A good choice of the lines, and the money by which another could at most be better.

    Returns
    -------
    tuple or None
        None where there are too many whole numbers, or they are of another kind than numbers of a total.
    """
    programs = [term.program(_most(curves, term)) for term in terms]
    if any(len(p.upper) > 1 or not all(p.is_integer) for p in programs):
        return None
    alone = curves.own_best
    whole = [_spans(term, p, total_use(curves, term, alone)) for term, p in zip(terms, programs, strict=True)]
    if int(np.prod([len(spans) for spans in whole])) > MOST_COMBINATIONS:
        return None
    place = np.full(curves.size, -1)
    place[lines] = np.arange(len(lines))
    uses = []
    for term in terms:
        use = np.zeros((len(lines), curves.quantity.shape[1]))
        use[place[rows_of(term.lines)]] = np.where(curves.valid[rows_of(term.lines)], term.use(curves), 0.0)
        uses.append(use)
    value = curves.money[lines]
    best_money, bound = -np.inf, -np.inf
    best = np.zeros(len(lines), np.int64)
    chosen = np.zeros(curves.size, np.int64)
    for spans in sorted(itertools.product(*whole), key=lambda each: -sum(low for low, _ in each)):
        gain = sum(
            p.gain[0] * (low if p.gain[0] < 0 else high)
            for p, (low, high) in zip(programs, spans, strict=True)
            if p.gain
        )
        open_to = np.ones(value.shape, bool)
        limits = []
        for program, use, (low, high) in zip(programs, uses, spans, strict=True):
            if program.switch is not None and high == 0:
                open_to &= use == 0
            for weight, own, limit in program.rows:
                # within a span the row at its loosest
                left = limit - (own[0] * (high if own[0] < 0 else low) if own else 0.0)
                limits.append(_Limit(weight * use, left))
        offered = np.where(open_to, value, -np.inf)
        if float(offered.max(axis=1).sum()) + gain <= best_money:
            bound = max(bound, best_money)
            continue
        dual, choices = _dual(offered, limits)
        bound = max(bound, dual + gain)
        for choice in choices:
            choice = _mended(offered, limits, choice)
            chosen[lines] = choice
            totals = [total_use(curves, term, chosen) for term in terms]
            if any(term.broken_by(total) for term, total in zip(terms, totals, strict=True)):
                continue
            money = float(value[np.arange(len(lines)), choice].sum())
            money += sum(term.money(total) for term, total in zip(terms, totals, strict=True))
            if money > best_money:
                best, best_money = choice, money
    return best, max(bound - best_money, 0.0)


def _spans(term: Term, program: Program, total: float) -> list[tuple[float, float]]:
    """Numbers of a term's own column that are told apart: each up to a little beyond what `total` needs."""
    if not program.upper:
        return [(0.0, 0.0)]
    upper = int(program.upper[0])
    last = min(upper, int(term.whole(total)[0]) + _BEYOND)
    return [(float(y), float(y)) for y in range(last)] + [(float(last), float(upper))]


def _most(curves: Curves, term: Term) -> float:
    use = np.where(curves.valid[rows_of(term.lines)], term.use(curves), 0.0)
    return float(use.max(axis=1, initial=0.0).sum())


def _mended(value: FloatArray, limits: list[_Limit], start: IntArray) -> IntArray:
    """A choice that keeps the limits, by single moves: least money for what is over, then most money."""
    row = np.arange(len(value))
    choice = start.copy()
    for _ in range(_MOVES):
        change = value - value[row, choice][:, None]
        over, after = 0.0, np.zeros(value.shape)
        for limit in limits:
            here = float(limit.use[row, choice].sum()) - limit.bound
            over += max(here, 0.0) / (abs(limit.bound) + 1.0)
            moved = here + limit.use - limit.use[row, choice][:, None]
            after += np.maximum(moved, 0.0) / (abs(limit.bound) + 1.0)
        if over > 0:
            helps = after < over * (1 - 1e-9)
            with np.errstate(divide="ignore", invalid="ignore"):
                score = np.where(helps, np.minimum(change, -1e-9) / (over - after), -np.inf)
        else:
            score = np.where(after <= 0, change, -np.inf)
        at = int(score.argmax())
        line, candidate = divmod(at, value.shape[1])
        if not np.isfinite(score.flat[at]) or (over <= 0 and change[line, candidate] <= 1e-12):
            break
        choice[line] = candidate
    return choice


def _dual(value: FloatArray, limits: list[_Limit]) -> tuple[float, list[IntArray]]:
    """Least bound found over multipliers, one limit after another, and the choices met on the way."""
    row = np.arange(len(value))
    multiplier = np.zeros(len(limits))
    priced = value.copy()

    def at(which: int, price: float) -> tuple[float, IntArray, float]:
        here = priced - (price - multiplier[which]) * limits[which].use
        choice = here.argmax(axis=1)
        constant = float(sum(m * limit.bound for m, limit in zip(multiplier, limits, strict=True)))
        constant += (price - multiplier[which]) * limits[which].bound
        over = float(limits[which].use[row, choice].sum()) - limits[which].bound
        return float(here[row, choice].sum()) + constant, choice, over

    if not limits:
        choice = value.argmax(axis=1)
        return float(value[row, choice].sum()), [choice]
    least, first, _ = at(0, 0.0)
    met = [first]
    for _ in range(_SWEEPS):
        moved = False
        for which in range(len(limits)):
            for price, bound, choice in _search(at, which):
                if bound < least:
                    least, met = bound, [choice, *met[:1]]
                if price is not None and price != multiplier[which]:
                    priced -= (price - multiplier[which]) * limits[which].use
                    multiplier[which], moved = price, True
        if not moved:
            break
    return least, met


def _search(at, which: int) -> Iterator[tuple[float | None, float, IntArray]]:  # type: ignore[no-untyped-def]
    """Bounds along one multiplier; the last one yielded is its price that keeps the limit."""
    bound, choice, over = at(which, 0.0)
    if over <= 0:
        yield 0.0, bound, choice
        return
    low, high = 0.0, 1e-3
    for _ in range(_DOUBLINGS):
        bound, choice, over = at(which, high)
        if over <= 0:
            break
        low, high = high, 4.0 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        bound_here, choice_here, over = at(which, middle)
        yield None, bound_here, choice_here
        if over > 0:
            low = middle
        else:
            high, bound, choice = middle, bound_here, choice_here
    yield high, bound, choice
