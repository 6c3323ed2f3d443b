"""What an earlier plan of the same lines came to, so that only what changed is worked out again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.replenishment.joint.solved import Groups
from engine.replenishment.lines import IntArray, LineInputs, LinePlans
from engine.replenishment.plan_rows import put_plans, take_plans
from engine.replenishment.settle import settle
from engine.replenishment.value_curves import LineCurves

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class KnownOrders:
    """The orders of an earlier plan, stage by stage; row i of each part is line i."""

    changed: Mask
    """[n] lines whose stock, orders, calendar or trust changed."""
    own: LinePlans
    """Each line on its own."""
    curves: LineCurves
    shared: LinePlans
    """After shortages were shared out, as far as `is_shared_known`."""
    is_shared_known: Mask
    """[n] the plan after the shortage is known; it is not where the order was moved once more."""
    allocations: pd.DataFrame
    """`jobs.allocations.Allocations.table` of the earlier plan."""
    final: LinePlans
    """After all that lines share."""
    answers: Groups = field(default_factory=dict)
    """`jobs.joint_orders.JointOrders.answers`; none where the plan was read from the lake."""


def settled(
    inputs: LineInputs,
    plans: LinePlans,
    quantity: Floats,
    bound: IntArray,
    *,
    n_paths: int,
    known: LinePlans | None = None,
    usable: Mask | None = None,
) -> LinePlans:
    """Return the plans with other orders; a line that was played with its order before is not played again.

    Parameters
    ----------
    inputs, plans, quantity, bound, n_paths : as for `engine.replenishment.settle.settle`
    known : the earlier plan's lines at this stage
    usable : [n] lines that are planned on what they were then
    """
    moved = quantity != plans.quantity
    same = np.zeros(len(moved), dtype=np.bool_)
    if known is not None and usable is not None:
        same = moved & usable & (quantity == known.quantity)
    found: list[tuple[IntArray, LinePlans]] = []
    if known is not None and same.any():
        rows = np.flatnonzero(same)
        found.append((rows, replace(take_plans(known, rows), bound=bound[rows])))
    rows = np.flatnonzero(moved & ~same)
    if len(rows):
        mine = take_plans(plans, rows)
        found.append((rows, settle(inputs.take(rows), mine, quantity[rows], bound[rows], n_paths=n_paths)))
    return put_plans(plans, *found)
