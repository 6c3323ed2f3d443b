"""What a change would do, at once: targets, costs, lots and budget read off curves, nothing played.

An estimate: every line on its own, before what lines share. A scenario that is kept is planned whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_lake.runs import read_run_table
from engine.replenishment.curve_bounds import outcome_bounds
from engine.replenishment.curve_what_if import what_if
from engine.replenishment.lines import LineInputs
from engine.replenishment.plan import plan_lines
from engine.replenishment.what_if_curves import WhatIfCurves, what_if_curves
from jobs.scenario_apply import with_change
from jobs.scenario_base import ScenarioBase
from jobs.scenario_changes import PARAMETERS, Change
from jobs.scenario_plan import base_figures

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class QuickPlans:
    """A run whose lines' answers are known: what `estimate` reads."""

    base: ScenarioBase
    curves: WhatIfCurves
    quantity: Floats
    """Orders read off the curves with nothing changed [each], [n]."""
    figures: dict[str, float]
    """Of the run's plan."""
    unchanged: dict[str, float]
    """Those that orders move, read off the curves at `quantity`."""
    weight: Floats
    """Share of each line in the fill rate, [n]."""
    steps: pd.DataFrame
    """What is bought, best use of cash first: contract `order_increments`, with `row`."""


def quick_plans(base: ScenarioBase) -> QuickPlans:
    """Work out the curves of a run once; seconds."""
    n_paths = int(base.run.policy["n_paths"])
    curves = what_if_curves(base.inputs, plan_lines(base.inputs, n_paths=n_paths), n_paths=n_paths)
    demand = base.lines["term_demand"].to_numpy(dtype=np.float64)
    steps = (
        read_run_table(base.lake, base.run, "order_increments")
        if "order_increments" in base.run.outputs
        else pd.DataFrame(columns=["day", "rank", "line_id", "to_quantity", "cash", "cumulative_cash"])
    )
    row_of = pd.Series(range(len(base.lines)), index=base.lines["line_id"])
    quantity = np.where(base.held, 0.0, what_if(curves, base.inputs).quantity)
    weight = demand / demand.sum() if demand.sum() > 0 else np.full(len(demand), 1 / max(len(demand), 1))
    return QuickPlans(
        base,
        curves,
        quantity,
        base_figures(base),
        _figures(curves, weight, base.inputs, quantity),
        weight,
        steps.assign(row=steps["line_id"].map(row_of)).dropna(subset=["row"]),
    )


def is_quick(changes: Sequence[Change]) -> bool:
    """Return whether the curves answer all of the changes."""
    return all(PARAMETERS[change.parameter].fast for change in changes)


def estimate(plans: QuickPlans, changes: Sequence[Change]) -> dict[str, float]:
    """Return figures under changes, of those in `jobs.scenario_lines.FIGURES` that orders move.

    Parameters
    ----------
    plans : QuickPlans
    changes : sequence of Change
        Checked; `is_quick`.
    """
    base = plans.base
    inputs, budget = base.inputs, None
    for change in changes:
        if change.parameter == "cash_budget":
            budget = float(change.value)
        else:
            inputs = with_change(inputs, base.rows_of(change), change)
    own = [change for change in changes if change.parameter != "cash_budget"]
    quantity = what_if(plans.curves, inputs).quantity if own else plans.quantity
    quantity = np.where(base.held, 0.0, quantity)
    if budget is not None:
        quantity = np.minimum(quantity, _affordable(plans.steps, base.inputs.size, budget))
    before, after = plans.unchanged, _figures(plans.curves, plans.weight, inputs, quantity)
    found = {name: plans.figures[name] + after[name] - before[name] for name in before}
    return {**found, "lines_changed": float((quantity != plans.quantity).sum())}


def _figures(curves: WhatIfCurves, weight: Floats, inputs: LineInputs, quantity: Floats) -> dict[str, float]:
    outcome = outcome_bounds(curves, inputs, quantity)
    short, waste, held = outcome.short.guess, outcome.waste.guess, outcome.held.guess
    demand = curves.window_demand
    fill = np.where(demand > 0.0, 1.0 - short / np.where(demand > 0.0, demand, 1.0), 1.0)
    lost, wasted = float(short @ inputs.stockout_cost), float(waste @ inputs.unit_cost)
    kept = float(held @ inputs.holding_cost)
    value = float(quantity @ inputs.unit_cost)
    return {
        "order_value": value,
        "stock_value": value,
        "fill": float(fill @ weight),
        "lost_money": lost,
        "waste_money": wasted,
        "holding_money": kept,
        "expected_cost": lost + wasted + kept,
    }


def _affordable(steps: pd.DataFrame, n: int, budget: float) -> Floats:
    """Return the most that each line may order of a day's cash [each], [n]; inf where none is shared."""
    most = np.full(n, np.inf)
    most[steps["row"].to_numpy(dtype=np.int64)] = 0.0
    within = steps[steps["cumulative_cash"] <= budget * (1 + 1e-9)]
    np.maximum.at(
        most, within["row"].to_numpy(dtype=np.int64), within["to_quantity"].to_numpy(dtype=np.float64)
    )
    return most
