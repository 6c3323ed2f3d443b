"""The order quantities of greatest expected money that keep every shared constraint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from engine.errors import EngineError
from engine.replenishment.joint.branch import Choice, branch
from engine.replenishment.joint.curves import Curves, FloatArray, IntArray
from engine.replenishment.joint.program import ChoiceProgram, choice_program
from engine.replenishment.joint.terms import Term, rows_of

_NUDGE = 2e-6
"""HiGHS keeps rows to 1e-6; a limit that it overstepped by less is tightened by this and solved again."""
_NUDGES = 4


@dataclass(frozen=True)
class JointPlan:
    """What to order of n lines under t terms."""

    choice: IntArray
    """Candidate of each line, shape (n,)."""
    quantity: FloatArray
    """Order [each], shape (n,)."""
    money: float
    """Expected money, with the terms' own (trucks, rebates) [money]."""
    gap: float
    """Money by which a better choice could at most exceed it; 0: proven best."""
    total: FloatArray
    """Use of each term, shape (t,)."""
    term_money: FloatArray
    """Money each term brings or costs, shape (t,)."""
    price: FloatArray
    """Shadow price of each term: what one unit of its use is charged at the margin, shape (t,). Positive
    where use is scarce (money per unit of cash, room …), negative where it is wanted (minimum, rebate). From
    the relaxation."""


def solve_joint(
    curves: Curves, terms: Sequence[Term], *, time_limit: float = 10.0, relative_gap: float = 0.0
) -> JointPlan:
    """Choose one candidate of each line so that all terms hold and the expected money is greatest.

    Exact: lines that share no term are solved apart, and each group by a mixed-integer program (HiGHS).
    Ordering nothing at all keeps every term, so that there is always an answer.

    Parameters
    ----------
    curves : Curves
        From `curves_of`.
    terms : sequence of Term
        `Minimum`, `Trucks`, `Storage`, `Budget`, `Rebate`, in any number over any lines.
    time_limit : float
        Of one mixed-integer program, shared out over the groups by their lines, and once more over the groups
        for which that was not enough [s]; what is still open then stands in `gap`. The answer depends on the
        machine only where it runs out.
    relative_gap : float
        Distance to the best, as a share of its money, at which a group may stop early.

    Returns
    -------
    JointPlan

    Raises
    ------
    EngineError
        Faults of the terms, all at once.

    Examples
    --------
    >>> from engine.replenishment.joint.curves import curves_of
    >>> from engine.replenishment.joint.limits import Budget
    >>> curves = curves_of([[0, 10], [0, 4]], [[0, 50], [0, 30]], [2.0, 3.0])
    >>> solve_joint(curves, [Budget("November", [0, 1], cash=30.0)]).quantity.tolist()
    [10.0, 0.0]
    """
    _check(curves, terms)
    choice = curves.own_best
    price = np.zeros(len(terms))
    groups = [group for group in _groups(curves, terms) if not _is_free(curves, terms, group[1], choice)]
    left = np.zeros(len(groups))
    again = list(range(len(groups)))
    for _ in range(2):
        # the second time only groups for which their share of the time was not enough
        n_lines = sum(len(groups[group][0]) for group in again)
        for group in again:
            lines, members = groups[group]
            own = [terms[member] for member in members]
            seconds = time_limit * len(lines) / n_lines
            choice[lines], price[members], left[group] = _solve_group(curves, own, lines, seconds, relative_gap)
        again = [group for group in again if left[group] > 0 and relative_gap == 0 and len(groups) > 1]
    gap = float(left.sum())
    total = np.array([total_use(curves, term, choice) for term in terms])
    term_money = np.array([term.money(used) for term, used in zip(terms, total, strict=True)])
    return JointPlan(
        choice=choice,
        quantity=curves.at(choice, curves.quantity),
        money=float(curves.at(choice, curves.money).sum() + term_money.sum()),
        gap=gap,
        total=total,
        term_money=term_money,
        price=price,
    )


def total_use(curves: Curves, term: Term, choice: IntArray) -> float:
    """Use of a term if each line orders its `choice`."""
    rows = rows_of(term.lines)
    return float(np.take_along_axis(term.use(curves), choice[rows][:, None], axis=1).sum())


def _check(curves: Curves, terms: Sequence[Term]) -> None:
    faults: list[str] = []
    for term in terms:
        rows = rows_of(term.lines)
        if len(rows) and (rows.min() < 0 or rows.max() >= curves.size or len(np.unique(rows)) < len(rows)):
            faults.append(
                f"lines of {term.bound} {term.name!r} must be different rows in 0 … {curves.size - 1}"
            )
        faults += term.faults()
    if faults:
        raise EngineError("joint order constraints: " + "; ".join(faults))


def _groups(curves: Curves, terms: Sequence[Term]) -> list[tuple[IntArray, IntArray]]:
    """Lines and terms that hang together, of every group that has a term."""
    n = curves.size
    ends = [rows_of(term.lines) for term in terms]
    term_of = np.repeat(np.arange(len(terms)), [len(rows) for rows in ends])
    line_of = np.concatenate([*ends, np.zeros(0, np.int64)])
    links = coo_array((np.ones(len(line_of)), (line_of, n + term_of)), shape=(n + len(terms),) * 2)
    label = connected_components(links, directed=False)[1]
    order = np.argsort(label[:n], kind="stable")
    groups = []
    for group in np.unique(label[line_of]):
        first, last = np.searchsorted(label[order], [group, group + 1])
        groups.append((order[first:last], np.flatnonzero(label[n:] == group)))
    return groups


def _is_free(curves: Curves, terms: Sequence[Term], members: IntArray, choice: IntArray) -> bool:
    """Whether every line's own best keeps the terms, none of which could bring or save money."""
    for member in members:
        term = terms[member]
        if term.moves_money or term.broken_by(total_use(curves, term, choice)):
            return False
    return True


def _solve_group(
    curves: Curves, terms: list[Term], lines: IntArray, seconds: float, relative_gap: float
) -> tuple[IntArray, FloatArray, float]:
    """Candidate of each line of a group, price of each of its terms, and the gap that is left."""
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
