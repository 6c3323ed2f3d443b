"""The order quantities of greatest expected money that keep every shared constraint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.replenishment.joint.blocks import solve_in_blocks
from engine.replenishment.joint.curves import Curves, FloatArray, IntArray
from engine.replenishment.joint.groups import groups_of, total_use
from engine.replenishment.joint.solved import Answers, Solved, group_key
from engine.replenishment.joint.terms import Term, rows_of

_LEAST_SHARES = (0.02, 0.1)
"""Least share of the time limit that a group gets at first, and if that was not enough."""


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
    groups: tuple[tuple[IntArray, IntArray], ...] = ()
    """Lines, and terms by their number, that were worked out together."""
    answers: Answers = field(default_factory=Answers, repr=False)
    """Answers of the groups that it met."""


def solve_joint(
    curves: Curves,
    terms: Sequence[Term],
    *,
    time_limit: float = 10.0,
    relative_gap: float = 0.0,
    answers: Answers | None = None,
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
        For each mixed-integer program of a group, of which most need one or two [s]: shared out over the
        groups by their lines, but at least a fiftieth, then a tenth for those that need more. What is still
        open stands in `gap`. The answer depends on the machine only where it runs out.
    relative_gap : float
        Distance to the best, as a share of its money, at which a group may stop early.
    answers : Answers, optional
        Of other plans, of whatever lines: a group that is the same as one there is not solved again. What
        is solved is added.

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
    asked = np.array(
        [_links(term) or bool(term.broken_by(float(term.use(curves.alone).sum()))) for term in terms], bool
    )
    answers = Answers() if answers is None else answers
    while True:
        plan = _solve(curves, terms, asked, time_limit, relative_gap, answers)
        over = np.array(
            [bool(term.broken_by(used)) for term, used in zip(terms, plan.total, strict=True)], bool
        )
        if not (over & ~asked).any():
            return plan
        asked |= over


def money_without(
    curves: Curves, terms: Sequence[Term], plan: JointPlan, at: int, *, time_limit: float = 10.0
) -> float:
    """Most money without one of the terms: `solve_joint` without it, but only its group is solved again.

    Parameters
    ----------
    curves, terms, plan
        As given to `solve_joint`, and its plan.
    at : int
        Number of the term.
    time_limit : float
        As for `solve_joint`.

    Returns
    -------
    float
        [money]
    """
    found = [group for group in plan.groups if at in group[1]]
    if not found:
        return plan.money  # it moved nothing
    lines, members = found[0]
    rest = [terms[member] for member in members.tolist() if member != at]
    groups = _bound_groups(curves, rest)
    keys = _solve_groups(curves, rest, groups, time_limit, 0.0, plan.answers)
    choice = plan.choice.copy()
    choice[lines] = curves.own_best[lines]
    for (own, _), key in zip(groups, keys, strict=True):
        choice[own] = plan.answers[key].candidate
    moved = np.zeros(curves.size, np.bool_)
    moved[lines] = choice[lines] != plan.choice[lines]
    change = -float(plan.term_money[at])
    for number, term in enumerate(terms):
        if number == at or not moved[rows_of(term.lines)].any():
            continue
        total = total_use(curves, term, choice)
        if number not in members and term.broken_by(total):
            # a limit that kept itself no longer does: more than the group hangs together
            others = [other for other in terms if other is not terms[at]]
            return solve_joint(curves, others, time_limit=time_limit, answers=plan.answers).money
        change += term.money(total) - float(plan.term_money[number])
    rows = np.flatnonzero(moved)
    change += float((curves.money[rows, choice[rows]] - curves.money[rows, plan.choice[rows]]).sum())
    return plan.money + change


def _links(term: Term) -> bool:
    """Whether a term is solved for from the start: it may ask for more, or it moves money.

    A plain limit (room, cash) is left out until lines or a plan overstep it. What keeps limits that it was
    not asked to keep is the best with them too, and lines of many suppliers hang together only where they
    must.
    """
    return term.moves_money or not term.wants_less


def _solve(
    curves: Curves,
    every: Sequence[Term],
    asked: NDArray[np.bool_],
    time_limit: float,
    relative_gap: float,
    answers: Answers,
) -> JointPlan:
    """Plan under the terms that are asked; the totals are those of all."""
    numbers = np.flatnonzero(asked)
    terms = [every[at] for at in numbers.tolist()]
    choice = curves.own_best.copy()
    price = np.zeros(len(terms))
    groups = _bound_groups(curves, terms)
    keys = _solve_groups(curves, terms, groups, time_limit, relative_gap, answers)
    for (lines, members), key in zip(groups, keys, strict=True):
        choice[lines], price[members] = answers[key].candidate, answers[key].price
    gap = float(sum(answers[key].gap for key in keys))
    chosen = curves.only(choice)
    total = np.array([float(term.use(chosen).sum()) for term in every])
    term_money = np.array([term.money(used) for term, used in zip(every, total, strict=True)])
    prices = np.zeros(len(every))
    prices[asked] = price
    return JointPlan(
        choice=choice,
        quantity=curves.at(choice, curves.quantity),
        money=float(curves.at(choice, curves.money).sum() + term_money.sum()),
        gap=gap,
        total=total,
        term_money=term_money,
        price=prices,
        groups=tuple((lines, numbers[members]) for lines, members in groups),
        answers=answers,
    )


def _solve_groups(
    curves: Curves,
    terms: Sequence[Term],
    groups: Sequence[tuple[IntArray, IntArray]],
    time_limit: float,
    relative_gap: float,
    answers: Answers,
) -> list[bytes]:
    """Solve the groups that are not solved yet, into `answers`; return the key of each."""
    keys = [group_key(curves, [terms[member] for member in members], lines) for lines, members in groups]
    again = [group for group, key in enumerate(keys) if key not in answers]
    for least_share in _LEAST_SHARES:
        # the second time only groups for which the first was not enough
        n_lines = sum(len(groups[group][0]) for group in again)
        for group in again:
            lines, members = groups[group]
            together = [terms[member] for member in members]
            seconds = time_limit * max(len(lines) / n_lines, least_share)
            answers[keys[group]] = Solved(*solve_in_blocks(curves, together, lines, seconds, relative_gap))
        again = [g for g in again if answers[keys[g]].gap > 0 and relative_gap == 0 and len(groups) > 1]
    return keys


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


def _bound_groups(curves: Curves, terms: Sequence[Term]) -> list[tuple[IntArray, IntArray]]:
    """Return the groups of lines and terms but those in which every line's own best order is best."""
    return [group for group in groups_of(curves, terms) if not _is_free(curves.alone, terms, group[1])]


def _is_free(own: Curves, terms: Sequence[Term], members: IntArray) -> bool:
    """Whether every line's own best keeps the terms, none of which could bring or save money."""
    for member in members:
        term = terms[member]
        if term.moves_money or term.broken_by(float(term.use(own).sum())):
            return False
    return True
