"""From forecasts to orders: each line alone, then what lines share, then every moved line played again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.forecast.hierarchy import HeldOut
from engine.replenishment.lines import LineInputs, LinePlans
from engine.replenishment.plan_rows import put_curves, take_plans
from engine.replenishment.value_curves import LineCurves, value_curves
from jobs.allocations import Allocations, shared_out
from jobs.echelons import plan_echelons
from jobs.inputs import PlanInputs
from jobs.joint_curves import break_arrays
from jobs.joint_orders import JointOrders, joint_orders
from jobs.known_orders import KnownOrders, settled
from jobs.quiet import quiet
from jobs.supply_flows import supply_flows


@dataclass(frozen=True)
class PlannedOrders:
    """The orders of a plan and what led to them; row i of each part is line i."""

    line_inputs: LineInputs
    """What each line was planned on; a centre's demand is that of its stores' orders."""
    own: LinePlans
    """Each line on its own."""
    plans: LinePlans
    """After all that lines share."""
    curves: LineCurves
    """What every order would do and bring, before what lines share."""
    allocations: Allocations
    joint: JointOrders
    level_correlation: float
    """As for `Echelons`; a scenario plans with the same."""
    faults: pd.DataFrame
    """What the network was found to lack, in the columns of `engine.health.check`."""
    again: npt.NDArray[np.bool_]
    """[n] lines that were planned now; all, but for a plan with `known` orders."""


def plan_orders(
    inputs: PlanInputs,
    lines: pd.DataFrame,
    line_inputs: LineInputs,
    held: npt.NDArray[np.bool_],
    held_out: HeldOut | None,
    *,
    n_paths: int,
    level_correlation: float | None = None,
    known: KnownOrders | None = None,
    days: npt.NDArray[np.datetime64] | None = None,
    flows: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None = None,
) -> PlannedOrders:
    """Plan stores, then their centres; share out what centres lack; choose jointly under shared terms.

    With the known orders of an earlier plan, only what changed is worked out, to the same result.

    Parameters
    ----------
    inputs : what the plan read
    lines : `jobs.line_terms.line_terms`
    line_inputs : of every line on its own forecast
    held : [n] lines that order nothing
    held_out : past forecasts of the same lines
    n_paths : demand paths a line
    level_correlation, known : as for `plan_echelons`
    days : [n] order day of each line, where it is known
    flows : as for `plan_echelons`
    """
    flows = supply_flows(lines) if flows is None else flows
    echelons = plan_echelons(
        inputs,
        lines,
        line_inputs,
        held,
        held_out,
        n_paths=n_paths,
        level_correlation=level_correlation,
        known=known,
        flows=flows,
    )
    of_network, own, again = echelons.line_inputs, echelons.plans, echelons.again
    curves = _curves(lines, of_network, own, again, known, n_paths)
    allocations = shared_out(
        inputs,
        lines,
        of_network,
        own,
        held,
        curves.shortage_price,
        echelons.own_demand,
        n_paths=n_paths,
        known=known,
        again=again,
        flows=flows,
    )
    plans = settled(
        of_network,
        own,
        allocations.quantity,
        allocations.bound,
        n_paths=n_paths,
        known=None if known is None else known.shared,
        usable=None if known is None else ~again & known.is_shared_known,
    )
    with quiet():
        answers = None if known is None else known.answers
        joint = joint_orders(inputs, lines, of_network, plans, curves, held, days, answers)
    plans = settled(
        of_network,
        plans,
        joint.quantity,
        joint.bound,
        n_paths=n_paths,
        known=None if known is None else known.final,
        usable=~again,
    )
    return PlannedOrders(
        of_network,
        own,
        plans,
        curves,
        allocations,
        joint,
        echelons.level_correlation,
        echelons.faults,
        again,
    )


def _curves(
    lines: pd.DataFrame,
    line_inputs: LineInputs,
    plans: LinePlans,
    again: npt.NDArray[np.bool_],
    known: KnownOrders | None,
    n_paths: int,
) -> LineCurves:
    if known is None:
        return value_curves(line_inputs, plans, n_paths=n_paths, breaks=break_arrays(lines)[0])
    rows = np.flatnonzero(again)
    if not len(rows):
        return known.curves
    part = value_curves(
        line_inputs.take(rows),
        take_plans(plans, rows),
        n_paths=n_paths,
        breaks=break_arrays(lines.iloc[rows])[0],
    )
    return put_curves(known.curves, rows, part)
