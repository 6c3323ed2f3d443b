"""What if: one line planned again with another target, lead time, demand, lot, minimum or order interval.

Pure: the same paths as the plan's are drawn from the stored seed, so that what changes is the change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.contracts import EXPLAIN_TERMS
from engine.replenishment.lines import BOUNDS, LineInputs, LinePlans
from engine.replenishment.plan import plan_lines
from engine.replenishment.words import day, explain_in_words, units
from jobs.errors import JobError
from jobs.item_state import BAND, ItemState
from jobs.plan_line_table import period_start
from jobs.scenario_apply import values_of, with_change
from jobs.scenario_changes import PARAMETERS, Change, value_faults

Floats = npt.NDArray[np.float64]

_BOUND_WORDS = {
    "max_cover": "The most cover allowed keeps it below the target",
    "shelf_maximum": "The shelf holds no more",
    "shelf_life": "Shelf life puts the target out of reach",
    "moq": "The minimum order is more than is allowed or pays",
    "order_multiple": "A whole order multiple is more than is allowed or pays",
    "horizon": "The next order arrives after the forecast ends",
}


@dataclass(frozen=True)
class WhatIfResult:
    """What the order would be, why, and what it would do."""

    quantity: float
    """Order [each]."""
    change: float
    """Order less the plan's order [each]."""
    terms: dict[str, float]
    """The explain terms by name; they sum to `quantity`."""
    dates: npt.NDArray[np.datetime64]
    """First day of each period, (h,)."""
    stock_mean: Floats
    """Expected end stock with the order [each], (h,); backlog counts as negative."""
    stock_p10: Floats
    """One path in ten is below this [each], (h,)."""
    stock_p90: Floats
    """One path in ten is above this [each], (h,)."""
    stock_planned: Floats
    """Expected end stock of the plan as it is [each], (h,)."""
    fill: float
    """Expected fill rate in the window that the order protects [share]."""
    lost: float
    """Expected units short until the next arrival [each]."""
    waste: float
    """Expected units written off in the horizon [each]."""
    cash: float
    """Cost of the order [money]."""
    expected_profit: float
    """Money gained against not ordering."""
    reorder_point: float
    """Position at which the order is needed [each]."""
    order_up_to: float
    """Level that the order fills to [each]."""
    arrival_date: np.datetime64
    next_arrival_date: np.datetime64
    bound: str
    """What keeps the order from its target, of `engine.replenishment.lines.BOUNDS`."""
    sentence: str
    """The order explained in words."""


def what_if(
    state: ItemState,
    *,
    service_target: float | None = None,
    lead_time_days: float | None = None,
    demand_factor: float = 1.0,
    order_multiple: float | None = None,
    moq: float | None = None,
    days_between_orders: float | None = None,
) -> WhatIfResult:
    """Plan one line again with something changed; unchanged, the plan's own order comes back.

    Parameters
    ----------
    state : ItemState
    service_target : float, optional
        Share in [0, 1). A line that costs decide is planned for that cycle service instead: the critical
        ratio is its cycle service.
    lead_time_days : float, optional
        Mean lead time [days]; its standard deviation stays.
    demand_factor : float
        Multiplies expected demand.
    order_multiple, moq : float, optional
        [each].
    days_between_orders : float, optional
        From the order day to the next one [days], at least one period.

    Raises
    ------
    JobError
        A change is out of range.
    """
    wanted = {
        "service_target": service_target,
        "lead_time_mean": lead_time_days,
        "order_multiple": order_multiple,
        "moq": moq,
        "review_days": days_between_orders,
    }
    changes = [Change(name, value) for name, value in wanted.items() if value is not None]
    if demand_factor != 1.0:
        changes.append(Change("demand", demand_factor, "times"))
    changed = _changed(state, changes)
    if changed is state.inputs:
        plan = state.plan
    else:
        plan = plan_lines(changed, n_paths=state.n_paths, stock_quantiles=BAND)
    low, high = plan.stock_quantiles[0]
    quantity = float(plan.quantity[0])
    starts = period_start(
        state.as_of,
        state.period,
        np.array([*range(changed.horizon), plan.arrival_period[0], plan.next_arrival_period[0]]),
    )
    dates, arrival, following = starts[:-2], starts[-2], starts[-1]
    bound = BOUNDS[int(plan.bound[0])]
    terms = {term: float(getattr(plan, term)[0]) for term in EXPLAIN_TERMS}
    return WhatIfResult(
        quantity=quantity,
        change=quantity - float(state.plan.quantity[0]),
        terms=terms,
        dates=dates,
        stock_mean=plan.projected_stock_with_order[0],
        stock_p10=low,
        stock_p90=high,
        stock_planned=state.plan.projected_stock_with_order[0],
        fill=float(plan.fill_after[0]),
        lost=float(plan.lost_after[0]),
        waste=float(plan.waste_after[0]),
        cash=quantity * float(changed.unit_cost[0]),
        expected_profit=float(plan.expected_profit[0]),
        reorder_point=float(plan.reorder_point[0]),
        order_up_to=float(plan.order_up_to[0]),
        arrival_date=arrival,
        next_arrival_date=following,
        bound=bound,
        sentence=_sentence(changed, plan, terms, following, bound),
    )


def _changed(state: ItemState, changes: Sequence[Change]) -> LineInputs:
    """Return the line under changes, by the code that scenarios use; the same object if none changes it."""
    faults = [f"{PARAMETERS[one.parameter].label}: {fault}" for one in changes for fault in value_faults(one)]
    if faults:
        raise JobError("what-if: " + "; ".join(faults))
    inputs = state.inputs
    for change in changes:
        # what is shown as the target of a line that costs decide is its critical ratio
        shown = state.plan.service_target if change.parameter == "service_target" else None
        if change.parameter != "demand":
            now = values_of(inputs, change.parameter) if shown is None else shown
            if change.value == now[0]:
                continue
        inputs = with_change(inputs, np.array([True]), change)
    return inputs


def _sentence(
    inputs: LineInputs, plan: LinePlans, terms: dict[str, float], following: np.datetime64, bound: str
) -> str:
    line: dict[str, Any] = {
        **terms,
        "quantity": float(plan.quantity[0]),
        "next_arrival_date": following.astype("datetime64[D]").item(),
        "moq": float(inputs.moq[0]),
        "order_multiple": float(inputs.order_multiple[0]),
    }
    text = explain_in_words(line)
    if bound in _BOUND_WORDS:
        text += f" {_BOUND_WORDS[bound]}."
    if plan.lost_after[0] >= 0.5:
        text += f" {units(float(plan.lost_after[0]))} stay short before {day(line['next_arrival_date'])}."
    return text
