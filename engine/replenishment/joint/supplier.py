"""The lines of one supplier, or of any few terms: the best choice, proven, at any money of candidates."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.replenishment.joint.curves import Curves, FloatArray, IntArray
from engine.replenishment.joint.search import best_of_cases
from engine.replenishment.joint.terms import Case, Term, rows_of

MOST_CASES = 400
"""Combinations of numbers of trucks, ordered or not, and rebate steps that are told apart."""
MOST_NODES = 20_000
"""Of one search."""


@dataclass
class Supplier:
    """m lines and T terms, in C combinations of cases; keeps where it ended, to start there again."""

    lines: IntArray
    use: FloatArray
    limit: FloatArray
    fixed: FloatArray
    slope: FloatArray
    closed: IntArray
    price: FloatArray
    choice: IntArray
    """Candidates of the best choice so far, shape (m,)."""
    case: int
    """Its combination."""

    def best(
        self, value: FloatArray, *, accept: float = 0.0, most_nodes: int = MOST_NODES
    ) -> tuple[float, float]:
        """Money of the best choice, left in `choice`, and the money of which no choice has more.

        Parameters
        ----------
        value : float array, shape (m, K)
            Money of each candidate; −inf where there is none.
        accept : float
            Money that may be missed.
        most_nodes : int
            Of each search; where they run out, the bound is above the money.
        """
        dual = np.empty(len(self.fixed))
        self.choice, self.case, money, bound = best_of_cases(
            value,
            self.use,
            self.limit,
            self.fixed,
            self.slope,
            self.closed,
            self.price,
            dual,
            self.choice,
            self.case,
            accept,
            most_nodes,
        )
        return float(money), float(bound)


def supplier_of(curves: Curves, terms: Sequence[Term], lines: IntArray) -> Supplier | None:
    """Lines with terms, all of whose lines are among them; None if there are too many cases."""
    place = np.full(curves.size, -1)
    place[lines] = np.arange(len(lines))
    width = curves.quantity.shape[1]
    use = np.zeros((max(len(terms), 1), len(lines), width))
    each: list[tuple[Case, ...]] = []
    n_cases = 1
    for at, term in enumerate(terms):
        rows = rows_of(term.lines)
        use[at, place[rows]] = np.where(curves.valid[rows], term.use(curves), 0.0)
        most = float(use[at].max(axis=1, initial=0.0).sum())
        each.append(tuple(case for case in term.cases(most) if case.least <= most * (1 + 1e-9)))
        n_cases *= len(each[-1])
        if n_cases > MOST_CASES:
            return None
    cases = list(itertools.product(*each))
    limit = np.full((n_cases, 2 * len(use)), np.inf)
    slope = np.zeros((n_cases, len(use)))
    closed = np.zeros((n_cases, len(use)), np.int64)
    for number, picked in enumerate(cases):
        for at, case in enumerate(picked):
            limit[number, 2 * at : 2 * at + 2] = case.most, -case.least
            slope[number, at] = case.rate
            closed[number, at] = case.is_closed
    # the first case of each term allows the order of nothing
    return Supplier(
        lines=lines,
        use=use,
        limit=limit,
        fixed=np.array([sum(case.money for case in picked) for picked in cases]),
        slope=slope,
        closed=closed,
        price=np.zeros(slope.shape),
        choice=np.zeros(len(lines), np.int64),
        case=0,
    )
