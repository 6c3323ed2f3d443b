"""The orders of a plan under what they share: the quantities of most expected money that keep every term."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.contracts import ORDER_BOUNDS
from engine.replenishment.joint.curves import Curves
from engine.replenishment.joint.explain import Explanation, cost_of_terms, explain
from engine.replenishment.joint.solve import JointPlan, solve_joint
from engine.replenishment.joint.solved import Answers, Groups
from engine.replenishment.joint.terms import Term, rows_of
from engine.replenishment.lines import LineInputs, LinePlans
from engine.replenishment.value_curves import LineCurves
from jobs.inputs import PlanInputs
from jobs.joint_core import Fixed, core_terms, first_core, grown, is_left
from jobs.joint_curves import BREAK_COLUMNS, break_arrays, priced_curves
from jobs.joint_tables import increments_table, terms_table
from jobs.joint_terms import is_bought, order_days, shared_terms, taking_part

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_SEEN = ("sku", "location", "source", "source_kind", "unit_cost", *BREAK_COLUMNS)
"""Columns of the lines that choosing and its tables look at."""
_COSTED = 40
"""Binding terms whose cost is worked out, by solving again without each; the dearest at the margin first."""


@dataclass(frozen=True)
class JointOrders:
    """What to order of n lines, and what moved them."""

    quantity: Floats
    """[each], shape (n,)."""
    bound: Rows
    """Index into ORDER_BOUNDS of what moved a line, 0: nothing did, shape (n,)."""
    terms: pd.DataFrame
    """Contract `order_terms`, without run_id."""
    increments: pd.DataFrame
    """Contract `order_increments`, without run_id."""
    answers: Groups
    """Of the groups of lines that were solved; the next plan takes over those that did not change."""


def joint_orders(
    inputs: PlanInputs,
    lines: pd.DataFrame,
    line_inputs: LineInputs,
    plans: LinePlans,
    curves: LineCurves,
    held: npt.NDArray[np.bool_],
    days: npt.NDArray[np.datetime64] | None = None,
    answers: Groups | None = None,
) -> JointOrders:
    """Choose the orders of all lines together; lines that share nothing keep their plan.

    Held and approved lines never take part. A supplier order that misses its minimum is raised where that
    brings money and waits where it does not.

    Parameters
    ----------
    inputs, lines, line_inputs, plans
        Of the plan; row i of each is line i.
    curves : LineCurves
        From `value_curves`, with the price breaks of `break_arrays`.
    held : bool array, shape (n,)
    days : array, shape (n,), optional
        Order day of every line, where it is known.
    answers : dict, optional
        `JointOrders.answers` of an earlier plan.
    """
    answered = Answers(answers)
    part = taking_part(lines, held)
    part = part[_has_own(plans, curves, part)]
    days = order_days(lines, inputs) if days is None else days
    shared = shared_terms(inputs, lines, line_inputs, plans, part, days)
    frame = lines[list(_SEEN)].iloc[part].reset_index(drop=True).assign(day=days[part])
    cost = lines["unit_cost"].to_numpy(dtype=np.float64)[part]
    own = Fixed(plans.quantity[part], cost * plans.quantity[part])
    may_order = _may_order(plans, curves, part)
    inside = first_core(shared, own, _always(frame, own), may_order)
    while True:
        rows = np.flatnonzero(inside)
        priced = priced_curves(lines, line_inputs, plans, curves, part[rows])
        terms, of = core_terms(shared, own, inside)
        whole = [
            term
            for term, number in zip(terms, of, strict=True)
            if not is_left(shared[number], inside, may_order)
        ]
        plan = solve_joint(priced, whole, answers=answered)
        chosen = own.with_rows(rows, plan.quantity, priced.at(plan.choice, priced.cash))
        wider = grown(shared, inside, chosen, may_order)
        if (wider == inside).all():
            break
        inside = wider
    if len(whole) < len(terms):
        plan = solve_joint(priced, terms, answers=answered)
    best = priced.own_best
    alone = own.with_rows(rows, priced.at(best, priced.quantity), priced.at(best, priced.cash))
    why = explain(priced, terms, plan)
    quantity, bound = plans.quantity.copy(), np.zeros(len(lines), np.int64)
    quantity[part] = chosen.quantity
    moved = plan.quantity != own.quantity[rows]
    solved = [shared[number] for number in of]
    names = _names(why, terms, moved)
    bound[part[rows[moved]]] = [ORDER_BOUNDS.index(name) for name in names]
    core = frame.iloc[rows].reset_index(drop=True)
    uncut = _without_budget(priced, terms, plan)
    costs = _costs(priced, terms, plan, why)
    return JointOrders(
        quantity,
        bound,
        terms_table(inputs, core, priced, shared, solved, alone, chosen, plan, why, costs),
        increments_table(core, priced, uncut, inputs.settings["order_budget"]),
        answered.proven(),
    )


def _always(frame: pd.DataFrame, own: Fixed) -> npt.NDArray[np.bool_]:
    """Return the lines whose curves are wanted in any case: what is bought, and what has price breaks."""
    has_breaks = np.isfinite(break_arrays(frame)[0]).any(axis=1)
    found: npt.NDArray[np.bool_] = (is_bought(frame) | has_breaks) & (own.quantity > 0)
    return found


def _has_own(plans: LinePlans, curves: LineCurves, part: Rows) -> npt.NDArray[np.bool_]:
    """Return whether the plan's order is among the candidates of each line."""
    found = plans.quantity[part] == 0  # the first candidate of every line
    rows = np.flatnonzero(~found)
    found[rows] = (curves.quantity[part[rows]] == plans.quantity[part[rows], None]).any(axis=1)
    return np.asarray(found)


def _may_order(plans: LinePlans, curves: LineCurves, part: Rows) -> npt.NDArray[np.bool_]:
    """Return whether each line has a candidate but nothing that its share of a short centre allows."""
    has_more = np.isfinite(curves.quantity[part, 1:2]).any(axis=1)
    is_short = plans.bound[part] == ORDER_BOUNDS.index("dc_shortage")
    return np.asarray(has_more & ~(is_short & (plans.quantity[part] == 0)))


def _names(why: Explanation, terms: list[Term], moved: npt.NDArray[np.bool_]) -> list[str]:
    """Return the bound of each moved line; where a plan is not proven best, of a term that it stands in."""
    names = []
    for row in np.flatnonzero(moved).tolist():
        name = str(why.bound[row])
        if name == "none":
            name = next((term.bound for term in terms if row in rows_of(term.lines)), "price_break")
        names.append(name)
    return names


def _without_budget(curves: Curves, terms: list[Term], plan: JointPlan) -> JointPlan:
    """Return the plan as it would be with any amount of cash; `plan` where cash cuts nothing."""
    others = [term for term in terms if term.bound != "budget"]
    return plan if len(others) == len(terms) else solve_joint(curves, others, answers=plan.answers)


def _costs(curves: Curves, terms: list[Term], plan: JointPlan, why: Explanation) -> Floats:
    """Return the money that each term costs [money]; NaN beyond `_COSTED` of those that move lines."""
    costs = -plan.term_money
    moving = [at for at in range(len(terms)) if (why.term == at).any()]
    dearest = sorted(moving, key=lambda at: -float(why.opportunity[why.term == at].sum()))
    costs[dearest[_COSTED:]] = np.nan
    asked = dearest[:_COSTED]
    costs[asked] = cost_of_terms(curves, terms, plan, asked)
    return costs
