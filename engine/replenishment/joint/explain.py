"""Why a line orders something else than its own best: the constraint that moved it, and the money it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.replenishment.joint.curves import Curves, FloatArray, IntArray
from engine.replenishment.joint.solve import JointPlan, money_without
from engine.replenishment.joint.terms import Term, rows_of

BOUNDS = ("none", "price_break", "supplier_minimum", "truck", "storage", "budget", "rebate")
"""What moved a line; `Explanation.bound` holds these names."""


@dataclass(frozen=True)
class Explanation:
    """One value a line, shape (n,)."""

    own_quantity: FloatArray
    """The line's own best order, price breaks included [each]."""
    bound: NDArray[np.str_]
    """What moved the order, one of BOUNDS. "price_break": nothing but the line's own price break."""
    term: IntArray
    """The term that moved it; −1: none."""
    opportunity: FloatArray
    """Money of its own best order less that of the order planned, ≥ 0 [money]."""
    over: FloatArray
    """By how much its own best order, all else as planned, would break that term [its unit]; 0 where the
    order would only bring less money (trucks, rebates)."""


def explain(curves: Curves, terms: Sequence[Term], plan: JointPlan) -> Explanation:
    """Name the constraint that moved each line.

    Put back to its own best order, with all else as planned, a moved line breaks a term or costs more (truck,
    rebate) than it brings, or else the plan would not be the best. That term is named; of several the one
    that charges most for the move at the shadow prices, then the one broken by the greatest share.

    Parameters
    ----------
    curves, terms
        As given to `solve_joint`.
    plan : JointPlan
        From it. A plan that is not proven best may hold moved lines that nothing binds: "none".

    Returns
    -------
    Explanation
    """
    best = curves.own_best
    opportunity = curves.at(best, curves.money) - curves.at(plan.choice, curves.money)
    is_moved = (best != plan.choice) & (opportunity > 0)
    bound = np.full(curves.size, "none", dtype="<U16")
    before_breaks = np.where(curves.valid, curves.money - curves.saving, -np.inf).argmax(axis=1)
    bound[~is_moved & (best == plan.choice) & (before_breaks != best)] = "price_break"
    named = np.full(curves.size, -1)
    over = np.zeros(curves.size)
    score = np.full((curves.size, 2), -np.inf)
    for at, term in enumerate(terms):
        rows = rows_of(term.lines)
        moved = np.flatnonzero(is_moved[rows])
        use = term.use(curves)[moved]
        lines = rows[moved]
        shift = np.take_along_axis(use, best[lines][:, None], 1) - np.take_along_axis(
            use, plan.choice[lines][:, None], 1
        )
        for line, more in zip(lines.tolist(), shift[:, 0].tolist(), strict=True):
            total = float(plan.total[at]) + more
            broken = term.broken_by(total)
            dearer = float(plan.term_money[at]) - term.money(total)
            if not broken and dearer <= 0:
                continue
            charged = max(float(plan.price[at]) * more, 0.0) + max(dearer, 0.0)
            rank = (charged, broken / max(abs(total), 1.0))
            if rank > tuple(score[line]):
                score[line] = rank
                named[line], bound[line], over[line] = at, term.bound, broken
    return Explanation(
        curves.at(best, curves.quantity), bound, named, np.where(is_moved, opportunity, 0.0), over
    )


def cost_of_terms(
    curves: Curves, terms: Sequence[Term], plan: JointPlan, which: Sequence[int], *, time_limit: float = 10.0
) -> FloatArray:
    """Money that some terms cost: the best without each of them less the plan's money.

    Exact, by solving again the lines that hang together with each; a rebate or a truck's cost counts with its
    money.

    Parameters
    ----------
    curves, terms, plan
        As for `explain`.
    which : sequence of int
        Terms asked for.
    time_limit : float
        For each [s].

    Returns
    -------
    float array, shape (len(which),)
        [money]; negative for a rebate, which brings money.
    """
    return np.array(
        [money_without(curves, terms, plan, at, time_limit=time_limit) - plan.money for at in which]
    )
