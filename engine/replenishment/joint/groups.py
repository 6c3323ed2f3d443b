"""Which lines and terms hang together, and the solution of one such group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from engine.errors import EngineError
from engine.replenishment.joint.branch import Choice, branch
from engine.replenishment.joint.curves import Curves, FloatArray, IntArray
from engine.replenishment.joint.program import ChoiceProgram, choice_program
from engine.replenishment.joint.relaxation import relax
from engine.replenishment.joint.supplier import supplier_of
from engine.replenishment.joint.terms import Term, rows_of

MOST_TERMS, MOST_LINES = 5, 1200
"""Terms and lines that are searched."""
SEARCHED_FROM = 4000
"""Lines in all from which groups are searched: compiling the search costs half a minute once, far more than
the mixed-integer programs of a smaller portfolio."""

_NUDGE = 2e-6
"""HiGHS keeps rows to 1e-6; a limit that it overstepped by less is tightened by this and solved again."""
_NUDGES = 4


def total_use(curves: Curves, term: Term, choice: IntArray) -> float:
    """Use of a term if each line orders its `choice`."""
    rows = rows_of(term.lines)
    return float(np.take_along_axis(term.use(curves), choice[rows][:, None], axis=1).sum())


def groups_of(curves: Curves, terms: Sequence[Term]) -> list[tuple[IntArray, IntArray]]:
    """Lines and terms that hang together, of every group that has a term."""
    ends = [rows_of(term.lines) for term in terms]
    term_of = np.repeat(np.arange(len(terms)), [len(rows) for rows in ends])
    line_of = np.concatenate([*ends, np.zeros(0, np.int64)])
    is_in = np.zeros(curves.size, np.bool_)
    is_in[line_of] = True
    lines = np.flatnonzero(is_in)
    n, place = len(lines), np.cumsum(is_in) - 1
    links = coo_array((np.ones(len(line_of)), (place[line_of], n + term_of)), shape=(n + len(terms),) * 2)
    label = connected_components(links, directed=False)[1]
    order = np.argsort(label[:n], kind="stable")
    sorted_label = label[order]
    groups = []
    for group in np.unique(sorted_label):
        first, last = np.searchsorted(sorted_label, [group, group + 1])
        groups.append((lines[order[first:last]], np.flatnonzero(label[n:] == group)))
    return groups


def solve_group(
    curves: Curves, terms: list[Term], lines: IntArray, seconds: float, relative_gap: float
) -> tuple[IntArray, FloatArray, float]:
    """Candidate of each line of a group, price of each of its terms, and the gap that is left.

    Few terms over few lines of a large portfolio are searched (`supplier.py`); the rest, and what a search
    does not settle, is left to mixed-integer programs (`branch.py`).
    """
    found = _searched(curves, terms, lines)
    if found is not None:
        root = relax(program := choice_program(curves, terms, lines))
        if root is None:
            raise AssertionError("unreachable: ordering nothing keeps every term")
        return found, np.array([term_price(program, root.price, at) for at in range(len(terms))]), 0.0
    tightened, bound = list(terms), -np.inf
    for nudge in range(_NUDGES):
        program = choice_program(curves, tightened, lines)
        solved = branch(program, time_limit=seconds, relative_gap=relative_gap)
        bound = max(bound, solved.bound)
        choice = np.zeros(curves.size, np.int64)
        choice[lines] = solved.candidate
        used = [total_use(curves, term, choice) for term in terms]
        off = [
            at
            for at, term in enumerate(terms)
            if term.broken_by(used[at])
            or term.money(used[at]) < _claimed(program, solved, at) - _NUDGE * max(1.0, abs(solved.money))
        ]
        if not off:
            money = float(curves.at(choice, curves.money)[lines].sum())
            money += sum(term.money(total) for term, total in zip(terms, used, strict=True))
            gap = bound - money
            charge = np.array([term_price(program, solved.price, at) for at in range(len(terms))])
            return solved.candidate, charge, gap if gap > _NUDGE * 1e-3 * max(1.0, abs(money)) else 0.0
        for at in off:
            tightened[at] = tightened[at].tighter(_NUDGE * 4**nudge * max(1.0, used[at]))
    raise EngineError(f"joint order constraints: {[terms[at].name for at in off]} cannot be kept to rounding")


def is_searched(curves: Curves) -> bool:
    """Whether the portfolio is large enough for groups to be searched."""
    return curves.size >= SEARCHED_FROM


def _searched(curves: Curves, terms: list[Term], lines: IntArray) -> IntArray | None:
    """The best choice where the search proves it; None where it does not."""
    if not is_searched(curves) or len(terms) > MOST_TERMS or len(lines) > MOST_LINES:
        return None
    supplier = supplier_of(curves, terms, lines)
    if supplier is None:
        return None
    money, bound = supplier.best(curves.money[lines])
    choice = np.zeros(curves.size, np.int64)
    choice[lines] = supplier.choice
    totals = [total_use(curves, term, choice) for term in terms]
    if bound - money > 1e-10 * max(1.0, abs(money)) or any(
        term.broken_by(total) for term, total in zip(terms, totals, strict=True)
    ):
        return None
    return supplier.choice


def _claimed(program: ChoiceProgram, solved: Choice, at: int) -> float:
    """Money that the program says a term brings."""
    first, last = program.first_own[at : at + 2]
    return float(
        program.gain[first:last] @ solved.own[first - program.n_candidates : last - program.n_candidates]
    )


def term_price(program: ChoiceProgram, price: FloatArray, at: int) -> float:
    """What one unit of use of a term is charged at the prices of the relaxation."""
    first, last = program.first_row[at : at + 2]
    return float(price[first:last] @ program.weight[first:last])
