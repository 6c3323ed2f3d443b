"""Suppliers that share cash or room: each solved alone at prices of what they share, then put together.

The trucks and minimums of many suppliers under one budget are too many whole numbers to branch at once. At
given prices of cash and room each supplier is a small problem of its own, solved exactly; its plan becomes
a column of a master program that picks one plan a supplier within the limits and sends back better prices
(Dantzig & Wolfe 1960, Operations Research 8:101–111). At last trucks and minimums are kept as picked and
the candidates of all lines are chosen together. At any prices the suppliers' optima bound every plan there
is (Geoffrion 1974).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from engine.replenishment.highs import exact_options
from engine.replenishment.joint.branch import MOST_BRANCHED, Choice, choose, nothing
from engine.replenishment.joint.curves import Curves, FloatArray, IntArray
from engine.replenishment.joint.groups import groups_of, solve_group, term_price, total_use
from engine.replenishment.joint.lagrange import bounded
from engine.replenishment.joint.program import choice_program
from engine.replenishment.joint.relaxation import relax
from engine.replenishment.joint.terms import Term, rows_of

ROUNDS = 3
"""Times that suppliers answer to prices; exactly the last time, before that by their Lagrangian dual."""


def solve_in_blocks(
    curves: Curves, terms: list[Term], lines: IntArray, seconds: float, relative_gap: float
) -> tuple[IntArray, FloatArray, float]:
    """Candidate of each line of a group, price of each of its terms, and the gap that is left.

    A group that does not fall into blocks without its plain limits (cash, room), or that has few trucks and
    minimums, is solved as it is.
    """
    shared = [at for at, term in enumerate(terms) if not term.program(0.0).gain]
    inner = [at for at in range(len(terms)) if at not in set(shared)]
    blocks = groups_of(curves, [terms[at] for at in inner])
    n_whole = sum(sum(terms[at].program(0.0).is_integer) for at in inner)
    if not shared or len(blocks) < 2 or n_whole <= MOST_BRANCHED:
        return solve_group(curves, terms, lines, seconds, relative_gap)
    served = np.concatenate([block for block, _ in blocks])
    rest = np.setdiff1d(lines, served)
    parts = [(block, [terms[inner[member]] for member in members]) for block, members in blocks]
    parts += [(rest, [])] if len(rest) else []

    program = choice_program(curves, terms, lines)
    root = relax(program)
    if root is None:
        raise AssertionError("unreachable: ordering nothing keeps every term")
    charge = np.array([term_price(program, root.price, at) for at in range(len(terms))])
    limit = np.array([terms[at].program(0.0).rows[0][2] for at in shared])
    use = _shared_use(curves, [terms[at] for at in shared])
    bound, price = root.bound, charge[shared]
    plans = [_plan(curves, use, part, np.zeros(curves.size, np.int64), at) for at, part in enumerate(parts)]
    for to_go in reversed(range(ROUNDS)):
        priced = Curves(
            curves.quantity, curves.money - np.tensordot(price, use, axes=1), curves.cash, curves.saving
        )
        at_prices = float(price @ limit)
        for at, (block, own) in enumerate(parts):
            answer, left = priced.own_best, 0.0
            quick = bounded(priced, own, block) if own and to_go else None
            if quick is not None:
                answer[block], left = quick
            elif own:
                share = seconds * len(block) / len(lines)
                answer[block], _, left = solve_group(priced, own, block, share, relative_gap)
            plan = _plan(curves, use, parts[at], answer, at)
            plans.append(plan)
            at_prices += left + plan[1] - float(price @ plan[2])
        bound = min(bound, at_prices)
        price, picked = _master(plans, limit, len(parts))
    choice = np.zeros(curves.size, np.int64)
    for at in picked:
        block = parts[plans[at][0]][0]
        choice[block] = plans[at][3]
    return _together(curves, terms, lines, choice, charge, bound, seconds, relative_gap)


Plan = tuple[int, float, FloatArray, IntArray]
"""Block, its money with its own terms, its use of what is shared, and the candidates of its lines."""


def _shared_use(curves: Curves, shared: list[Term]) -> FloatArray:
    """Use of each shared term by each candidate, shape (shared, n, K)."""
    use = np.zeros((len(shared), *curves.quantity.shape))
    for at, term in enumerate(shared):
        use[at, rows_of(term.lines)] = term.use(curves)
    return use


def _plan(
    curves: Curves, use: FloatArray, part: tuple[IntArray, list[Term]], choice: IntArray, at: int
) -> Plan:
    block, own = part
    picked = choice[block]
    money = float(curves.money[block, picked].sum())
    money += sum(term.money(total_use(curves, term, choice)) for term in own)
    return at, money, use[:, block, picked].sum(axis=1), picked.copy()


def _master(plans: Sequence[Plan], limit: FloatArray, n_blocks: int) -> tuple[FloatArray, list[int]]:
    """Prices of what is shared, and the plans picked, one a block."""
    block = np.array([plan[0] for plan in plans])
    money = np.array([plan[1] for plan in plans])
    use = np.stack([plan[2] for plan in plans], axis=1)
    one_each = (block == np.arange(n_blocks)[:, None]).astype(float)
    relaxed = linprog(-money, A_ub=use, b_ub=limit, A_eq=one_each, b_eq=np.ones(n_blocks), bounds=(0, 1))
    picked = milp(
        -money,
        integrality=np.ones(len(plans), int),
        bounds=Bounds(0, 1),
        constraints=[LinearConstraint(use, -np.inf, limit), LinearConstraint(one_each, 1, 1)],
        options=exact_options(time_limit=1.0),
    )
    # the plans of nothing come first and always fit
    chosen = np.flatnonzero(picked.x > 0.5) if picked.x is not None else np.arange(n_blocks)
    return np.maximum(-relaxed.ineqlin.marginals, 0.0), chosen.tolist()


def _together(
    curves: Curves,
    terms: list[Term],
    lines: IntArray,
    choice: IntArray,
    charge: FloatArray,
    bound: float,
    seconds: float,
    relative_gap: float,
) -> tuple[IntArray, FloatArray, float]:
    """Choose the candidates of all lines anew, with the whole numbers of the terms as in `choice`."""
    program = choice_program(curves, terms, lines)
    lower, upper = program.lower.copy(), program.upper.copy()
    for at, term in enumerate(terms):
        own = np.arange(*program.first_own[at : at + 2])
        fixed = own[program.is_integer[own]]
        lower[fixed] = upper[fixed] = np.minimum(term.whole(total_use(curves, term, choice)), upper[fixed])
    box = program.within(lower, upper)
    money = _money(curves, terms, lines, choice)
    relaxation = relax(box)
    if relaxation is not None:
        start = Choice(choice[lines], nothing(box, relaxation).own, money, relaxation.bound, relaxation.price)
        found = choose(box, relaxation, start, seconds / 4, relative_gap)
        better = choice.copy()
        better[lines] = found.candidate
        holds = not any(term.broken_by(total_use(curves, term, better)) for term in terms)
        if holds and _money(curves, terms, lines, better) > money:
            choice, money = better, _money(curves, terms, lines, better)
    gap = bound - money
    return choice[lines], charge, gap if gap > 1e-9 * max(1.0, abs(money)) else 0.0


def _money(curves: Curves, terms: list[Term], lines: IntArray, choice: IntArray) -> float:
    own = sum(term.money(total_use(curves, term, choice)) for term in terms)
    return float(curves.money[lines, choice[lines]].sum()) + own
