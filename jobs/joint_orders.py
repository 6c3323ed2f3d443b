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
from engine.replenishment.lines import LineInputs, LinePlans
from engine.replenishment.value_curves import LineCurves
from jobs.inputs import PlanInputs
from jobs.joint_curves import priced_curves
from jobs.joint_tables import increments_table, terms_table
from jobs.joint_terms import SharedTerm, order_days, shared_terms, taking_part

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

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


def joint_orders(
    inputs: PlanInputs,
    lines: pd.DataFrame,
    line_inputs: LineInputs,
    plans: LinePlans,
    curves: LineCurves,
    held: npt.NDArray[np.bool_],
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
    """
    part = taking_part(lines, held)
    part = part[_has_own(plans, curves, part)]
    days = order_days(lines, inputs)
    priced = priced_curves(lines, line_inputs, plans, curves, part)
    shared = shared_terms(inputs, lines, line_inputs, plans, part, days)
    solved = [term for term in shared if term.matters]
    terms = [term.term for term in solved]
    plan = solve_joint(priced, terms)
    why = explain(priced, terms, plan)
    quantity, bound = plans.quantity.copy(), np.zeros(len(lines), np.int64)
    quantity[part] = plan.quantity
    moved = quantity[part] != plans.quantity[part]
    bound[part[moved]] = [ORDER_BOUNDS.index(name) for name in _names(why, solved, moved)]
    frame = lines.iloc[part].reset_index(drop=True).assign(day=days[part])
    uncut = _without_budget(priced, solved, plan)
    return JointOrders(
        quantity,
        bound,
        terms_table(inputs, frame, priced, shared, solved, plan, why, _costs(priced, solved, plan, why)),
        increments_table(frame, priced, uncut, inputs.settings["order_budget"]),
    )


def _has_own(plans: LinePlans, curves: LineCurves, part: Rows) -> npt.NDArray[np.bool_]:
    """Return whether the plan's order is among the candidates of each line."""
    found: npt.NDArray[np.bool_] = (curves.quantity[part] == plans.quantity[part, None]).any(axis=1)
    return found


def _names(why: Explanation, solved: list[SharedTerm], moved: npt.NDArray[np.bool_]) -> list[str]:
    """Return the bound of each moved line; where a plan is not proven best, of a term that it stands in."""
    names = []
    for row in np.flatnonzero(moved).tolist():
        name = str(why.bound[row])
        if name == "none":
            name = next((term.term.bound for term in solved if row in term.rows), "price_break")
        names.append(name)
    return names


def _without_budget(curves: Curves, solved: list[SharedTerm], plan: JointPlan) -> JointPlan:
    """Return the plan as it would be with any amount of cash; `plan` where cash cuts nothing."""
    others = [term.term for term in solved if term.term.bound != "budget"]
    return plan if len(others) == len(solved) else solve_joint(curves, others, known=plan.solved)


def _costs(curves: Curves, solved: list[SharedTerm], plan: JointPlan, why: Explanation) -> Floats:
    """Return the money that each term costs [money]; NaN beyond `_COSTED` of those that move lines."""
    costs = -plan.term_money
    moving = [at for at in range(len(solved)) if (why.term == at).any()]
    dearest = sorted(moving, key=lambda at: -float(why.opportunity[why.term == at].sum()))
    costs[dearest[_COSTED:]] = np.nan
    asked = dearest[:_COSTED]
    costs[asked] = cost_of_terms(curves, [term.term for term in solved], plan, asked)
    return costs
