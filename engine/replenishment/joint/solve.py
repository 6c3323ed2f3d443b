"""The order quantities of greatest expected money that keep every shared constraint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.replenishment.joint.blocks import solve_in_blocks
from engine.replenishment.joint.curves import Curves, FloatArray, IntArray
from engine.replenishment.joint.groups import groups_of
from engine.replenishment.joint.terms import Term, rows_of

_LEAST_SHARES = (0.02, 0.1)
"""Least share of the time limit that a group gets at first, and if that was not enough."""


@dataclass(frozen=True)
class Solved:
    """The answer of one group of lines."""

    candidate: IntArray
    price: FloatArray
    gap: float


Groups = dict[frozenset[int], Solved]
"""Answers by the identities of a group's terms."""


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
    solved: Groups = field(default_factory=dict, repr=False)
    """Groups of terms that it worked out."""


def solve_joint(
    curves: Curves,
    terms: Sequence[Term],
    *,
    time_limit: float = 10.0,
    relative_gap: float = 0.0,
    known: Groups | None = None,
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
    known : dict, optional
        `solved` of another plan of the same curves and some of the same terms (the objects themselves):
        groups that hang together as they did there are not solved again.

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
    if known is None:  # terms of an earlier plan were checked with it
        _check(curves, terms)
    alone = curves.only(curves.own_best)
    asked = np.array(
        [_links(term) or bool(term.broken_by(float(term.use(alone).sum()))) for term in terms], bool
    )
    solved = dict(known or {})
    while True:
        plan = _solve(curves, terms, asked, time_limit, relative_gap, solved)
        over = np.array(
            [bool(term.broken_by(used)) for term, used in zip(terms, plan.total, strict=True)], bool
        )
        if not (over & ~asked).any():
            return plan
        asked |= over


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
    solved: Groups,
) -> JointPlan:
    """Plan under the terms that are asked; the totals are those of all."""
    terms = [every[at] for at in np.flatnonzero(asked).tolist()]
    choice = curves.own_best
    price = np.zeros(len(terms))
    own = curves.only(choice)
    groups = [group for group in groups_of(curves, terms) if not _is_free(own, terms, group[1])]
    keys = [frozenset(id(terms[member]) for member in members) for _, members in groups]
    again = [group for group, key in enumerate(keys) if key not in solved]
    for least_share in _LEAST_SHARES:
        # the second time only groups for which the first was not enough
        n_lines = sum(len(groups[group][0]) for group in again)
        for group in again:
            lines, members = groups[group]
            together = [terms[member] for member in members]
            seconds = time_limit * max(len(lines) / n_lines, least_share)
            solved[keys[group]] = Solved(*solve_in_blocks(curves, together, lines, seconds, relative_gap))
        again = [g for g in again if solved[keys[g]].gap > 0 and relative_gap == 0 and len(groups) > 1]
    for (lines, members), key in zip(groups, keys, strict=True):
        choice[lines], price[members] = solved[key].candidate, solved[key].price
    gap = float(sum(solved[key].gap for key in keys))
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
        solved=solved,
    )


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


def _is_free(own: Curves, terms: Sequence[Term], members: IntArray) -> bool:
    """Whether every line's own best keeps the terms, none of which could bring or save money."""
    for member in members:
        term = terms[member]
        if term.moves_money or term.broken_by(float(term.use(own).sum())):
            return False
    return True
